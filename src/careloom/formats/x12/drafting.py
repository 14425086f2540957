"""Segments and loops that are to be written, from typed values. X12 has no escapes: a value with a delimiter
is refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Final, TypeAlias

import msgspec

from careloom.core.errors import FormatError
from careloom.formats.x12.delimiters import Delimiters
from careloom.formats.x12.values import format_decimal, format_moment

Simple: TypeAlias = str | int | Decimal | date | datetime | time | None
Value: TypeAlias = Simple | Sequence[Simple]
"""A simple value, or the components of a composite; None and `""` are absent."""

_BINARY: Final = {"BIN": 2, "BDS": 3}
"""Segments with data of any kind, and how many elements they have."""


class Repeated(msgspec.Struct, frozen=True):
    """An element with several repetitions."""

    values: tuple[Value, ...]


class Draft(msgspec.Struct, frozen=True):
    """A segment to be written: its identifier and elements, trailing ones left out."""

    id: str
    elements: tuple[Value | Repeated, ...] = ()

    def qualifier(self, position: int) -> str:
        """The text of an element as far as it can tell uses of the segment apart: its first component."""
        value = self.elements[position - 1] if position <= len(self.elements) else None
        if isinstance(value, Repeated):
            value = value.values[0] if value.values else None
        if not isinstance(value, str) and isinstance(value, Sequence):
            value = value[0] if value else None
        return text_of(value)

    def with_elements(self, **changed: Value) -> Draft:
        """A copy with other elements, named `e1`, `e2`, ..."""
        elements = list(self.elements)
        for name, value in changed.items():
            position = int(name[1:])
            elements += [None] * (position - len(elements))
            elements[position - 1] = value
        return Draft(self.id, tuple(elements))


class DraftLoop(msgspec.Struct, frozen=True):
    """A loop to be written: segments and inner loops, in any order; the table of the set puts them right."""

    id: str
    content: tuple[Draft | DraftLoop, ...]


def segment(id: str, *elements: Value | Repeated) -> Draft:
    """A segment from its elements in order: `segment("NM1", "85", 2, name)`."""
    return Draft(id, elements)


def loop(id: str, *content: Draft | DraftLoop | None) -> DraftLoop:
    """A loop from its segments and inner loops; None among them is left out."""
    return DraftLoop(id, tuple(part for part in content if part is not None))


def text_of(value: Simple) -> str:
    """A simple value as X12 writes it: no exponents, days as CCYYMMDD, times as HHMM."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, (int, Decimal)):
        return format_decimal(value)
    return format_moment(value)


def render(draft: Draft, marks: Delimiters, place: str = "") -> str:
    """The segment without its terminator. FormatError, located at the element, for a value that holds a delimiter."""
    element, component, repetition = (
        mark.decode("latin-1") for mark in (marks.element, marks.component, marks.repetition)
    )
    if draft.id in _BINARY:
        return _binary(draft, element)
    parts = [draft.id]
    for position, value in enumerate(draft.elements, 1):
        where = f"{place}{draft.id}{position:02}"
        repetitions = value.values if isinstance(value, Repeated) else (value,)
        if len(repetitions) > 1 and not repetition:
            raise FormatError("repeats, but the interchange has no repetition separator", where)
        parts.append(repetition.join(_joined(one, component, marks, where) for one in repetitions))
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return element.join(parts)


def _binary(draft: Draft, separator: str) -> str:
    """BIN and BDS: the last element is taken as it is, and the one before it is its length in bytes (UTF-8)."""
    texts = [
        text_of(value)
        for value in draft.elements
        if isinstance(value, str) or not isinstance(value, Sequence | Repeated)
    ]
    *before, _, inside = [*texts, "", ""][: _BINARY[draft.id]]
    return separator.join([draft.id, *before, str(len(inside.encode())), inside])


def _joined(value: Value, separator: str, marks: Delimiters, where: str) -> str:
    if isinstance(value, str) or not isinstance(value, Sequence):
        return _checked(text_of(value), marks, where)
    if value and not separator:
        raise FormatError("has components, but the interchange has no component separator", where)
    texts = [_checked(text_of(one), marks, f"{where}-{number}") for number, one in enumerate(value, 1)]
    while texts and not texts[-1]:
        texts.pop()
    return separator.join(texts)


def _checked(text: str, marks: Delimiters, where: str) -> str:
    for character in _reserved(marks):
        if character in text:
            raise FormatError(
                "the value holds a character that this interchange uses as a delimiter; choose other delimiters", where
            )
    if "\n" in text or "\r" in text:
        raise FormatError("the value holds a line break; X12 has none", where)
    return text


def _reserved(marks: Delimiters) -> Iterator[str]:
    return (character for character in marks.all.decode("latin-1"))
