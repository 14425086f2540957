"""One run of the demo: the EHR plays, Odoo goes down and comes back, the hub works off what is left."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from careloom.core.clock import Clock
from careloom.core.errors import CareloomError
from careloom.hub.node import Node
from careloom.hub.status import read_status
from careloom.log.conservation import filtered_reasons
from careloom.sim.comparison import accounts_in, differences
from careloom.sim.morning import Morning, clock_at
from careloom.sim.odoo import SimulatedOdoo
from careloom.sim.playing import Player
from careloom.sim.screen import Events, Scene
from careloom.sim.stories import Fate
from careloom.sim.summary import Report
from careloom.store.sql import queries
from careloom.systems.mllp.listener import MllpListener

OUTAGE_BEGINS: Final = 0.4
OUTAGE_LASTS: Final = 0.25
SHORTEST_OUTAGE: Final = 1.5
PATIENCE_SECONDS: Final = 60.0
TO_THE_INSURER: Final = "deliver.payer"
_LOOK_SECONDS = 0.2
_MOST_REFUSALS = 1_000


class Unfinished(CareloomError):
    """Messages stay in flight that should have arrived somewhere long ago."""


class Performance:
    """A morning on a running hub. The EHR sends for `seconds`; `began` is when the demo did, on the clock's terms."""

    def __init__(
        self, morning: Morning, node: Node, odoo: SimulatedOdoo, clock: Clock, seconds: float, began: float
    ) -> None:
        self._morning = morning
        self._node = node
        self._odoo = odoo
        self._clock = clock
        self._seconds = seconds
        self._began = began
        self._up = True
        self._breaker = "closed"
        self._status: dict[str, Any] = node.status.as_dict()
        self._events = Events(lambda: clock_at(self._player.tally.moment, morning.messages))
        self._player = Player(morning, node.ports["ehr"], seconds, clock, self._events.tell)

    async def run(self, display: Callable[[Scene], None]) -> None:
        """Return when everything has arrived somewhere. Raises Unfinished when it does not within a minute."""
        watching = asyncio.get_running_loop().create_task(self._watch(display))
        try:
            await asyncio.gather(self._player.play(), self._outage())
            self._events.tell("the EHR has sent everything")
            await self._drained()
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            display(self._scene())

    async def report(self) -> Report:
        """What came of the morning, once the insurer has answered all that waited for it."""
        await self._look()
        database = self._node.store.database
        ehr = self._node.systems["ehr"]
        assert isinstance(ehr, MllpListener), "the morning's EHR sends by MLLP"
        counts = ehr.counts
        return Report(
            morning=self._morning,
            tally=self._player.tally,
            repeated=counts.repeated,
            conflicting=counts.conflicting,
            numbers=self._status["messages"],
            refusals=await self._refusals(),
            filtered=[dict(row) for row in await filtered_reasons(database)],
            parked=[dict(row) for row in await self._node.operators.parked()],
            differences=differences(self._morning.expected(), self._odoo),
        )

    async def _refusals(self) -> Counter[str]:
        async with self._node.store.database.acquire() as connection:
            rows = await connection.fetch(queries("operator").refusals, _MOST_REFUSALS)
        return Counter(f"{row['location']}: {row['reason']}" for row in rows)

    async def _outage(self) -> None:
        await self._clock.sleep(self._seconds * OUTAGE_BEGINS)
        down = self._odoo.faults.outage(503)
        self._up, self._player.outage = False, True
        self._events.tell("Odoo is down (503); the hub goes on acknowledging")
        await self._clock.sleep(max(SHORTEST_OUTAGE, self._seconds * OUTAGE_LASTS))
        self._odoo.faults.remove(down)
        self._up, self._player.outage = True, False
        self._events.tell("Odoo is back; what waited is delivered")

    async def _drained(self) -> None:
        deadline = self._clock.monotonic() + PATIENCE_SECONDS
        await self._look()
        while not self._is_over():
            if self._clock.monotonic() > deadline:
                raise Unfinished(
                    f"{self._status['messages']['in_flight']} messages are still in flight {PATIENCE_SECONDS:.0f} s"
                    " after the last one was sent; see hub.log beside the demo's careloom.toml"
                )
            await self._clock.sleep(_LOOK_SECONDS)
            await self._look()

    def _is_over(self) -> bool:
        """Nothing is on its way but to the insurer, who is away all morning, and what was refused is on the shelf,
        which is filled in the background."""
        numbers, subscriptions = self._status["messages"], self._status["subscriptions"]
        here = [one for one in subscriptions if one["name"] != TO_THE_INSURER]
        shelved = numbers["refused"] >= self._morning.fates()[Fate.REFUSED]
        return shelved and all(one["behind"] == 0 and one["retrying"] == 0 for one in here)

    async def _watch(self, display: Callable[[Scene], None]) -> None:
        while True:
            await self._look()
            display(self._scene())
            await self._clock.sleep(_LOOK_SECONDS)

    async def _look(self) -> None:
        self._status = await read_status(self._node.store.database, self._clock.now(), self._node.systems)
        breaker = self._scene().breaker
        if breaker != self._breaker:
            self._breaker = breaker
            self._events.tell(f"the hub's breaker for Odoo is {breaker}")

    def _scene(self) -> Scene:
        tally = self._player.tally
        return Scene(
            time=clock_at(tally.moment, self._morning.messages),
            seconds=self._clock.monotonic() - self._began,
            sent=tally.sent,
            acknowledged=tally.acknowledged,
            refused=tally.refused,
            total=len(self._morning.messages),
            status=self._status,
            odoo_up=self._up,
            accounts=accounts_in(self._odoo),
            events=tuple(self._events.last),
        )
