"""What to throw mutated bytes at in X12, and the seeds to mutate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from careloom.formats import x12
from careloom.formats.x12 import CodeLists, inspecting
from careloom.mapping.reading import Unit
from careloom.mapping.reading.x12 import units
from careloom.mapping.source import Settings

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "x12"
_NOW = datetime(2026, 3, 1, 10, 15)
_LISTS = CodeLists.load(
    '[places]\n"CAS02" = ["45", "3"]\n"2300/CLM05-1" = ["11"]\n"SVC[01-1=HC]/01-2" = ["99213"]\n"EQ01" = ["30"]'
)


def targets() -> Mapping[str, tuple[Callable[[bytes], object], Sequence[bytes]]]:
    """Name to a function that may raise only FormatError, and its seeds."""
    seeds = [path.read_bytes() for path in sorted(SAMPLES.glob("*.edi"))]
    return {
        "x12-parse": (_parse, seeds),
        "x12-pieces": (_pieces, seeds),
        "x12-validate": (_validate, seeds),
        "x12-inspect": (_inspect, seeds),
        "x12-checked": (_checked, seeds),
    }


def _parse(data: bytes) -> None:
    """What parses is written back to the byte, and its loops hold every segment once."""
    found = x12.parse(data)
    assert b"".join(interchange.encode() for interchange in found) == data
    for interchange in found:
        for transaction in interchange.transactions:
            assert list(transaction.root.everything()) == transaction.segments
            assert transaction.levels is not None and x12.expects(transaction) is not None
            x12.answers(transaction)
            if transaction.set_id in ("997", "999"):
                x12.read_acknowledgement(transaction)
        for segment in interchange.acknowledgements:
            x12.read_interchange_acknowledgement(segment)


def _pieces(data: bytes) -> None:
    for claims in (0, 1):
        for piece in x12.pieces(data, claims=claims):
            if piece.error is None:
                assert len(x12.parse(piece.data)) == 1
    for loop in x12.each_claim(data):
        loop.get("CLM01")


def _validate(data: bytes) -> None:
    """Whatever came, its acknowledgements can be made and read."""
    assessment = x12.validate(data)
    replies = x12.acknowledge(assessment, time=_NOW, control=1)
    for reply in [*replies, *x12.acknowledge_interchange(assessment, time=_NOW, control=1)]:
        assert len(x12.parse(reply.data)) == 1


def _checked(data: bytes) -> None:
    """With code lists and strictly: every set is taken or refused, and what is taken can be parsed."""
    settings = Settings(strict=True, code_lists=_LISTS)
    for one in units(data, settings):
        if isinstance(one, Unit):
            assert len(x12.parse(one.body)) == 1


def _inspect(data: bytes) -> None:
    inspecting.recognises(data, "x.edi")
    inspecting.inspect(data, strict=True, paths=["2300/CLM01", "835:2100[2]/CLP04", "NM1[01=IL]/09", "ISA13"])
