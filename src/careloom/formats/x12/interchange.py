"""A file as a tree: interchanges, functional groups, transaction sets; every byte of it is kept and written back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

from careloom.core.errors import FormatError
from careloom.formats.x12.delimiters import BLANKS, Delimiters
from careloom.formats.x12.reading import batches
from careloom.formats.x12.segment import Segment
from careloom.formats.x12.transaction import Transaction

_NOTHING: Final = ("there is no X12 interchange in it: nothing but blanks", "ISA")


class Group:
    """A functional group: GS, its transaction sets, GE. `trailer` is None in a slice and in a cut file; `strays` are
    segments that stand in it but in no set."""

    __slots__ = ("header", "interchange", "strays", "trailer", "transactions")

    def __init__(self, header: Segment, interchange: Interchange) -> None:
        self.header = header
        self.interchange = interchange
        self.trailer: Segment | None = None
        self.transactions: list[Transaction] = []
        self.strays: list[Segment] = []

    @property
    def functional(self) -> str:
        """GS01, the kind of the sets inside (`HP`)."""
        return self.header[1]

    @property
    def control_number(self) -> str:
        """GS06."""
        return self.header[6].strip()

    @property
    def version(self) -> str:
        """GS08 (`005010X221A1`)."""
        return self.header[8].strip()

    def __repr__(self) -> str:
        return f"<Group {self.functional} with {len(self.transactions)} sets>"


class Interchange:
    """ISA to IEA. `acknowledgements` are its TA1 segments, `strays` what stands in no group, `segments` all of it."""

    __slots__ = (
        "_lead", "_tail", "_terminated", "acknowledgements", "groups", "header", "segments", "strays", "trailer"
    )  # fmt: skip

    def __init__(self, header: Segment, lead: bytes = b"") -> None:
        self.header = header
        self.trailer: Segment | None = None
        self.groups: list[Group] = []
        self.acknowledgements: list[Segment] = []
        self.strays: list[Segment] = []
        self.segments: list[Segment] = []
        self._lead, self._tail, self._terminated = lead, b"", True

    @property
    def delimiters(self) -> Delimiters:
        """As its ISA declares them."""
        return self.header.delimiters

    @property
    def sender(self) -> str:
        """ISA06 without its padding."""
        return self.header[6].strip()

    @property
    def receiver(self) -> str:
        """ISA08 without its padding."""
        return self.header[8].strip()

    @property
    def control_number(self) -> str:
        """ISA13."""
        return self.header[13].strip()

    @property
    def transactions(self) -> Iterator[Transaction]:
        """The sets of all groups."""
        return (transaction for group in self.groups for transaction in group.transactions)

    def encode(self) -> bytes:
        """The bytes that were read, to the last blank."""
        terminator = self.delimiters.terminator
        body = terminator.join(segment.raw for segment in self.segments)
        return self._lead + body + (terminator if self._terminated else b"") + self._tail

    def __repr__(self) -> str:
        return f"<Interchange with {len(self.groups)} groups>"


def parse(data: bytes) -> list[Interchange]:
    """All interchanges of a file, or of a slice that `pieces` made. `b"".join(i.encode() for i in parse(data))
    == data`.

    Structure is taken as it comes: what lacks or contradicts is for `validate` to say. FormatError, located, for bytes
    that belong to no interchange, and where there is none.
    """
    builder = _Builder(data)
    for batch in batches(data):
        if batch.error is not None:
            raise batch.error
        builder.add(batch.segments, batch.delimiters, batch.offset, batch.terminated)
    return builder.finish()


def is_kept(file: BinaryIO) -> bool:
    """Whether a file that can seek is the same when it is parsed and written back, found out in flat memory.

    As `encode`, it takes what stands between interchanges as it is. FormatError as of `parse`.
    """
    kept, empty = True, True
    for batch in batches(file):
        if batch.error is not None:
            raise batch.error
        terminator, empty = batch.delimiters.terminator, False
        body = terminator.join(batch.segments) + (terminator if batch.terminated else b"")
        kept = kept and _stands(file, batch.offset, body)
    if empty:
        raise FormatError(*_NOTHING)
    return kept


def _stands(file: BinaryIO, offset: int, body: bytes) -> bool:
    """Whether these bytes stand there in a file, which is left where it was."""
    here = file.tell()
    file.seek(offset)
    found = file.read(len(body)) == body
    file.seek(here)
    return found


class _Builder:
    """Sorts segments into the tree. Each envelope segment closes what is open inside of what it opens or closes."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._found: list[Interchange] = []
        self._group: Group | None = None
        self._set: Transaction | None = None
        self._end = self._ordinal = 0

    def add(self, raws: list[bytes], marks: Delimiters, offset: int, terminated: bool) -> None:
        for raw in raws:
            self._ordinal += 1
            head = raw.lstrip(BLANKS)
            segment = Segment(raw, marks, self._ordinal, offset + len(raw) - len(head))
            self._place(head.partition(marks.element)[0].rstrip(BLANKS), segment, offset)
            offset += len(raw) + 1
        self._end = offset if terminated else offset - 1
        self._found[-1]._terminated = terminated

    def _place(self, name: bytes, segment: Segment, offset: int) -> None:
        if name == b"ISA":
            self._open(segment, offset)
        interchange = self._found[-1]
        interchange.segments.append(segment)
        if name in _ENVELOPE:
            _ENVELOPE[name](self, interchange, segment)
        elif self._set is not None:
            self._set.segments.append(segment)
        else:
            (self._group or interchange).strays.append(segment)

    def _open(self, segment: Segment, offset: int) -> None:
        lead = self._data[self._end : offset]
        if self._found:
            self._found[-1]._tail, lead = lead, b""
        self._found.append(Interchange(segment, lead))
        self._group = self._set = None

    def _isa(self, interchange: Interchange, segment: Segment) -> None:
        """Opened already."""

    def _iea(self, interchange: Interchange, segment: Segment) -> None:
        interchange.trailer = segment
        self._group = self._set = None

    def _ta1(self, interchange: Interchange, segment: Segment) -> None:
        interchange.acknowledgements.append(segment)

    def _gs(self, interchange: Interchange, segment: Segment) -> None:
        self._group, self._set = Group(segment, interchange), None
        interchange.groups.append(self._group)

    def _ge(self, interchange: Interchange, segment: Segment) -> None:
        if self._group is None:
            interchange.strays.append(segment)
        else:
            self._group.trailer = segment
        self._group = self._set = None

    def _st(self, interchange: Interchange, segment: Segment) -> None:
        if self._group is None:
            interchange.strays.append(segment)
            return
        self._set = Transaction([segment], self._group)
        self._group.transactions.append(self._set)

    def _se(self, interchange: Interchange, segment: Segment) -> None:
        if self._set is None:
            (self._group or interchange).strays.append(segment)
            return
        self._set.segments.append(segment)
        self._set = None

    def finish(self) -> list[Interchange]:
        if not self._found:
            raise FormatError(*_NOTHING)
        self._found[-1]._tail = self._data[self._end :]
        return self._found


_ENVELOPE = {
    b"ISA": _Builder._isa, b"IEA": _Builder._iea, b"TA1": _Builder._ta1, b"GS": _Builder._gs,
    b"GE": _Builder._ge, b"ST": _Builder._st, b"SE": _Builder._se,
}  # fmt: skip
