"""What a transaction set looks like: the shapes of the tables in `tables/`, which are data.

Two layers, as in the standard: segments with their elements (ASC X12 005010, the same everywhere), and sets with their
loops (what one implementation guide asks of them).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

ElementType: TypeAlias = Literal[
    "AN", "ID", "R", "N0", "N1", "N2", "N3", "N4", "N5", "N6", "DT", "TM", "B", "composite"
]  # fmt: skip
Usage: TypeAlias = Literal["R", "S"]
"""Required or situational in an implementation guide."""


class ElementDefinition(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One element (or component) of a segment: lengths in characters, `repeat` 0 for without limit."""

    position: int
    type: ElementType
    minimum: int = 1
    maximum: int = 1
    mandatory: bool = False
    repeat: int = 1
    components: tuple[ElementDefinition, ...] = ()


class SyntaxNote(msgspec.Struct, frozen=True, gc=False):
    """A rule between elements of a segment: `rule` P (paired), R (at least one), E (at most one), C (if the first then
    all others), L (if the first then at least one other)."""

    rule: Literal["P", "R", "E", "C", "L"]
    positions: tuple[int, ...]


class SegmentDefinition(msgspec.Struct, frozen=True, kw_only=True):
    """A segment of 005010."""

    id: str
    elements: tuple[ElementDefinition, ...]
    notes: tuple[SyntaxNote, ...] = ()


class SegmentUse(msgspec.Struct, frozen=True, kw_only=True):
    """A segment at its place in a set. `repeat` 0: without limit.

    `qualifiers` are element positions whose value tells this use from others of the same segment (`{1: {"PR"}}` of an
    N1); `required` and `unused` are element positions that the guide makes mandatory or forbids.
    """

    id: str
    usage: Usage = "S"
    repeat: int = 1
    qualifiers: Mapping[int, frozenset[str]] = msgspec.field(default_factory=dict)
    required: frozenset[int] = frozenset()
    unused: frozenset[int] = frozenset()


class LoopUse(msgspec.Struct, frozen=True, kw_only=True):
    """A loop at its place; its first segment opens it. `id` is the guide's (`2010AA`)."""

    id: str
    usage: Usage = "S"
    repeat: int = 0
    content: tuple[SegmentUse | LoopUse, ...]

    @property
    def opens_with(self) -> SegmentUse:
        """The segment that begins each repetition."""
        first = self.content[0]
        assert isinstance(first, SegmentUse), "a loop begins with a segment"
        return first


class SetDefinition(msgspec.Struct, frozen=True, kw_only=True):
    """A transaction set of one implementation guide, from ST to SE."""

    id: str  # 835
    version: str  # 005010X221A1, or 005010 where no guide narrows it
    functional: str  # GS01 of its group: HP
    content: tuple[SegmentUse | LoopUse, ...]
