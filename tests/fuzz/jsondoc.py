"""Fuzz targets of JSON by contract."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from careloom.formats.jsondoc import Contract, inspecting, read, write

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "jsondoc"
CONTRACT = Contract.load((SAMPLES / "order.schema.json").read_bytes())


def targets() -> Mapping[str, tuple[Callable[[bytes], object], Sequence[bytes]]]:
    """Functions that may raise FormatError only, with inputs to begin from."""
    order = (SAMPLES / "order.json").read_bytes()
    lines = b'{"id":"ORD-0001","lines":[]}\n{"id":"\\u00e9\\ud83d\\ude00"}\n'
    return {
        "round": (lambda data: write(read(data)), [order]),
        "contract": (CONTRACT.check, [order]),
        "lines": (CONTRACT.check_lines, [lines]),
        "inspect": (lambda data: inspecting.inspect(data, paths=["/id", "/*/id"]), [order, lines]),
    }
