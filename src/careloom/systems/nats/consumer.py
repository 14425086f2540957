"""Reads a stream from a cursor that is ours: kept beside the log, moved once what was read is committed.

A consumer that the server remembers loses records when either side is killed (measured: 2,075 of 60,000, silently). So
the server's consumer is one that nobody remembers, from the cursor on, without acknowledgements; a gap in what it
delivers means that something was lost on the way, and it begins again at the cursor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from careloom.core.errors import Unavailable
from careloom.systems.broker import Record, put_aside
from careloom.systems.reception import Reception
from careloom.systems.seam import Memory, Trouble, Troubles

CURSOR: Final = "cursor"
GAP: Final = "stream-gap"


@dataclass(frozen=True, slots=True)
class Numbered:
    """A record, its number in the stream, and its number among those that this consumer was given, from 1."""

    record: Record
    sequence: int
    delivered: int


class Stream(Protocol):
    """The part of a wire that reads. Raises Unavailable, AccessRefused, ContractBroken (no such stream)."""

    async def first(self, stream: str) -> int:
        """The number of the oldest record that is still there."""

    async def begin(self, stream: str, subject: str, sequence: int) -> None:
        """Give records from this number on, as `fetch` asks for them."""

    async def fetch(self, count: int) -> Sequence[Numbered]:
        """The next ones, at most so many; empty when there are none now."""

    async def close(self) -> None:
        """Let go of it."""


class Consumer:
    """One reader of one stream; the hub lets one node at a time poll."""

    def __init__(
        self,
        wire: Stream,
        stream: str,
        subject: str,
        reception: Reception,
        memory: Memory,
        troubles: Troubles,
        *,
        every: float,
        batch: int,
    ) -> None:
        self._wire = wire
        self._stream = stream
        self._subject = subject
        self._reception = reception
        self._memory = memory
        self._troubles = troubles
        self._every = every
        self._batch = batch

    @property
    def every(self) -> float:
        """Seconds between two looks."""
        return self._every

    async def poll(self) -> None:
        """Take all that is there. Raises Unavailable; what was committed before it stays taken."""
        cursor = await self._cursor()
        await self._wire.begin(self._stream, self._subject, cursor + 1)
        expected = 1
        while records := await self._wire.fetch(self._batch):
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
            place = f"{self._stream}/{one.sequence}"
            taken = await self._reception.take(one.record.body, origin=place, key=one.record.id or None)
            if not taken.good:
                await put_aside(self._troubles, place, taken.refused or [_Conflict()])
        await self._memory.put(CURSOR, str(records[-1].sequence).encode())

    async def _cursor(self) -> int:
        """Where we are; moved on, with a case, when the stream has dropped what we had not read."""
        kept = await self._memory.get(CURSOR)
        cursor = int(kept) if kept else 0
        first = await self._wire.first(self._stream)
        if kept and first > cursor + 1:
            lost = f"{self._stream}/{cursor + 1}-{first - 1}"
            reason = "the stream dropped records before they were read: ask their sender for them, and keep them longer"
            await self._troubles.report(Trouble(GAP, reason, lost))
            await self._memory.put(CURSOR, str(first - 1).encode())
            return first - 1
        return cursor


class _Conflict(Unavailable):
    def __init__(self) -> None:
        super().__init__("its id was used before for other content")
