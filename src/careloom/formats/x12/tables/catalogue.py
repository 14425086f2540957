"""Which table is meant, and reading it once, when it is first asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

import msgspec

from careloom.core.errors import FormatError
from careloom.formats.x12.definition import SegmentDefinition, SetDefinition
from careloom.formats.x12.tables.reading import read_segments, read_set


class Entry(msgspec.Struct, frozen=True):
    """One line of `sets.txt`. `purpose` is the BHT02 that tells it from another table of the same set and version."""

    id: str
    version: str
    purpose: str = ""

    @property
    def file(self) -> str:
        return "_".join(part for part in (self.id, self.version, self.purpose) if part) + ".txt"

    @property
    def guide(self) -> str:
        """The version without its errata: 005010X223 of 005010X223A2."""
        return guide_of(self.version)

    @property
    def plain(self) -> bool:
        """Whether this is the standard itself and not a guide that narrows it."""
        return "X" not in self.version


def segment_definition(id: str) -> SegmentDefinition | None:
    """The segment as 005010 has it, or None when we have no table of it. Older releases fit: lengths only grew."""
    return _segments().get(id)


def set_definition(set_id: str, version: str, purpose: str = "") -> SetDefinition | None:
    """The table to read a transaction with: ST01, the version of ST03 or GS08, and BHT02 where there is one.

    Takes the exact version, else the same guide with other errata, else what comes nearest: for a version that names no
    guide the plain standard, for an unknown guide the usual guide of that release, else the set's usual table.
    `purpose` matters to 278 alone, where requests (13) and responses (11) share a version; a request by default.
    None where we have no table of the set.
    """
    candidates = [entry for entry in _entries() if entry.id == set_id]
    if not candidates:
        return None
    return _load(min(candidates, key=lambda entry: _distance(entry, version.strip().upper(), purpose)))


def sets() -> Sequence[SetDefinition]:
    """All tables, in the order of `sets.txt`. Reads every one: for lists and tests, not for the hot path."""
    return [_load(entry) for entry in _entries()]


def guide_of(version: str) -> str:
    """A version without the errata after its guide: 005010X223 of 005010X223A2."""
    release, x, guide = version.partition("X")
    return release + x + guide.partition("A")[0]


def _distance(entry: Entry, version: str, purpose: str) -> tuple[bool, bool, bool, bool, bool]:
    """Sorts the best table first; tables that are equally near keep the order of `sets.txt`."""
    names_guide = "X" in version
    return (
        entry.version != version,
        entry.guide != guide_of(version) or not names_guide,
        entry.plain == names_guide,
        entry.version[:6] != version[:6],
        entry.purpose != purpose,
    )


@cache
def _entries() -> Sequence[Entry]:
    entries = []
    for number, line in enumerate(_text("sets.txt").splitlines(), 1):
        words = line.partition("#")[0].split()
        if words and not 2 <= len(words) <= 3:
            raise FormatError("expected a set, its version and perhaps a purpose", f"sets.txt line {number}")
        if words:
            entries.append(Entry(*words))
    return entries


@cache
def _segments() -> Mapping[str, SegmentDefinition]:
    return read_segments(_text("segments.txt"), "segments.txt")


@cache
def _load(entry: Entry) -> SetDefinition:
    return read_set(_text(entry.file), entry.file)


def _text(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
