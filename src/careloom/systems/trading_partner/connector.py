"""A supplier, a distributor or a customer that X12 is exchanged with, as files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from careloom.core.envelope import Recorded
from careloom.core.errors import CareloomError
from careloom.core.outcomes import Done, Outcome, Skip
from careloom.mapping.x12.sending import WRITERS, to_x12
from careloom.model import decode
from careloom.systems.answering import Answers, Expected, acknowledgements, report_refusals
from careloom.systems.control_numbers import ControlNumbers
from careloom.systems.drop import Sweep
from careloom.systems.exchange import open_ends
from careloom.systems.seam import Finding, Surroundings
from careloom.systems.sent import Sent
from careloom.systems.trading_partner.settings import Settings

__all__ = ["Settings", "TradingPartner", "connect"]


class TradingPartner:
    """One partner. Events go out as interchanges of their own; what the partner leaves goes into the log."""

    def __init__(self, settings: Settings, around: Surroundings) -> None:
        self._settings = settings
        self._around = around
        self._ends = open_ends(settings, around)
        self._numbers = ControlNumbers(around.system, around.memory)
        self._sent = Sent(around.memory)
        self._expected = Expected(around, settings.within)
        self._sweep = self._swept()
        self._forgotten: date | None = None

    @property
    def retry_after(self) -> float:
        """Seconds until a file has a chance; 0 when files go through."""
        return self._ends.outbox.retry_after

    @property
    def every(self) -> float:
        """Seconds between two looks at what the partner left."""
        return self._settings.every

    async def post(self, event: Recorded) -> Outcome:
        """Write an event as an interchange, unless it came from this partner or X12 has no form for it."""
        if event.source == self._around.system:
            return Skip("it came from this partner, who has it already")
        if event.type not in WRITERS:
            return Skip(f"X12 has no form for {event.type}")
        try:
            return Done(await self._write(event))
        except CareloomError as error:
            return error.outcome()

    async def poll(self) -> None:
        """Take the files that have come, and forget what is old. Raises Unavailable, AccessRefused."""
        await self._forget()
        if self._sweep is not None:
            await self._sweep.run()

    async def check(self) -> Sequence[Finding]:
        """Whether both folders are there."""
        return await self._ends.check()

    async def close(self) -> None:
        """Let go of what is open."""
        await self._ends.close()

    async def _write(self, event: Recorded) -> str:
        """The answers are expected from before the file is there, and it is noted once it is. A process that ends in
        between writes the same file again: same name, same number, same content."""
        if await self._sent.has(event.id):
            return "sent before"
        control = await self._numbers.of(str(event.id), event.time)
        local = event.time.astimezone(self._around.source.zone)
        envelope = self._settings.envelope(control, local, acknowledge=self._settings.ask_ta1)
        data = to_x12(decode(event.type, event.data), envelope)
        assert data is not None, "what has no form was skipped"
        await self._expected.of(data, message=event.correlation)
        name = _name(event, control)
        await self._ends.outbox.write(name, data)
        await self._sent.add(event.id, control)
        return name

    def _swept(self) -> Sweep | None:
        if self._ends.inbox is None:
            return None
        answers = Answers(self._around, self._expected, self._stored, held=bool(self._settings.acknowledge))
        return Sweep(self._ends.inbox, answers, self._around.troubles, self._around.clock, self._settings.habits())

    async def _stored(self, data: bytes) -> None:
        """Tell what the partner refused, and acknowledge what is no acknowledgement."""
        await report_refusals(data, self._around)
        wanted, usage = self._settings.acknowledge, self._settings.usage
        for name, reply in await acknowledgements(data, wanted, usage, self._around, self._numbers):
            await self._ends.outbox.write(name, reply)

    async def _forget(self) -> None:
        now = self._around.clock.now()
        await self._sent.forget(now)
        if self._forgotten != now.date():
            self._forgotten = now.date()
            await self._numbers.forget(now)


def _name(event: Recorded, control: int) -> str:
    """Files about one subject sort as their events stand in the log, for partners that read them by name."""
    return f"{event.position.sequence:012}-{event.type.partition('.')[0]}-{control:09}.edi"


def connect(settings: Settings, around: Surroundings) -> TradingPartner:
    """A trading partner; nothing is connected yet."""
    return TradingPartner(settings, around)
