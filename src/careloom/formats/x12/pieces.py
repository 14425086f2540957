"""What of a file becomes one message each: transaction sets and TA1s as slices that can be read by themselves.

A slice is the ISA and GS segments, then ST to SE as they stood. Of a large 835 or 837 it may hold a few claims
only, with
the loops that they stand in repeated; then every part but the last has no SE. Memory stays flat: what is held
is one slice.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

import msgspec

from careloom.core.errors import FormatError
from careloom.formats.x12.delimiters import BLANKS, Delimiters
from careloom.formats.x12.interchange import parse
from careloom.formats.x12.loops import Loop
from careloom.formats.x12.reading import Batch, batches
from careloom.formats.x12.segment import decode, identifier
from careloom.formats.x12.slicing import Slicer, slicer_for

CLAIM_SETS: Final = ("835", "837")
_AT_ONCE: Final = 50


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """One message of a file, or, with `error`, bytes that are none and why.

    `data` can be parsed by itself. `offset` is where its ST (or TA1) stands in the file, `ordinal` the number of that
    segment, from 1. Identifiers are ISA06 and ISA08, GS02 and GS03, without padding. `part` counts the slices of a set
    from 1 and is 0 for a whole one; `last` is false while more slices of the set follow.
    """

    data: bytes
    offset: int
    ordinal: int = 0
    set_id: str = ""
    version: str = ""
    functional: str = ""
    sender: str = ""
    receiver: str = ""
    application_sender: str = ""
    application_receiver: str = ""
    interchange_control: str = ""
    group_control: str = ""
    control: str = ""
    part: int = 0
    last: bool = True
    error: FormatError | None = None


def pieces(source: bytes | BinaryIO, *, claims: int = 0) -> Iterator[Piece]:
    """The transaction sets and TA1s of a file, in order, and located errors for what is neither. Raises nothing.

    With `claims`, an 835 or 837 comes in parts of so many claims. Each segment of a set is in at least one part.
    """
    collector = _Collector(claims)
    for batch in batches(source):
        yield from collector.add(batch)
    yield from collector.close()


def each_claim(source: bytes | BinaryIO) -> Iterator[Loop]:
    """The claims of an 835 (loops 2100) or 837 (2300) one by one, in flat memory; `parent` leads to what is around.

    What cannot be read is passed over: `pieces` says what it was.
    """
    for piece in pieces(source, claims=_AT_ONCE):
        name = {"835": "2100", "837": "2300"}.get(piece.set_id)
        if name is not None and piece.data:
            for transaction in parse(piece.data)[0].transactions:
                yield from transaction.loops(name)


class _Collector:
    """Follows the envelope, and gathers the set that is open."""

    def __init__(self, claims: int) -> None:
        self._claims = claims
        self._marks = Delimiters()
        self._isa = self._gs = b""
        self._envelope: dict[str, str] = {}
        self._open: Slicer | None = None
        self._started: tuple[int, int] = (0, 0)
        self._said: dict[str, str] = {}
        self._ordinal = 0
        self._stray: list[bytes] = []
        self._stray_at = (0, 0)

    def add(self, batch: Batch) -> Iterator[Piece]:
        if batch.error is not None:
            yield from self.close()
            yield Piece(data=batch.segments[0], offset=batch.offset, error=batch.error)
            return
        self._marks = marks = batch.delimiters
        offset = batch.offset
        for raw in batch.segments:
            self._ordinal += 1
            name = identifier(raw, marks.element)
            step = _STEPS.get(name)
            if step is not None:
                yield from step(self, raw, offset + len(raw) - len(raw.lstrip(BLANKS)))
            elif self._open is not None:
                if self._open.add(name, raw):
                    yield self._slice(last=False)
                    self._open.begin()
                    self._open.add(name, raw)
            elif name:
                self._strayed(raw, offset)
            offset += len(raw) + 1

    def close(self) -> Iterator[Piece]:
        """What is open has no end."""
        yield from self._strays()
        if self._open is None:
            return
        place = f"segment {self._started[1]}"
        error = FormatError("the transaction set has no SE segment: the file is cut, or the next one begins", place)
        yield self._slice(last=True, error=error)
        self._open = None

    def _interchange(self, raw: bytes, offset: int) -> Iterator[Piece]:  # noqa: ARG002 - all steps are called alike
        yield from self.close()
        self._isa, self._gs = raw, b""
        parts = [decode(part).strip() for part in raw.lstrip(BLANKS).split(self._marks.element)]
        self._envelope = {"sender": parts[6], "receiver": parts[8], "interchange_control": parts[13]}

    def _group(self, raw: bytes, offset: int) -> Iterator[Piece]:  # noqa: ARG002 - all steps are called alike
        yield from self.close()
        self._gs = raw
        parts = [*(decode(part).strip() for part in raw.lstrip(BLANKS).split(self._marks.element)), *[""] * 8]
        self._envelope |= {
            "functional": parts[1], "application_sender": parts[2], "application_receiver": parts[3],
            "group_control": parts[6], "version": parts[8],
        }  # fmt: skip

    def _end(self, raw: bytes, offset: int) -> Iterator[Piece]:  # noqa: ARG002 - all steps are called alike
        yield from self.close()
        self._gs = b""
        for name in ("functional", "application_sender", "application_receiver", "group_control", "version"):
            self._envelope.pop(name, None)

    def _begin(self, raw: bytes, offset: int) -> Iterator[Piece]:
        yield from self.close()
        if not self._gs:
            self._strayed(raw, offset)
            return
        parts = [*(decode(part).strip() for part in raw.lstrip(BLANKS).split(self._marks.element)), "", "", ""]
        self._said = {"set_id": parts[1], "control": parts[2]}
        if parts[3]:
            self._said["version"] = parts[3]
        self._started = (offset, self._ordinal)
        claims = self._claims if parts[1] in CLAIM_SETS else 0
        self._open = slicer_for(parts[1], claims, self._marks)
        self._open.add(b"ST", raw)

    def _finish(self, raw: bytes, offset: int) -> Iterator[Piece]:
        if self._open is None:
            self._strayed(raw, offset)
            return
        self._open.add(b"SE", raw)
        yield self._slice(last=True)
        self._open = None

    def _acknowledgement(self, raw: bytes, offset: int) -> Iterator[Piece]:
        yield from self._strays()
        yield self._piece([self._isa, raw], offset, self._ordinal, {"set_id": "TA1"})

    def _slice(self, *, last: bool, error: FormatError | None = None) -> Piece:
        assert self._open is not None
        part = self._open.part if self._claims and (self._open.part > 1 or not last) else 0
        whole = self._piece([self._isa, self._gs, *self._open.content], *self._started, self._said)
        return msgspec.structs.replace(whole, part=part, last=last, error=error)

    def _piece(self, content: list[bytes], offset: int, ordinal: int, said: dict[str, str]) -> Piece:
        terminator = self._marks.terminator
        data = b"".join(raw + terminator for raw in content if raw).lstrip(BLANKS)
        return msgspec.convert({"data": data, "offset": offset, "ordinal": ordinal} | self._envelope | said, Piece)

    def _strayed(self, raw: bytes, offset: int) -> None:
        if not self._stray:
            self._stray_at = (offset, self._ordinal)
        if len(self._stray) < 512:
            self._stray.append(raw)

    def _strays(self) -> Iterator[Piece]:
        if not self._stray:
            return
        offset, ordinal = self._stray_at
        error = FormatError("segments that stand in no transaction set", f"segment {ordinal}")
        data = self._marks.terminator.join(self._stray)
        self._stray = []
        yield msgspec.structs.replace(self._piece([], offset, ordinal, {}), data=data, error=error)


_STEPS = {
    b"ISA": _Collector._interchange, b"TA1": _Collector._acknowledgement, b"GS": _Collector._group,
    b"ST": _Collector._begin, b"SE": _Collector._finish, b"GE": _Collector._end, b"IEA": _Collector._end,
}  # fmt: skip
