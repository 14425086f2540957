"""What of a file becomes one message of the log, traced to its row and line.

A row's message is canonical JSON: the layout and its version, the file it came from, the row's number and line, and its
values, so that the row is found again in the file and the file's other rows are not needed to read it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import BinaryIO

import msgspec

from careloom.core.errors import FormatError
from careloom.formats.csv.layout import Layout
from careloom.formats.csv.reading import Reading
from careloom.formats.csv.row import Row, RowError, Value, identity_of


class Unit(msgspec.Struct, frozen=True, gc=False):
    """One message: its bytes, the identity of its row or group (a digest; "" without key columns), where it begins."""

    body: bytes
    key: str
    row: int
    line: int
    rows: int = 1


class _Line(msgspec.Struct, frozen=True):
    row: int
    line: int
    record: str
    values: Mapping[str, Value]


class _Body(msgspec.Struct, frozen=True):
    layout: str
    version: str
    file: str
    rows: Sequence[_Line]
    header: Mapping[str, Value] = {}


class _ReadLine(msgspec.Struct, frozen=True):
    row: int
    line: int
    record: str
    values: Mapping[str, str | int | bool | None]


class _ReadBody(msgspec.Struct, frozen=True):
    layout: str
    rows: Sequence[_ReadLine]
    version: str = ""
    file: str = ""
    header: Mapping[str, str | int | bool | None] = {}


def units(data: bytes | BinaryIO, layout: Layout, *, file: str = "") -> Iterator[Unit | RowError]:
    """The messages of a file, by the layout's `message`; errors stand where their rows do. An open file is read as its
    rows are asked for, but where it is one message.

    `file` names the file in each body: its own name, or a digest. A group is consecutive rows with the same key; it is
    held back whole, with an error, when one of its rows is wrong. FormatError as reading raises it.
    """
    if layout.message == "file":
        yield Unit(data if isinstance(data, bytes) else data.read(), "", 1, 1)
        return
    reading = Reading(data, layout)
    if layout.message == "group":
        yield from _Groups(layout, file).units(reading)
        return
    header: Mapping[str, Value] = {}
    for result in reading:
        if isinstance(result, RowError):
            yield result
        elif _role(layout, result) == "header":
            header = result.values
        elif _role(layout, result) == "detail":
            yield _unit([result], layout, file, header)


def rows_of(body: bytes, layout: Layout) -> Sequence[Row]:
    """The rows of one message, with the values' own types. FormatError when the bytes are no such message; and where a
    file is one message (`message = "file"`), at the first row that is wrong."""
    if layout.message == "file":
        return _rows_of_file(body, layout)
    try:
        read = msgspec.json.decode(body, type=_ReadBody)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise FormatError("no message of rows; make it with units()", "body") from None
    if read.layout != layout.name:
        raise FormatError("made by another layout; read it with that", "layout")
    types = {kind.name: {column.name: column.type for column in kind.columns} for kind in layout.record_types}
    return tuple(_row(line, types.get(line.record, {})) for line in read.rows)


def _rows_of_file(body: bytes, layout: Layout) -> Sequence[Row]:
    rows = []
    for result in Reading(body, layout):
        if isinstance(result, RowError):
            raise FormatError(result.text, result.place)
        if _role(layout, result) == "detail":
            rows.append(result)
    return tuple(rows)


def _row(line: _ReadLine, types: Mapping[str, str]) -> Row:
    place = f"row {line.row}"
    values = {name: _typed(value, types.get(name, ""), f"{place} ({name})") for name, value in line.values.items()}
    return Row(line.row, line.line, line.record, values)


def _typed(value: str | int | bool | None, kind: str, place: str) -> Value:
    if not isinstance(value, str):
        return value
    try:
        match kind:
            case "decimal":
                return Decimal(value)
            case "date":
                return date.fromisoformat(value)
            case "datetime":
                return datetime.fromisoformat(value)
    except (ValueError, ArithmeticError):
        raise FormatError(f"a value that is no {kind}", place) from None
    return value


def _role(layout: Layout, row: Row) -> str:
    return next(kind.role for kind in layout.record_types if kind.name == row.record)


def _unit(rows: Sequence[Row], layout: Layout, file: str, header: Mapping[str, Value]) -> Unit:
    lines = [_Line(row.row, row.line, row.record, row.values) for row in rows]
    body = _Body(layout.name, layout.version, file, lines, header)
    keyed = layout.key if rows[0].values.keys() >= set(layout.key) else ()
    key = identity_of(rows[0].values, keyed)
    return Unit(msgspec.json.encode(body, order="deterministic"), key, rows[0].row, rows[0].line, len(rows))


class _Groups:
    """Gathers consecutive rows of one key. A row that is lost may have belonged to the groups on both of its sides."""

    def __init__(self, layout: Layout, file: str) -> None:
        self._layout = layout
        self._file = file
        self._header: Mapping[str, Value] = {}
        self._rows: list[Row] = []
        self._key = ""
        self._broken = False
        self._next_broken = False
        self._closed: set[str] = set()

    def units(self, results: Iterator[Row | RowError]) -> Iterator[Unit | RowError]:
        for result in results:
            if isinstance(result, RowError):
                yield from self._wrong(result)
            elif _role(self._layout, result) == "header":
                self._header = result.values
            elif _role(self._layout, result) == "detail":
                yield from self._right(result)
        yield from self._close()

    def _wrong(self, error: RowError) -> Iterator[Unit | RowError]:
        if error.stray:
            yield error
            return
        if error.key and error.key != self._key:
            yield from self._open(error.key)
        self._broken = True
        self._next_broken = not error.key
        yield error

    def _right(self, row: Row) -> Iterator[Unit | RowError]:
        key = identity_of(row.values, self._layout.key)
        if key != self._key:
            yield from self._open(key)
        self._next_broken = False
        self._rows.append(row)

    def _open(self, key: str) -> Iterator[Unit | RowError]:
        yield from self._close()
        self._key, self._broken, self._next_broken = key, self._next_broken, False
        if key in self._closed:
            self._broken = True

    def _close(self) -> Iterator[Unit | RowError]:
        rows, self._rows = self._rows, []
        repeated = self._key in self._closed
        self._closed.add(self._key)
        if rows and self._broken:
            why = "its rows do not stand together" if repeated else "a row of it, or beside it, is wrong"
            text = f"a group of {len(rows)} right rows is held back, since {why}; send the group again whole"
            yield RowError(rows[0].row, rows[0].line, "group-incomplete", text, key=self._key)
        elif rows:
            yield _unit(rows, self._layout, self._file, self._header)
