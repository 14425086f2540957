"""A transaction set: its segments, its loops, its hierarchy (HL), and values by path."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from careloom.formats.x12.definition import SetDefinition
from careloom.formats.x12.delimiters import BLANKS, Delimiters
from careloom.formats.x12.loops import Loop, build
from careloom.formats.x12.segment import Segment
from careloom.formats.x12.structure import structure_of

if TYPE_CHECKING:
    from careloom.formats.x12.interchange import Group, Interchange


class Level:
    """One HL and what stands under it up to the next. `parent` is None at the top and where HL02 names none
    that came."""

    __slots__ = ("children", "parent", "segments")

    def __init__(self, segment: Segment, parent: Level | None) -> None:
        self.segments = [segment]
        self.parent = parent
        self.children: list[Level] = []

    @property
    def number(self) -> str:
        """HL01."""
        return self.segments[0][1]

    @property
    def code(self) -> str:
        """HL03, the kind of level (`22`)."""
        return self.segments[0][3]


class Transaction:
    """ST to SE. `segments` are all of it; in a cut file, or in a slice of claims, SE is absent."""

    def __init__(self, segments: list[Segment], group: Group) -> None:
        self.segments = segments
        self.group = group

    @property
    def interchange(self) -> Interchange:
        return self.group.interchange

    @property
    def header(self) -> Segment:
        """Its ST segment."""
        return self.segments[0]

    @property
    def trailer(self) -> Segment | None:
        """Its SE segment."""
        return self.segments[-1] if self.segments[-1].id == "SE" else None

    @property
    def set_id(self) -> str:
        """ST01 (`835`)."""
        return self.header[1].strip()

    @property
    def control_number(self) -> str:
        """ST02."""
        return self.header[2].strip()

    @property
    def version(self) -> str:
        """ST03, or else GS08 (`005010X221A1`)."""
        return self.header[3].strip() or self.group.version

    @property
    def purpose(self) -> str:
        """BHT02, or `""`."""
        second = self.segments[1] if len(self.segments) > 1 else self.header
        return second["BHT02"]

    @property
    def delimiters(self) -> Delimiters:
        return self.header.delimiters

    @property
    def definition(self) -> SetDefinition | None:
        """The table it is read with; None when there is none for this set."""
        structure = structure_of(self.set_id, self.version, self.purpose)
        return structure.definition if structure else None

    @cached_property
    def root(self) -> Loop:
        """The loop tree. Built at the first call that needs it."""
        return build(self, structure_of(self.set_id, self.version, self.purpose))

    def loops(self, id: str = "") -> list[Loop]:
        """The loops with this identifier (`2000A`) at any depth, in order."""
        return self.root.loops(id)

    def loop(self, id: str) -> Loop | None:
        """The first loop with this identifier."""
        return self.root.loop(id)

    def find(self, id: str) -> Iterator[Segment]:
        """The segments with this identifier anywhere in the set."""
        return (segment for segment in self.segments if segment.id == id)

    def get(self, path: str, default: str = "") -> str:
        """The first value at a path that is not empty; `careloom.formats.x12.paths` has the grammar."""
        return self.root.get(path, default)

    def values(self, path: str) -> list[str]:
        """All values at a path."""
        return list(self.root.values(path))

    def envelope(self, id: str) -> Segment | None:
        """ISA or GS of the set, for these two identifiers."""
        if id == "GS":
            return self.group.header
        return self.interchange.header if id == "ISA" else None

    @cached_property
    def levels(self) -> list[Level]:
        """The HL levels as HL02 joins them: those at the top, the others as their children, in order."""
        tops: list[Level] = []
        known: dict[str, Level] = {}
        current: Level | None = None
        for segment in self.segments:
            if segment.id != "HL":
                if current is not None and segment.id != "SE":
                    current.segments.append(segment)
                continue
            parent = known.get(segment[2]) if segment[2] else None
            current = known[segment[1]] = Level(segment, parent)
            (parent.children if parent else tops).append(current)
        return tops

    def encode(self) -> bytes:
        """ST to SE as they stood."""
        terminator = self.delimiters.terminator
        return b"".join(segment.raw + terminator for segment in self.segments).lstrip(BLANKS)

    def __repr__(self) -> str:
        return f"<Transaction {self.set_id} {self.version}, {len(self.segments)} segments>"
