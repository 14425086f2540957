"""How the hub stands: the four numbers, the lag of each subscription, the state of each system."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from careloom.core.clock import Clock
from careloom.core.errors import CareloomError
from careloom.log.conservation import conservation, lag
from careloom.store.database import Database

REFRESH_SECONDS = 1.0


class StatusBoard:
    """The newest status, read once a second however many ask."""

    def __init__(self, database: Database, clock: Clock, systems: Mapping[str, object]) -> None:
        self._database = database
        self._clock = clock
        self._systems = systems
        self._last: dict[str, Any] = {}

    def as_dict(self) -> dict[str, Any]:
        """For JSON; counts and states only."""
        return self._last

    async def refresh(self) -> None:
        """Read it again."""
        self._last = await read_status(self._database, self._clock.now(), self._systems)

    async def keep_fresh(self) -> None:
        """Refresh for ever; while the store is away the board says so.

        Counting a long backlog takes a while: it never takes more than a tenth of the time.
        """
        took = 0.0
        while True:
            await self._clock.sleep(max(REFRESH_SECONDS, 10 * took))
            began = self._clock.monotonic()
            try:
                await self.refresh()
            except CareloomError as error:
                self._last = {**self._last, "store": f"away: {error}"}
            took = self._clock.monotonic() - began


async def read_status(database: Database, now: datetime, systems: Mapping[str, object]) -> dict[str, Any]:
    """One reading. `now` is what ages are measured against, in seconds."""
    numbers = await conservation(database)
    return {
        "at": now.isoformat(),
        "store": "ok",
        "messages": numbers.as_dict(),
        "subscriptions": [_subscription(row, now) for row in await lag(database)],
        "systems": {name: _system(system) for name, system in systems.items()},
    }


def _subscription(row: Any, now: datetime) -> dict[str, Any]:
    oldest = row["oldest"]
    return {
        "name": row["name"],
        "state": "paused" if row["paused"] else "running",
        "behind": row["behind"],
        "oldest_seconds": round((now - oldest).total_seconds(), 3) if oldest else 0.0,
        "parked": row["parked"],
        "retrying": row["retrying"],
    }


def _system(system: object) -> dict[str, Any]:
    return {"state": str(getattr(system, "state", "open")), "retry_after": getattr(system, "retry_after", 0.0)}
