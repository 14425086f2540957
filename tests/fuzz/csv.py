"""Fuzz targets of files of rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from careloom.formats.csv import Layout, inspecting, rows
from careloom.formats.csv.units import rows_of, units

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "csv"
PRICES = Layout.load((SAMPLES / "prices.toml").read_text())
BATCH = Layout.load((SAMPLES / "batch.toml").read_text())
WIDE = Layout.load({"name": "w", "encoding": "utf-16", "escape": "\\", "columns": [{"name": "a", "unique": True}]})
BOOK = Layout.load({"name": "x", "kind": "excel", "columns": [{"name": "a"}, {"name": "n", "type": "integer"}]})


def targets() -> Mapping[str, tuple[Callable[[bytes], object], Sequence[bytes]]]:
    """Functions that may raise FormatError only, with inputs to begin from."""
    from careloom.formats.csv.writing import write

    prices, batch = ((SAMPLES / name).read_bytes() for name in ("prices.csv", "batch.txt"))
    book = write([{"a": "x", "n": 1}, {"a": "y", "n": 2}], BOOK)
    bodies = [unit.body for unit in units(prices, PRICES) if not hasattr(unit, "code")]
    return {
        "csv-delimited": (lambda data: list(rows(data, PRICES)), [prices]),
        "csv-utf16": (lambda data: list(rows(data, WIDE)), ["a,b\r\nx,1\r\n".encode("utf-16")]),
        "csv-fixed": (lambda data: list(rows(data, BATCH)), [batch]),
        "csv-excel": (lambda data: list(rows(data, BOOK)), [book]),
        "csv-units": (lambda data: rows_of(data, PRICES), bodies),
        "csv-inspect": (lambda data: inspecting.inspect(data, paths=["1", "row[2].item"]), [prices, batch, book]),
    }
