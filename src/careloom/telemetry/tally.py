"""Counters of one process: plain numbers in memory with bounded labels, handed on to the store in between."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from careloom.core.errors import CareloomError
from careloom.store.database import Database
from careloom.store.sql import queries
from careloom.telemetry.catalogue import COUNTERS, HISTOGRAMS, Counter, Histogram

_SQL = queries("telemetry")
MOST: Final = 200
"""Values that one label of one metric may have; what comes beyond them is counted together."""
OTHER: Final = "other"
LONGEST: Final = 100
"""Characters of a value."""
_APART: Final = "\x1f"
Labels = tuple[str, ...]


class Bounded:
    """Lets the first `most` values of a label pass, and makes one of all others."""

    __slots__ = ("_known", "_most")

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: dict[str, str] = {}

    def __call__(self, value: str) -> str:
        """The value to count under."""
        known = self._known.get(value)
        if known is None:
            if len(self._known) >= self._most or len(value) > LONGEST or value == OTHER:
                return OTHER
            known = self._known[value] = value
        return known


class Tally:
    """Counts by metric and labels. `take` gives what was counted since it was last asked."""

    def __init__(self, most: int = MOST) -> None:
        metrics: Sequence[Counter | Histogram] = (*COUNTERS, *HISTOGRAMS)
        self._bounds = {one.name: tuple(Bounded(most) for _ in one.labels) for one in metrics}
        self._buckets = {one.name: one.buckets for one in HISTOGRAMS}
        self._counts: dict[tuple[str, Labels], float] = {}

    def count(self, name: str, *labels: str, by: float = 1) -> None:
        """Add to a counter. Raises KeyError for a metric that is not in the catalogue, or with other labels."""
        bounds = self._bounds[name]
        if len(bounds) != len(labels):
            raise KeyError(f"{name} has {len(bounds)} labels, not {len(labels)}")
        key = (name, tuple([bound(value) for bound, value in zip(bounds, labels, strict=True)]))
        self._counts[key] = self._counts.get(key, 0) + by

    def observe(self, name: str, value: float, *labels: str) -> None:
        """Add to a histogram: one bucket, the sum; the others follow from these when it is shown."""
        limits = self._buckets[name]
        place = bisect_left(limits, value)
        bucket = "+Inf" if place == len(limits) else f"{limits[place]:g}"
        bounds = self._bounds[name]
        held = tuple([bound(one) for bound, one in zip(bounds, labels, strict=True)])
        for key, by in (((name, (*held, bucket)), 1.0), ((name, (*held, "sum")), value)):
            self._counts[key] = self._counts.get(key, 0) + by

    def take(self) -> Mapping[tuple[str, Labels], float]:
        """What was counted since; it counts from nothing again."""
        taken, self._counts = self._counts, {}
        return taken

    def give_back(self, taken: Mapping[tuple[str, Labels], float]) -> None:
        """It could not be handed on: count it again."""
        for key, value in taken.items():
            self._counts[key] = self._counts.get(key, 0) + value


async def hand_on(tally: Tally, database: Database) -> None:
    """Add what a process counted to the totals of the deployment. Raises Unavailable; nothing is lost then."""
    taken = tally.take()
    if not taken:
        return
    rows = sorted((name, _APART.join(labels), value) for (name, labels), value in taken.items())
    try:
        async with database.acquire() as connection:
            await connection.execute(_SQL.add_totals, *(list(column) for column in zip(*rows, strict=True)))
    except (CareloomError, OSError):
        tally.give_back(taken)
        raise


def bounded_rows(rows: Iterable[tuple[Labels, float]], width: int, most: int = MOST) -> dict[Labels, float]:
    """Rows with at most `most` values of each label, in their order; what is beyond is added up under `other`."""
    bounds = [Bounded(most) for _ in range(width)]
    found: dict[Labels, float] = {}
    for labels, value in rows:
        key = tuple([bound(one) for bound, one in zip(bounds, labels, strict=True)])
        found[key] = found.get(key, 0) + value
    return found
