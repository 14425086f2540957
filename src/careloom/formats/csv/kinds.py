"""Which record a line is, where its columns stand in this file, and how each cell is read: worked out once a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final, NamedTuple

from careloom.core.errors import FormatError
from careloom.formats.csv.cells import CellError, Parse, reader
from careloom.formats.csv.formulas import unguarded
from careloom.formats.csv.layout import Column, Discriminator, Layout, RecordType

# Cells of a workbook come with a type of their own, and are then read in these spellings whatever the text form is.
_NATIVE: Final[dict[str, object]] = {"decimal": ".", "thousands": "", "implied_decimals": 0, "format": ""}


class Place(NamedTuple):
    """One column in this file: its number among the cells, from 0, its name, and how text and typed values are read."""

    at: int
    name: str
    parse: Parse
    native: Parse
    start: int = 0
    end: int = 0
    cut_is_wrong: bool = False


class Kind(NamedTuple):
    """One kind of record in this file. `width` is how many cells it has, 0 when any number will do."""

    record: RecordType
    places: Sequence[Place]
    width: int
    key: Sequence[str]
    unique: Sequence[str]


def kinds_of(layout: Layout, header: Sequence[str] | None, row: int = 1) -> Mapping[str, Kind]:
    """The kinds of records by their codes. FormatError at the header row for names that are missing or doubled."""
    names = _names(header, layout, row) if header is not None else {}
    return {record.code: _kind(record, layout, names, header) for record in layout.record_types}


def code_reader(layout: Layout) -> Callable[[Sequence[object]], str]:
    """Gives the code by which a record says its kind; "" where there is none."""
    where = layout.discriminator
    if where is None:
        return lambda _: ""
    if layout.kind == "fixed":
        return _sliced_code(where)
    index = (where.position or 1) - 1
    return lambda cells: str(cells[index]).strip() if index < len(cells) and cells[index] is not None else ""


def _sliced_code(where: Discriminator) -> Callable[[Sequence[object]], str]:
    start = (where.start or 1) - 1
    end = start + (where.length or 1)
    return lambda cells: str(cells[0])[start:end].strip()


def _names(header: Sequence[str], layout: Layout, row: int) -> Mapping[str, int]:
    """The header's names, as they are compared, with their index. A name that the layout uses may stand there once."""
    names: dict[str, int] = {}
    wanted = {_plain(name) for record in layout.record_types for col in record.columns for name in col.header_names}
    for index, name in enumerate(map(_plain, header)):
        if name in wanted and name in names:
            raise FormatError(
                f"the header has the name of column {names[name] + 1} again", f"row {row}, column {index + 1}"
            )
        if name and name not in wanted and layout.extra_columns == "refuse":
            raise FormatError("a column that the layout does not know", f"row {row}, column {index + 1}")
        names.setdefault(name, index)
    return names


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


def _kind(record: RecordType, layout: Layout, names: Mapping[str, int], header: Sequence[str] | None) -> Kind:
    if layout.kind == "fixed":
        places = [_sliced(index, column, layout) for index, column in enumerate(record.columns)]
        return Kind(record, places, 0, _key(record, layout), _unique(record))
    by_name = header is not None and record.role == "detail"
    indexes = _indexes(record, names if by_name else None)
    places = [_place(index, column, layout) for index, column in indexes]
    width = len(header) if by_name and header is not None else max((place.at + 1 for place in places), default=0)
    return Kind(record, places, width, _key(record, layout), _unique(record))


def _indexes(record: RecordType, names: Mapping[str, int] | None) -> Sequence[tuple[int, Column]]:
    found: list[tuple[int, Column]] = []
    missing: list[str] = []
    for order, column in enumerate(record.columns):
        index: int | None = order if names is None else None
        if column.position is not None:
            index = column.position - 1
        elif names is not None:
            index = next((names[name] for name in map(_plain, column.header_names) if name in names), None)
        if index is not None:
            found.append((index, column))
        elif not column.optional:
            missing.append(column.header_names[0])
    if missing:
        raise FormatError(f"the header lacks {', '.join(missing)}; correct the file, or add an alias", "header")
    return found


def _place(index: int, column: Column, layout: Layout) -> Place:
    parse, native = _both(column, layout)
    if column.type == "text" and layout.guards:
        parse, native = _unguarding(parse), _unguarding(native)
    return Place(index, column.name, parse, native)


def _sliced(index: int, column: Column, layout: Layout) -> Place:
    parse, native = _both(column, layout)
    return Place(index, column.name, parse, native, (column.start or 1) - 1, column.end, column.right_aligned)


def _both(column: Column, layout: Layout) -> tuple[Parse, Parse]:
    longest = layout.limits.max_field_length
    words = {"true": (*column.true, "true", "1"), "false": (*column.false, "false", "0"), "default": None}
    return reader(column, longest), reader(column.model_copy(update=_NATIVE | words), longest)


def _unguarding(parse: Parse) -> Parse:
    return lambda text: parse(unguarded(text))


def _key(record: RecordType, layout: Layout) -> Sequence[str]:
    names = {column.name for column in record.columns}
    return layout.key if record.role == "detail" and names.issuperset(layout.key) else ()


def _unique(record: RecordType) -> Sequence[str]:
    return tuple(column.name for column in record.columns if column.unique)


def native_text(value: object) -> str:
    """A typed cell of a workbook as the plainest text of it. CellError for one that has none (an error, a duration)."""
    match value:
        case bool():
            return "true" if value else "false"
        case float():
            return repr(int(value)) if value.is_integer() else _decimal_text(value)
        case int() | Decimal():
            return str(value)
        case datetime():
            return value.isoformat() if value.time().isoformat() != "00:00:00" else value.date().isoformat()
        case date():
            return value.isoformat()
    raise CellError("cell", "a cell that is neither text, number, date nor truth value")


def _decimal_text(value: float) -> str:
    try:
        return format(Decimal(repr(value)), "f")
    except ArithmeticError:
        raise CellError("cell", "a cell whose number is not finite") from None
