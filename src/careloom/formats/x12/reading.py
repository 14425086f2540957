"""Cutting a stream into segments with flat memory: several interchanges, odd terminators, binary segments, junk.

The inner loop hands out batches of raw segments, since a call per segment would cost more than the cutting.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from io import BytesIO
from typing import BinaryIO, Final

import msgspec

from careloom.core.errors import FormatError
from careloom.formats.x12.delimiters import BLANKS, Delimiters, delimiters, opens_interchange, start_of
from careloom.formats.x12.segment import Segment

CHUNK: Final = 1 << 17
LONGEST_SEGMENT: Final = 1 << 20
"""Bytes that a segment may have, but for BIN and BDS: what is longer has lost its terminator."""
LONGEST_BINARY: Final = 1 << 26
_AT_ONCE: Final = 1 << 13
_ISA_WINDOW: Final = 1024
_MAYBE_ISA: Final = re.compile(rb"ISA[^A-Za-z0-9]")
_NONE: Final = Delimiters()


class Batch(msgspec.Struct, frozen=True):
    """Segments in a row that share delimiters, or, with `error`, bytes that belong to no interchange.

    `offset` is where the first one's bytes begin, its blanks included. Each is followed by one terminator, but for the
    last where `terminated` is false: the stream ended without.
    """

    segments: list[bytes]
    delimiters: Delimiters
    offset: int
    terminated: bool = True
    error: FormatError | None = None


def batches(source: bytes | BinaryIO) -> Iterator[Batch]:
    """The raw segments of a file, in batches. Raises nothing: what cannot be read comes as a batch with its error.

    Blank lines and a byte order mark before an ISA are passed over.
    """
    return _Cutter(source).batches()


def segments(source: bytes | BinaryIO) -> Iterator[Segment]:
    """The segments of a file one by one, envelope included. FormatError, located at its byte, for what is none."""
    ordinal = 0
    for batch in batches(source):
        if batch.error is not None:
            raise batch.error
        offset, marks = batch.offset, batch.delimiters
        for raw in batch.segments:
            ordinal += 1
            yield Segment(raw, marks, ordinal, offset + len(raw) - len(raw.lstrip(BLANKS)))
            offset += len(raw) + 1


class _Cutter:
    """Keeps a window of the stream, where in the stream it begins, and the delimiters in force there."""

    def __init__(self, source: bytes | BinaryIO) -> None:
        self._source = BytesIO(source) if isinstance(source, (bytes, bytearray, memoryview)) else source
        self._window = b""
        self._base = 0
        self._ended = False
        self._marks: Delimiters | None = None
        self._declared = -1  # where the ISA stands that the delimiters are from

    def batches(self) -> Iterator[Batch]:
        while self._fill(_ISA_WINDOW):
            yield from self._between() if self._marks is None else self._inside(self._marks)

    def _fill(self, wanted: int) -> bool:
        """Reads until the window has so many bytes or the stream ends; whether there is anything left."""
        while len(self._window) < wanted and not self._ended:
            chunk = self._source.read(max(CHUNK, wanted - len(self._window)))
            self._ended = not chunk
            self._window += chunk
        return bool(self._window)

    def _drop(self, count: int) -> bytes:
        taken = self._window[:count]
        self._window = self._window[count:]
        self._base += count
        return taken

    def _between(self) -> Iterator[Batch]:
        """Outside of any interchange: an ISA, blanks, or junk up to the next ISA."""
        self._drop(start_of(self._window))
        if not self._fill(_ISA_WINDOW) or start_of(self._window):
            return
        error = self._declare()
        if error is not None:
            offset, junk = self._base, self._drop(self._junk_end())
            yield Batch([junk], _NONE, offset, error=error)

    def _declare(self) -> FormatError | None:
        """Takes the delimiters of an ISA. The error is made anew: a raised one would hold the window by its
        traceback."""
        try:
            self._marks = delimiters(self._window)
        except FormatError as error:
            return FormatError(error.reason, f"byte {self._base}, {error.location}")
        self._declared = self._base
        return None

    def _junk_end(self) -> int:
        """Where in the window the next ISA may begin; a few bytes are kept, as one may begin in them."""
        for found in _MAYBE_ISA.finditer(self._window, 1):
            if len(self._window) - found.start() < _ISA_WINDOW or _readable(self._window, found.start()):
                return found.start()
        return len(self._window) if self._ended else len(self._window) - 3

    def _inside(self, marks: Delimiters) -> Iterator[Batch]:
        """The next segments: one that needs a look by itself, else all plain ones in the window."""
        start = len(self._window) - len(self._window.lstrip(BLANKS))
        head = self._window[start : start + 4]
        if opens_interchange(head) and self._base + start != self._declared:
            self._marks = None
        elif head in (b"BIN" + marks.element, b"BDS" + marks.element):
            yield from self._binary(marks, start)
        elif head[:3] == b"IEA":
            self._marks = None
            yield from self._ordinary(marks, 1)
        else:
            yield from self._ordinary(marks, _AT_ONCE)

    def _ordinary(self, marks: Delimiters, most: int) -> Iterator[Batch]:
        """The first segment, which had its look, and those behind it up to the next that needs one."""
        window = self._window
        first = window.find(marks.terminator)
        if first < 0:
            yield from self._unfinished(marks)
            return
        found = _special(marks).search(window, first) if most > 1 else None
        parts = (window[: found.start() + 1] if found else window).split(marks.terminator, most)
        rest = parts.pop()
        size = (found.start() + 1 if found else len(window)) - len(rest)
        yield Batch(parts, marks, self._base)
        self._base += size
        self._window = window[size:]

    def _unfinished(self, marks: Delimiters) -> Iterator[Batch]:
        """No terminator in the window: read on, or take the rest of the stream, or give the segment up."""
        self._marks = marks
        if self._ended:
            offset, rest = self._base, self._drop(len(self._window))
            if rest.strip(BLANKS):
                yield Batch([rest], marks, offset, terminated=False)
        elif len(self._window) > LONGEST_SEGMENT:
            self._marks = None
            error = FormatError(f"no segment terminator within {LONGEST_SEGMENT} bytes", f"byte {self._base}")
            yield Batch([self._window], _NONE, self._base, error=error)
            self._drop(len(self._window))
        else:
            self._fill(len(self._window) + CHUNK)

    def _binary(self, marks: Delimiters, start: int) -> Iterator[Batch]:
        """BIN and BDS say how long their data are, which may hold any byte (X12.22). A wrong length is not followed."""
        self._fill(start + 64)
        skip = 2 if self._window.startswith(b"BIN", start) else 3
        fields = self._window[start : start + 64].split(marks.element, skip)
        length = int(fields[skip - 1]) if len(fields) > skip and fields[skip - 1].isdigit() else 0
        end = start + sum(map(len, fields[:skip])) + skip + length
        if 0 < length <= LONGEST_BINARY:
            self._fill(end + 1)
            if self._window[end : end + 1] in (marks.terminator, b""):
                ended = end >= len(self._window)
                yield Batch([self._window[:end]], marks, self._base, terminated=not ended)
                self._drop(end + 1)
                return
        yield from self._ordinary(marks, 1)


@lru_cache(maxsize=64)
def _special(marks: Delimiters) -> re.Pattern[bytes]:
    """A segment behind another that is cut in its own way, or changes how segments are cut."""
    separator, blanks = re.escape(marks.element), b"[" + re.escape(BLANKS.replace(marks.terminator, b"")) + b"]*+"
    begin = re.escape(marks.terminator) + blanks
    return re.compile(begin + b"(?:(?:BIN|BDS|IEA)" + separator + b"|ISA[^A-Za-z0-9])")


def _readable(window: bytes, position: int) -> bool:
    try:
        delimiters(window, position)
    except FormatError:
        return False
    return True
