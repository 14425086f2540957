"""Large X12 files in flat memory: validated, cut into slices, read claim by claim, inspected from the command line.

Run: python -m benchmarks.x12_large. Each figure is from a process of its own, so that the memory it grew by is that of
the work: the highest it had less what it had before. One run each, processor time. About two minutes.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import psutil

from benchmarks import x12_claims
from careloom.formats import x12

SIZE: Final = 100_000_000
_MOST_GROWN: Final = 50
_CLAIM, _FILE = 267, 700_000
_CONTROL: Final = b"000000417"
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


def professional(size: int) -> Iterator[bytes]:
    """An invented 837P of about that many bytes, an interchange for each 1500 claims."""
    one = x12_claims.professional(1500)
    for number in range(max(1, size // len(one))):
        yield one.replace(_CONTROL, b"%09d" % (number + 1))


def validated(path: Path) -> int:
    """Segments of a file found valid, balance included."""
    with path.open("rb") as file:
        assessment = x12.validate(file)
    assert assessment.valid and not assessment.findings, assessment.findings[:3]
    return assessment.segments


def sliced(path: Path) -> int:
    """Slices of 100 claims each."""
    with path.open("rb") as file:
        return sum(piece.error is None for piece in x12.pieces(file, claims=100))


def read(path: Path) -> int:
    """Claims, each looked into."""
    with path.open("rb") as file:
        return sum(bool(claim.get("CLP01") or claim.get("CLM01")) for claim in x12.each_claim(file))


def measured(work: Callable[[Path], int], path: Path) -> tuple[float, float]:
    """MB/s, and MB that memory grew by; the imports and tables that any file needs are there before."""
    small = path.with_name(f"small-{path.name}")
    work(small)
    before, start = psutil.Process().memory_info().rss, time.process_time()
    assert work(path)
    spent = time.process_time() - start
    return path.stat().st_size / spent / 1e6, max(highest() - before, 0) / 1e6


def highest() -> int:
    """The most octets that this process had. On Linux `ru_maxrss` counts what it was forked from too."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    kilobytes = next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)
    return (kilobytes or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) * 1024


_INSPECT: Final = """
import sys
from benchmarks.x12_large import highest
from careloom.cli.app import main
sys.argv[1:] = ["inspect", "--json", sys.argv[1]]
try:
    main()
finally:
    print(highest(), file=sys.stderr)
"""


def inspected(path: Path) -> float:
    """The most MB that `careloom inspect` had."""
    done = subprocess.run([sys.executable, "-c", _INSPECT, str(path)], capture_output=True, check=True, text=True)
    return int(done.stderr.split()[-1]) / 1e6


def run() -> list[dict[str, Any]]:
    """One row per figure: `name`, `value`, `unit` and the `goal` it must meet, None for those that only inform."""
    with tempfile.TemporaryDirectory() as folder:
        paths = _files(Path(folder))
        rows = [row for name in ("835", "837P") for row in _rows(f"100 MB {name}", validated, paths[name])]
        rows += _rows("100 MB 835 in slices", sliced, paths["835"])
        rows += _rows("20 MB 835, each claim", read, paths["fifth"])
        small, large = inspected(paths["835"].with_name("small-835")), inspected(paths["835"])
    rows.append(_row("x12 100 MB 835: careloom inspect", large, "MB"))
    rows.append(_row("x12 100 MB 835: more than for a small one", large - small, "MB", _MOST_GROWN))
    return rows


def _files(folder: Path) -> dict[str, Path]:
    """The large files, each with a small one beside it."""
    made = {
        "835": (remittance(SIZE // _CLAIM), remittance(500)),
        "837P": (professional(SIZE), professional(_FILE)),
        "fifth": (remittance(SIZE // 5 // _CLAIM), remittance(500)),
    }
    for name, (large, small) in made.items():
        for path, pieces in ((folder / name, large), (folder / f"small-{name}", small)):
            with path.open("wb") as file:
                file.writelines(pieces)
    return {name: folder / name for name in made}


def _rows(name: str, work: Callable[[Path], int], path: Path) -> list[dict[str, Any]]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        rate, grown = process.submit(measured, work, path).result()
    return [
        _row(f"x12 {name}: {work.__name__}", rate, "MB/s"),
        _row(f"x12 {name}: memory grown", grown, "MB", _MOST_GROWN),
    ]


def _row(name: str, value: float, unit: str, most: float | None = None) -> dict[str, Any]:
    goal = None if most is None else {"op": "<=", "value": most}
    return {"name": name, "value": value, "unit": unit, "goal": goal}


if __name__ == "__main__":
    for row in run():
        print(f"{row['name']:<48} {row['value']:>10,.2f} {row['unit']}", row["goal"] or "")
