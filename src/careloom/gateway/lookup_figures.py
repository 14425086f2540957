"""What is counted of a look-up, and whether it still is what it was declared to be."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterator
from typing import Final

from careloom.gateway.lookup import Found, Lookup

_SAMPLE: Final = 512
_ENOUGH: Final = 20
_PENDING_SHARE: Final = 0.05


class Figures:
    """Counts of one process since it started. `outcomes`: found, not-found, pending, failed, busy."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self.calls = self.hits = self.coalesced = self.pending = self.invalidated = self.under_way = 0
        self.stale = 0
        self.outcomes: Counter[str] = Counter()
        self.systems: set[str] = set()
        self.attempts = 0
        self._seconds: deque[float] = deque(maxlen=_SAMPLE)

    def end(self, outcome: str, seconds: float) -> None:
        """A call to the systems ended."""
        self.outcomes[outcome] += 1
        self._seconds.append(seconds)

    def observe(self, result: Found) -> None:
        """What a call took."""
        self.systems |= result.systems
        self.attempts = max(self.attempts, result.attempts)

    @property
    def p95(self) -> float | None:
        """The 95th percentile of the last calls in seconds (nearest rank); None before the first."""
        ranked = sorted(self._seconds)
        return ranked[math.ceil(0.95 * len(ranked)) - 1] if ranked else None

    @property
    def hit_ratio(self) -> float | None:
        """The share of questions that were answered from what was kept; None before the first."""
        return self.hits / self.calls if self.calls else None

    def outgrown(self) -> list[str]:
        """Why the look-up should become a flow, or get other bounds; empty while it keeps to what it declared."""
        return list(self._excesses())

    def _excesses(self) -> Iterator[str]:
        lookup = self._lookup
        asked = self.systems | set(lookup.systems)
        if len(asked) > lookup.max_systems:
            yield f"asks {len(asked)} systems, at most {lookup.max_systems} are declared"
        elif self.systems - set(lookup.systems):
            yield "asks a system that it does not declare"
        if self.attempts > 1:
            yield f"asks a system {self.attempts} times for one answer: it retries"
        if len(self._seconds) >= _ENOUGH and (self.p95 or 0) > lookup.budget_seconds:
            yield f"takes longer than its budget of {lookup.budget_seconds:g} s in more than one call of twenty"
        if self.calls >= _ENOUGH and self.pending > _PENDING_SHARE * self.calls:
            yield "more than one caller in twenty has to come back for the answer"
