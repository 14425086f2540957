"""Every flow, its node killed at every boundary: once started again there, once another node takes over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from tests.chaos.processes import ROOT

PROCESSES = os.environ.get("CARELOOM_CHAOS_PROCESSES_FLOWS", "2")


def show_flows(words: Sequence[str]) -> bool:
    """Print flow, boundaries and how many kills each survived; whether all were. `words` choose among the flows."""
    with tempfile.TemporaryDirectory(prefix="careloom-crashes-") as folder:
        lines = Path(folder) / "crashes.jsonl"
        asked = " or ".join(words)
        command = [
            sys.executable, "-m", "pytest", "-q", "tests/flows", "-k", f"kill and ({asked})" if asked else "kill",
            "-n", PROCESSES, "--timeout=0", "-p", "no:cacheprovider",
        ]  # fmt: skip
        settings = {"CARELOOM_TEST_BOUNDARIES": "all", "CARELOOM_TEST_CRASHES": str(lines)}
        ended = subprocess.run(command, cwd=ROOT, env=os.environ | settings, check=False)
        found = [json.loads(line) for line in lines.read_text().splitlines()] if lines.exists() else []
    Console(width=160).print(table(found))
    for one in found:
        if one["wrong"]:
            print(f"{one['test']}: {one['way']} after a kill at {one['at']}: {one['wrong']}")
    return ended.returncode == 0 and bool(found)


def table(found: Iterable[Mapping[str, Any]]) -> Table:
    """One row for each scenario."""
    boundaries: dict[str, int] = {}
    kills: Counter[tuple[str, str]] = Counter()
    survived: Counter[tuple[str, str]] = Counter()
    for one in found:
        boundaries[one["test"]] = one["boundaries"]
        kills[one["test"], one["way"]] += 1
        survived[one["test"], one["way"]] += not one["wrong"]
    made = Table(title="nodes killed at every boundary of every flow")
    for column in ("scenario", "boundaries", "survived, restarted", "survived, taken over"):
        made.add_column(column)
    for test in sorted(boundaries):
        ways = [f"{survived[test, way]} of {kills[test, way]}" for way in ("restart", "takeover")]
        made.add_row(escape(test.removeprefix("tests/flows/test_")), str(boundaries[test]), *ways)
    return made
