"""Reads a stream from a cursor that is ours: kept beside the log, moved once what was read is committed.

A consumer that the server remembers loses records when either side is killed (measured: 2,075 of 60,000, silently). So
the server's consumer is one that nobody remembers, from the cursor on, without acknowledgements; a gap in what it
delivers means that something was lost on the way, and it begins again at the cursor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from careloom.core.errors import Unavailable
from careloom.systems.broker import Inbound, KnownBy, Record
from careloom.systems.reception import Reception
from careloom.systems.seam import Surroundings, Trouble

GAP: Final = "stream-gap"
_DROPPED: Final = "the stream dropped records before they were read: ask their sender for them, and keep them longer"
_REMADE: Final = "the stream ends before what was read: it was made anew or lost records; it is read from its beginning"


class Bounds(NamedTuple):
    """The numbers of the oldest record of a stream that is still there, and of its newest; 0 before the first."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Numbered:
    """A record, its number in the stream, and its number among those that this consumer was given, from 1."""

    record: Record
    sequence: int
    delivered: int


class Stream(Protocol):
    """The part of a wire that reads. Raises Unavailable, AccessRefused, ContractBroken (no such stream)."""

    async def bounds(self, stream: str) -> Bounds:
        """Of the stream, whatever its subjects."""

    async def begin(self, stream: str, subject: str, sequence: int) -> None:
        """Give records from this number on, as `fetch` asks for them."""

    async def fetch(self, count: int) -> Sequence[Numbered]:
        """The next ones, at most so many; empty only when the server says that there are none now."""

    async def close(self) -> None:
        """Let go of it."""


class Ways(Protocol):
    """The settings that a consumer reads."""

    @property
    def every(self) -> float: ...
    @property
    def batch(self) -> int: ...
    @property
    def known_by(self) -> KnownBy: ...


class Consumer:
    """One reader of one stream; the hub lets one node at a time poll."""

    def __init__(
        self, wire: Stream, stream: str, subject: str, reception: Reception, around: Surroundings, ways: Ways
    ) -> None:
        self._wire = wire
        self._stream = stream
        self._subject = subject
        self._inbound = Inbound(reception, around, ways.known_by, "Nats-Msg-Id")
        self._memory = around.memory
        self._troubles = around.troubles
        self._ways = ways
        self._place = f"cursor/{stream}"

    @property
    def every(self) -> float:
        """Seconds between two looks."""
        return self._ways.every

    async def poll(self) -> None:
        """Take all that is there. Raises Unavailable; what was committed before it stays taken."""
        cursor = await self._cursor()
        await self._wire.begin(self._stream, self._subject, cursor + 1)
        expected = 1
        while records := await self._wire.fetch(self._ways.batch):
            for one in records:
                if one.delivered != expected:
                    raise Unavailable("the server left out a record; reading begins again at the cursor")
                expected += 1
            await self._take(records)

    async def close(self) -> None:
        """Close the wire; the cursor is kept."""
        await self._wire.close()

    async def _take(self, records: Sequence[Numbered]) -> None:
        for one in records:
            await self._inbound.take(one.record, f"{self._stream}/{one.sequence}")
        await self._keep(records[-1].sequence)

    async def _cursor(self) -> int:
        """The number of what was read last; moved, with a case, when the stream does not go on from there."""
        kept = await self._memory.get(self._place)
        first, last = await self._wire.bounds(self._stream)
        if kept is None:
            return 0
        cursor, before = int(kept), max(first - 1, 0)
        if cursor < before:
            await self._troubles.report(Trouble(GAP, _DROPPED, f"{self._stream}/{cursor + 1}-{before}"))
        elif cursor > last:
            await self._troubles.report(Trouble(GAP, _REMADE, f"{self._stream}/{last + 1}-{cursor}"))
        else:
            return cursor
        await self._keep(before)
        return before

    async def _keep(self, cursor: int) -> None:
        await self._memory.put(self._place, str(cursor).encode())
