"""Whole loops that are right in themselves, for rules between segments to skim: only what one asks for is cut out."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

from careloom.formats.x12.delimiters import Delimiters

if TYPE_CHECKING:
    from careloom.formats.x12.report import Spot

Keep: TypeAlias = Callable[[], None]
SHARES: Final = 10_000
"""Parts that a unit of an amount is counted in here: patterns let four decimals through."""
_REMEMBERED: Final = 1 << 12
_EXACT: Final = 11
"""Characters of an amount whose shares a float holds exactly: below 2**53 with room for its one rounding."""


class Shares(dict[bytes, int]):
    """Amounts as whole numbers of 1/10000, as that is the quickest to add. ValueError for what a pattern would not let
    through. Amounts repeat within a file, so the first are remembered."""

    def __missing__(self, text: bytes) -> int:
        if len(text) > _EXACT:
            raise ValueError("more digits than are counted here")
        shares = round(float(text) * SHARES)
        if len(self) < _REMEMBERED:
            self[text] = shares
        return shares


class Stretch:
    """Loops in a row within `text`, from `start` (an identifier) to `end`.

    `spot` gives the place of the segment at a position, that opens the latest of the loops with a name.
    """

    __slots__ = ("end", "lead", "levels", "marks", "spot", "start", "text")

    def __init__(
        self,
        text: bytes,
        start: int,
        end: int,
        marks: Delimiters,
        lead: bytes,
        levels: dict[bytes, str],
        spot: Callable[[int, str], Spot],
    ) -> None:
        self.text, self.start, self.end, self.marks, self.lead = text, start, end, marks, lead
        self.levels, self.spot = levels, spot

    def found(self, wanted: tuple[bytes, ...]) -> list[tuple[bytes, bytes]]:
        """The segments wanted, in order: identifier, and the elements uncut. `NM1 XX`: only with such an element."""
        begin = self.start - len(self.marks.terminator) - len(self.lead)
        return _finding(wanted, self.marks, self.lead)(self.text, begin, self.end)

    def behind(self, value: bytes) -> list[bytes]:
        """The elements that stand right behind one with that value."""
        return _behind(value, self.marks)(self.text, self.start, self.end)


@lru_cache(maxsize=64)
def _behind(value: bytes, marks: Delimiters) -> Callable[..., list[bytes]]:
    separator = re.escape(marks.element)
    inside = b"[^" + separator + re.escape(marks.terminator) + b"]*"
    return re.compile(separator + re.escape(value) + separator + b"(" + inside + b")").findall


@lru_cache(maxsize=256)
def _finding(wanted: tuple[bytes, ...], marks: Delimiters, lead: bytes) -> Callable[..., list[tuple[bytes, bytes]]]:
    inside = b"[^" + re.escape(marks.terminator) + b"]*"
    names = []
    for asked in wanted:
        name, _, element = asked.partition(b" ")
        ahead = b"(?=" + inside + re.escape(marks.element + element) + b")" if element else b""
        names.append(re.escape(name) + ahead)
    begin = re.escape(marks.terminator + lead)
    return re.compile(begin + b"(" + b"|".join(names) + b")" + re.escape(marks.element) + b"(" + inside + b")").findall
