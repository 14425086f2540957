"""Reads a queue, one message at a time, and acknowledges each once it is committed.

A look opens a consumer, takes what comes until nothing more does, and closes it: what was not acknowledged by then, the
server puts back where it stood. So whoever is killed, and when, a message is in the log or still in the queue; one that
is in both is known by its id when it comes again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from careloom.core.errors import Unavailable
from careloom.systems.broker import Inbound, KnownBy, Record
from careloom.systems.reception import Reception
from careloom.systems.seam import Surroundings


@dataclass(frozen=True, slots=True)
class Delivered:
    """A record, and its number among those that were delivered since `begin`, from 1 (AMQP 0-9-1: delivery tag)."""

    record: Record
    tag: int


class Queue(Protocol):
    """The part of a wire that reads. Raises Unavailable, AccessRefused, ContractBroken (no such queue)."""

    async def begin(self, queue: str, prefetch: int) -> None:
        """Let records of this queue come, at most so many before they are settled."""

    async def fetch(self, wait: float) -> Sequence[Delivered]:
        """Those that have come, in order; waits so many seconds for the first, and is empty when none comes."""

    async def acknowledge(self, tag: int) -> None:
        """The record is ours now; the queue forgets it."""

    async def reject(self, tag: int) -> None:
        """The record will never be taken: the queue's dead letter exchange gets it, where it has one."""

    async def end(self) -> None:
        """Let no more come; what is not settled goes back to its place in the queue. Never raises an Exception."""

    async def close(self) -> None:
        """Let go of the broker."""


class Ways(Protocol):
    """The settings that a consumer reads."""

    @property
    def every(self) -> float: ...
    @property
    def wait(self) -> float: ...
    @property
    def prefetch(self) -> int: ...
    @property
    def known_by(self) -> KnownBy: ...


class Consumer:
    """One reader of one queue; the hub lets one node at a time poll."""

    def __init__(self, wire: Queue, queue: str, reception: Reception, around: Surroundings, ways: Ways) -> None:
        self._wire = wire
        self._queue = queue
        self._inbound = Inbound(reception, around, ways.known_by, "message_id")
        self._around = around
        self._ways = ways

    @property
    def every(self) -> float:
        """Seconds between two looks."""
        return self._ways.every

    async def poll(self) -> None:
        """Take all that is there. Raises Unavailable; what was not committed before it is in the queue again."""
        try:
            await self._wire.begin(self._queue, self._ways.prefetch)
            expected = 1
            while records := await self._wire.fetch(self._ways.wait):
                for one in records:
                    if one.tag != expected:
                        raise Unavailable("the server left out a message; reading begins again")
                    expected += 1
                    await self._take(one)
        finally:
            await self._wire.end()

    async def close(self) -> None:
        """Close the wire; what was not acknowledged is in the queue again."""
        await self._wire.close()

    async def _take(self, one: Delivered) -> None:
        if await self._inbound.take(one.record, f"{self._queue}/{self._mark(one.record)}"):
            await self._wire.acknowledge(one.tag)
        else:
            await self._wire.reject(one.tag)

    def _mark(self, record: Record) -> str:
        """Stands for the record in cases: the same when it comes again, and tells nothing that is in it."""
        return self._around.digest(record.id or record.body.decode("latin-1")).hex()[:16]
