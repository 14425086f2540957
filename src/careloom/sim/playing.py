"""Plays a morning against a hub: the EHR's lines, at their pace, and what was answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from careloom.core.clock import Clock
from careloom.formats import hl7v2
from careloom.sim.lines import Answer, EhrLine
from careloom.sim.morning import Morning, Outgoing
from careloom.sim.stories import TAKEN, Fate

Tell = Callable[[str], None]


@dataclass(slots=True)
class Tally:
    """What the EHR counts. `surprises` lists answers that the morning does not expect."""

    sent: int = 0
    acknowledged: int = 0
    refused: int = 0
    during_outage: int = 0
    moment: float = 0.0
    surprises: list[str] = field(default_factory=list)


class Player:
    """Sends the messages of a morning within `seconds`, on as many connections as it has lines."""

    def __init__(self, morning: Morning, port: int, seconds: float, clock: Clock, tell: Tell) -> None:
        self.tally = Tally()
        self.outage = False
        self._morning = morning
        self._port = port
        self._seconds = seconds
        self._clock = clock
        self._tell = tell

    async def play(self) -> None:
        """Return when every message is answered. Raises Unavailable and AmbiguousError when the hub is away."""
        start = self._clock.monotonic()
        lines = sorted({one.line for one in self._morning.messages})
        await asyncio.gather(*(self._line(self._morning.on_line(line), start) for line in lines))

    async def _line(self, messages: list[Outgoing], start: float) -> None:
        line = await EhrLine.open("127.0.0.1", self._port)
        try:
            for one in messages:
                early = start + one.moment * self._seconds - self._clock.monotonic()
                if early > 0:
                    await self._clock.sleep(early)
                self.tally.sent += 1
                self._note(one, await line.send(one.sent.body))
        finally:
            await line.close()

    def _note(self, one: Outgoing, answer: Answer) -> None:
        tally, fate = self.tally, one.sent.fate
        tally.moment = max(tally.moment, one.moment)
        if answer.accepted:
            tally.acknowledged += 1
            tally.during_outage += self.outage
        else:
            tally.refused += 1
            where = f" at {answer.location}" if answer.location else ""
            self._tell(f"refused {one.sent.what}: {answer.code}{where}")
        if answer.accepted != (fate in TAKEN or fate is Fate.REPEATED):
            tally.surprises.append(f"{one.sent.what} was to be {fate}, and was answered {answer.code}")
        elif answer.accepted and answer.control_id != hl7v2.peek(one.sent.body).control_id:
            tally.surprises.append(f"{one.sent.what} got the answer to another message")
