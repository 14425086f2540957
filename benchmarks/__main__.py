"""`make bench`: run every benchmark in one go, on one machine, and write `build/bench.json`.

Absolute figures depend on the machine; each is printed beside its goal, and beside a limit or peer of the same run.
"""

from __future__ import annotations

import importlib
import json
import operator
import sys
from pathlib import Path
from typing import Any

MODULES = (
    "hl7v2_parse", "formats_hl7v2", "formats_x12", "x12_large", "formats_fhir", "adt_translate", "http_target",
    "mllp_listener", "log_append", "hub", "webhooks", "odoo_writes",
    "runs", "master_sync", "persons", "telemetry", "console_cases", "console_identity",
)  # fmt: skip
_COMPARE = {">=": operator.ge, "<=": operator.le}


def main(names: list[str]) -> None:
    """Run these (all by default), print a line per figure, and write them down."""
    rows: list[dict[str, Any]] = []
    for name in names or MODULES:
        try:
            module = importlib.import_module(f"benchmarks.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"benchmarks.{name}":
                raise
            print(f"-- {name}: there is no such benchmark", flush=True)
            continue
        print(f"-- {name}", flush=True)
        for row in module.run():
            print(_line(row), flush=True)
            rows.append(row)
    out = Path("build/bench.json")
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(rows, indent=1) + "\n")
    print(f"{len(rows)} figures in {out}")


def _line(row: dict[str, Any]) -> str:
    goal = row.get("goal")
    text = f"{row['name']:<48} {row['value']:>12,.2f} {row['unit']}"
    if not goal:
        return text
    met = _COMPARE[goal["op"]](row["value"], goal["value"])
    return f"{text}   goal {goal['op']} {goal['value']:,}: {'met' if met else 'MISSED'}"


if __name__ == "__main__":
    main(sys.argv[1:])
