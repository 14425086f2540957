"""How the hub stands: the four numbers, the lag of each subscription, the state of each system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from careloom.core.clock import Clock
from careloom.core.errors import CareloomError
from careloom.log.conservation import conservation, lag
from careloom.log.handling import Subscription
from careloom.store.database import Database
from careloom.systems.resilience import BreakerState

REFRESH_SECONDS = 1.0


class StatusBoard:
    """The newest status, read once a second however many ask."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        systems: Mapping[str, object] | None = None,
        subscriptions: Sequence[Subscription] = (),
    ) -> None:
        self._database = database
        self._clock = clock
        self._systems = systems or {}
        self._subscriptions = {subscription.name: subscription for subscription in subscriptions}
        self._last: dict[str, Any] = {}

    def as_dict(self) -> dict[str, Any]:
        """For JSON; counts and states only."""
        return self._last

    async def refresh(self) -> None:
        """Read it again."""
        self._last = await read_status(self._database, self._clock.now(), self._systems, self._subscriptions)

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


async def read_status(
    database: Database,
    now: datetime,
    systems: Mapping[str, object] | None = None,
    subscriptions: Mapping[str, Subscription] | None = None,
) -> dict[str, Any]:
    """One reading. `now` is what ages are measured against, in seconds."""
    known = subscriptions or {}
    numbers = await conservation(database)
    return {
        "at": now.isoformat(),
        "store": "ok",
        "messages": numbers.as_dict(),
        "subscriptions": [_subscription(row, now, known.get(row["name"])) for row in await lag(database)],
        "systems": {name: _system(system) for name, system in (systems or {}).items()},
    }


def _subscription(row: Any, now: datetime, known: Subscription | None) -> dict[str, Any]:
    oldest = row["oldest"]
    age = round((now - oldest).total_seconds(), 3) if oldest else 0.0
    sla = known.sla_seconds if known else None
    return {
        "name": row["name"],
        "state": "paused" if row["paused"] else "running",
        "behind": row["behind"],
        "oldest_seconds": age,
        "parked": row["parked"],
        "retrying": row["retrying"],
        "owner": known.owner if known else "",
        "criticality": known.criticality if known else "",
        "late": sla is not None and age > sla,
    }


def _system(system: object) -> dict[str, Any]:
    """Where its breaker stands in this process; systems without one say so."""
    wait = getattr(system, "retry_after", None)
    unsaid = "no breaker" if wait is None else BreakerState.OPEN if wait else BreakerState.CLOSED
    return {"state": str(getattr(system, "state", unsaid)), "retry_after": wait or 0.0}
