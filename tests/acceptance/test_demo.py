"""`careloom demo` as a newcomer runs it: in its own process, in a folder whose name has a space, twice in a row."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

DEMO = [sys.executable, "-m", "careloom", "demo", "--patients", "40"]
FILED = re.compile(r"invoices ([\d.]+) - payments ([\d.]+) = receivable ([\d.]+)")
EQUATION = re.compile(r"received (\d+) = delivered (\d+) \+ filtered (\d+) \+ parked (\d+) \+ in flight (\d+)")


@pytest.fixture
def checkout() -> Iterator[Path]:
    """A folder that PostgreSQL's user may pass when we are root."""
    with TemporaryDirectory(prefix="a checkout ") as name:
        Path(name).chmod(0o711)
        yield Path(name).resolve()


def _run(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=280)


def _shown(folder: Path) -> str:
    """One demo from start to end; what it printed."""
    run = _run(DEMO, folder)
    assert (run.returncode, run.stderr) == (0, ""), run.stdout
    return run.stdout


def _processes_of(folder: Path) -> list[str]:
    found = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    return [line for line in found.stdout.splitlines() if str(folder) in line]


def _the_day_is_told(shown: str) -> None:
    """Ledger and stock are balanced, and each exception is resolved by somebody, or listed with owner and time."""
    shown = " ".join(shown.split())  # lines are wrapped where there is no terminal
    filed = FILED.search(shown)
    assert filed is not None
    owed, paid, receivable = map(Decimal, filed.groups())
    assert owed - paid == receivable > 0 and paid > 0
    assert "the stock is balanced" in shown and "every hash chain holds" in shown
    assert "Ruta Sandoval approves, may not do so twice, and Sefu Brightwater approves too" in shown
    for resolved in ("approval", "stock-shortage", "authorization-denied", "missing-payer-data"):
        assert re.search(rf"\d+ x {resolved}: [\w: ]+ by \w+", shown), resolved
    for left in ("authorization-denied", "missing-payer-data", "unmatched-record", "mapping", "delivery"):
        assert re.search(rf"{left} \([a-z-]+\): .+?; \d+ s old, due \d{{4}}-", shown), left


# One test, since each of its steps needs the demo to have run.
@pytest.mark.timeout(600)
def test_a_newcomer_runs_the_demo_twice_and_looks_around(checkout: Path) -> None:
    for _ in range(2):
        shown = _shown(checkout)
        equation = EQUATION.search(shown)
        assert equation is not None
        received, *parts = map(int, equation.groups())
        assert received == sum(parts) > 100
        assert str(checkout / "build" / "demo") in shown
        assert (checkout / "build" / "demo" / "careloom.toml").is_file()
        _the_day_is_told(shown)
    assert _processes_of(checkout) == []

    printed = [line.strip() for line in shown.splitlines() if "--config" in line]
    assert len(printed) == 4
    traced, parked, cases, waiting = (_run(shlex.split(line), checkout) for line in printed)
    assert [one.returncode for one in (traced, parked, cases, waiting)] == [0, 0, 0, 0]
    assert "authorization-denied" in cases.stdout and "intake.admit" in waiting.stdout
    assert "res.partner/" in traced.stdout
    assert "2 parked" in parked.stdout
    assert _processes_of(checkout) == []
