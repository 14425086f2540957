"""A message: lines split at once, all else when it is read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cached_property, lru_cache
from operator import itemgetter
from typing import Final, NamedTuple

from careloom.core.errors import FormatError
from careloom.formats.hl7v2.charsets import codec_named, decode, wide_codec
from careloom.formats.hl7v2.opening import body_of, line_of
from careloom.formats.hl7v2.paths import parts_of, reading_of
from careloom.formats.hl7v2.segment import NULL, Dialect, Segment, dialect_of, part_of, split_fields
from careloom.formats.hl7v2.separators import Separators, read_separators

_NAME: Final = re.compile(r"[A-Z][A-Z0-9]{2}", re.ASCII)
_ENDS: Final = re.compile(r"\r\n|\r|\n")
_first_four: Final = itemgetter(slice(4))
_WIDE_MSH: Final = re.compile(r"[\ufeff\x00\x0b\s]*(?=MSH)")
_MOST_KNOWN: Final = 4096


class MessageType(NamedTuple):
    """MSH-9: message code, trigger event, message structure."""

    code: str
    event: str
    structure: str

    @property
    def name(self) -> str:
        """`ADT^A04`, or the code alone when there is no event."""
        return f"{self.code}^{self.event}" if self.event else self.code


class Message:
    """One HL7 v2 message. Reading costs what is read; `encode` gives the bytes that came in unless a value was set.

    `raw` are the bytes that came in, `charset` the codec that reads them, `separators` what MSH-1 and MSH-2 declare.
    """

    def __init__(self, raw: bytes, body: tuple[int, int], text: str, dialect: Dialect, first_line: int) -> None:
        self.raw = raw
        self.separators = dialect.separators
        self.charset = dialect.charset
        self._mark = dialect.separators.escape
        self._separator = dialect.separators.field
        self._body = body
        self._dialect = dialect
        self._lines, self._heads, self._numbers = _lines_of(text, first_line, dialect.separators.field)
        self._segments: dict[int, Segment] = {}
        self._levels = dialect.levels
        self._fields: dict[str, list[str]] = {}
        self._splits: dict[int, list[str]] = {}
        self._added: list[Segment] = []

    def segment(self, name: str) -> Segment | None:
        """The first segment of that name, or None."""
        return self._nth(name, 1)

    def segments(self, name: str | None = None) -> Sequence[Segment]:
        """All segments in order, or those of one name."""
        if name is not None:
            head = name + self.separators.field
            places = [place for place, one in enumerate(self._heads) if one == head]
            return [self._at(place, nth) for nth, place in enumerate(places, 1)]
        counts: Counter[str] = Counter()
        found = []
        for place, head in enumerate(self._heads):
            counts[head] += 1
            found.append(self._at(place, counts[head]))
        return found

    def line(self, name: str) -> tuple[str, int] | None:
        """The first segment of that name as it stands, and the number of its line; None when there is none.

        For who reads many fields of a segment once: a line is found several times faster than a `Segment` is made.
        """
        head, heads = name + self._separator, self._heads
        return self._line_at(heads.index(head)) if head in heads else None

    def lines(self, name: str) -> list[tuple[str, int]]:
        """As `line`, every segment of that name."""
        head = name + self._separator
        return [self._line_at(place) for place, one in enumerate(self._heads) if one == head]

    def _line_at(self, place: int) -> tuple[str, int]:
        segment = self._segments.get(place)
        return (self._lines[place] if segment is None else segment.raw), self._numbers[place]

    def get(self, path: str, default: str = "") -> str:
        """The text at `SEG[n]-F[r].C.S`, decoded and unescaped; `default` when absent or the HL7 null.

        A path without a component reads the whole repetition when it has no components, else the first.
        """
        key, name, nth, header, field, repetition, component, subcomponent = reading_of(path)
        fields = self._fields.get(key) or self._fields_of(key, name, nth)
        raw = fields[field] if field < len(fields) else ""
        if not raw:
            return default
        again, between, below = self._levels
        if again in raw or repetition > 1:
            if header:
                return raw
            raw = part_of(raw, self._levels, repetition, component, subcomponent)
        elif between in raw:
            component = component or 1
            parts = raw.split(between, component)
            raw = parts[component - 1] if component <= len(parts) else ""
            if below in raw or subcomponent > 1:
                raw = part_of(raw, self._levels, 1, 1, subcomponent)
        elif component:
            raw = part_of(raw, self._levels, 1, component, subcomponent)
        if self._mark in raw or raw == NULL:
            return self._dialect.text(raw) or default
        return raw or default

    def _fields_of(self, key: str, name: str, nth: int) -> list[str]:
        """The fields of a segment, split once and shared with the `Segment` of it; none when it is not there."""
        separator = self._separator
        head, heads = name + separator, self._heads
        try:
            place = heads.index(head)
            for _ in range(1, nth):
                place = heads.index(head, place + 1)
        except ValueError:
            return []
        if place in self._segments:
            fields = self._segments[place].parts
        else:
            fields = self._splits[place] = split_fields(self._lines[place], separator)
        self._fields[key] = fields
        return fields

    def is_null(self, path: str) -> bool:
        """Whether the value at a path is the HL7 null `""`: the sender asks to delete it."""
        name, nth, *rest = parts_of(path)
        segment = self._nth(name, nth)
        return segment is not None and segment.raw_value(*rest) == NULL

    def set(self, path: str, value: str) -> None:
        """Write text at a path, escaped; the next segment of a name is added when it is not there yet.

        FormatError where the message cannot carry the value, or segments before it are missing.
        """
        name, nth, *rest = parts_of(path)
        segment = self._nth(name, nth)
        if segment is None:
            if nth != self._heads.count(name + self.separators.field) + 1:
                raise FormatError("the segments before it are missing; set them first", f"{name}[{nth}]")
            segment = self.add(name)
        if name == "MSH" and rest[0] == 18:
            raise FormatError("the character set of a message is chosen when it is created", path)
        segment.write(value, *rest)

    def add(self, name: str) -> Segment:
        """A new empty segment at the end of the message."""
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no segment name; write three capitals or digits, for example ZPD")
        head = name + self.separators.field
        segment = Segment(head, self._numbers[-1] + 1, self._heads.count(head) + 1, self._dialect)
        segment.changed = True
        self._segments[len(self._heads)] = segment
        self._lines.append(segment.raw)
        self._heads.append(head)
        self._numbers = [*self._numbers, segment.line]
        self._added.append(segment)
        return segment

    @property
    def control_id(self) -> str:
        """MSH-10 as it stands: what an acknowledgement must echo."""
        return self._at(0, 1).raw_field(10)

    @property
    def type(self) -> MessageType:
        """MSH-9."""
        header = self._at(0, 1)
        return MessageType(header.value(9, 1, 1), header.value(9, 1, 2), header.value(9, 1, 3))

    @property
    def version(self) -> str:
        """MSH-12.1, such as `2.5.1`; `""` when missing."""
        return self._at(0, 1).value(12, 1, 1)

    def encode(self) -> bytes:
        """The bytes of the message. Only changed segments are rebuilt; all else is what came in, to the byte."""
        changed = [segment for segment in self._segments.values() if segment.changed]
        if not changed:
            return self.raw
        start, end = self._body
        lines, ends = self._wire_lines
        rebuilt = list(lines)
        first = self._numbers[0]
        for segment in changed:
            if segment not in self._added:
                rebuilt[segment.line - first] = self._encoded(segment.raw)
        body = b"".join(line + stop for line, stop in zip(rebuilt, ends, strict=True))
        return self.raw[:start] + body + self._appendix(ends) + self.raw[end:]

    @cached_property
    def _wire_lines(self) -> tuple[list[bytes], list[bytes]]:
        """The lines of the body as bytes, and what ended each (`b""` at the end of the message)."""
        body = self.raw[self._body[0] : self._body[1]]
        if self.charset.startswith("utf-16"):
            parts = [self._encoded(part) for part in re.split(r"(\r\n|\r|\n)", body.decode(self.charset))]
        else:
            parts = re.split(rb"(\r\n|\r|\n)", body)
        return parts[::2], [*parts[1::2], b""]

    def _appendix(self, ends: Sequence[bytes]) -> bytes:
        if not self._added:
            return b""
        stop = ends[0] or self._encoded("\r")
        lines = [self._encoded(segment.raw) + stop for segment in self._added]
        closed = len(ends) > 1 and not self._wire_lines[0][-1]
        return (b"" if closed else stop) + b"".join(lines)

    def _encoded(self, text: str) -> bytes:
        return text.encode(self.charset)

    def _nth(self, name: str, nth: int) -> Segment | None:
        place = self._place(name, nth)
        return None if place is None else self._at(place, nth)

    def _place(self, name: str, nth: int) -> int | None:
        head, heads = name + self.separators.field, self._heads
        try:
            place = heads.index(head)
            for _ in range(1, nth):
                place = heads.index(head, place + 1)
        except ValueError:
            return None
        return place

    def _at(self, place: int, nth: int) -> Segment:
        segment = self._segments.get(place)
        if segment is None:
            fields = self._splits.get(place)
            segment = Segment(self._lines[place], self._numbers[place], nth, self._dialect, fields)
            self._segments[place] = segment
        return segment


def parse(data: bytes, *, charset: str | None = None) -> Message:
    """The message in `data`; `charset` (an MSH-18 name) overrides what the message declares.

    FormatError with its place: no MSH, unusable separators (`MSH-1`, `MSH-2`), an unknown character set (`MSH-18`),
    bytes outside a declared set, or a line that is no segment (`line N`).
    """
    if data[:4] == b"MSH|" and data[-1:] == b"\r":
        start, end, inside = 0, len(data), data
    elif wide := wide_codec(data):
        return _parse_wide(data, wide)
    else:
        start, end = body_of(data)
        inside = data[start:end]
    separators, declared = _declared(inside)
    text, codec = decode(inside, codec_named(charset if charset is not None else declared))
    return Message(data, (start, end), text, dialect_of(separators, codec), line_of(data, start) if start else 1)


def _parse_wide(data: bytes, codec: str) -> Message:
    try:
        text = data.decode(codec)
    except UnicodeDecodeError:
        text = ""
    opening = _WIDE_MSH.match(text)
    if opening is None:
        raise FormatError("UTF-16 text that is cut or that no MSH segment opens", "line 1")
    inside = text[opening.end() :].rstrip("\x1c\x1a\x00\r\n\t ")
    start = len(opening[0].encode(codec))
    separators, _ = _declared(inside.encode("utf-8"))
    first_line = len(_ENDS.findall(opening[0])) + 1
    body = (start, start + len(inside.encode(codec)))
    return Message(data, body, inside, dialect_of(separators, codec), first_line)


def _declared(body: bytes) -> tuple[Separators, str]:
    """The separators and MSH-18, read from the header's bytes before their character set is known."""
    stop = body.find(b"\r")
    header = body if stop < 0 else body[:stop]
    stop = header.find(b"\n")
    line = header if stop < 0 else header[:stop]
    fields = line.split(line[3:4] or b"|", 18)
    separators = _separators_of(line[3:4], fields[1] if len(fields) > 1 else b"")
    return separators, fields[17].decode("iso8859-1") if len(fields) > 17 else ""


