"""The values of HL7 v2 and X12: spans of bytes between delimiters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from careloom.formats import hl7v2, x12
from careloom.formats.x12.delimiters import BLANKS
from careloom.mapping.explaining.leaf import Leaf

_HEADERS: Final = ("MSH", "BHS", "FHS")
_DELIMITERS_OF_ISA: Final = (11, 16)


class _Text(NamedTuple):
    """The bytes of a message, and how its values are read and written."""

    body: bytes
    encoding: str

    @classmethod
    def of(cls, body: bytes) -> _Text:
        try:
            body.decode()
        except UnicodeDecodeError:
            return cls(body, "latin-1")
        return cls(body, "utf-8")

    def at(self, piece: _Piece) -> str:
        return self.body[piece.start : piece.end].decode(self.encoding)

    def leaf(self, path: str, general: str, piece: _Piece) -> Leaf:
        return Leaf(path, general, self.at(piece), self, piece)

    def padded(self, path: str, general: str, piece: _Piece) -> Leaf:
        """Of an element of fixed width: its blanks are no part of the value, and what replaces it is as wide."""
        return Leaf(path, general, self.at(piece).strip(), self, piece._replace(padded=True))

    def made(self, changes: Sequence[tuple[_Piece, str]]) -> bytes:
        """See `Editor`."""
        parts: list[bytes] = []
        behind = 0
        for piece, other in sorted(changes):
            text = _fitted(other, self.at(piece)) if piece.padded else other
            parts += (self.body[behind : piece.start], text.encode(self.encoding, "replace"))
            behind = piece.end
        return b"".join([*parts, self.body[behind:]])


class _Piece(NamedTuple):
    start: int
    end: int
    number: int
    padded: bool = False


def _fitted(other: str, field: str) -> str:
    if other == field.strip():
        return field
    width = len(field)
    # Cut in its middle: what was added at the end shall still be another value.
    return other.ljust(width) if len(other) <= width else other[: width - 1] + other[-1:]


def _pieces(body: bytes, within: _Piece, separator: bytes) -> Iterator[_Piece]:
    """The parts between separators, numbered from 1."""
    start, number = within.start, 1
    while separator and (at := body.find(separator, start, within.end)) != -1:
        yield _Piece(start, at, number)
        start, number = at + 1, number + 1
    yield _Piece(start, within.end, number)


def of_hl7v2(body: bytes) -> Iterator[Leaf]:
    """`PID-3[2].4.2`: MSH-1 and MSH-2 are delimiters, a null is no value."""
    marks, text = hl7v2.parse(body).separators, _Text.of(body)
    seen: Counter[str] = Counter()
    for segment in _pieces(body.replace(b"\n", b"\r"), _Piece(0, len(body), 1), b"\r"):
        name = body[segment.start : segment.start + 3].decode("latin-1")
        if segment.end - segment.start < 4:
            continue
        seen[name] += 1
        place = name if seen[name] == 1 else f"{name}[{seen[name]}]"
        for field in _pieces(body, segment, marks.field.encode()):
            number = field.number if name in _HEADERS else field.number - 1
            if number >= (3 if name in _HEADERS else 1):
                yield from _of_field(text, marks, (place, name, number), field)


def _of_field(text: _Text, marks: hl7v2.Separators, where: tuple[str, str, int], field: _Piece) -> Iterator[Leaf]:
    place, name, number = where
    for repetition in _pieces(text.body, field, marks.repetition.encode()):
        again = f"[{repetition.number}]" if repetition.number > 1 else ""
        for component in _pieces(text.body, repetition, marks.component.encode()):
            for part in _pieces(text.body, component, marks.subcomponent.encode()):
                value = text.at(part)
                if value.strip() and value != hl7v2.NULL:
                    inner = f".{component.number}" + (f".{part.number}" if part.number > 1 else "")
                    yield text.leaf(f"{place}-{number}{again}{inner}", f"{name}-{number}{inner}", part)


def of_x12(body: bytes) -> Iterator[Leaf]:
    """`2300[2]/CLM05-1`; `ISA06` and `GS03` of the envelope, whose trailers hold nothing but counts."""
    text = _Text.of(body)
    seen: Counter[str] = Counter()
    for interchange in x12.parse(body):
        yield from _of_isa(text, interchange.header, _again("ISA", seen))
        for acknowledgement in interchange.acknowledgements:
            yield from _of_segment(text, acknowledgement, _again("TA1", seen), "TA1")
        for group in interchange.groups:
            yield from _of_segment(text, group.header, _again("GS", seen), "GS")
            for transaction in group.transactions:
                place = _again("ST", seen)
                yield from _of_set(text, transaction.root, "" if place == "ST" else f"{place}/")


def _again(name: str, seen: Counter[str]) -> str:
    seen[name] += 1
    return name if seen[name] == 1 else f"{name}[{seen[name]}]"


def _of_isa(text: _Text, segment: x12.Segment, place: str) -> Iterator[Leaf]:
    for number, piece in _elements(text, segment):
        if number not in _DELIMITERS_OF_ISA and text.at(piece).strip():
            yield text.padded(f"{place}{number:02}", f"ISA{number:02}", piece)


def _of_set(text: _Text, root: x12.Loop, before: str) -> Iterator[Leaf]:
    pending: list[tuple[x12.Loop, str]] = [(root, before)]
    counts: Counter[str] = Counter()
    while pending:
        loop, place = pending.pop()
        inner: list[tuple[x12.Loop, str]] = []
        seen: Counter[str] = Counter()
        general = f"{loop.id}/" if loop.id else ""
        for part in loop.content:
            if isinstance(part, x12.Loop):
                inner.append((part, f"{before}{_again(part.id, counts)}/"))
            else:
                yield from _of_segment(text, part, place + _again(part.id, seen), general + part.id)
        pending.extend(reversed(inner))


def _of_segment(text: _Text, segment: x12.Segment, place: str, general: str) -> Iterator[Leaf]:
    marks = segment.delimiters
    repeats = b"" if marks.repetition == marks.component else marks.repetition
    for number, element in _elements(text, segment):
        for repetition in _pieces(text.body, element, repeats):
            again = f"[{repetition.number}]" if repetition.number > 1 else ""
            for part in _pieces(text.body, repetition, marks.component):
                if text.at(part).strip():
                    whole = (part.start, part.end) == (repetition.start, repetition.end)
                    inner = "" if whole else f"-{part.number}"
                    yield text.leaf(f"{place}{number:02}{again}{inner}", f"{general}{number:02}{inner}", part)


def _elements(text: _Text, segment: x12.Segment) -> Iterator[tuple[int, _Piece]]:
    """The elements, numbered as X12 does; not the identifier."""
    end = segment.offset + len(segment.raw.lstrip(BLANKS))
    for piece in _pieces(text.body, _Piece(segment.offset, end, 1), segment.delimiters.element):
        if piece.number > 1:
            yield piece.number - 1, piece
