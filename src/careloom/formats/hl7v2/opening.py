"""Where a message starts in the bytes that carry it: after a byte order mark, a frame left in, blank lines."""

from __future__ import annotations

from typing import Final

from careloom.core.errors import FormatError

BOM: Final = b"\xef\xbb\xbf"
BEFORE: Final = b"\x0b\x00\r\n\t "
_AFTER: Final = b"\x1c\x1a\x00\r\n\t "
_FRAME_END: Final = b"\x1c\x1a\x00"


def body_of(data: bytes) -> tuple[int, int]:
    """Start and end of the message inside `data`. FormatError at `line N` when no MSH segment opens it."""
    start = _start(data)
    if not data.startswith(b"MSH", start):
        line = line_of(data, start)
        raise FormatError("no MSH segment opens the message" if data[start:].strip(_AFTER) else "empty", f"line {line}")
    kept = data.rstrip(_AFTER)
    tail = data[len(kept) :]
    ends = [place for mark in _FRAME_END if (place := tail.find(mark)) >= 0]
    return start, len(kept) + min(ends, default=len(tail))


def line_of(data: bytes, offset: int) -> int:
    """The line, from 1, on which the byte at `offset` stands; CR, LF and CRLF each end one."""
    before = data[:offset]
    return before.count(b"\r") + before.count(b"\n") - before.count(b"\r\n") + 1


def _start(data: bytes) -> int:
    start = len(BOM) if data.startswith(BOM) else 0
    start += len(data) - start - len(data[start:].lstrip(BEFORE))
    return start + len(BOM) if data.startswith(BOM, start) else start
