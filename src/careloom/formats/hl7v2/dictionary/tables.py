"""The text tables beside this module, read once and parsed entry by entry as they are asked for.

`segments.txt` and `datatypes.txt`: a line `NAME versions` opens an entry; each line under it is a field or component,
`number name type usage ... [versions]`, where the name `=` repeats the one above and no versions mean all of the
entry's. `structures.txt`: `NAME versions structure`, or `=OTHER` for an event that shares another's. `codes.txt`:
`table owner codes`, owner `hl7` for closed tables and `site` for those a site may extend.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Final, NamedTuple

from careloom.formats.hl7v2.dictionary.definitions import (
    ComponentDefinition,
    DatatypeDefinition,
    FieldDefinition,
    SegmentDefinition,
)
from careloom.formats.hl7v2.dictionary.versions import closest, ended, nearest, within

_ENTRY: Final = re.compile(r"^([A-Z]\w+) (\S+)\n((?:\d.*\n)*)", re.MULTILINE)


class Codes(NamedTuple):
    """The codes of a table, and whether HL7 closes it: other values are then wrong, not merely unusual."""

    values: frozenset[str]
    closed: bool


def segment_named(name: str, version: str) -> SegmentDefinition | None:
    """The segment as a version, or the nearest that has it, defines it; None when none has.

    It has the fields of all versions, so that reading by name works in each: those that came later than this version
    have the usage F, those dropped before it W, both with the type of the nearest version.
    """
    found = _entries("segments.txt").get(name)
    if found is None:
        return None
    fields = {}
    for row in _rows(found[1], found[0], closest(version, found[0])):
        number, label, kind, usage, repeats, length, table = row.cells
        size = 0 if length == "-" else int(length)
        known = "" if table == "-" else table
        fields[int(number)] = FieldDefinition(int(number), label, kind, row.other or usage, repeats == "*", size, known)
    return SegmentDefinition(name, fields, {field.name: field.number for field in fields.values()})


def datatype_named(name: str, version: str) -> DatatypeDefinition | None:
    """The composite data type as a version, or the nearest that has it, defines it; None for primitive types."""
    found = _entries("datatypes.txt").get(name)
    if found is None:
        return None
    life, body = found
    rows = [row for row in _rows(body, life, closest(version, life)) if row.other != "F"]
    components = [
        ComponentDefinition(int(n), label, kind, usage, "" if table == "-" else table)
        for n, label, kind, usage, table in (row.cells for row in rows)
    ]
    return DatatypeDefinition(name, tuple(components), {one.name: one.number for one in components})


def structure_text(name: str, version: str, *, near: bool = False) -> str:
    """The one-line form of a structure, or `=OTHER`; `""` where there is none; `near` takes the nearest version's."""
    rows = _structures().get(name, {})
    for spans, text in rows.items():
        if within(version, spans):
            return text
    return rows[nearest(version, list(rows))] if near and rows else ""


@lru_cache(maxsize=1)
def structures_by_code() -> Mapping[str, tuple[str, ...]]:
    """The names of structures by message code: `ADT` gives `ADT_A01`, `ADT_A02` and so on."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name in _structures():
        found[name.partition("_")[0]].append(name)
    return {code: tuple(names) for code, names in found.items()}


@lru_cache(maxsize=1)
def all_segments() -> frozenset[str]:
    """The names of all segments of any version."""
    return frozenset(_entries("segments.txt"))


@lru_cache(maxsize=1)
def codes_by_table() -> Mapping[str, Codes]:
    """Codes by the number of their HL7 table, such as `0001`."""
    rows = (line.split() for line in _text("codes.txt").splitlines())
    return {table: Codes(frozenset(codes), owner == "hl7") for table, owner, *codes in rows}


class _Row(NamedTuple):
    """A line of an entry without its versions; `other` is W or F when it is of an earlier or a later version."""

    cells: list[str]
    other: str


def _rows(body: str, life: str, version: str) -> Iterator[_Row]:
    """One row for each field or component, in order: the version's own, else that of the nearest version."""
    for lines in _by_number(body, life).values():
        name = lines[0][0][1]
        own = next((cells for cells, spans in lines if within(version, spans)), None)
        other = ""
        if own is None:
            spans = nearest(version, [spans for _, spans in lines])
            own = next(cells for cells, candidate in lines if candidate == spans)
            other = "W" if ended(version, spans) else "F"
        yield _Row([own[0], name, *own[2:]], other)


def _by_number(body: str, life: str) -> Mapping[str, list[tuple[list[str], str]]]:
    """The lines of each number, as cells and versions."""
    found: defaultdict[str, list[tuple[list[str], str]]] = defaultdict(list)
    for line in body.splitlines():
        cells = line.split()
        spans = cells.pop() if cells[-1][:2] == "2." else life
        found[cells[0]].append((cells, spans))
    return found


@lru_cache(maxsize=4)
def _entries(file: str) -> Mapping[str, tuple[str, str]]:
    return {found[1]: (found[2], found[3]) for found in _ENTRY.finditer(_text(file))}


@lru_cache(maxsize=1)
def _structures() -> Mapping[str, Mapping[str, str]]:
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for line in _text("structures.txt").splitlines():
        name, spans, text = line.split(" ", 2)
        found[name][spans] = text
    return found


def _text(file: str) -> str:
    return files(__package__).joinpath(file).read_text("ascii")
