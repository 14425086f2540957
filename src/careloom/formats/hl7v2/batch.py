"""Files and payloads of several messages: batches (HL7 v2.5.1 chapter 2.10.3), frames left in, junk between."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from careloom.core.errors import FormatError
from careloom.formats.hl7v2.charsets import wide_codec

_HEAD: Final = re.compile(rb"(?:\A|(?<=[\r\n\x0b\x1c]))(?:\xef\xbb\xbf)?[ \t]*(MSH|FHS|BHS|BTS|FTS)(?![A-Za-z0-9 ])")
_LINE_END: Final = re.compile(rb"\r\n|\r|\n")
_BLANKS: Final = re.compile(rb"(?:\xef\xbb\xbf|[\x0b\x1c\x1a\x00\r\n\t ])*")


@dataclass(frozen=True, slots=True)
class Batch:
    """The batch a message came in: its number in the file, where it starts, and what its headers call it.

    `control_id` is BHS-11, `file_control_id` FHS-11, `name` BHS-9; all `""` when absent.
    """

    number: int
    line: int
    control_id: str = ""
    name: str = ""
    file_control_id: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """One message of a payload, or, with `error`, a finding about it (a wrong count, bytes outside any message).

    `data` are the bytes, `offset` where they start in the payload, `line` their first line, from 1.
    """

    data: bytes
    offset: int
    line: int
    batch: Batch | None = None
    error: FormatError | None = None


def split(data: bytes) -> list[Piece]:
    """The messages of a payload in order, and located findings between them. It raises nothing and drops nothing.

    Takes single messages, several in a row, FHS/BHS batches (BTS-1 and FTS-1 are compared with what came) and files
    of MLLP frames. Blank lines, frame marks and a byte order mark between messages are no findings.
    """
    codec = wide_codec(data)
    if codec is None:
        return list(_Splitter(data).pieces())
    return _wide(data, codec)


def _wide(data: bytes, codec: str) -> list[Piece]:
    """Pieces of UTF-16: found in its text, cut from its bytes, each with the byte order mark `parse` goes by."""
    mark = "\ufeff".encode(codec)
    text = data.decode(codec, "surrogatepass" if len(data) % 2 == 0 else "replace")
    narrow = text.encode("utf-8", "surrogatepass")
    return [_widened(piece, narrow, codec, mark) for piece in _Splitter(narrow).pieces()]


def _widened(piece: Piece, narrow: bytes, codec: str, mark: bytes) -> Piece:
    before = narrow[: piece.offset].decode("utf-8", "surrogatepass").encode(codec, "surrogatepass")
    inside = piece.data.decode("utf-8", "surrogatepass").encode(codec, "surrogatepass")
    return Piece(mark + inside if inside else b"", len(before), piece.line, piece.batch, piece.error)


class _Splitter:
    """Walks the heads of a payload once, counting messages and batches."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._line, self._counted = 1, 0
        self._batch: Batch | None = None
        self._file_line = 0
        self._file_control_id = ""
        self._messages = self._batches = 0
        self._open = False

    def pieces(self) -> Iterator[Piece]:
        heads = list(_HEAD.finditer(self._data))
        starts = [head.start() for head in heads] + [len(self._data)]
        yield from self._junk(0, starts[0])
        for head, stop in zip(heads, starts[1:], strict=True):
            name = head[1]
            if name == b"MSH":
                yield from self._message(head.start(1), stop)
            else:
                end = self._line_end(head.start(1), stop)
                yield from self._envelope(name.decode(), head.start(1), end)
                yield from self._junk(end, stop)
        yield from self._closing()

    def _message(self, start: int, stop: int) -> Iterator[Piece]:
        frame_end = self._data.find(b"\x1c", start, stop)
        end = stop if frame_end < 0 else frame_end
        while end > start and self._data[end - 1] in b"\x0b":
            end -= 1
        self._messages += 1
        yield Piece(self._data[start:end], start, self._line_of(start), self._batch)
        yield from self._junk(end, stop)

    def _envelope(self, name: str, start: int, end: int) -> Iterator[Piece]:
        line = self._line_of(start)
        fields = self._data[start:end].decode("iso8859-1").split(chr(self._data[start + 3]) if end > start + 3 else "|")
        if name == "FHS":
            self._file_line, self._file_control_id, self._batches = line, _nth(fields, 10), 0
        elif name == "BHS":
            yield from self._unclosed()
            self._batches += 1
            self._batch = Batch(self._batches, line, _nth(fields, 10), _nth(fields, 8), self._file_control_id)
            self._messages, self._open = 0, True
        elif name == "BTS":
            yield from self._counts(fields, "BTS-1", "messages", self._messages, start, end)
            self._batch, self._open, self._messages = None, False, 0
        else:
            yield from self._counts(fields, "FTS-1", "batches", self._batches or 1, start, end)
            self._file_line = 0

    def _counts(self, fields: list[str], place: str, what: str, came: int, start: int, end: int) -> Iterator[Piece]:
        said = _nth(fields, 1).strip()
        if not said or (said.isdecimal() and int(said[:18]) == came):
            return
        problem = f"says {int(said[:18])} {what}, {came} came" if said.isdecimal() else f"is no count of {what}"
        yield Piece(self._data[start:end], start, self._line_of(start), self._batch, FormatError(problem, place))

    def _junk(self, start: int, stop: int) -> Iterator[Piece]:
        blanks = _BLANKS.match(self._data, start, stop)
        offset = blanks.end() if blanks else start
        if offset == stop:
            return
        line = self._line_of(offset)
        error = FormatError("bytes that belong to no message: no MSH segment opens them", f"line {line}")
        yield Piece(self._data[offset:stop], offset, line, self._batch, error)

    def _unclosed(self) -> Iterator[Piece]:
        if self._open and self._batch:
            error = FormatError("the batch has no BTS segment; the payload may be cut", f"line {self._batch.line}")
            yield Piece(b"", len(self._data), self._batch.line, self._batch, error)

    def _closing(self) -> Iterator[Piece]:
        yield from self._unclosed()
        if self._file_line:
            error = FormatError("the file has no FTS segment; the payload may be cut", f"line {self._file_line}")
            yield Piece(b"", len(self._data), self._file_line, None, error)

    def _line_end(self, start: int, stop: int) -> int:
        found = _LINE_END.search(self._data, start, stop)
        return found.start() if found else stop

    def _line_of(self, offset: int) -> int:
        """Offsets only grow, so that each line end is counted once."""
        if offset > self._counted:
            self._line += len(_LINE_END.findall(self._data, self._counted, offset))
            self._counted = offset
        return self._line


def _nth(fields: list[str], number: int) -> str:
    return fields[number] if number < len(fields) else ""
