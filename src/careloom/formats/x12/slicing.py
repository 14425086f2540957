"""Gathering the segments of a set, whole or a few claims at a time with the loops they stand in (835, 837)."""

from __future__ import annotations

from typing import Final

from careloom.formats.x12.delimiters import Delimiters
from careloom.formats.x12.segment import cut, decode

_LARGE_OPENING: Final = 200
_DEEPEST: Final = 16


class Slicer:
    """Gathers a set whole. `content` are the raw segments of the slice that is open, `part` its number from 1."""

    def __init__(self, claims: int, marks: Delimiters) -> None:
        self._claims = claims
        self._marks = marks
        self._count = 0
        self._least = 0
        self.part = 1
        self.content: list[bytes] = []

    def add(self, name: bytes, raw: bytes) -> bool:  # noqa: ARG002 - all steps are called alike
        """Takes a segment, or says that it belongs to the next slice: then take this one, `begin` and add it again."""
        self.content.append(raw)
        return False

    def begin(self) -> None:
        """Starts the next slice with what every slice of the set begins with."""
        self.part += 1
        self._count = 0
        self.content = self._opening()
        self._least = 2 * len(self.content) if len(self.content) > _LARGE_OPENING else 0

    @property
    def _full(self) -> bool:
        """Whether the slice has its claims. A hostile header is not repeated for each claim: it must pay its way."""
        return self._count >= self._claims and len(self.content) >= self._least

    def _opening(self) -> list[bytes]:
        return []


class RemittanceSlicer(Slicer):
    """835: a slice is the header (1000A, 1000B), the LX loop that is open, and its claims; PLB and SE end the last."""

    def __init__(self, claims: int, marks: Delimiters) -> None:
        super().__init__(claims, marks)
        self._header: list[bytes] = []
        self._line: list[bytes] = []
        self._place = "header"

    def add(self, name: bytes, raw: bytes) -> bool:
        if name in (b"CLP", b"LX") and self._full:
            if name == b"LX":
                self._line = []
            return True
        if name == b"CLP":
            self._count += 1
            self._place = "claim"
        elif name == b"LX":
            self._place, self._line = "line", []
        elif name in (b"PLB", b"SE"):
            self._place = "summary"
        if self._place == "header":
            self._header.append(raw)
        elif self._place == "line":
            self._line.append(raw)
        self.content.append(raw)
        return False

    def _opening(self) -> list[bytes]:
        return [*self._header, *self._line]


class ClaimSlicer(Slicer):
    """837: a slice is the header, the levels (HL) around its claims, and the claims."""

    def __init__(self, claims: int, marks: Delimiters) -> None:
        super().__init__(claims, marks)
        self._header: list[bytes] = []
        self._levels: list[tuple[str, list[bytes]]] = []
        self._inside = False

    def add(self, name: bytes, raw: bytes) -> bool:
        full = self._full
        if name == b"HL":
            number = self._close_levels(raw)
            if full:
                return True
            self._levels.append((number, [raw]))
            self._inside = False
        elif name == b"CLM":
            if full:
                return True
            self._count += 1
            self._inside = True
        if not self._inside and name not in (b"HL", b"SE"):
            (self._levels[-1][1] if self._levels else self._header).append(raw)
        self.content.append(raw)
        return False

    def _close_levels(self, raw: bytes) -> str:
        """Leaves the levels open that a new HL stands in, by its HL02; returns its HL01."""
        number, parent = ([decode(part) for part in cut(raw, self._marks.element)] + ["", ""])[1:3]
        if any(known == parent for known, _ in self._levels):
            while self._levels[-1][0] != parent:
                self._levels.pop()
        else:
            self._levels.clear()
        del self._levels[:-_DEEPEST]
        return number

    def _opening(self) -> list[bytes]:
        return [*self._header, *(raw for _, level in self._levels for raw in level)]


def slicer_for(set_id: str, claims: int, marks: Delimiters) -> Slicer:
    """The way to gather a set; whole where `claims` is 0."""
    if not claims:
        return Slicer(0, marks)
    return RemittanceSlicer(claims, marks) if set_id == "835" else ClaimSlicer(claims, marks)
