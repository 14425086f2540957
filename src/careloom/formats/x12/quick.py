"""Whole loops judged at one stroke, for speed: what a loop usually holds, learned, as one regular expression.

It accepts a repetition of a loop whose segments come in the order of the table, each surely right and not too
often, with
nothing missing. It may refuse what is right (another order, a segment that is rare): then each segment is looked at by
itself, and only that way makes findings. Possessive repetitions keep matching linear.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Final

from careloom.formats.x12.delimiters import Delimiters
from careloom.formats.x12.elements import Demand
from careloom.formats.x12.patterns import pattern_of
from careloom.formats.x12.structure import Container, Slot, State, Structure
from careloom.formats.x12.tables import segment_definition

LEARN_AFTER: Final = 48
"""Repetitions of a loop that are judged the long way before an expression is made for it."""
_GIVE_UP: Final = 400


class QuickLoop:
    """The expression for a loop, and what follows from a match: the state behind it, and the loops inside of it.

    `hits` and `misses` tell whether it is worth its time; `learned` how many places it was made from.
    """

    __slots__ = ("container", "hits", "inner", "learned", "match", "misses", "state", "watched")

    def __init__(self, container: Container, state: State, pattern: bytes, learned: int) -> None:
        self.container, self.state, self.learned = container, state, learned
        self.match = re.compile(pattern).match
        self.hits = self.misses = 0
        self.inner: tuple[tuple[str, tuple[bytes, ...]], ...] = ()
        self.watched: Callable[[bytes, int, int], list[bytes]] | None = None

    @property
    def worth_it(self) -> bool:
        return self.misses < _GIVE_UP or self.hits > self.misses


class _Unsuited(Exception):
    """The loop cannot be judged at one stroke."""


def quick_loop(
    structure: Structure, container: Container, marks: Delimiters, lead: bytes, watched: Sequence[tuple[bytes, bytes]]
) -> QuickLoop | None:
    """The expression for a loop from the places that were seen often, or None. `lead` stands between a terminator and
    the next segment; `watched` are segments that rules want to see, each with an element that it must have, or
    `b""`."""
    slots = list(_inside(container))
    learned = sum(_known(slot, marks) for slot in slots)
    try:
        pattern = _loop(container, marks, lead) + _followed(container, slots, marks, lead)
        quick = QuickLoop(container, structure.end_of(container), pattern, learned)
        quick.inner = tuple(_openers(slots, marks, lead))
    except _Unsuited:
        return None
    quick.watched = _watching({slot.use.id for slot in slots}, marks, lead, watched)
    return quick


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
            raise _Unsuited
        return b""
    if slot.child is not None:
        if not slot.repeat and any(inner.child is not None for inner in slot.child.slots):
            raise _Unsuited
        one = _loop(slot.child, marks, lead)
    else:
        one = _segment(slot, run, marks, lead)
    return b"(?:" + one + b")" + _times(slot)


def _segment(slot: Slot, run: Sequence[Slot], marks: Delimiters, lead: bytes) -> bytes:
    use, definition = slot.use, segment_definition(slot.use.id)
    if definition is None or use.id in ("HL", "BIN", "BDS"):
        raise _Unsuited
    others = [other.use.qualifiers for other in run if other is not slot and other.use.qualifiers]
    if others and not use.qualifiers:
        raise _Unsuited
    demand = Demand(definition, use.required, use.unused)
    return lead + pattern_of(demand, marks, use.qualifiers) + re.escape(marks.terminator)


def _times(slot: Slot) -> bytes:
    least, most = int(slot.required), str(slot.repeat) if slot.repeat else ""
    return b"" if (least, most) == (1, "1") else f"{{{least},{most}}}+".encode()


def _followed(container: Container, slots: Sequence[Slot], marks: Delimiters, lead: bytes) -> bytes:
    """What comes next must be here, and be a segment that can stand nowhere inside, but to open the loop anew."""
    inside = sorted({slot.use.id for slot in slots if slot is not container.opener})
    names = b"|".join(re.escape(name.encode()) for name in inside) or b"(?!)"
    return b"(?=" + lead + b"(?!(?:" + names + b")" + re.escape(marks.element) + b")[A-Z])"


def _openers(slots: Sequence[Slot], marks: Delimiters, lead: bytes) -> Iterator[tuple[str, tuple[bytes, ...]]]:
    """How the openings of each inner loop are told in the text."""
    for slot in slots:
        if slot.child is None or not _known(slot, marks):
            continue
        begin = marks.terminator + lead + slot.use.id.encode() + marks.element
        same = [other for other in slots if other.use.id == slot.use.id and other is not slot.child.opener]
        if set(slot.use.qualifiers) == {1}:
            yield slot.child.id, tuple(begin + value.encode() + marks.element for value in slot.use.qualifiers[1])
        elif len(same) == 1:
            yield slot.child.id, (begin,)
        else:
            raise _Unsuited


def _watching(
    names: set[str], marks: Delimiters, lead: bytes, watched: Sequence[tuple[bytes, bytes]]
) -> Callable[[bytes, int, int], list[bytes]] | None:
    separator, inside = re.escape(marks.element), b"[^" + re.escape(marks.terminator) + b"]*"
    wanted = []
    for name, needle in sorted(set(watched)):
        if name.decode() in names:
            ahead = b"(?=" + inside + re.escape(needle) + b")" if needle else b""
            wanted.append(re.escape(name) + separator + ahead)
    if not wanted:
        return None
    begin = re.escape(marks.terminator) + lead
    return re.compile(begin + b"((?:" + b"|".join(wanted) + b")" + inside + b")").findall
