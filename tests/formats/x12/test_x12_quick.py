"""Loops judged at one stroke: the same findings, at the same places, as segment by segment."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from x12_files import sample

from careloom.formats import x12
from careloom.formats.x12 import checking
from careloom.formats.x12.structure import structure_of


def repeated(name: str, begin: bytes, end: bytes, times: int) -> list[bytes]:
    """The lines of a sample with a stretch of it (a loop) many times over."""
    lines = sample(name).split(b"~\n")
    first = next(at for at, line in enumerate(lines) if line.startswith(begin))
    last = next(at for at, line in enumerate(lines) if at > first and line.startswith(end))
    return [*lines[:first], *lines[first:last] * times, *lines[last:]]


def damaged(lines: list[bytes], order: random.Random) -> bytes:
    """A few segments left out, doubled, swapped or spoilt."""
    lines = list(lines)
    for _ in range(order.randint(1, 8)):
        at = order.randrange(5, len(lines) - 4)
        match order.randrange(5):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, lines[at])
            case 2:
                lines[at], lines[at + 1] = lines[at + 1], lines[at]
            case 3:
                lines[at] = lines[at].replace(b"1", b"7", 1)
            case _:
                lines[at] = lines[at].replace(b"*", b"**", 1)
    return b"~\n".join(lines)


FILES = {
    "835": repeated("835_balanced", b"CLP*C0000417", b"CLP*C0000418", 90),
    "837": repeated("837p_patient", b"CLM*C0000418", b"HL*3", 90),
    "837I": repeated("837i_inpatient", b"CLM*", b"SE*", 90),
    "834": repeated("834_family", b"INS*N", b"SE*", 90),
}


@pytest.fixture
def slowly(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Turns whole loops off within `slowly.context()`."""
    yield monkeypatch


@pytest.mark.parametrize("name", sorted(FILES))
def test_findings_are_those_of_the_long_way(name: str, slowly: pytest.MonkeyPatch) -> None:
    order = random.Random(name)
    lines = FILES[name]
    for _ in range(3):
        x12.validate(b"~\n".join(lines))
    for _ in range(25):
        data = damaged(lines, order)
        quick = x12.validate(data, strict=True).findings
        with slowly.context() as patch:
            patch.setattr(checking.SetChecker, "_quick_loop", lambda *_: None)
            patch.setattr(checking.SetChecker, "_pattern", lambda *_: None)
            long = x12.validate(data, strict=True).findings
        assert quick == long


def test_it_is_used_where_it_can_be() -> None:
    for _ in range(3):
        x12.validate(b"~\n".join(FILES["835"]))
    structure = structure_of("835", "005010X221A1")
    assert structure is not None
    [line] = [slot.child for slot in structure.root.slots if slot.child and slot.child.id == "2000"]
    [claim] = [slot.child for slot in line.slots if slot.child]
    assert any(quick is not None and not isinstance(quick, int) and quick.hits > 50 for quick in claim.quick.values())
