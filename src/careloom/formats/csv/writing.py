"""Rows to a file, as its layout declares; totals are computed from the rows that are written."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from careloom.core.errors import FormatError
from careloom.formats.csv.cells import CellError, writer
from careloom.formats.csv.formulas import guarded
from careloom.formats.csv.layout import Column, Layout, RecordType
from careloom.formats.csv.row import Row, Value
from careloom.formats.csv.sheet_writing import native, workbook_of
from careloom.formats.csv.totals import Tally

_FLUSH: Final = 512


def write(
    records: Iterable[Row | Mapping[str, Value]],
    layout: Layout,
    *,
    header: Mapping[str, Value] | None = None,
    trailer: Mapping[str, Value] | None = None,
) -> bytes:
    """The file of these rows. Plain mappings are details. FormatError names row and column of what cannot be written.

    Header and trailer records are those among the rows, else `header` and `trailer`; the totals that a trailer states
    are computed, whatever it was given.
    """
    return b"".join(pieces(records, layout, header=header, trailer=trailer))


def pieces(
    records: Iterable[Row | Mapping[str, Value]],
    layout: Layout,
    *,
    header: Mapping[str, Value] | None = None,
    trailer: Mapping[str, Value] | None = None,
) -> Iterator[bytes]:
    """The same file in pieces, for streams; memory is flat but for workbooks."""
    cells = _Table(layout).cells(records, header, trailer)
    if layout.kind == "excel":
        yield workbook_of(cells, layout.sheet or "Sheet1")
        return
    encoder = codecs.getincrementalencoder(layout.encoding)()
    waiting: list[str] = []
    for text in _fixed_lines(cells, layout) if layout.kind == "fixed" else _csv_lines(cells, layout):
        waiting.append(text)
        if len(waiting) == _FLUSH:
            yield _encoded(encoder, waiting, layout)
            waiting.clear()
    yield _encoded(encoder, waiting, layout)


def _encoded(encoder: codecs.IncrementalEncoder, texts: Sequence[str], layout: Layout) -> bytes:
    try:
        return encoder.encode("".join(texts))
    except UnicodeEncodeError:
        problem = f"a letter that {layout.encoding} does not have; declare the encoding utf-8"
    raise FormatError(problem, "file")


class _Echo:
    """What a csv writer writes to: it gives the line back."""

    def write(self, text: str) -> str:
        return text


def _csv_lines(rows: Iterable[Sequence[object]], layout: Layout) -> Iterator[str]:
    line = csv.writer(
        _Echo(),
        delimiter=layout.delimiter,
        quotechar=layout.quote or None,
        quoting=csv.QUOTE_MINIMAL if layout.quote else csv.QUOTE_NONE,
        doublequote=not layout.escape,
        escapechar=layout.escape or None,
        # The writer quotes only those line ends that it writes itself, so it must know both.
        lineterminator="\r\n",
    ).writerow
    for number, cells in enumerate(rows, 1):
        try:
            text: object = line(cells)
        except csv.Error:
            raise FormatError("a mark that needs a quote or an escape; declare one", f"row {number}") from None
        yield _commentless(str(text).removesuffix("\r\n"), number, layout) + layout.line_end


def _commentless(text: str, number: int, layout: Layout) -> str:
    if layout.comment and text.startswith(layout.comment):
        raise FormatError("the row would be taken for a comment; declare another comment prefix", f"row {number}")
    return text


def _fixed_lines(rows: Iterable[Sequence[object]], layout: Layout) -> Iterator[str]:
    for number, cells in enumerate(rows, 1):
        text = str(cells[0])
        if "\r" in text or "\n" in text:
            raise FormatError("a line end inside a fixed width value", f"row {number}")
        yield _commentless(text, number, layout) + layout.line_end


class _Slot(NamedTuple):
    at: int
    column: Column
    write: Callable[[Value], str]


class _Table:
    """Rows as cells, in the columns' places, with the header row before and the trailer behind."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._tally = Tally(layout)
        self._records = {record.name: record for record in layout.record_types}
        self._slots = {record.name: _slots(record) for record in layout.record_types}
        # Of several kinds of details, a plain mapping is the first one.
        self._roles = {record.role: record.name for record in reversed(layout.record_types)}
        self._number = 0

    def cells(
        self,
        records: Iterable[Row | Mapping[str, Value]],
        header: Mapping[str, Value] | None,
        trailer: Mapping[str, Value] | None,
    ) -> Iterator[Sequence[object]]:
        """Each row of the file. The trailer waits for the end, since it states what came before."""
        if self._layout.has_header:
            yield self._names()
        opening, closing = header, trailer
        for record in records:
            name, values = self._named(record)
            role = self._records[name].role
            if opening is not None and role != "header":
                yield self._record(self._roles["header"], opening)
            opening = None
            if role == "trailer":
                closing = values
            else:
                yield self._record(name, values)
        if opening is not None:
            yield self._record(self._roles["header"], opening)
        if "trailer" in self._roles:
            yield self._closing(closing or {})

    def _named(self, record: Row | Mapping[str, Value]) -> tuple[str, Mapping[str, Value]]:
        if isinstance(record, Row):
            return record.record, record.values
        return self._roles["detail"], record

    def _names(self) -> Sequence[object]:
        self._number += 1
        detail = next(record for record in self._records.values() if record.role == "detail")
        return _placed([(slot.at, slot.column.header_names[0]) for slot in self._slots[detail.name]])

    def _closing(self, values: Mapping[str, Value]) -> Sequence[object]:
        name = self._roles["trailer"]
        # The trailer may count itself, so it is counted before its totals are made.
        self._tally.add(name, {})
        computed = {total.field: self._made(total.field) for total in self._layout.totals if total.record == name}
        return self._record(name, {**values, **computed}, tallied=True)

    def _made(self, field: str) -> Value:
        total = next(total for total in self._layout.totals if total.field == field)
        column = next(column for column in self._records[total.record].columns if column.name == field)
        made = self._tally.made(total)
        return int(made) if column.type == "integer" and made == made.to_integral_value() else made

    def _record(self, name: str, values: Mapping[str, Value], tallied: bool = False) -> Sequence[object]:
        self._number += 1
        if not tallied:
            self._tally.add(name, values)
        found = [(slot.at, self._cell(slot, values.get(slot.column.name))) for slot in self._slots[name]]
        if all(cell == "" for _, cell in found):
            raise FormatError("a row without any value, which reading would pass over", f"row {self._number}")
        code = self._code(self._records[name])
        if self._layout.kind == "fixed":
            columns = [slot.column for slot in self._slots[name]]
            return (_line([(column, str(cell)) for column, (_, cell) in zip(columns, found, strict=True)], code),)
        return _placed([*([(code[0] - 1, code[2])] if code else []), *found])

    def _cell(self, slot: _Slot, value: Value) -> object:
        column = slot.column
        try:
            text = slot.write(value)
            if self._layout.kind == "excel":
                return native(value, text)
            if self._layout.kind == "fixed":
                return _filled(text, column)
            return guarded(text) if self._layout.guards and column.type == "text" else text
        except CellError as error:
            place = f"row {self._number}, column {slot.at + 1} ({column.name})"
            problem = error.text
        raise FormatError(problem, place)

    def _code(self, record: RecordType) -> tuple[int, int, str] | None:
        """Where the record's code stands, its width, and the code; None when there is none to write."""
        where = self._layout.discriminator
        if where is None or not record.code:
            return None
        return (where.position or where.start or 1, where.length or 0, record.code)


