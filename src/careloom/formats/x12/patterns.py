"""A segment definition as one regular expression that accepts what is surely right, for speed.

It may refuse what is right (29 February, letters beyond ASCII): then `elements.check` has the word. Each
optional tail is
an atomic group that begins with a separator, and no value may contain one, so that matching never backtracks far.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import combinations, permutations
from typing import Final, TypeAlias

from careloom.formats.x12.definition import ElementDefinition, SyntaxNote
from careloom.formats.x12.delimiters import Delimiters
from careloom.formats.x12.elements import DATED, Demand
from careloom.formats.x12.notes import can_break

Accepts: TypeAlias = Callable[[bytes], object]
"""Truthy for a segment, without blanks before it, whose elements are surely right."""

_DAY: Final = (
    rb"(?:(?:0[13578]|1[02])(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)(?:0[1-9]|[12]\d|30)|02(?:0[1-9]|1\d|2[0-8]))"
)
_TIME: Final = rb"(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d(?:\d\d?)?)?"
_DECIMALS: Final = 4


def accepts(demand: Demand, marks: Delimiters) -> Accepts:
    """The quick test for one place of a segment."""
    return re.compile(pattern_of(demand, marks)).fullmatch


def pattern_of(
    demand: Demand,
    marks: Delimiters,
    qualifiers: Mapping[int, frozenset[str]] | None = None,
    *,
    periods: bool = False,
) -> bytes:
    """The expression for a segment without its terminator; `qualifiers` are the values that elements must have.

    With `periods`, spans of days are let through too: whether they end before they begin is then to be seen by itself.
    """
    definition, required, unused = demand
    always = required | {element.position for element in definition.elements if element.mandatory}
    notes = [note for note in definition.notes if can_break(note, always, unused)]
    rest = [note for note in notes if note.rule != "R"]
    pattern, must = b"", False
    dated = DATED.get(definition.id, (0, 0))[1]
    for element in reversed(definition.elements):
        position = element.position
        needed = position in always or position in (qualifiers or ())
        if position == dated:
            continue
        body = b"" if position in unused else _element(element, marks)
        if position == dated - 1:
            needed = bool({position, dated} & always)
            body = _dated(marks, needed=needed, unused=bool({position, dated} & unused), periods=periods)
        if qualifiers and position in qualifiers:
            body = _one_of(qualifiers[position], element, marks)
        whole = needed or not body or position == dated - 1
        here = re.escape(marks.element) + (body if whole else _perhaps(body)) + pattern
        here = b"".join(_note(note, position, marks) for note in rest if min(note.positions) == position) + here
        must = must or needed
        pattern = here if must else b"(?>" + here + b"|)"
    needs = b"".join(_note(note, 1, marks) for note in notes if note.rule == "R")
    return re.escape(definition.id.encode()) + needs + pattern


def _one_of(values: frozenset[str], element: ElementDefinition, marks: Delimiters) -> bytes:
    """A qualifier; that of a composite is its first component."""
    codes = b"(?:" + b"|".join(re.escape(value.encode()) for value in sorted(values)) + b")"
    if element.type == "composite":
        return (
            b"(?=" + codes + b"(?:" + re.escape(marks.component) + b"|" + _end(marks) + b"))" + _element(element, marks)
        )
    return codes


def _end(marks: Delimiters) -> bytes:
    return b"[" + re.escape(marks.element) + re.escape(marks.terminator) + b"]|$"


def _note(note: SyntaxNote, at: int, marks: Delimiters) -> bytes:
    """A syntax note as looks ahead from before the separator of an element: what breaks it must not be there.

    All but R are broken only where their lowest element, or one after it, is there: so they are looked at from there.
    """
    there = {position: _present(position - at, marks) for position in note.positions}
    first, *others = (there[position] for position in note.positions)
    if note.rule == "R":
        return b"(?=" + b"|".join(there.values()) + b")"
    if note.rule == "E":
        return b"".join(b"(?!(?=" + one + b")" + two + b")" for one, two in combinations(there.values(), 2))
    if note.rule == "L":
        return b"(?!(?=" + first + b")(?!" + b"|".join(others) + b"))"
    pairs = permutations(there.values(), 2) if note.rule == "P" else ((first, other) for other in others)
    return b"".join(b"(?!(?=" + one + b")(?!" + two + b"))" for one, two in pairs)


def _present(ahead: int, marks: Delimiters) -> bytes:
    separator = re.escape(marks.element)
    inside = b"[^" + separator + re.escape(marks.terminator) + b"]"
    return b"(?:" + separator + inside + b"*+){%d}" % ahead + separator + inside


def _dated(marks: Delimiters, *, needed: bool, unused: bool, periods: bool) -> bytes:
    """The format of a date and the date, with `periods` also a span of days; or neither of them."""
    separator, day = re.escape(marks.element), rb"(?:19|20)\d\d" + _DAY
    formats = {b"D8": day, b"DT": day + rb"(?:[01]\d|2[0-3])[0-5]\d", b"TM": _TIME}
    if periods and b"-" not in marks.all:
        formats[b"RD8"] = day + b"-" + day
    found = [name + separator + value for name, value in formats.items() if not unused]
    return b"(?:" + b"|".join([*found, *([] if needed else [separator])] or [b"(?!)"]) + b")"


def _element(element: ElementDefinition, marks: Delimiters) -> bytes:
    if element.type == "B":
        return rb"(?!)"
    one = _composite(element, marks) if element.type == "composite" else _simple(element, marks)
    if element.repeat == 1 or not marks.repetition or marks.repetition == marks.component:
        return one
    most = b"" if not element.repeat else str(element.repeat - 1).encode()
    return one + b"(?:" + re.escape(marks.repetition) + one + b"){0," + most + b"}"


def _composite(element: ElementDefinition, marks: Delimiters) -> bytes:
    if not marks.component:
        return rb"(?!)"
    pattern, must = b"", False
    for part in reversed(element.components):
        body = _simple(part, marks)
        value = body if part.mandatory else _perhaps(body)
        separator = re.escape(marks.component) if part.position > 1 else b""
        must = must or part.mandatory
        pattern = separator + value + pattern
        if not must and part.position > 1:
            pattern = b"(?>" + pattern + b"|)"
    return b"(?:" + pattern + b")"


def _perhaps(body: bytes) -> bytes:
    return b"(?:" + body + b"|)"


def _simple(element: ElementDefinition, marks: Delimiters) -> bytes:
    least, most = element.minimum, element.maximum
    if element.type == "DT":
        century = rb"(?:19|20)\d\d" if most == 8 else rb"\d\d"
        return century + _DAY
    if element.type == "TM":
        return _TIME if (least, most) == (4, 8) else _times(least, most)
    if element.type == "R":
        return _real(least, most)
    if element.type.startswith("N"):
        return b"-?" + _repeated(rb"\d", least, most)
    return _repeated(_character(marks), least, most)


def _times(least: int, most: int) -> bytes:
    """Times of another length than 4 to 8: rare, so only digits of the right number are told here if it is exact."""
    return rb"(?:[01]\d|2[0-3])[0-5]\d" if least <= 4 <= most else rb"(?!)"


def _real(least: int, most: int) -> bytes:
    whole = most - _DECIMALS
    if whole < 1 or least > 1:
        return b"-?" + _repeated(rb"\d", least, most)
    return b"-?" + _repeated(rb"\d", 1, whole) + rb"(?:\.\d{1,4}|)"


def _repeated(unit: bytes, least: int, most: int) -> bytes:
    return unit + f"{{{least},{most}}}".encode()


@lru_cache(maxsize=64)
def _character(marks: Delimiters) -> bytes:
    """Printable ASCII that is no delimiter."""
    ranges = [b"", b""]
    for code in range(32, 127):
        if code in marks.all:
            ranges.append(b"")
        else:
            ranges[-1] += bytes([code])
    return b"[" + b"".join(re.escape(run[:1]) + b"-" + re.escape(run[-1:]) for run in ranges if run) + b"]"
