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
from careloom.formats.hl7v2.dictionary.versions import nearest, within

_ENTRY: Final = re.compile(r"^([A-Z]\w+) (\S+)\n((?:\d.*\n)*)", re.MULTILINE)


class Codes(NamedTuple):
    """The codes of a table, and whether HL7 closes it: other values are then wrong, not merely unusual."""

    values: frozenset[str]
    closed: bool


def segment_named(name: str, version: str) -> SegmentDefinition | None:
    """The segment as a version defines it; None when that version has none of the name."""
    found = _entries("segments.txt").get(name)
    if found is None or not within(version, found[0]):
        return None
    fields = {}
    for number, label, kind, usage, repeats, length, table in _rows(found[1], version, 7):
        size = 0 if length == "-" else int(length)
        known = "" if table == "-" else table
        fields[int(number)] = FieldDefinition(int(number), label, kind, usage, repeats == "*", size, known)
    return SegmentDefinition(name, fields, {field.name: field.number for field in fields.values()})


def datatype_named(name: str, version: str) -> DatatypeDefinition | None:
    """The composite data type as a version defines it; None for primitive types."""
    found = _entries("datatypes.txt").get(name)
    if found is None or not within(version, found[0]):
        return None
    components = tuple(
        ComponentDefinition(int(number), label, kind, usage, "" if table == "-" else table)
        for number, label, kind, usage, table in _rows(found[1], version, 5)
    )
    return DatatypeDefinition(name, components, {one.name: one.number for one in components})


def versions_of_segment(name: str) -> str:
    """The spans of versions that know a segment, `""` when none does."""
    found = _entries("segments.txt").get(name)
    return found[0] if found else ""


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


def _rows(body: str, version: str, width: int) -> Iterator[list[str]]:
    """The rows of an entry that hold in a version, each with the name of its field or component."""
    name = ""
    for line in body.splitlines():
        row = line.split()
        name = row[1] = row[1] if row[1] != "=" else name
        if len(row) == width or within(version, row[width]):
            yield row[:width]


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
