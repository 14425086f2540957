"""Links lead somewhere, promises have their tests, words have their place."""

from __future__ import annotations

import ast
import dataclasses
import re
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from tests.docs.blocks import pages
from tests.docs.markdown import ROOT
from tests.docs.schema_page import MIGRATIONS

from careloom.core.outcomes import ErrorKind
from careloom.log.conservation import Conservation
from careloom.systems.resilience import BreakerState

README = ROOT / "README.md"
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^(```+).*?^\1$", re.M | re.S)
_PLANNED = "*planned*"


def prose(page: Path) -> str:
    """The text of a page without its code blocks."""
    return _FENCED.sub("", page.read_text("utf-8"))


@cache
def anchors(page: Path) -> frozenset[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.M)
    return frozenset(
        re.sub(r"[^\w\- ]", "", _LINK.sub(r"\1", heading).lower()).replace(" ", "-") for heading in headings
    )


@cache
def functions_in(path: Path) -> frozenset[str]:
    """The names of the functions of a Python file."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, functions))


def broken(page: Path, text: str, target: str) -> str | None:
    """What is wrong with a link."""
    if target.startswith(("https://", "mailto:")):
        return None
    file, _, anchor = target.partition("#")
    there = (page.parent / file).resolve() if file else page
    if not there.exists():
        return f"{target} is not there"
    if anchor and anchor not in anchors(there):
        return f"{target}: there is no such heading"
    if there.suffix == ".py" and text.startswith("`test_") and text.strip("`") not in functions_in(there):
        return f"{text} is not in {target}"
    return None


@pytest.mark.parametrize("page", pages(generated=True), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    problems = [broken(page, text, target) for text, target in _LINK.findall(prose(page))]

    assert [problem for problem in problems if problem] == []


def test_the_check_of_links_would_notice() -> None:
    assert broken(README, "x", "docs/nowhere.md") == "docs/nowhere.md is not there"
    assert broken(README, "x", "docs/glossary.md#nothing") is not None
    assert broken(README, "`test_nothing`", "tests/log/test_append.py") is not None


def test_every_page_is_reached_from_the_index() -> None:
    seen, waiting = {README}, [README]
    while waiting:
        page = waiting.pop()
        for _, target in _LINK.findall(prose(page)):
            there = (page.parent / target.partition("#")[0]).resolve()
            if there.suffix == ".md" and there.exists() and there not in seen:
                seen.add(there)
                waiting.append(there)

    assert [str(page.relative_to(ROOT)) for page in pages(generated=True) if page not in seen] == []


def test_each_promise_has_its_test_or_says_that_it_is_planned() -> None:
    section = README.read_text("utf-8").partition("## Promises\n")[2].partition("\n## ")[0]
    promises = re.findall(r"^\d\. .*?(?=^\d\. |\Z)", section, re.M | re.S)

    assert len(promises) == 8
    for promise in promises:
        proofs = [target for text, target in _LINK.findall(promise) if text.startswith("`test_")]
        assert proofs or _PLANNED in promise, promise


def test_the_readme_is_short_and_has_room_for_the_figures() -> None:
    text = README.read_text("utf-8")

    assert len(text.splitlines()) <= 200
    assert text.index("<!-- figures -->") < text.index("<!-- /figures -->")


def test_no_page_names_a_folder_of_the_machine_it_was_written_on() -> None:
    places = [str(ROOT), str(ROOT.parent), str(Path.home())]

    assert [
        page.name for page in pages(generated=True) for place in places if f"{place}/" in page.read_text("utf-8")
    ] == []


def test_the_glossary_is_in_order_and_knows_every_state() -> None:
    entries = re.findall(r"^\*\*(.+?)\*\*", (ROOT / "docs/glossary.md").read_text("utf-8"), re.M)
    words = {word.casefold() for entry in entries for word in re.split(r", ", entry)}

    assert [(a, b) for a, b in pairwise(entries) if a.casefold() > b.casefold()] == []
    states = re.findall(r"^-- (?:state: )? *(\w+) {2,}", (MIGRATIONS / "0001_log.sql").read_text("utf-8"), re.M)
    assert len(states) == 6
    expected = {*states, "done", "skip", "retry", "park", *ErrorKind, *BreakerState}
    assert {str(one) for one in expected} - words == set()


def test_the_decisions_are_all_in_their_index() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text("utf-8")

    assert [path.name for path in folder.glob("0*.md") if f"({path.name})" not in index] == []


def test_monitoring_explains_every_field_of_the_status() -> None:
    page = (ROOT / "docs/operations/monitoring.md").read_text("utf-8")
    sources = [ast.parse((ROOT / f"src/careloom/hub/{name}.py").read_text("utf-8")) for name in ("status", "cards")]
    nodes = [node for source in sources for node in ast.walk(source)]
    keys = [key for node in nodes if isinstance(node, ast.Dict) for key in node.keys]
    fields = {str(key.value) for key in keys if isinstance(key, ast.Constant)}
    fields |= {field.name for field in dataclasses.fields(Conservation)} | {"holds", "time"}

    assert {"behind", "retry_after", "received"} < fields
    assert [field for field in fields if f"`{field}`" not in page] == []