@lru_cache(maxsize=256)
def _separators_of(field: bytes, encoding: bytes) -> Separators:
    return read_separators(field.decode("iso8859-1"), encoding.decode("iso8859-1"))


def _lines_of(text: str, first: int, separator: str) -> tuple[list[str], list[str], Sequence[int]]:
    """The lines that are not blank, name and separator of each, and the number of each."""
    if "\n" in text:
        text = _ENDS.sub("\r", text)
    lines = text.split("\r")
    if not lines[-1]:
        lines.pop()
    heads = list(map(_first_four, lines))
    if _known_heads(separator).issuperset(heads):
        return lines, heads, range(first, first + len(lines))
    kept = [(number, line) for number, line in enumerate(lines, first) if line.strip()]
    heads = [_head_of(line, number, separator) for number, line in kept]
    return [line for _, line in kept], heads, [number for number, _ in kept]


@lru_cache(maxsize=64)
def _known_heads(separator: str) -> set[str]:
    """Heads already found good with this field separator; it spares checking them again in each message."""
    return {f"MSH{separator}"}


def _head_of(line: str, number: int, separator: str) -> str:
    """Name and separator. FormatError at a line that is no segment, such as one wrapped by an editor."""
    head = line[:4]
    if head[3:] != separator:
        head = line.rstrip() + separator
    if len(head) != 4 or not _NAME.fullmatch(head[:3]):
        raise FormatError(
            "not a segment: three capitals or digits and the field separator are missing; a value broken over "
            "lines must be sent as one, its line breaks escaped",
            f"line {number}",
        )
    known = _known_heads(separator)
    if len(known) < _MOST_KNOWN:
        known.add(head)
    return head
