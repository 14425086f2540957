"""`careloom demo` as a newcomer runs it: in its own process, in a folder whose name has a space, twice in a row."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

DEMO = [sys.executable, "-m", "careloom", "demo", "--patients", "40"]
EQUATION = re.compile(r"received (\d+) = delivered (\d+) \+ filtered (\d+) \+ parked (\d+) \+ in flight (\d+)")


@pytest.fixture
def checkout() -> Iterator[Path]:
    """A folder that PostgreSQL's user may pass when we are root."""
    with TemporaryDirectory(prefix="a checkout ") as name:
        Path(name).chmod(0o711)
        yield Path(name).resolve()


def _run(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=100)


def _shown(folder: Path) -> str:
    """One demo from start to end; what it printed."""
    run = _run(DEMO, folder)
    assert (run.returncode, run.stderr) == (0, ""), run.stdout
    return run.stdout


def _processes_of(folder: Path) -> list[str]:
    found = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    return [line for line in found.stdout.splitlines() if str(folder) in line]


# One test, since each of its steps needs the demo to have run.
@pytest.mark.timeout(240)
def test_a_newcomer_runs_the_demo_twice_and_looks_around(checkout: Path) -> None:
    for _ in range(2):
        shown = _shown(checkout)
        equation = EQUATION.search(shown)
        assert equation is not None
        received, *parts = map(int, equation.groups())
        assert received == sum(parts) > 100
        assert str(checkout / "build" / "demo") in shown
        assert (checkout / "build" / "demo" / "careloom.toml").is_file()
    assert _processes_of(checkout) == []

    printed = [line.strip() for line in shown.splitlines() if "--config" in line]
    assert len(printed) == 2
    traced, parked = (_run(shlex.split(line), checkout) for line in printed)
    assert traced.returncode == parked.returncode == 0
    assert "res.partner/" in traced.stdout
    assert "2 parked" in parked.stdout
    assert _processes_of(checkout) == []
