"""Reads a topic from offsets that are ours: kept beside the log, moved once what was read is committed.

There is no consumer group, so nothing rebalances and no broker remembers us: a look begins each partition where our
offset says, on whichever node it runs. Offsets that are missing inside a partition are normal (compaction, the marks of
transactions); a partition that begins after our offset has dropped what we had not read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from careloom.systems.broker import Inbound, KnownBy, Record
from careloom.systems.reception import Reception
from careloom.systems.seam import Surroundings, Trouble

GAP: Final = "stream-gap"
_DROPPED: Final = "the topic dropped records before they were read: ask their sender for them, and keep them longer"
_REMADE: Final = "the topic ends before what was read: it was made anew or lost records; it is read from its beginning"


class Bounds(NamedTuple):
    """The offset of the oldest record of a partition, and the one that its next record will have."""

    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Placed:
    """A record, and where it stands."""

    record: Record
    partition: int
    offset: int


class Topic(Protocol):
    """The part of a wire that reads. Raises Unavailable, AccessRefused, ContractBroken (no such topic)."""

    async def bounds(self, topic: str) -> Mapping[int, Bounds]:
        """Of each of its partitions."""

    async def begin(self, topic: str, offsets: Mapping[int, int]) -> None:
        """Give records of these partitions from these offsets on, as `fetch` asks for them."""

    async def fetch(self, count: int) -> Sequence[Placed]:
        """The next ones, at most so many, in order within each partition; empty when there are none now."""

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
    @property
    def auto_offset_reset(self) -> str: ...


class Consumer:
    """One reader of one topic; the hub lets one node at a time poll."""

    def __init__(self, wire: Topic, topic: str, reception: Reception, around: Surroundings, ways: Ways) -> None:
        self._wire = wire
        self._topic = topic
        self._inbound = Inbound(reception, around, ways.known_by, "ce_id")
        self._memory = around.memory
        self._troubles = around.troubles
        self._ways = ways

    @property
    def every(self) -> float:
        """Seconds between two looks."""
        return self._ways.every

    async def poll(self) -> None:
        """Take all that is there. Raises Unavailable; what was committed before it stays taken."""
        bounds = await self._wire.bounds(self._topic)
        await self._wire.begin(self._topic, await self._offsets(bounds))
        while records := await self._wire.fetch(self._ways.batch):
            for one in records:
                await self._take(one)
            for partition, offset in {one.partition: one.offset for one in records}.items():
                await self._keep(partition, offset + 1)

    async def close(self) -> None:
        """Close the wire; the offsets are kept."""
        await self._wire.close()

    async def _take(self, one: Placed) -> None:
        if one.record.body:  # else a tombstone: compaction forgets what its key stood for, and there is no message
            await self._inbound.take(one.record, f"{self._topic}/{one.partition}/{one.offset}")

    async def _offsets(self, bounds: Mapping[int, Bounds]) -> Mapping[int, int]:
        """Where to begin. A partition that is new in a topic that we know is read from its beginning, always."""
        fresh = not await self._memory.keys(f"offset/{self._topic}/")
        found: dict[int, int] = {}
        for partition, (first, end) in sorted(bounds.items()):
            kept = await self._memory.get(self._place(partition))
            if kept is None:
                found[partition] = end if fresh and self._ways.auto_offset_reset == "latest" else first
            else:
                found[partition] = await self._checked(partition, int(kept), Bounds(first, end))
            if kept is None or found[partition] != int(kept):
                await self._keep(partition, found[partition])
        return found

    async def _checked(self, partition: int, offset: int, bounds: Bounds) -> int:
        """Our offset; moved, with a case, when the partition does not have it any more."""
        place = f"{self._topic}/{partition}"
        if offset < bounds.first:
            await self._troubles.report(Trouble(GAP, _DROPPED, f"{place}/{offset}-{bounds.first - 1}"))
            return bounds.first
        if offset > bounds.end:
            await self._troubles.report(Trouble(GAP, _REMADE, f"{place}/{bounds.end}-{offset - 1}"))
            return bounds.first
        return offset

    async def _keep(self, partition: int, offset: int) -> None:
        await self._memory.put(self._place(partition), str(offset).encode())

    def _place(self, partition: int) -> str:
        return f"offset/{self._topic}/{partition}"
