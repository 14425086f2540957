"""One HL7 v2 message as a mapping reads it: clean text, the sender's defaults, and a list of what had to be dropped.

This is the hot path of every message: a segment is split once, a field's components are cleaned together, and the
work for escapes and nulls is done only in messages that hold any.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import msgspec

from careloom.core.errors import FormatError
from careloom.formats.hl7v2 import NULL, Message, Separators, unescape
from careloom.mapping.times import date_of, datetime_of, instant_of

if TYPE_CHECKING:
    from careloom.formats.hl7v2.profiles import Profile
    from careloom.formats.x12.codes import CodeLists

_NONE = "\x00"  # never part of a message, so it never splits: for separators that the sender declares none of
_WIDTH = 64  # further than any field that is mapped
_PADDING = [""] * _WIDTH
_MSH_2_END = 9
_CONTROLS = bytes(code for code in range(0x20) if code not in b"\r\n")  # some of them count as blanks
_Part = TypeVar("_Part")
_SENDERS: dict[Remembered, str | None] = {}
_MOST_REMEMBERED = 4096
Remembered: TypeAlias = tuple[str, Separators]


class Issue(msgspec.Struct, frozen=True, gc=False):
    """Something that was dropped or could not be understood, and did not stop the message. Quotes no value."""

    field: str
    problem: str


class JsonShape(msgspec.Struct, frozen=True, kw_only=True):
    """Where a sender's JSON documents say what they are: JSON Pointers (RFC 6901), `""` for what it does not say.

    `dialect` tells documents of different vendors apart; `items` points to an array whose members are the documents.
    `subject` names what order matters for; `noun` says what that is (`Contact`).
    """

    dialect: str
    type: str = ""
    key: str = ""
    subject: str = ""
    noun: str = "Record"
    items: str | None = None


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a deployment may choose for one sender.

    `name` is the sender's, for ids that only mean something beside it. `zone` holds for times without an offset, where
    MSH-7 has none either (HL7 v2.5.1 chapter 2.A.22). `social_security` carries the social security number (PID-19)
    into the canonical event; by default it stays behind. `currency` (ISO 4217) is that of amounts without one. `json`
    and `layout` (a layout of `careloom.formats.csv`) describe documents that do not describe themselves; `rules` (of
    `careloom.mapping.declared`) say what they become.

    `strict` None takes what can be read at all; else what does not follow its standard is refused: with False where no
    reader could rely on it, with True wherever it deviates. `profile` (HL7 v2) and `code_lists` (X12) are rules of
    the interface itself; they are held against each message whatever `strict` says.
    """

    name: str = ""
    zone: tzinfo = UTC
    social_security: bool = False
    currency: str = "USD"
    json: JsonShape | None = None
    layout: Any = None
    rules: Any = None
    strict: bool | None = None
    profile: Profile | None = None
    code_lists: CodeLists | None = None


class Fields(list[str]):
    """The raw fields of one segment: `pid[3]` is PID-3, `""` when absent, up to field 63."""

    __slots__ = ("line", "name", "nth")

    def __init__(self, raw: str, separator: str, line: int, nth: int = 1) -> None:
        self += raw.split(separator)
        self += _PADDING
        self.name, self.line, self.nth = raw[:3], line, nth

    @property
    def place(self) -> str:
        """As issues name the segment: `NK1`, then `NK1[2]`."""
        return f"{self.name}[{self.nth}]" if self.nth > 1 else self.name


