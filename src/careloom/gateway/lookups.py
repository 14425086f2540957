"""All look-ups of a process. The hub makes this, tells it of events, and closes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from careloom.core.clock import Clock, SystemClock
from careloom.core.errors import ConfigurationError
from careloom.gateway.desk import Desk
from careloom.gateway.lookup import Lookup


class Lookups:
    """The registered look-ups by name. Raises ConfigurationError when two have one name."""

    def __init__(self, lookups: Iterable[Lookup] = (), clock: Clock | None = None) -> None:
        self._desks: dict[str, Desk] = {}
        for lookup in lookups:
            if lookup.name in self._desks:
                raise ConfigurationError(f"there are two look-ups named {lookup.name!r}; rename one")
            self._desks[lookup.name] = Desk(lookup, clock or SystemClock())

    def __iter__(self) -> Iterator[Desk]:
        return iter(self._desks.values())

    def invalidate(self, event_type: str) -> int:
        """An event of this type happened: forget the answers that it may have changed; how many they were."""
        return sum(desk.invalidate(event_type) for desk in self)

    def counters(self) -> dict[str, Mapping[str, float]]:
        """For metrics, by look-up: calls, hits, coalesced, pending, invalidated, stale, and `hit_ratio` from 0 to 1."""
        return {
            desk.lookup.name: {
                "calls": desk.figures.calls,
                "hits": desk.figures.hits,
                "coalesced": desk.figures.coalesced,
                "pending": desk.figures.pending,
                "invalidated": desk.figures.invalidated,
                "stale": desk.figures.stale,
                "hit_ratio": desk.figures.hit_ratio or 0.0,
            }
            for desk in self
        }

    async def close(self) -> None:
        """Stop every call that is under way."""
        for desk in self:
            await desk.close()
