"""Claims that go out together, as files; and files that come back.

Each claim is kept durably from the moment that it is taken. A batch is written down before it is written out, so that a
process that ends in between writes the same file again, under the same name and number, and no claim twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from careloom.core.envelope import Recorded
from careloom.mapping.x12.sending import to_837
from careloom.model import ClaimSubmitted, decode
from careloom.systems.answering import Answers, Expected, acknowledgements, report_refusals
from careloom.systems.control_numbers import ControlNumbers
from careloom.systems.drop import Sweep
from careloom.systems.exchange import open_ends
from careloom.systems.payer.settings import Batch, Settings
from careloom.systems.seam import Finding, Surroundings
from careloom.systems.sent import Sent

_WAITING, _OPEN = "claim/", "batch"


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
        self._ends = open_ends(batch, around)
        self._outbox = self._ends.outbox
        self._sweep = self._swept()
        self._sent = Sent(around.memory)

    @property
    def retry_after(self) -> float:
        """Seconds until the outbox has a chance; 0 when it can be written."""
        return self._outbox.retry_after

    async def take(self, event: Recorded) -> str:
        """Keep a claim until its batch goes; what became of it in words. Raises MappingError or FormatError for one
        that no 837 can be made of, so that it never holds up the others."""
        claim = _claim(event.data)
        to_837([claim], self._settings.envelope(1, self._local(event.time)))
        if await self._sent.has(event.id):
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
        await self._sent.forget(self._around.clock.now())

    async def check(self) -> Sequence[Finding]:
        """Whether both ends are there."""
        return await self._ends.check()

    async def close(self) -> None:
        """Let go of what is open."""
        await self._ends.close()

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
            await self._sent.add(UUID(key.removeprefix(_WAITING)), batch.control)
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
        if self._ends.inbox is None:
            return None
        answers = Answers(self._around, self._expected, self._answered, held=bool(self._batch.acknowledge))
        return Sweep(self._ends.inbox, answers, self._around.troubles, self._around.clock, self._batch.habits())

    async def _answered(self, data: bytes) -> None:
        """Tell what was refused, and answer an interchange with what the settings ask for, as files of the outbox."""
        await report_refusals(data, self._around)
        wanted, usage = self._batch.acknowledge, self._settings.usage
        for name, reply in await acknowledgements(data, wanted, usage, self._around, self._numbers):
            await self._outbox.write(name, reply)


def _claim(data: bytes) -> ClaimSubmitted:
    found = decode(ClaimSubmitted.type, data)
    assert isinstance(found, ClaimSubmitted)
    return found
