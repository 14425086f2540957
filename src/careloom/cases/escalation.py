"""Tells of cases that wait for long: at half of their time and when it is over, each once, whatever restarts meanwhile.

The timers are columns of the case, read and moved on in the transaction that tells. Who is to be notified subscribes to
`exception.escalated.v1`.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

from careloom.cases.book import HALF, WHOLE
from careloom.cases.recording import Recorder
from careloom.cases.telling import escalated
from careloom.core.clock import Clock
from careloom.core.errors import CareloomError
from careloom.core.ids import IdFactory
from careloom.store.database import Database
from careloom.store.sql import queries

_SQL = queries("cases")
EVERY_SECONDS: Final = 5.0
AT_ONCE: Final = 200


class Escalations:
    """Looks for cases whose next telling is due; of several nodes that look, one tells."""

    def __init__(self, database: Database, recorder: Recorder, clock: Clock, new_id: IdFactory) -> None:
        self._database = database
        self._recorder = recorder
        self._clock = clock
        self._new_id = new_id

    async def look(self) -> int:
        """Tell of all that is due now; how often that was. Raises Unavailable when the store is away."""
        total = 0
        while told := await self._some():
            total += told
        return total

    async def keep_looking(self) -> None:
        """For ever; while the store is away nothing is lost, for the timers are in it."""
        while True:
            with suppress(CareloomError):
                await self.look()
            await self._clock.sleep(EVERY_SECONDS)

    async def _some(self) -> int:
        now = self._clock.now()
        async with self._database.acquire() as connection, connection.transaction():
            due = await connection.fetch(_SQL.due_for_telling, now, AT_ONCE)
            if not due:
                return 0
            ids, shares, nexts = zip(*map(_next, due), strict=True)
            rows = await connection.fetch(_SQL.escalate, list(ids), list(shares), list(nexts), now)
            await self._recorder.write(connection, [escalated(row, self._new_id) for row in rows if not row["quiet"]])
            return len(rows)


def _next(row: Any) -> tuple[Any, int, Any]:
    """Which case is told of, how much of its time that says has passed, and when it is told of next."""
    return (row["id"], HALF, row["due"]) if row["escalated"] < HALF else (row["id"], WHOLE, None)
