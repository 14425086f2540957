"""Fuzz targets of files of rows."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from careloom.formats.csv import Layout, inspecting, rows
from careloom.formats.csv.units import Unit, rows_of, units
from careloom.formats.csv.writing import write

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "csv"
PRICES = Layout.load((SAMPLES / "prices.toml").read_text())
BATCH = Layout.load((SAMPLES / "batch.toml").read_text())
WIDE = Layout.load({"name": "w", "encoding": "utf-16", "escape": "\\", "columns": [{"name": "a", "unique": True}]})
BOOK = Layout.load({"name": "x", "kind": "excel", "columns": [{"name": "a"}, {"name": "n", "type": "integer"}]})


BOOK_BYTES = write([{"a": "x", "n": 1}, {"a": "y", "n": 2}], BOOK)
SHEET = "xl/worksheets/sheet1.xml"


def with_sheet(sheet: bytes) -> bytes:
    """A sound archive around a bent sheet, so that the reader of sheets is reached."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(BOOK_BYTES)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            new.writestr(name, sheet if name == SHEET else old.read(name))
    return stream.getvalue()


def targets() -> Mapping[str, tuple[Callable[[bytes], object], Sequence[bytes]]]:
    """Functions that may raise FormatError only, with inputs to begin from."""
    prices, batch = ((SAMPLES / name).read_bytes() for name in ("prices.csv", "batch.txt"))
    bodies = [unit.body for unit in units(prices, PRICES) if isinstance(unit, Unit)]
    return {
        "delimited": (lambda data: list(rows(data, PRICES)), [prices]),
        "utf16": (lambda data: list(rows(data, WIDE)), ["a,b\r\nx,1\r\n".encode("utf-16")]),
        "fixed": (lambda data: list(rows(data, BATCH)), [batch]),
        "excel": (lambda data: list(rows(data, BOOK)), [BOOK_BYTES]),
        "sheet": (
            lambda data: list(rows(with_sheet(data), BOOK)),
            [zipfile.ZipFile(io.BytesIO(BOOK_BYTES)).read(SHEET)],
        ),
        "units": (lambda data: rows_of(data, PRICES), bodies),
        "inspect": (lambda data: inspecting.inspect(data, paths=["1", "row[2].item"]), [prices, batch, BOOK_BYTES]),
    }
