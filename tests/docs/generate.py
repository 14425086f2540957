"""`make docs`: write docs/reference from the code. The suite does the same and compares."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from tests.docs.codes_page import codes_page
from tests.docs.commands_page import commands_page
from tests.docs.errors_page import errors_page
from tests.docs.events_page import domain_pages, events_page
from tests.docs.http_api_page import http_api_page
from tests.docs.markdown import ROOT
from tests.docs.metrics_page import metrics_page
from tests.docs.schema_page import schema_page
from tests.docs.settings_page import settings_page
from tests.docs.systems_page import systems_page

FOLDER = ROOT / "docs" / "reference"
PAGES: Mapping[str, Callable[[], str]] = {
    "commands.md": commands_page,
    "settings.md": settings_page,
    "events.md": events_page,
    "errors.md": errors_page,
    "systems.md": systems_page,
    "http-api.md": http_api_page,
    "schema.md": schema_page,
    "codes.md": codes_page,
    "metrics.md": metrics_page,
    **domain_pages(),
}


def main() -> int:
    """Write the pages that differ, and name them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, make in PAGES.items():
        target, text = FOLDER / name, make()
        if not target.exists() or target.read_text("utf-8") != text:
            target.write_text(text, "utf-8")
            print(f"wrote docs/reference/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
