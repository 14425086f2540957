"""Whole loops judged at one stroke, for speed: what a loop usually holds, learned, as one regular expression.

It accepts repetitions of a loop whose segments come in the order of the table, each surely right and not too
often, with nothing missing, and as many in a row as there are: what is asked of Python then is asked once for
hundreds of claims. It may refuse what is right (another order, a segment that is rare): then each segment is looked at
by itself, and only that way makes findings. Possessive repetitions keep matching linear.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from careloom.formats.x12.delimiters import Delimiters
from careloom.formats.x12.elements import Demand
from careloom.formats.x12.patterns import pattern_of
from careloom.formats.x12.structure import Container, Slot, State, Structure
from careloom.formats.x12.tables import segment_definition
from careloom.formats.x12.tally import Tally, Unsuited

LEARN_AFTER: Final = 48
"""Repetitions of a loop that are judged the long way before an expression is made for it."""
_GIVE_UP: Final = 400
_PATIENCE: Final = 16
_LEAST: Final = 4
"""Places that a loop must usually fill for one expression to be quicker than looking at each."""


class QuickLoop:
    """The expression for a loop, over and over, and what follows from a match: the state behind it, the loops inside.

    `hits` and `misses` tell whether it is worth its time; `learned` how many places it was made from. `opening` is how
    each repetition begins, `levels` which loop each HL03 opens, `periods` the spans of days.
    """

    __slots__ = (
        "container", "hits", "lead", "learned", "levels", "marks", "match", "misses", "opening", "patience", "periods",
        "state", "tally",
    )  # fmt: skip

    def __init__(
        self, container: Container, state: State, marks: Delimiters, lead: bytes, pattern: bytes, slots: list[Slot]
    ) -> None:
        self.container, self.state, self.marks, self.lead = container, state, marks, lead
        self.learned = sum(_known(slot, marks) for slot in slots)
        self.match = re.compile(pattern).match
        self.hits = self.misses = 0
        self.patience = _PATIENCE
        assert container.opener is not None
        self.opening = marks.terminator + lead + container.opener.use.id.encode() + marks.element
        self.tally = Tally(container, [slot for slot in slots if _known(slot, marks)], marks, lead)
        self.levels = {
            value.encode(): slot.home.id
            for slot in slots
            if slot is slot.home.opener and slot.use.id == "HL"
            for value in slot.use.qualifiers.get(3, ())
        }
        day = re.escape(marks.element) + rb"RD8" + re.escape(marks.element) + rb"(\d{8})-(\d{8})"
        self.periods = re.compile(day).findall

    @property
    def worth_it(self) -> bool:
        return self.misses < _GIVE_UP or self.hits > self.misses

    def wants_more(self) -> bool:
        """Whether it misses so often that places learned since may help; asked, it is more patient the next time."""
        if self.misses < self.patience:
            return False
        self.patience *= 2
        return learned_of(self.container, self.marks) > self.learned

    def in_order(self, text: bytes, start: int, end: int) -> bool:
        """Whether no span of days ends before it begins."""
        return all(first <= last for first, last in self.periods(text, start, end))


def quick_loop(structure: Structure, container: Container, marks: Delimiters, lead: bytes) -> QuickLoop | None:
    """The expression for a loop from the places that were seen often, or None. `lead` stands between a terminator and
    the next segment."""
    slots = list(_inside(container))
    if sum(_known(slot, marks) for slot in slots) < _LEAST:
        return None
    try:
        pattern = _loop(container, marks, lead) + _followed(container, slots, marks, lead)
        if container.slot is not None and not container.slot.repeat:
            pattern = b"(?:" + pattern + b")++"
        return QuickLoop(container, structure.end_of(container), marks, lead, pattern, slots)
    except Unsuited:
        return None


def learned_of(container: Container, marks: Delimiters) -> int:
    """How many places of a loop were seen often enough by now."""
    return sum(_known(slot, marks) for slot in _inside(container))


def _inside(container: Container) -> Iterator[Slot]:
    for slot in container.slots:
        yield slot
        if slot.child is not None:
            yield from _inside(slot.child)


def _known(slot: Slot, marks: Delimiters) -> bool:
    """Whether a place was seen often; what opens a loop is counted at the place of the loop."""
    if slot is slot.home.opener and slot.home.slot is not None:
        slot = slot.home.slot
    return not isinstance(slot.patterns.get(marks, 0), int)


def _loop(container: Container, marks: Delimiters, lead: bytes) -> bytes:
    pattern = b""
    for _, run in groupby(container.slots, key=lambda slot: slot.run):
        places = list(run)
        parts = [part for slot in places if (part := _place(slot, places, marks, lead))]
        together = b"".join(parts)
        if len(parts) > 1 and not any(slot.required for slot in places):
            ahead = lead + re.escape(places[0].use.id.encode() + marks.element)
            together = b"(?:(?=" + ahead + b")" + together + b")?+"
        pattern += together
    return pattern


def _place(slot: Slot, run: Sequence[Slot], marks: Delimiters, lead: bytes) -> bytes:
    """One place with its repetitions; empty where it may be left out and was hardly seen."""
    if not _known(slot, marks):
        if slot.required:
            raise Unsuited
        return b""
    one = _loop(slot.child, marks, lead) if slot.child is not None else _segment(slot, run, marks, lead)
    if slot.repeat == 1 and not slot.required:
        return b"(?>" + one + b"|)"
    return b"(?:" + one + b")" + _times(slot)


def _segment(slot: Slot, run: Sequence[Slot], marks: Delimiters, lead: bytes) -> bytes:
    use, definition = slot.use, segment_definition(slot.use.id)
    if definition is None or use.id in ("BIN", "BDS"):
        raise Unsuited
    others = [other.use.qualifiers for other in run if other is not slot and other.use.qualifiers]
    if others and not use.qualifiers:
        raise Unsuited
    demand = Demand(definition, use.required, use.unused)
    return lead + pattern_of(demand, marks, use.qualifiers, periods=True) + re.escape(marks.terminator)


def _times(slot: Slot) -> bytes:
    least, most = int(slot.required), str(slot.repeat) if slot.repeat else ""
    return b"" if (least, most) == (1, "1") else f"{{{least},{most}}}+".encode()


def _followed(container: Container, slots: Sequence[Slot], marks: Delimiters, lead: bytes) -> bytes:
    """What comes next must be here, and be a segment that can stand nowhere inside, but to open the loop anew."""
    inside = sorted({_begin(slot, marks) for slot in slots if slot is not container.opener})
    return b"(?=" + lead + b"(?!" + (b"|".join(inside) or b"(?!)") + b")[A-Z])"


def _begin(slot: Slot, marks: Delimiters) -> bytes:
    """An identifier, up to the first qualifier if it has any."""
    separator, name = re.escape(marks.element), re.escape(slot.use.id.encode())
    if not slot.use.qualifiers:
        return name + separator
    position, values = min(slot.use.qualifiers.items())
    between = b"[^" + separator + re.escape(marks.terminator) + b"]*" + separator
    codes = b"|".join(re.escape(value.encode()) for value in sorted(values))
    return name + separator + between * (position - 1) + b"(?:" + codes + b")(?![A-Za-z0-9])"
