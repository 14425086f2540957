"""The short form of `make fuzz`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.fuzz import trial
from tests.fuzz.mutation import Mutator
from tests.fuzz.trial import all_targets, fuzz

from careloom.core.errors import FormatError

TARGETS = all_targets()
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", TARGETS)
def test_no_bent_input_breaks_a_parser(name: str) -> None:
    target, seeds = TARGETS[name]
    verdict = fuzz(name, target, seeds, 300, number=20261121)
    assert verdict.failures == []


def test_every_parser_has_a_target() -> None:
    assert {name.partition(".")[0] for name in TARGETS} >= {
        "hl7v2",
        "x12",
        "fhir",
        "csv",
        "jsondoc",
        "bank",
        "mappings",
        "codes",
    }


def test_a_crash_and_a_hang_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "SECONDS", 0.01)

    def crashes(data: bytes) -> None:
        raise IndexError

    def hangs(data: bytes) -> None:
        while True:
            pass

    def refuses(data: bytes) -> None:
        raise FormatError("no", "line 1")

    assert len(fuzz("crashes", crashes, [b"seed"], 3, 1).failures) == 3
    assert [one.split()[0] for one in fuzz("hangs", hangs, [b"seed"], 2, 1).failures] == ["Hang", "Hang"]
    assert fuzz("refuses", refuses, [b"seed"], 3, 1).refused == 3


def test_the_same_number_gives_the_same_inputs() -> None:
    one, two = (Mutator([b"MSH|^~\\&|A\r", b"ISA*00*"], 7) for _ in range(2))
    assert [one.next() for _ in range(200)] == [two.next() for _ in range(200)]


def test_the_long_form_runs_each_target_in_a_process_of_its_own() -> None:
    """As people run it: what it prints is what they go by."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", "jsondoc"],
        env={**os.environ, "CARELOOM_FUZZ_INPUTS": "50", "CARELOOM_FUZZ_SEED": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    assert "good jsondoc." in done.stdout
