"""The elements of one segment against their definition: presence, length, type, repetitions, components,
syntax notes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from careloom.formats.x12.definition import ElementDefinition, SegmentDefinition
from careloom.formats.x12.delimiters import Delimiters
from careloom.formats.x12.notes import broken
from careloom.formats.x12.values import date_of, fits_format, period_of, time_of

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_REAL: Final = re.compile(r"-?(?:\d+(?:\.\d*)?|\.\d+)", re.ASCII)
_WHOLE: Final = re.compile(r"-?\d+", re.ASCII)

DATED: Final = {"DTP": (2, 3), "DMG": (1, 2)}
"""Segments whose one element names the format (D8, RD8, ...) of the next."""


class Problem(NamedTuple):
    """What is wrong with an element. Component and repetition are 0 where they do not matter."""

    code: str
    element: int
    component: int = 0
    repetition: int = 0


class Demand(NamedTuple):
    """A segment definition, with what one place in a guide makes of it."""

    definition: SegmentDefinition
    required: frozenset[int] = frozenset()
    unused: frozenset[int] = frozenset()


def check(parts: Sequence[str], demand: Demand, marks: Delimiters) -> Iterator[Problem]:
    """All that is wrong with the elements of a segment; `parts[0]` is its identifier."""
    definition, required, unused = demand
    missing: set[int] = set()
    for element in definition.elements:
        position = element.position
        text = parts[position] if position < len(parts) else ""
        if not text:
            if element.mandatory or position in required:
                missing.add(position)
                yield Problem("element-missing", position)
        elif position in unused:
            yield Problem("element-unused", position)
        else:
            yield from _element(text, element, marks)
    known = definition.elements[-1].position if definition.elements else 0
    for position in range(known + 1, len(parts)):
        if parts[position]:
            yield Problem("elements-too-many", position)
            break
    yield from (problem for problem in _notes(parts, definition) if problem.element not in missing)
    if definition.id in DATED:
        yield from _dated(parts, *DATED[definition.id])


def _dated(parts: Sequence[str], at: int, position: int) -> Iterator[Problem]:
    """A date follows the format that the element before it names, and a period does not end before it begins."""
    if position >= len(parts) or not parts[position]:
        return
    period = period_of(parts[at], parts[position])
    if not fits_format(parts[at], parts[position]):
        yield Problem("date-invalid", position)
    elif period and period[1] < period[0]:
        yield Problem("dates-reversed", position)


def _notes(parts: Sequence[str], definition: SegmentDefinition) -> Iterator[Problem]:
    if definition.notes:
        present = [bool(part) for part in parts]
        for note in definition.notes:
            found = broken(note, present)
            if found is not None:
                yield Problem(*found)


def _element(text: str, element: ElementDefinition, marks: Delimiters) -> Iterator[Problem]:
    separator = marks.repetition.decode("latin-1")
    if element.type == "B":
        return
    ambiguous = element.type == "composite" and marks.repetition == marks.component
    repetitions = text.split(separator) if separator and not ambiguous else [text]
    if element.repeat and len(repetitions) > element.repeat:
        yield Problem("repetitions-too-many", element.position, 0, element.repeat + 1)
    several = len(repetitions) > 1
    for number, repetition in enumerate(repetitions[: element.repeat or None], 1):
        for code, component in _repetition(repetition, element, marks):
            yield Problem(code, element.position, component, number if several else 0)


def _repetition(text: str, element: ElementDefinition, marks: Delimiters) -> Iterator[tuple[str, int]]:
    separator = marks.component.decode("latin-1")
    if element.type != "composite":
        if separator and separator in text:
            yield "components-too-many", 0
        else:
            for code in _simple(text, element):
                yield code, 0
        return
    components = text.split(separator) if separator else [text]
    for part in element.components:
        value = components[part.position - 1] if part.position <= len(components) else ""
        if value:
            for code in _simple(value, part):
                yield code, part.position
        elif part.mandatory:
            yield "element-missing", part.position
    if any(components[len(element.components) :]):
        yield "components-too-many", len(element.components) + 1


def _simple(text: str, element: ElementDefinition) -> Iterator[str]:
    """What is wrong with one value that is there."""
    if _CONTROL.search(text):
        yield "character-invalid"
        return
    if not text.isascii():
        yield "character-extended"
    kind = element.type
    if kind in ("R", "N0", "N1", "N2", "N3", "N4", "N5", "N6"):
        pattern = _REAL if kind == "R" else _WHOLE
        if not pattern.fullmatch(text):
            yield "number-invalid"
            return
        length = len(text) - text.count("-") - text.count(".")
    else:
        length = len(text)
    if length < element.minimum:
        yield "element-short"
    elif length > element.maximum:
        yield "element-long"
    elif kind == "DT" and date_of(text) is None:
        yield "date-invalid"
    elif kind == "TM" and time_of(text) is None:
        yield "time-invalid"
