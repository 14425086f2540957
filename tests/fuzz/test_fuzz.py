"""The short form of `make fuzz`."""

from __future__ import annotations

import pytest
from tests.fuzz.mutation import Mutator
from tests.fuzz.trial import Hang, all_targets, fuzz

from careloom.core.errors import FormatError

TARGETS = all_targets()


@pytest.mark.parametrize("name", TARGETS)
def test_no_bent_input_breaks_a_parser(name: str) -> None:
    target, seeds = TARGETS[name]
    verdict = fuzz(name, target, seeds, 300, number=20261121)
    assert verdict.failures == []


def test_every_parser_has_a_target() -> None:
    assert {name.partition(".")[0] for name in TARGETS} >= {"hl7v2", "x12", "fhir", "csv", "jsondoc", "bank"}


def test_a_crash_and_a_hang_would_be_noticed() -> None:
    def crashes(data: bytes) -> None:
        raise IndexError

    def hangs(data: bytes) -> None:
        raise Hang

    def refuses(data: bytes) -> None:
        raise FormatError("no", "line 1")

    assert len(fuzz("crashes", crashes, [b"seed"], 3, 1).failures) == 3
    assert len(fuzz("hangs", hangs, [b"seed"], 3, 1).failures) == 3
    assert fuzz("refuses", refuses, [b"seed"], 3, 1).refused == 3


def test_the_same_number_gives_the_same_inputs() -> None:
    one, two = (Mutator([b"MSH|^~\\&|A\r", b"ISA*00*"], 7) for _ in range(2))
    assert [one.next() for _ in range(200)] == [two.next() for _ in range(200)]
