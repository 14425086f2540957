"""Fuzz targets of bank statements."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from careloom.formats.bank import bai2, camt, inspecting, mt940, ofx

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "bank"


def targets() -> Mapping[str, tuple[Callable[[bytes], object], Sequence[bytes]]]:
    """Functions that may raise FormatError only, with inputs to begin from."""
    seeds = {path.name: path.read_bytes() for path in sorted(SAMPLES.iterdir())}
    return {
        "camt": (camt.parse, [seeds["statement_camt053_v02.xml"]]),
        "mt940": (mt940.parse, [seeds["statement_mt940.sta"]]),
        "ofx": (ofx.parse, [seeds["statement_ofx1.ofx"], seeds["statement_ofx2.ofx"]]),
        "bai2": (bai2.parse, [seeds["statement_bai2.txt"]]),
        "inspect": (lambda data: inspecting.inspect(data, paths=["entry[1].amount"]), list(seeds.values())),
    }
