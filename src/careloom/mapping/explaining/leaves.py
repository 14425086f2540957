"""The single values of a message, each with its path and how to put another in its place."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from careloom.core.errors import ConfigurationError
from careloom.formats import hl7v2, x12


class Leaf(NamedTuple):
    """One value. `path` is in the format's own terms, `general` the same without numbers of repetitions."""

    path: str
    general: str
    value: str
    replaced: Callable[[str], bytes]
    """The message with another text there; "" takes the value out."""


def leaves(format: str, body: bytes) -> Iterator[Leaf]:
    """Every value that is there. Raises FormatError for a message that cannot be read, ConfigurationError for a format
    that has no single values, such as bank statements."""
    if format not in _KINDS:
        raise ConfigurationError(f"messages of format {format} are not explained; those of {', '.join(_KINDS)} are")
    return _KINDS[format](body)


class _Piece(NamedTuple):
    start: int
    end: int
    number: int


def _pieces(text: str, start: int, end: int, separator: str) -> Iterator[_Piece]:
    """The parts between separators, numbered from 1."""
    number = 1
    while separator and (at := text.find(separator, start, end)) != -1:
        yield _Piece(start, at, number)
        start, number = at + 1, number + 1
    yield _Piece(start, end, number)


def _slice(text: str, start: int, end: int) -> Callable[[str], bytes]:
    return lambda other: (text[:start] + other + text[end:]).encode("latin-1", "replace")


def _of_hl7v2(body: bytes) -> Iterator[Leaf]:
    marks = hl7v2.parse(body).separators
    text = body.decode("latin-1")
    seen: Counter[str] = Counter()
    for segment in _pieces(text.replace("\n", "\r"), 0, len(text), "\r"):
        name = text[segment.start : segment.start + 3]
        if segment.end - segment.start < 4:
            continue
        seen[name] += 1
        for field in _pieces(text, segment.start, segment.end, marks.field):
            number = field.number if name in ("MSH", "BHS", "FHS") else field.number - 1
            if number < 1 or (name == "MSH" and number <= 2):
                continue
            yield from _hl7v2_parts(text, marks, f"{name}[{seen[name]}]", name, number, field)


def _hl7v2_parts(
    text: str, marks: hl7v2.Separators, place: str, name: str, number: int, field: _Piece
) -> Iterator[Leaf]:
    for repetition in _pieces(text, field.start, field.end, marks.repetition):
        for component in _pieces(text, repetition.start, repetition.end, marks.component):
            for part in _pieces(text, component.start, component.end, marks.subcomponent):
                value = text[part.start : part.end]
                if not value.strip() or value == hl7v2.NULL:
                    continue
                inner = f".{component.number}" + (f".{part.number}" if part.number > 1 else "")
                again = f"[{repetition.number}]" if repetition.number > 1 else ""
                path = f"{place if not place.endswith('[1]') else name}-{number}{again}{inner}"
                yield Leaf(path, f"{name}-{number}{inner}", value, _slice(text, part.start, part.end))


def _of_x12(body: bytes) -> Iterator[Leaf]:
    for interchange in x12.parse(body):
        for transaction in interchange.transactions:
            yield from _x12_set(body, transaction.root)


def _x12_set(body: bytes, root: x12.Loop) -> Iterator[Leaf]:
    pending: list[tuple[x12.Loop, str]] = [(root, "")]
    counts: Counter[str] = Counter()
    while pending:
        loop, place = pending.pop()
        inner: list[tuple[x12.Loop, str]] = []
        seen: Counter[str] = Counter()
        for part in loop.content:
            if isinstance(part, x12.Loop):
                counts[part.id] += 1
                inner.append((part, part.id if counts[part.id] == 1 else f"{part.id}[{counts[part.id]}]"))
            else:
                seen[part.id] += 1
                yield from _x12_segment(body, part, place, loop.id, seen[part.id])
        pending.extend(reversed(inner))


def _x12_segment(body: bytes, segment: x12.Segment, place: str, loop: str, nth: int) -> Iterator[Leaf]:
    marks = segment.delimiters
    text = body.decode("latin-1")
    start = segment.offset
    end = start + len(segment.raw.lstrip(b"\r\n \t"))
    element, component = marks.element.decode("latin-1"), marks.component.decode("latin-1")
    repeated = f"{segment.id}[{nth}]" if nth > 1 else segment.id
    for one in _pieces(text, start, end, element):
        number = one.number - 1
        if number < 1:
            continue
        for part in _pieces(text, one.start, one.end, component if component in text[one.start : one.end] else ""):
            value = text[part.start : part.end]
            if value.strip():
                inner = f"{number:02}" + (f"-{part.number}" if (part.start, part.end) != (one.start, one.end) else "")
                path = f"{place}/{repeated}{inner}" if place else f"{repeated}{inner}"
                general = f"{loop}/{segment.id}{inner}" if loop else f"{segment.id}{inner}"
                yield Leaf(path, general, value, _slice(text, part.start, part.end))


def _of_json(body: bytes) -> Iterator[Leaf]:
    """JSON documents, FHIR resources, and rows (which are kept as JSON)."""
    document = json.loads(body)
    pending: list[tuple[list[str | int], Any]] = [([], document)]
    while pending:
        where, node = pending.pop()
        if isinstance(node, dict):
            pending.extend(reversed([([*where, name], value) for name, value in node.items()]))
        elif isinstance(node, list):
            pending.extend(reversed([([*where, index], value) for index, value in enumerate(node)]))
        elif node is not None and node != "":
            path = "/" + "/".join(_pointed(part) for part in where)
            general = "/" + "/".join("*" if isinstance(part, int) else _pointed(part) for part in where)
            yield Leaf(path, general, str(node), _json_replaced(document, where, node))


def _pointed(part: str | int) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")


def _json_replaced(document: Any, where: list[str | int], old: Any) -> Callable[[str], bytes]:
    def replaced(other: str) -> bytes:
        copy = json.loads(json.dumps(document))
        node = copy
        for part in where[:-1]:
            node = node[part]
        if other == "":
            del node[where[-1]]
        else:
            node[where[-1]] = _like(old, other)
        return json.dumps(copy).encode()

    return replaced


def _like(old: Any, other: str) -> Any:
    if isinstance(old, bool):
        return not old
    if isinstance(old, int | float):
        return old + 1
    return other


_KINDS: Final[dict[str, Callable[[bytes], Iterator[Leaf]]]] = {
    "hl7v2": _of_hl7v2,
    "x12": _of_x12,
    "fhir": _of_json,
    "json": _of_json,
    "csv": _of_json,
}
