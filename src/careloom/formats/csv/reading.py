"""A file of rows, read by its layout: right rows and located errors in the order of the file, then its totals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO, Final

from careloom.core.errors import FormatError
from careloom.formats.csv.cells import CellError, Parse
from careloom.formats.csv.kinds import Kind, Place, code_reader, kinds_of, native_text
from careloom.formats.csv.layout import Layout
from careloom.formats.csv.lines import lines
from careloom.formats.csv.records import Dialect, Raw, delimited, fixed
from careloom.formats.csv.row import Row, RowError, Totals, Value, identity_of
from careloom.formats.csv.totals import Tally
from careloom.formats.csv.workbook import sheet_rows

_CUT: Final = object()


class Reading:
    """One pass over a file; iterate it, then ask `totals`.

    Memory is flat, but for about 200 bytes a row where the layout has a key or unique columns. FormatError is raised
    only for what keeps rows from being read at all: the header, a limit, a workbook that is none.
    """

    def __init__(self, source: bytes | BinaryIO, layout: Layout) -> None:
        self._layout = layout
        self._source = source
        self._tally = Tally(layout)
        self._code = code_reader(layout)
        self._seen: dict[str, int] = {}
        self._fixed = layout.kind == "fixed"
        self._ordered = any(record.role != "detail" for record in layout.record_types)
        self._keyed = layout.message != "group"
        self._opened = False
        self._closed = False
        self._results = self._read()

    @property
    def totals(self) -> Totals:
        """Counts, errors and checked totals of what has been read so far."""
        return self._tally.finish()

    def __iter__(self) -> Iterator[Row | RowError]:
        return self

    def __next__(self) -> Row | RowError:
        result = next(self._results)
        if isinstance(result, RowError):
            self._tally.errors += 1
        return result

    def _read(self) -> Iterator[Row | RowError]:
        raws = _raws(self._source, self._layout)
        header, row = self._header(raws)
        kinds = kinds_of(self._layout, header, row)
        most = self._layout.limits.max_rows
        for count, raw in enumerate(raws, 1):
            if count > most:
                raise FormatError(f"more than {most} rows; split the file, or raise max_rows", f"row {raw.row}")
            result = raw if isinstance(raw, RowError) else self._record(raw, kinds)
            if isinstance(result, Row | RowError):
                yield result
            else:
                yield from result
        yield from self._ending(kinds)

    def _header(self, raws: Iterator[Raw | RowError]) -> tuple[Sequence[str] | None, int]:
        if not self._layout.has_header:
            return None, 0
        raw = next(raws, None)
        if raw is None:
            raise FormatError("the header row is missing, for the file is empty", "row 1")
        if isinstance(raw, RowError):
            raise FormatError(f"the header row cannot be read: {raw.text}", raw.place)
        return ["" if cell is None else str(cell) for cell in raw.cells], raw.row

    def _record(self, raw: Raw, kinds: Mapping[str, Kind]) -> Row | Sequence[RowError]:
        kind = kinds.get(self._code(raw.cells)) or kinds.get("")
        if kind is None:
            return (RowError(raw.row, raw.line, "record-unknown", "a kind of record that the layout does not know"),)
        detail = kind.record.role == "detail"
        problem = (self._order(kind) if self._ordered else None) or self._width(raw, kind)
        if problem:
            return (RowError(raw.row, raw.line, *problem, stray=not detail),)
        values: dict[str, Value] = {}
        errors = self._values(raw, kind, values)
        row = Row(raw.row, raw.line, kind.record.name, values)
        self._tally.add(row.record, values)
        if not detail:
            self._tally.state(row)
        if not errors and (kind.key or kind.unique):
            errors = list(self._repeated(raw, kind, values))
        return errors or row

    def _order(self, kind: Kind) -> tuple[str, str] | None:
        """Headers come first, trailers last, each once."""
        role, opened, closed = kind.record.role, self._opened, self._closed
        self._opened = True
        self._closed = closed or role == "trailer"
        if closed:
            return "after-trailer", "a record after the trailer; the file was joined of several, or a line is misplaced"
        if role == "header" and opened:
            return "header-late", "a header record that is not the first; the file was joined of several"
        return None

    def _width(self, raw: Raw, kind: Kind) -> tuple[str, str] | None:
        if len(raw.cells) == kind.width:
            return None
        surplus = raw.cells[kind.width :] if kind.width else ()
        if len(raw.cells) < kind.width and self._layout.short_rows == "refuse" and self._layout.kind != "excel":
            return "row-short", f"{len(raw.cells)} cells where {kind.width} are expected; nothing was read of it"
        lenient = not self._layout.has_header and self._layout.extra_columns == "ignore"
        if not lenient and any(cell is not None and str(cell).strip() for cell in surplus):
            return "row-long", f"{len(raw.cells)} cells where {kind.width} are expected; is a delimiter not quoted?"
        return None

    def _values(self, raw: Raw, kind: Kind, values: dict[str, Value]) -> Sequence[RowError]:
        """Fills `values`, and gives an error for each cell that its column does not allow."""
        cells = _sliced(raw, kind.places) if self._fixed else raw.cells
        count = len(cells)
        wrong: list[tuple[int, str, CellError]] = []
        for index, name, parse, native, *_ in kind.places:
            cell = cells[index] if index < count else ""
            try:
                values[name] = parse(cell) if type(cell) is str else _typed(cell, parse, native)
            except CellError as problem:
                wrong.append((index + 1, name, problem))
        if not wrong:
            return ()
        key = identity_of(values, kind.key) if values.keys() >= set(kind.key) else ""
        stray = kind.record.role != "detail"
        return [
            RowError(raw.row, raw.line, error.code, error.text, column, name, key, stray)
            for column, name, error in wrong
        ]

    def _repeated(self, raw: Raw, kind: Kind, values: Mapping[str, Value]) -> Iterator[RowError]:
        key = identity_of(values, kind.key)
        if key and self._keyed and (first := self._first(key, raw.row)):
            yield RowError(raw.row, raw.line, "key-repeated", f"the same key as row {first}", key=key)
        for name in kind.unique:
            value = identity_of(values, (name,))
            if values[name] is not None and (first := self._first(f"{name}:{value}", raw.row)):
                column = next(place.at + 1 for place in kind.places if place.name == name)
                text = f"a value that row {first} has too, in a column where each is unique"
                yield RowError(raw.row, raw.line, "not-unique", text, column, name, key)

    def _first(self, value: str, row: int) -> int:
        """The row that had this value before; 0 for none."""
        first = self._seen.setdefault(value, row)
        return 0 if first == row else first

    def _ending(self, kinds: Mapping[str, Kind]) -> Iterator[RowError]:
        for kind in kinds.values():
            if kind.record.role != "detail" and not self._tally.rows[kind.record.name]:
                text = f"the {kind.record.role} record is missing; the file may be cut off"
                yield RowError(0, 0, f"{kind.record.role}-missing", text, name=kind.record.name, stray=True)
        yield from self._tally.differences()


def rows(source: bytes | BinaryIO, layout: Layout) -> Reading:
    """Reads a file by its layout: an iterator of Row and RowError, with `totals` at the end."""
    return Reading(source, layout)


def _raws(source: bytes | BinaryIO, layout: Layout) -> Iterator[Raw | RowError]:
    if layout.kind == "excel":
        return sheet_rows(source, layout.sheet, layout.skip_lines, layout.limits)
    found = lines(source, layout.encoding, layout.limits.max_line_length)
    if layout.kind == "fixed":
        return fixed(found, layout.comment, layout.skip_lines)
    dialect = Dialect(
        delimiter=layout.delimiter,
        quote=layout.quote,
        escape=layout.escape,
        skip_initial_space=layout.skip_initial_space,
        comment=layout.comment,
        skip_lines=layout.skip_lines,
        record_lines=layout.limits.max_record_lines,
    )
    return delimited(found, dialect)


def _sliced(raw: Raw, places: Sequence[Place]) -> Sequence[object]:
    """The cells of a fixed width line. One that is cut off where a number should go on is no text, and so refused."""
    text = str(raw.cells[0])
    length = len(text)
    return [
        _CUT if place.cut_is_wrong and place.start < length < place.end else text[place.start : place.end]
        for place in places
    ]


def _typed(cell: object, parse: Parse, native: Parse) -> Value:
    if cell is None:
        return parse("")
    if cell is _CUT:
        raise CellError("cut-off", "the line ends in the middle of a number")
    return native(native_text(cell))
