"""Who called the API, on record: written in the background, so that no call waits for it."""

from __future__ import annotations

import logging
from collections import deque
from contextlib import suppress
from uuid import UUID

from careloom.core.clock import Clock
from careloom.core.errors import CareloomError
from careloom.gateway.services import AuditEntry
from careloom.store.database import Database
from careloom.store.sql import queries

_SQL = queries("keys")
_log = logging.getLogger(__name__)
EVERY_SECONDS = 1.0
WAITING = 100_000


class CallAudit:
    """Keeps entries until they are written. While the store is away they wait; beyond `WAITING` the oldest are lost,
    and how many is logged."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._waiting: deque[AuditEntry] = deque()
        self.lost = 0

    def record(self, entry: AuditEntry) -> None:
        """Keep it; never blocks, never raises."""
        if len(self._waiting) >= WAITING:
            self._waiting.popleft()
            self.lost += 1
        self._waiting.append(entry)

    async def write(self) -> None:
        """Write what waits. Raises Unavailable when the store is away; nothing is lost then."""
        entries, self._waiting = self._waiting, deque()
        if not entries:
            return
        columns = list(zip(*(_row(entry) for entry in entries), strict=True))
        try:
            async with self._database.acquire() as connection:
                await connection.execute(_SQL.record_calls, *(list(column) for column in columns))
        except BaseException:  # a cancellation too: they are written at the end
            self._waiting.extendleft(reversed(entries))
            raise
        if self.lost:
            _log.error("%d calls of the API are not on record: the store was away too long", self.lost)
            self.lost = 0

    async def keep_writing(self) -> None:
        """For ever."""
        while True:
            await self._clock.sleep(EVERY_SECONDS)
            with suppress(CareloomError):
                await self.write()


def _row(entry: AuditEntry) -> tuple[object, ...]:
    return (
        entry.time,
        entry.consumer,
        UUID(entry.consumer_id) if entry.consumer_id else None,
        entry.method,
        entry.route,
        str(entry.data_class),
        str(entry.criticality),
        entry.status,
        entry.outcome,
        entry.seconds,
    )
