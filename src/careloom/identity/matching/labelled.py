"""Labelled sets as people have them: tables with a column that says who is who."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from careloom.core.errors import FormatError
from careloom.identity.matching.evaluating import Labelled
from careloom.identity.matching.headings import recognised
from careloom.identity.matching.normalising import features_of_row

_FEBRL = re.compile(r"(rec-\d+)-(?:org|dup-\d+)")
_EXPECTED = ("expected result", "expected_result")
_DOUBTFUL = frozenset({"possible_match", "possible", "review"})
_NOBODY = frozenset({"no_match", "nomatch", "new", "failed", "none"})
_LONGEST = 1_000_000


class Labels(NamedTuple):
    """A table that was read, and which of its columns were compared, by field."""

    records: list[Labelled]
    fields: dict[str, list[str]]


def read(
    lines: Iterable[str],
    name: str,
    truth: str,
    given: Mapping[str, str],
    *,
    region: str = "US",
    day_first: bool = False,
) -> Labels:
    """A table in CSV with a heading. `truth` is the column whose value all records of a person share; of FEBRL's
    `rec-7-org` and `rec-7-dup-0` it is `rec-7`. A column `Expected Result` says of each row whether it is the person of
    that label (`match`), nobody (`no_match`), or to be asked about (`possible_match`). Raises FormatError that says
    where: file, line, column, and never what stands there."""
    table = csv.DictReader(_checked(lines, name), skipinitialspace=True)
    columns = [column for column in _heading(table, name) if column]
    if truth not in columns:
        raise FormatError(f"has no column {truth} to tell the truth; it has {', '.join(columns)}", f"{name}, line 1")
    expected = next((column for column in columns if column.strip().lower() in _EXPECTED), None)
    try:
        fields = recognised(columns, given, apart=[truth, *([expected] if expected else [])])
    except FormatError as error:
        raise FormatError(error.reason, f"{name}, line 1, {error.location}") from None
    if not fields:
        raise FormatError("has no column that could be compared; say --map COLUMN=FIELD", f"{name}, line 1")
    return Labels(_rows(table, name, truth, expected, fields, region=region, day_first=day_first), fields)


def _rows(
    table: csv.DictReader[str],
    name: str,
    truth: str,
    expected: str | None,
    fields: Mapping[str, Sequence[str]],
    *,
    region: str,
    day_first: bool,
) -> list[Labelled]:
    found = []
    try:
        for row in table:
            where = f"{name}, line {table.line_num}"
            if None in row:
                raise FormatError("has more fields than the heading has columns", where)
            said = (row[truth] or "").strip()
            if not said:
                raise FormatError("is empty; each row needs its label", f"{where}, column {truth}")
            outcome = (row[expected] or "").strip().lower() if expected else ""
            features = features_of_row(row, fields, region=region, day_first=day_first)
            found.append(Labelled(features, _person(said, outcome), outcome in _DOUBTFUL))
    except csv.Error as error:
        raise FormatError(f"is no CSV: {error}", f"{name}, line {table.line_num}") from None
    return found


def _person(said: str, outcome: str) -> str | None:
    if outcome in _NOBODY:
        return None
    match = _FEBRL.fullmatch(said)
    return match[1] if match else said


def _heading(table: csv.DictReader[str], name: str) -> Sequence[str]:
    try:
        columns = table.fieldnames
    except csv.Error as error:
        raise FormatError(f"is no CSV: {error}", f"{name}, line 1") from None
    if not columns:
        raise FormatError("is empty; the first line must name the columns", f"{name}, line 1")
    return columns


def _checked(lines: Iterable[str], name: str) -> Iterable[str]:
    for at, line in enumerate(lines, 1):
        if len(line) > _LONGEST:
            raise FormatError(f"is longer than {_LONGEST} characters; is it CSV?", f"{name}, line {at}")
        yield line
