"""Rows of the crosswalk as CSV or Excel, and back: what is written reads as what it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from careloom.core.errors import ConfigurationError
from careloom.formats.csv import Column, Layout, RowError, Value, rows
from careloom.formats.csv.workbook import ZIP
from careloom.formats.csv.writing import write
from careloom.identity.crosswalk.changes import Row, Wrong
from careloom.identity.crosswalk.codes import LONGEST, Entity, Said

Sort = Literal["csv", "excel"]
_LABEL: Final = 500
_COLUMNS: Final = ("entity", "system", "type", "value", "canonical", "from", "to", "label")


def _column(name: str) -> Column:
    if name == "entity":
        return Column(name=name, type="code", required=True, codes={one.value: one.value for one in Entity})
    if name in ("from", "to"):
        return Column(name=name, type="date", optional=True, format="%Y-%m-%d")
    required = name != "label"
    longest = LONGEST if required else _LABEL
    return Column(name=name, required=required, optional=not required, max_length=longest, trim=True)


_LAYOUTS: Final[Mapping[Sort, Layout]] = {
    "csv": Layout(
        name="crosswalk", kind="delimited", encoding="utf-8-sig", columns=tuple(_column(name) for name in _COLUMNS)
    ),
    "excel": Layout(name="crosswalk", kind="excel", columns=tuple(_column(name) for name in _COLUMNS)),
}


class Sheet(NamedTuple):
    """What a file has: rows, and what is wrong with others."""

    rows: Sequence[Row]
    wrong: Sequence[Wrong]


def read(data: bytes) -> Sheet:
    """The rows of a CSV file (UTF-8) or an .xlsx workbook, told apart by their bytes; columns are found by their names.

    Raises FormatError where the file as a whole cannot be read.
    """
    found: list[Row] = []
    wrong: list[Wrong] = []
    for row in rows(data, _LAYOUTS["excel" if data.startswith(ZIP) else "csv"]):
        if isinstance(row, RowError):
            wrong.append(Wrong(row=row.row, column=row.column, name=row.name, text=row.text))
            continue
        said = _said(row.values)
        if said.valid_from is not None and said.valid_to is not None and said.valid_from >= said.valid_to:
            wrong.append(Wrong(row=row.row, column=0, name="to", text="it ends before it begins"))
        else:
            found.append(Row(row.row, said))
    return Sheet(found, wrong)


def written(said: Iterable[Said], sort: Sort) -> bytes:
    """The file of these."""
    lines = [dict(zip(_COLUMNS, _cells(one), strict=True)) for one in said]
    return write(lines, _LAYOUTS[sort])


def sort_of(name: str) -> Sort:
    """By the end of a file's name. Raises ConfigurationError."""
    if name.lower().endswith(".xlsx"):
        return "excel"
    if name.lower().endswith(".csv"):
        return "csv"
    raise ConfigurationError("the crosswalk is read and written as .csv or .xlsx; name the file so")


def _cells(one: Said) -> tuple[Value, ...]:
    return (one.entity, one.system, one.type, one.value, one.canonical, one.valid_from, one.valid_to, one.label or None)


def _said(values: Mapping[str, Value]) -> Said:
    entity, system, type_, value, canonical, start, end, label = (values.get(name) for name in _COLUMNS)
    return Said(
        entity=str(entity),
        system=str(system),
        type=str(type_),
        value=str(value),
        canonical=str(canonical),
        valid_from=start,  # type: ignore[arg-type]  # the column's type says so
        valid_to=end,  # type: ignore[arg-type]
        label="" if label is None else str(label),
    )
