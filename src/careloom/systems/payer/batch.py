"""Claims that go out together, as files; and files that come back.

Each claim is kept durably from the moment that it is taken. A batch is written down before it is written out, so that a
process that ends in between writes the same file again, under the same name and number, and no claim twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from careloom.core.envelope import Recorded
from careloom.core.ids import made_at
from careloom.formats import x12
from careloom.mapping.x12.sending import to_837
from careloom.model import ClaimSubmitted, decode
from careloom.systems.drop import Habits, Sweep
from careloom.systems.folder.outbox import FolderOut
from careloom.systems.folder.place import LocalPlace
from careloom.systems.payer.answers import Answers, Expected, acknowledgements
from careloom.systems.payer.numbers import ControlNumbers
from careloom.systems.payer.settings import Batch, Settings
from careloom.systems.resilience import Breaker, Gate, TokenBucket
from careloom.systems.seam import Surroundings

_WAITING, _SENT, _OPEN = "claim/", "sent/", "batch"
_REMEMBERED: Final = timedelta(days=30)


class _Waiting(msgspec.Struct, frozen=True):
    """A claim that waits for its batch, and since when."""

    since: datetime
    event: bytes


class _Open(msgspec.Struct, frozen=True):
    """A batch that is being written: which claims, under which number, made when."""

    control: int
    time: datetime
    claims: tuple[str, ...]


class Batches:
    """The batch side of one payer."""

    def __init__(
        self,
        settings: Settings,
        batch: Batch,
        around: Surroundings,
        numbers: ControlNumbers,
        expected: Expected,
    ) -> None:
        self._settings = settings
        self._batch = batch
        self._around = around
        self._memory = around.memory
        self._numbers = numbers
        self._expected = expected
        gate = Gate(Breaker(f"{around.system}.outbox", around.clock), TokenBucket(around.clock, None), 1)
        self._outbox = FolderOut(batch.outbox, "event", gate)
        self._sweep = self._swept()
        self._pruned = ""

    @property
    def retry_after(self) -> float:
        """Seconds until the outbox has a chance; 0 when it can be written."""
        return self._outbox.retry_after

    async def take(self, event: Recorded) -> str:
        """Keep a claim until its batch goes; what became of it in words. Raises MappingError or FormatError for one
        that no 837 can be made of, so that it never holds up the others."""
        claim = _claim(event.data)
        to_837([claim], self._settings.envelope(1, self._local(event.time)))
        if await self._memory.get(f"{_SENT}{event.id}") is not None:
            return "sent before"
        await self._memory.put(
            f"{_WAITING}{event.id}", msgspec.msgpack.encode(_Waiting(self._around.clock.now(), event.data))
        )
        return "waits for its batch"

    async def run(self) -> None:
        """Write the batches that are due, take the files that have come. Raises Unavailable."""
        await self._finish()
        while await self._begin():
            await self._finish()
        if self._sweep is not None:
            await self._sweep.run()
        await self._prune()

    async def close(self) -> None:
        await self._outbox.close()

    async def _begin(self) -> bool:
        """Write down the next batch, if one is due: it is full, or its first claim has waited long enough."""
        keys = list(await self._memory.keys(_WAITING))[: self._batch.claims]
        if not keys:
            return False
        first = await self._waiting(keys[0])
        now = self._around.clock.now()
        if len(keys) < self._batch.claims and now - first.since < timedelta(seconds=self._batch.wait):
            return False
        control = await self._numbers.of(f"batch/{keys[0]}", now)
        await self._memory.put(_OPEN, msgspec.msgpack.encode(_Open(control, now, tuple(keys))))
        return True

    async def _finish(self) -> None:
        """Write the batch that is written down, and let go of its claims."""
        kept = await self._memory.get(_OPEN)
        if kept is None:
            return
        batch = msgspec.msgpack.decode(kept, type=_Open)
        claims = [_claim((await self._waiting(key)).event) for key in batch.claims if await self._memory.get(key)]
        if len(claims) == len(batch.claims):  # else it was written, and the process ended while it let go of them
            await self._write(batch, claims)
        for key in batch.claims:
            await self._memory.put(f"{_SENT}{key.removeprefix(_WAITING)}", str(batch.control).encode())
            await self._memory.delete(key)
        await self._memory.delete(_OPEN)

    async def _write(self, batch: _Open, claims: Sequence[ClaimSubmitted]) -> None:
        envelope = self._settings.envelope(batch.control, self._local(batch.time), acknowledge=True)
        data = await asyncio.to_thread(to_837, claims, envelope, batch=f"{batch.control:09}")
        await self._expected.of(data)
        await self._outbox.write(f"837-{batch.control:09}.edi", data)

    async def _waiting(self, key: str) -> _Waiting:
        kept = await self._memory.get(key)
        assert kept is not None, "one node at a time writes batches"
        return msgspec.msgpack.decode(kept, type=_Waiting)

    def _local(self, time: datetime) -> datetime:
        return time.astimezone(self._around.source.zone)

    def _swept(self) -> Sweep | None:
        if self._batch.inbox is None:
            return None
        habits = Habits(stable_seconds=self._batch.stable_seconds)
        answers = Answers(self._around, self._expected, self.acknowledge)
        return Sweep(LocalPlace(self._batch.inbox), answers, self._around.troubles, self._around.clock, habits)

    async def acknowledge(self, data: bytes) -> None:
        """Answer an interchange with what the settings ask for, as files of the outbox."""
        for reply in await acknowledgements(data, self._settings, self._around, self._numbers):
            [interchange] = x12.parse(reply.data)
            await self._outbox.write(f"{reply.kind}-{interchange.control_number}.edi", reply.data)

    async def _prune(self) -> None:
        """Once a day, forget claims that were sent long ago: no event comes again so late."""
        now = self._around.clock.now()
        if self._pruned == now.date().isoformat():
            return
        self._pruned = now.date().isoformat()
        for key in await self._memory.keys(_SENT):
            if now - made_at(UUID(key.removeprefix(_SENT))) > _REMEMBERED:
                await self._memory.delete(key)


def _claim(data: bytes) -> ClaimSubmitted:
    found = decode(ClaimSubmitted.type, data)
    assert isinstance(found, ClaimSubmitted)
    return found