def _slots(record: RecordType) -> Sequence[_Slot]:
    return tuple(
        _Slot(column.position - 1 if column.position else order, column, writer(column))
        for order, column in enumerate(record.columns)
    )


def _placed(cells: Sequence[tuple[int, object]]) -> Sequence[object]:
    """Cells at their indexes; later ones win, as a column that holds the record's code does."""
    row: list[object] = [""] * (max(index for index, _ in cells) + 1)
    for index, cell in cells:
        row[index] = cell if cell != "" else row[index]
    return row


def _filled(text: str, column: Column) -> str:
    width = column.length or 1
    if len(text) > width:
        raise CellError("too-long", f"a value longer than the column's {width} characters")
    if not column.right_aligned:
        return text.ljust(width, column.pad)
    return text.zfill(width) if column.pad == "0" and text else text.rjust(width, " " if not text else column.pad)


def _line(cells: Sequence[tuple[Column, str]], code: tuple[int, int, str] | None) -> str:
    line = [" "] * max([column.end for column, _ in cells] + ([code[0] + code[1] - 1] if code else []))
    for column, text in cells:
        line[(column.start or 1) - 1 : column.end] = text
    if code:
        start, width, text = code
        line[start - 1 : start - 1 + width] = text.ljust(width)
    return "".join(line)
