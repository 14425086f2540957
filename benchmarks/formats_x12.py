"""How fast X12 is read and validated, beside pyx12 on the same files. Run: python -m benchmarks.formats_x12

The peers are pyx12's bare reader, which only cuts and counts, and its validator. Rates are bytes by processor time, the
median of several rounds in which we and the reader take turns, so that what else the machine does falls on both; how
many times faster we are is the median of the rounds too, and the span of the rounds stands beside it. What an order of
segments other than the tables' costs has its own rows. The validator is so slow that it gets fewer claims. Large files
are in `benchmarks.x12_large`. About a minute.
"""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Callable
from itertools import groupby
from statistics import median
from typing import Any

import pyx12.params
import pyx12.x12file
import pyx12.x12n_document

from benchmarks import x12_claims
from careloom.formats import x12

ROUNDS = 9
CLAIMS, FEW_CLAIMS = 1500, 300
FILES = {"835": x12_claims.remittance, "837P": x12_claims.professional, "837I": x12_claims.institutional}
_SHARING = {b"REF", b"DTM", b"DTP", b"HI", b"CAS", b"AMT"}


def rate(work: Callable[[], object], size: int) -> float:
    """Megabytes a second of processor time, once."""
    start = time.process_time()
    work()
    return size / (time.process_time() - start) / 1e6


def alternately(one: Callable[[], object], other: Callable[[], object], size: int) -> list[tuple[float, float]]:
    """The rates of two in each round, taken in turns, once both are warm."""
    one(), other()
    return [(rate(one, size), rate(other, size)) for _ in range(ROUNDS)]


def usual(work: Callable[[], object], size: int) -> float:
    """The median rate of the rounds, once warm."""
    work()
    return median(rate(work, size) for _ in range(ROUNDS))


def checked(data: bytes) -> int:
    """Reads and validates a file, balance included; it must be found valid."""
    assessment = x12.validate(data)
    assert assessment.valid and not assessment.findings, assessment.findings[:3]
    return assessment.segments


def turned(data: bytes) -> bytes:
    """The file with neighbours that share a place, as several REFs do, the other way around: as valid as before."""
    segments: list[bytes] = []
    for name, run in groupby(data.split(b"~\n"), key=lambda segment: segment.partition(b"*")[0]):
        together = list(run)
        segments += reversed(together) if name in _SHARING else together
    return b"~\n".join(segments)


def peer_reads(text: str) -> int:
    """pyx12's bare reader: segments and the counts of the envelope."""
    return sum(1 for _ in pyx12.x12file.X12Reader(io.StringIO(text)))


def peer_validates(text: str) -> bool:
    """pyx12's validator with a 999 as its result."""
    return bool(
        pyx12.x12n_document.x12n_document(pyx12.params.params(), io.StringIO(text), fd_997=io.StringIO(), fd_html=None)
    )


def compared(name: str) -> list[dict[str, Any]]:
    """The rows of one kind of file."""
    data, few = FILES[name](CLAIMS), FILES[name](FEW_CLAIMS)
    text, other = data.decode(), turned(data)
    rounds = alternately(lambda: checked(data), lambda: peer_reads(text), len(data))
    ours, reader = (median(column) for column in zip(*rounds, strict=True))
    times = sorted(own / peer for own, peer in rounds)
    validator = rate(lambda: peer_validates(few.decode()), len(few))
    return [
        _row(f"x12 {name}: read and validated", ours, "MB/s"),
        _row(f"x12 {name}: so, in another order", usual(lambda: checked(other), len(other)), "MB/s"),
        _row(f"x12 {name}: cut into slices of 50 claims", usual(lambda: _sliced(data), len(data)), "MB/s"),
        _row(f"peer {name}: pyx12 reader", reader, "MB/s"),
        _row(f"peer {name}: pyx12 validator", validator, "MB/s"),
        _row(f"x12 {name}: times pyx12's reader", median(times), "x", (">=", 5)),
        _row(f"x12 {name}: the same, lowest round", times[0], "x"),
        _row(f"x12 {name}: the same, highest round", times[-1], "x"),
        _row(f"x12 {name}: times pyx12's validator", ours / validator, "x", (">=", 30)),
    ]


def _sliced(data: bytes) -> int:
    return sum(1 for _ in x12.pieces(data, claims=50))


def run() -> list[dict[str, Any]]:
    """One row per figure: `name`, `value`, `unit` and the `goal` it must meet, None for those that only inform."""
    logging.getLogger("pyx12").setLevel(logging.CRITICAL)
    return [row for name in FILES for row in compared(name)]


def _row(name: str, value: float, unit: str, goal: tuple[str, float] | None = None) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "goal": {"op": goal[0], "value": goal[1]} if goal else None}


if __name__ == "__main__":
    for row in run():
        print(f"{row['name']:<48} {row['value']:>10,.2f} {row['unit']}", row["goal"] or "")
