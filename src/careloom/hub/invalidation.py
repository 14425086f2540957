"""Tells look-ups of every event of the log, whichever process recorded it, so that no kept answer outlives its truth.

The heads of the lanes are looked at twice a second, and the types of what is new are read where one moved. An answer
that an event ends is therefore told for a second after that event was committed, and not longer; it is not told at all
as current while the log cannot be read.
"""

from __future__ import annotations

import logging
from typing import Final

from careloom.core.clock import Clock
from careloom.core.errors import CareloomError
from careloom.gateway.lookups import Lookups
from careloom.log.lanes import Bank, Lanes
from careloom.store.database import Database
from careloom.store.sql import queries

EVERY_SECONDS: Final = 0.5
_MOST: Final = 1000
_SQL = queries("log")
_log = logging.getLogger(__name__)


class Invalidation:
    """One per process that answers look-ups."""

    def __init__(self, lookups: Lookups, database: Database, lanes: Lanes, clock: Clock) -> None:
        self._lookups = lookups
        self._database = database
        self._lanes = list(lanes.all(Bank.EVENTS))
        self._clock = clock
        self._seen: dict[int, int] | None = None

    @property
    def needed(self) -> bool:
        """Whether any look-up keeps answers that an event can end."""
        return any(
            desk.lookup.invalidated_by and (desk.lookup.cache_seconds or desk.lookup.stale_seconds)
            for desk in self._lookups
        )

    async def keep_looking(self) -> None:
        """For ever. While the log cannot be read, nothing that is kept is told as current."""
        while self.needed:
            try:
                await self.look()
            except CareloomError as error:
                _log.warning("events cannot be read for now, so look-ups keep nothing: %s", error)
                self._forget_all()
            await self._clock.sleep(EVERY_SECONDS)

    async def look(self) -> int:
        """Look once; how many types of events were new."""
        async with self._database.acquire() as connection:
            heads = {row["lane"]: row["head"] for row in await connection.fetch(_SQL.event_heads, self._lanes)}
            if self._seen is None:
                self._seen = heads
                self._forget_all()
                return 0
            moved = [lane for lane, head in heads.items() if head != self._seen.get(lane, 0)]
            if not moved:
                return 0
            since = [self._seen.get(lane, 0) for lane in moved]
            rows = await connection.fetch(_SQL.types_since, moved, since, _MOST)
        if any(heads[lane] - after >= _MOST for lane, after in zip(moved, since, strict=True)):
            self._forget_all()  # more than was read
        self._seen = heads
        for row in rows:
            self._lookups.invalidate(row["type"])
        return len(rows)

    def _forget_all(self) -> None:
        for desk in self._lookups:
            for one in list(desk.lookup.invalidated_by)[:1]:
                desk.invalidate(one)
