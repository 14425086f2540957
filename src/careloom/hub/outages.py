"""Opens a case for a system that is away for long, one for each outage, and closes it when the system answers again.

While a breaker is open events wait and no attempt of theirs is counted, so that none of them ever becomes a case by
itself: without this nobody would be told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from careloom.cases.recording import Recorder
from careloom.core.clock import Clock
from careloom.core.errors import CareloomError
from careloom.core.outcomes import Category
from careloom.hub.observing import TelemetrySection
from careloom.hub.status import StatusBoard
from careloom.hub.storage import Storage
from careloom.log.handling import Subscription
from careloom.log.ports import Connection, NewCase
from careloom.store.database import Database
from careloom.store.sql import queries
from careloom.systems.resilience import BreakerState
from careloom.workflow.declaration import length_of

_SQL = queries("systems")
EVERY_SECONDS: Final = 5.0
STEADY_SECONDS: Final = 30.0
"""A breaker begins closed: only one that stays so for a while says that the system is back."""
KIND: Final = "system-away"
_WELL: Final = BreakerState.CLOSED.value
_PROBED: Final = BreakerState.HALF_OPEN.value
_AWAY: Final = {BreakerState.OPEN.value: Category.NETWORK, BreakerState.REFUSED.value: Category.AUTHENTICATION}
Standings = Mapping[str, Mapping[str, Any]]
Outage = tuple[str, Category]
"""A system, and why nothing goes through to it: one may follow the other, and is told of by itself."""


class Outages:
    """Looks every few seconds. `standings` says how each system stands by all processes; `callers` which subscriptions
    call it. What maintenance was announced for is not away."""

    def __init__(
        self,
        database: Database,
        recorder: Recorder,
        clock: Clock,
        standings: Callable[[], Standings],
        callers: Mapping[str, Sequence[str]],
        after: timedelta,
    ) -> None:
        self._database = database
        self._recorder = recorder
        self._clock = clock
        self._standings = standings
        self._callers = callers
        self._after = after.total_seconds()
        self._away: dict[Outage, float] = {}
        self._well: dict[str, float] = {}
        self._told: set[Outage] = set()

    async def look(self) -> list[str]:
        """Open and close cases; the systems that are away for long. Raises Unavailable."""
        now = self._clock.monotonic()
        states = {name: str(one["state"]) for name, one in self._standings().items()}
        self._away = {one: self._away.get(one, now) for one in self._outages(states)}
        self._well = {name: self._well.get(name, now) for name, state in states.items() if state == _WELL}
        late = [one for one, since in self._away.items() if now - since >= self._after]
        back = [name for name, since in self._well.items() if now - since >= STEADY_SECONDS]
        async with self._database.acquire() as connection, connection.transaction():
            await self._tell(connection, [one for one in late if one not in self._told], back)
        self._told = {one for one in (*self._told, *late) if one[0] not in back}
        return sorted({name for name, _ in late})

    def _outages(self, states: Mapping[str, str]) -> list[Outage]:
        """While a probe is under way it is what it was before."""
        found = [(name, _AWAY[state]) for name, state in states.items() if state in _AWAY]
        return found + [one for one in self._away if states.get(one[0]) == _PROBED]

    async def keep_looking(self) -> None:
        """For ever; while the store is away nothing is delivered anyhow."""
        while True:
            await self._clock.sleep(EVERY_SECONDS)
            with suppress(CareloomError):
                await self.look()

    async def _tell(self, connection: Connection, fresh: Sequence[Outage], back: Sequence[str]) -> None:
        book = self._recorder.book
        events = [*await book.open(connection, [_case(*one) for one in fresh if await self._is_news(connection, *one)])]
        for row in await connection.fetch(_SQL.open_of_kind, KIND):
            if row["system"] in back:
                events += await book.settle(connection, row["system"], KIND, row["field"], "it answers again")
        await self._recorder.write(connection, events)

    async def _is_news(self, connection: Connection, system: str, category: Category) -> bool:
        """An event that met a refusal is a case already, of the same cause."""
        callers = list(self._callers.get(system, ()))
        return category is Category.NETWORK or not await connection.fetchval(_SQL.refused_before, callers)


def outages_of(
    section: TelemetrySection,
    store: Storage,
    recorder: Recorder,
    clock: Clock,
    status: StatusBoard,
    subscriptions: Sequence[Subscription],
) -> Outages:
    """Of a deployment."""
    callers: dict[str, list[str]] = defaultdict(list)
    for one in subscriptions:
        for system in one.systems:
            callers[system].append(one.name)

    def standings() -> Standings:
        found: Standings = status.as_dict().get("systems", {})
        return found

    return Outages(store.database, recorder, clock, standings, callers, length_of(section.away_after))


def _case(system: str, category: Category) -> NewCase:
    refused = category is Category.AUTHENTICATION
    reason = (
        "it refuses our credentials or settings; what is meant for it waits until they are corrected"
        if refused
        else "it does not answer; what is meant for it waits, and a probe finds by itself when it is back"
    )
    place = "credentials" if refused else "connection"
    return NewCase(kind=KIND, system=system, reason=reason, field=place, category=category)