class Source:
    """A message with its separators at hand, the sender's defaults, and the issues found so far."""

    __slots__ = (
        "assigner",
        "component",
        "header",
        "issues",
        "message",
        "plain",
        "repetition",
        "sent",
        "separators",
        "settings",
        "subcomponent",
        "zone",
    )

    def __init__(self, message: Message, settings: Settings) -> None:
        separators = self.separators = message.separators
        self.message = message
        self.settings = settings
        self.issues: list[Issue] = []
        self.component = separators.component or _NONE
        self.repetition = separators.repetition or _NONE
        self.subcomponent = separators.subcomponent or _NONE
        self.plain = _is_plain(message)
        header = self.header = self.fields("MSH")
        self.assigner = self._assigner(header)
        self.sent = self._sent(header)
        self.zone = (self.sent.tzinfo if self.sent else None) or settings.zone

    def remembered(self, kept: dict[Remembered, _Part], raw: str, read: Callable[[], _Part]) -> _Part:
        """What `read` makes of `raw`, kept for the next message that says the same.

        For clinicians, payers and places, whom nearly every message repeats; never for a patient's own data. Only
        where a value is its own text, and bounded: a full memory starts anew.
        """
        if not self.plain:
            return read()
        key = (raw, self.separators)
        try:
            return kept[key]
        except KeyError:
            if len(kept) >= _MOST_REMEMBERED:
                kept.clear()
            found = kept[key] = read()
            return found

    def fields(self, name: str) -> Fields | None:
        """The first segment of that name."""
        found = self.message.line(name)
        return Fields(found[0], self.separators.field, found[1]) if found else None

    def every(self, *names: str) -> list[Fields]:
        """All segments of those names, in order; of any name where none is given."""
        message, separator = self.message, self.separators.field
        if len(names) == 1:
            lines = enumerate(message.lines(names[0]), 1)
            return [Fields(raw, separator, line, nth) for nth, (raw, line) in lines]
        segments = [segment for segment in message.segments() if not names or segment.name in names]
        return [Fields(segment.raw, separator, segment.line, segment.index) for segment in segments]

    def text(self, raw: str) -> str:
        """Plain text of a raw value; `""` when blank or null."""
        if self.plain:
            return raw
        if raw == NULL:
            return ""
        return unescape(raw, self.separators, self.message.charset).strip()

    def components(self, raw: str, width: int) -> list[str]:
        """The texts of a repetition's components (each its first sub-component), at least `width` of them."""
        parts = raw.split(self.component)
        if self.subcomponent in raw:
            below = self.subcomponent
            parts = [part.partition(below)[0] if below in part else part for part in parts]
        if not self.plain:
            parts = [self.text(part) for part in parts]
        if len(parts) < width:
            parts += _PADDING[: width - len(parts)]
        return parts

    def repetitions(self, fields: Fields, field: int) -> list[str]:
        """The raw repetitions of a field that say anything at all."""
        raw = fields[field]
        if not raw or raw == NULL:
            return []
        if self.repetition not in raw:
            return [raw]
        return [one for one in raw.split(self.repetition) if one and one != NULL]

    def first(self, fields: Fields, field: int) -> str | None:
        """The text of a field's first component; None when blank or null."""
        raw = fields[field]
        if not raw:
            return None
        if self.repetition in raw:
            raw = raw.partition(self.repetition)[0]
        if self.component in raw:
            raw = raw.partition(self.component)[0]
        return (raw if self.plain else self.text(raw)) or None

    def each(self, fields: Fields, field: int, read: Callable[[Source, str], _Part | None]) -> tuple[_Part, ...]:
        """What `read` makes of each repetition, without what is empty."""
        raw = fields[field]
        if not raw or raw == NULL:
            return ()
        if self.repetition not in raw:
            one = read(self, raw)
            return () if one is None else (one,)
        return tuple([one for raw in self.repetitions(fields, field) if (one := read(self, raw)) is not None])

    def moment(self, fields: Fields, field: int) -> str | None:
        """A FHIR dateTime; one that is none is dropped, with an issue."""
        text = self.first(fields, field)
        try:
            return datetime_of(text, self.zone) if text else None
        except FormatError:
            self.drop(f"{fields.place}-{field}", "is no date or time; dropped")
            return None

    def day(self, fields: Fields, field: int) -> str | None:
        """A FHIR date; one that is none is dropped, with an issue."""
        text = self.first(fields, field)
        try:
            return date_of(text) if text else None
        except FormatError:
            self.drop(f"{fields.place}-{field}", "is no date; dropped")
            return None

    def instant(self, fields: Fields, field: int) -> datetime | None:
        """An aware instant; one that is none is dropped, with an issue."""
        text = self.first(fields, field)
        try:
            return instant_of(text, self.zone) if text else None
        except FormatError:
            self.drop(f"{fields.place}-{field}", "is no time; dropped")
            return None

    def drop(self, field: str, problem: str) -> None:
        """Record that something was left out of the event."""
        self.issues.append(Issue(field, problem))

    def _assigner(self, header: Fields | None) -> str | None:
        if header is None:
            return None
        said = f"{header[2]}\x00{header[3]}"
        return self.remembered(_SENDERS, said, lambda: self._authority(header, 4) or self._authority(header, 3))

    def _authority(self, header: Fields | None, field: int) -> str | None:
        """The short name in an HD field of the header, which counts MSH-1 as its first."""
        if header is None or not header[field - 1]:
            return None
        name, universal, *_ = self.components(header[field - 1], 2)
        return name or universal or None

    def _sent(self, header: Fields | None) -> datetime | None:
        text = self.first(header, 6) if header is not None else None
        try:
            return instant_of(text, self.settings.zone) if text else None
        except FormatError:
            self.drop("MSH-7", "is no time; dropped")
            return None


def _is_plain(message: Message) -> bool:
    """Whether every value of the message is its own text: no escape, no null, no blank beside a separator, ASCII.

    Most messages are, and finding out costs less than treating a few values as if they were not.
    """
    raw, separators = message.raw, message.separators
    if not raw.isascii() or len(raw.translate(None, _CONTROLS)) != len(raw):
        return False
    escape = separators.escape.encode()
    if _holds_null(raw) or (escape and raw.find(escape, _MSH_2_END) >= 0):
        return False
    return _edge_blank(separators).search(raw) is None


def _holds_null(raw: bytes) -> bool:
    # One quotation mark is found at full speed, two in a row are not, and few messages have any.
    return b'"' in raw and b'""' in raw


@lru_cache(maxsize=64)
def _edge_blank(separators: Separators) -> re.Pattern[bytes]:
    """A blank beside a separator, a line end, another blank, or an end of the message."""
    marks = (separators.field, separators.component, separators.repetition, separators.subcomponent)
    inner = b"[^ \r\n" + re.escape("".join(marks).encode()) + b"]"
    # It begins with the blank, which alone is looked for at full speed: what is around it comes second.
    return re.compile(b" (?:(?!" + inner + b")|(?<!" + inner + b" ))")
