"""How fast X12 is read, validated and balanced, and in how much memory. Run: python -m benchmarks.formats_x12

The peer of the same run is pyx12: its bare reader, which only cuts and counts, and its validator. Rates are of bytes.
"""

from __future__ import annotations

import io
import logging
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import psutil
import pyx12.params
import pyx12.x12file
import pyx12.x12n_document

from benchmarks import x12_claims
from careloom.formats import x12

ROUNDS = 5
LARGE = 100_000_000
FILES = {"835": x12_claims.remittance, "837P": x12_claims.professional, "837I": x12_claims.institutional}
ISA = "ISA*00*          *00*          *ZZ*CLEARING       *ZZ*NORTHSHORE     *260301*1015*^*00501*000000417*0*T*:"
NPI = "1999999992"


def _paid_claim(number: int) -> str:
    return (
        f"CLP*C{number:07}*1*{150 + number % 50}*110*20*12*NHP{number:09}*11*1~\n"
        f"NM1*QC*1*VALE{number}*IMOGEN****MI*NS{number:07}~\nDTM*232*20260202~\nDTM*233*20260202~\n"
        f"SVC*HC:99213*{110 + number % 50}*80**1~\nDTM*472*20260202~\nCAS*CO*45*{20 + number % 50}~\nCAS*PR*3*10~\n"
        f"REF*6R*L{number}A~\nSVC*HC:73560*40*30**1~\nDTM*472*20260202~\nCAS*PR*2*10~\n"
    )


def remittance(claims: int) -> Iterator[bytes]:
    """An invented 835 of so many claims, balanced to the cent, piece by piece so that it may be large."""
    yield (
        f"{ISA}~\nGS*HP*CLEARING*NORTHSHORE*20260301*1015*417*X*005010X221A1~\nST*835*0001~\n"
        f"BPR*I*{claims * 110 - 25}*C*CHK************20260301~\nTRN*1*T417*1900550120~\nDTM*405*20260301~\n"
        "N1*PR*NORTHERN HEALTH PLAN~\nN3*PO BOX 417~\nN4*SAINT PAUL*MN*55101~\nPER*BL*DESK*TE*5555550148~\n"
        f"N1*PE*NORTHSHORE CLINIC*XX*{NPI}~\nLX*1~\n"
    ).encode()
    for start in range(1, claims + 1, 1000):
        yield "".join(_paid_claim(number) for number in range(start, min(start + 1000, claims + 1))).encode()
    count = 10 + claims * 12 + 2
    yield f"PLB*{NPI}*20261231*L6*25~\nSE*{count}*0001~\nGE*1*417~\nIEA*1*000000417~\n".encode()


def rate(work: Callable[[], object], size: int, rounds: int = ROUNDS) -> float:
    """Megabytes a second of processor time, the best of the rounds."""
    best = 0.0
    for _ in range(rounds):
        start = time.process_time()
        work()
        best = max(best, size / (time.process_time() - start) / 1e6)
    return best


def alternately(one: Callable[[], object], other: Callable[[], object], size: int) -> tuple[float, float]:
    """The rates of two, taken in turns, so that what else the machine does falls on both."""
    rounds = [(rate(one, size, 1), rate(other, size, 1)) for _ in range(ROUNDS)]
    return max(first for first, _ in rounds), max(second for _, second in rounds)


def checked(source: bytes | BinaryIO) -> int:
    """Reads and validates a file, balance included; it must be found valid."""
    assessment = x12.validate(source)
    assert assessment.valid and not assessment.findings, assessment.findings[:3]
    return assessment.segments


def peer_reads(text: str) -> int:
    """pyx12's bare reader: segments and the counts of the envelope."""
    return sum(1 for _ in pyx12.x12file.X12Reader(io.StringIO(text)))


def peer_validates(text: str) -> bool:
    """pyx12's validator with a 999 as its result."""
    return bool(
        pyx12.x12n_document.x12n_document(pyx12.params.params(), io.StringIO(text), fd_997=io.StringIO(), fd_html=None)
    )


def large_file(size: int) -> tuple[int, float, float]:
    """A file of about `size` bytes is validated from disk: its bytes, MB/s, and how far memory grew, in MB."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.835"
        with path.open("wb") as file:
            file.writelines(remittance(size // 270))
        checked(b"".join(remittance(1000)))
        process, before = psutil.Process(), psutil.Process().memory_info().rss
        start = time.perf_counter()
        with path.open("rb") as file:
            checked(file)
        spent = time.perf_counter() - start
        peak = max(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, process.memory_info().rss)
        written = path.stat().st_size
    return written, written / spent / 1e6, (peak - before) / 1e6


def run() -> list[dict[str, Any]]:
    """One row per figure: `name`, `value`, `unit` and the `goal` it must meet, None for the peers."""
    logging.getLogger("pyx12").setLevel(logging.CRITICAL)
    written, speed, grown = large_file(LARGE)
    rows = [
        _row(f"x12 {written // 1_000_000} MB 835: validated, balanced", speed, "MB/s", None),
        _row("x12 memory grown meanwhile", grown, "MB", ("<=", 50)),
    ]
    for name, make in FILES.items():
        data = make(1500)
        text = data.decode()
        ours, reader = alternately(lambda data=data: checked(data), lambda text=text: peer_reads(text), len(data))  # type: ignore[misc]
        validator = rate(lambda text=text: peer_validates(text), len(data), 2)  # type: ignore[misc]
        slices = rate(lambda data=data: sum(1 for _ in x12.pieces(data, claims=50)), len(data))  # type: ignore[misc]
        rows += [
            _row(f"x12 {name}: read and validated", ours, "MB/s", None),
            _row(f"x12 {name}: cut into slices of 50 claims", slices, "MB/s", None),
            _row(f"peer {name}: pyx12 reader", reader, "MB/s", None),
            _row(f"peer {name}: pyx12 validator", validator, "MB/s", None),
            _row(f"x12 {name}: times pyx12's reader", ours / reader, "x", (">=", 5)),
            _row(f"x12 {name}: times pyx12's validator", ours / validator, "x", (">=", 30)),
        ]
    return rows


def _row(name: str, value: float, unit: str, goal: tuple[str, float] | None) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "goal": {"op": goal[0], "value": goal[1]} if goal else None}


if __name__ == "__main__":
    for row in run():
        print(f"{row['name']:<48} {row['value']:>10,.2f} {row['unit']}", row["goal"] or "")
