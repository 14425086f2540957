"""A body taken apart for people: each line or segment as it stands, and beside it its fields with their places."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple

from careloom.core.errors import FormatError
from careloom.formats import hl7v2, x12
from careloom.formats.detection import detect
from careloom.formats.hl7v2.dictionary import Dictionary, dictionary_of
from careloom.formats.hl7v2.paths import HEADERS
from careloom.formats.hl7v2.segment import Dialect

MOST: Final = 400
"""Stretches that are shown of one body, and parts of one stretch."""


class Part(NamedTuple):
    """One value: its place in the format's own terms, the field's name where one is known, and the text."""

    place: str
    name: str
    text: str


class Stretch(NamedTuple):
    """A piece of the body as it stands, and what it holds. `name` is that of a segment; what else it begins with is
    content."""

    name: str
    raw: str
    parts: Sequence[Part]


def unfold(data: bytes) -> Sequence[Stretch]:
    """The first `MOST` stretches of a body: segments of HL7 v2 and X12, the members of JSON; of another format, or
    of a body that cannot be read, its lines. Never raises for what the bytes hold."""
    how = _WAYS.get(detect(data, "") or "", _lines)
    try:
        return list(islice(how(data), MOST))
    except (FormatError, ValueError, RecursionError):
        return list(islice(_lines(data), MOST))


def _lines(data: bytes) -> Iterator[Stretch]:
    return (Stretch("", line, ()) for line in data.decode("utf-8", "replace").splitlines() if line)


def _hl7v2(data: bytes) -> Iterator[Stretch]:
    for piece in hl7v2.split(data):
        if piece.error is not None:
            yield from _lines(piece.data)
            continue
        message = hl7v2.parse(piece.data)
        known = dictionary_of(message.version)
        for segment in message.segments():
            yield Stretch(segment.name, segment.raw, list(islice(_fields(segment, known), MOST)))


def _fields(segment: hl7v2.Segment, known: Dictionary) -> Iterator[Part]:
    for definition, value in hl7v2.Fields(segment, known).present():
        name = definition.name.replace("_", " ") if definition else ""
        number = value.place.rpartition("-")[2]
        if segment.name in HEADERS and number in ("1", "2"):
            yield Part(f"{segment.name}-{number}", name, value.raw)
            continue
        again = value.repetitions
        for nth, repetition in enumerate(again, 1):
            place = f"{segment.name}-{number}" + (f"[{nth}]" if len(again) > 1 else "")
            yield from _components(place, name, repetition.raw, segment.dialect)


def _components(place: str, name: str, raw: str, dialect: Dialect) -> Iterator[Part]:
    between = dialect.separators.component
    parts = raw.split(between) if between else [raw]
    if len(parts) == 1:
        yield Part(place, name, dialect.text(raw) or raw)  # the HL7 null is shown as it stands
        return
    for number, part in enumerate(parts, 1):
        if part:
            yield Part(f"{place}.{number}", name, dialect.text(part) or part)


def _x12(data: bytes) -> Iterator[Stretch]:
    for segment in x12.segments(data):
        parts = [Part(f"{segment.id}{n:02}", "", text) for n, text in enumerate(segment.elements, 1) if text]
        yield Stretch(segment.id, segment.raw.decode("utf-8", "replace"), parts[:MOST])


def _json(data: bytes) -> Iterator[Stretch]:
    document = json.loads(data)
    members = document.items() if isinstance(document, Mapping) else enumerate(document)
    for name, value in members:
        raw = json.dumps({name: value} if isinstance(document, Mapping) else value, ensure_ascii=False)
        yield Stretch("", raw, list(islice(_leaves(f"/{_escaped(str(name))}", value), MOST)))


def _leaves(place: str, value: Any) -> Iterator[Part]:
    """By JSON Pointer (RFC 6901), in order."""
    waiting = [(place, value)]
    while waiting:
        here, one = waiting.pop()
        if isinstance(one, Mapping):
            waiting.extend(reversed([(f"{here}/{_escaped(key)}", below) for key, below in one.items()]))
        elif isinstance(one, list):
            waiting.extend(reversed([(f"{here}/{number}", below) for number, below in enumerate(one)]))
        else:
            yield Part(here, "", one if isinstance(one, str) else json.dumps(one))


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


_WAYS: Final[Mapping[str, Callable[[bytes], Iterator[Stretch]]]] = {
    "hl7v2": _hl7v2,
    "x12": _x12,
    "fhir": _json,
    "jsondoc": _json,
}
