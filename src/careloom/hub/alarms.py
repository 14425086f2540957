"""Opens a case for each answer that did not come in time."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from careloom.cases.recording import Recorder
from careloom.core.clock import Clock
from careloom.core.errors import CareloomError
from careloom.log.ports import NewCase
from careloom.store.database import Database
from careloom.store.sql import queries

_SQL = queries("systems")
EVERY_SECONDS = 5.0
KIND = "unanswered"


class Alarms:
    """Looks for overdue expectations; of several nodes that look, one opens the case."""

    def __init__(self, database: Database, recorder: Recorder, clock: Clock) -> None:
        self._database = database
        self._recorder = recorder
        self._clock = clock

    async def look(self) -> int:
        """Open the cases that are due now; how many there were."""
        now = self._clock.now()
        async with self._database.acquire() as connection, connection.transaction():
            rows = await connection.fetch(_SQL.overdue, now)
            if not rows:
                return 0
            cases = [_case(row["system"], row["kind"], row["key"], row["message"]) for row in rows]
            systems, kinds, keys = zip(*((row["system"], row["kind"], row["key"]) for row in rows), strict=True)
            await connection.execute(_SQL.alarmed, list(systems), list(kinds), list(keys), now)
            await self._recorder.open(connection, cases)
            return len(rows)

    async def keep_looking(self) -> None:
        """For ever; while the store is away nothing is lost, for the timers are in it."""
        while True:
            with suppress(CareloomError):
                await self.look()
            await self._clock.sleep(EVERY_SECONDS)


def _case(system: str, kind: str, key: UUID, message: UUID | None) -> NewCase:
    reason = f"no {kind} came in time for what was exchanged; ask the other side, or send it again"
    return NewCase(kind=KIND, system=system, reason=reason, field=f"{kind}/{key}", message=message)
