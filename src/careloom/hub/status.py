"""How the hub stands: the four numbers, the lag of each subscription, the state of each system."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from careloom.core.clock import Clock
from careloom.core.errors import CareloomError
from careloom.hub.cards import Standings, standing
from careloom.log.conservation import conservation, lag
from careloom.log.handling import Subscription
from careloom.store.database import Database

REFRESH_SECONDS = 1.0


class StatusBoard:
    """The newest status, read once a second however many ask."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        systems: Mapping[str, object] | None = None,
        subscriptions: Sequence[Subscription] = (),
        standings: Callable[[], Standings] = dict,
    ) -> None:
        self._database = database
        self._clock = clock
        self._systems = systems or {}
        self._subscriptions = {subscription.name: subscription for subscription in subscriptions}
        self._standings = standings
        self._last: dict[str, Any] = {}

    def as_dict(self) -> dict[str, Any]:
        """For JSON; counts and states only."""
        return self._last

    async def refresh(self) -> None:
        """Read it again."""
        now = self._clock.now()
        self._last = await read_status(self._database, now, self._systems, self._subscriptions, self._standings())

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
    standings: Standings | None = None,
) -> dict[str, Any]:
    """One reading. `now` is what ages are measured against, in seconds; `standings` is what processes told of their
    systems, over which stands what `systems` of this process say."""
    known = subscriptions or {}
    numbers = await conservation(database)
    return {
        "at": now.isoformat(),
        "store": "ok",
        "messages": numbers.as_dict(),
        "subscriptions": [_subscription(row, now, known.get(row["name"])) for row in await lag(database)],
        "systems": _systems(systems or {}, standings or {}),
    }


def _systems(here: Mapping[str, object], told: Standings) -> dict[str, Any]:
    found: dict[str, Any] = {name: dict(one) for name, one in told.items()}
    for name, system in here.items():
        now = standing(system)
        card = {**found.get(name, {}).get("card", {}), **now.get("card", {})}
        found[name] = {**now, "card": card} if card else now
    return found


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
