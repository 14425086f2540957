"""`careloom inspect` for HL7 v2: single messages, several in a row, batches, files of frames."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from careloom.core.errors import FormatError
from careloom.formats.hl7v2.batch import Piece, split
from careloom.formats.hl7v2.charsets import wide_codec
from careloom.formats.hl7v2.message import Message, parse
from careloom.formats.hl7v2.opening import BEFORE, BOM
from careloom.formats.hl7v2.paths import HEADERS, compile_path
from careloom.formats.hl7v2.profiles import Profile
from careloom.formats.hl7v2.segment import part_of
from careloom.formats.hl7v2.validation import validate
from careloom.formats.inspection import Finding, Inspection, Severity

FORMAT: Final = "hl7v2"
_OPENINGS: Final = (b"MSH", b"FHS", b"BHS")
_LOOK: Final = 4096
_MOST_FINDINGS: Final = 1000
_NAMED: Final = re.compile(r"\.(hl7|hl7v2|er7)$", re.IGNORECASE)
_OF_ALL_SEGMENTS: Final = re.compile(r"[A-Z][A-Z0-9]{2}-", re.ASCII)
_OF_ONE_REPETITION: Final = re.compile(r"[^-]+-\d+\[", re.ASCII)


def recognises(data: bytes, name: str) -> bool:
    """Whether it opens like a message or a batch, after what frames and editors leave before it; else by its name."""
    head = data[:_LOOK]
    if (codec := wide_codec(head)) is not None:
        head = head.decode(codec, "replace").removeprefix("\ufeff").encode()
    opening = head.removeprefix(BOM).lstrip(BEFORE + b"\x1c").removeprefix(BOM)
    return opening.startswith(_OPENINGS) or (not opening.startswith((b"{", b"<", b"ISA")) and bool(_NAMED.search(name)))


def inspect(
    data: bytes, *, strict: bool = False, paths: Sequence[str] = (), profile: Profile | None = None
) -> Inspection:
    """Every message of the file, validated; `profile` adds an interface's own rules.

    Counts are of `messages`, `batches`, `segments` and what could not be read (`unreadable`). Places of the second and
    further messages begin with `message 2/`. A path without `[n]` gives every occurrence: `OBX-5`, `PID-3.1`.
    """
    looking = _Looking(strict, profile, *_asked(paths))
    for piece in split(data):
        looking.at(piece)
    return looking.seen()


def _asked(paths: Sequence[str]) -> tuple[Sequence[str], list[Finding]]:
    """The paths that are some, and a finding for each that is none."""
    good, findings = [], []
    for path in paths:
        try:
            compile_path(path)
            good.append(path)
        except ValueError:
            text = "no path of HL7 v2; write SEG[n]-F[r].C.S, for example PID-3[2].4.1"
            findings.append(Finding(code="path-unknown", place=path, text=text))
    return good, findings


class _Looking:
    """Gathers what the pieces of one file say."""

    def __init__(self, strict: bool, profile: Profile | None, paths: Sequence[str], findings: list[Finding]) -> None:
        self._strict = strict
        self._profile = profile
        self._counts: Counter[str] = Counter(messages=0, segments=0)
        self._types: dict[str, None] = {}
        self._versions: dict[str, None] = {}
        self._findings = findings
        self._left_out = 0
        self._identical: bool | None = None
        self._values: Mapping[str, list[str]] = {path: [] for path in paths}
        self._batches: set[int] = set()

    def at(self, piece: Piece) -> None:
        """One message, or what stands between them."""
        if piece.batch is not None:
            self._batches.add(piece.batch.number)
        if piece.error is not None:
            self._found([self._envelope_finding(piece, piece.error)])
            return
        self._counts["messages"] += 1
        number = self._counts["messages"]
        before = f"message {number}/" if number > 1 else ""
        try:
            message = parse(piece.data)
        except FormatError as error:
            self._counts["unreadable"] += 1
            self._found([_finding("unreadable", error, before, piece.line)])
            return
        self._read(message, before)

    def _envelope_finding(self, piece: Piece, error: FormatError) -> Finding:
        """A count that is wrong and bytes of no message are errors; that nobody closed the batch is common."""
        code = "batch-broken" if piece.data else "batch-unclosed"
        common = not piece.data and not self._strict
        return _finding(code, error, severity="warning" if common else "error")

    def _read(self, message: Message, before: str) -> None:
        self._counts["segments"] += len(message.segments())
        self._types[message.type.name] = None
        self._versions[message.version] = None
        self._found(_led(validate(message, profile=self._profile, strict=self._strict), before))
        for path, values in self._values.items():
            values.extend(_values_at(message, path))
        same = _rebuilt(message) == message.raw
        self._identical = same if self._identical is None else self._identical and same
        if not same:
            text = "written back, the message is not the same to the byte; report this file"
            self._found([Finding(code="not-identical", place=f"{before}MSH", text=text)])

    def seen(self) -> Inspection:
        """All of it."""
        if not self._counts["messages"]:
            self._found([Finding(code="message-missing", place="line 1", text="no MSH segment opens a message")])
        if self._left_out:
            text = f"{self._left_out} further findings are not listed; inspect the messages one by one"
            self._findings.append(Finding(code="findings-cut", place="file", text=text, severity="warning"))
        if self._batches:
            self._counts["batches"] = len(self._batches)
        return Inspection(
            format=FORMAT,
            type=",".join(filter(None, self._types)),
            version=",".join(filter(None, self._versions)),
            counts=dict(self._counts),
            findings=self._findings,
            identical=self._identical,
            values=self._values,
        )

    def _found(self, findings: Sequence[Finding]) -> None:
        """Errors are kept before warnings once the list is full, so that `valid` stays true to the file."""
        room = _MOST_FINDINGS - len(self._findings)
        kept = (
            findings if len(findings) <= room else [one for one in findings if one.severity == "error"][: max(room, 1)]
        )
        self._findings.extend(kept)
        self._left_out += len(findings) - len(kept)


def _finding(code: str, error: FormatError, before: str = "", line: int = 0, severity: Severity = "error") -> Finding:
    """The finding of an error; its place counts lines from the start of the message it is about."""
    return Finding(code=code, place=before + (error.location or f"line {line}"), text=error.reason, severity=severity)


def _led(findings: list[Finding], before: str) -> Sequence[Finding]:
    if not before:
        return findings
    return [Finding(code=f.code, place=before + f.place, text=f.text, severity=f.severity) for f in findings]


def _rebuilt(message: Message) -> bytes:
    """The bytes of the message with every segment written anew, not copied."""
    fresh = parse(message.raw)
    for segment in fresh.segments():
        segment.changed = True
    return fresh.encode()


def _values_at(message: Message, path: str) -> Iterator[str]:
    name, nth, field, repetition, component, subcomponent = compile_path(path)
    segments = message.segments(name)
    chosen = segments if _OF_ALL_SEGMENTS.match(path) else segments[nth - 1 : nth]
    for segment in chosen:
        if segment.name in HEADERS and field < 3:
            yield segment.value(field)
            continue
        raw, mark = segment.raw_field(field), segment.dialect.separators.repetition
        pieces = raw.split(mark) if mark else [raw]
        for piece in pieces[repetition - 1 : repetition] if _OF_ONE_REPETITION.match(path) else pieces:
            text = segment.dialect.text(part_of(piece, segment.dialect.levels, 1, component, subcomponent))
            if text:
                yield text
