"""Everything at a glance: how fast it flows, what waits, what changed lately. A few queries for all who look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from careloom.console.house import House
from careloom.store.sql import queries
from careloom.workflow.standing import RunCount

_SQL = queries("console_log")
_TELEMETRY = queries("telemetry")
RATE_OVER: Final = timedelta(minutes=5)
LATELY: Final = timedelta(hours=1)
FRESH_SECONDS: Final = 2.0
_OF_EACH_LANE: Final = 50


@dataclass(frozen=True, slots=True)
class Glance:
    """Rates are per minute over the last five: `came` by system, `became` events in all, `handled` by subscription.
    `cases` are rows of kind, open, overdue and oldest; `failures` of category, cases, retries and oldest; `acts` of
    type, acts and newest, of the last hour, as is all that changed. `oldest` is the parked entry that waits longest,
    `undriven` how many runs are due and driven by nobody, `deployed` the steps that the schema took."""

    at: datetime
    came: Mapping[str, float]
    became: float
    handled: Mapping[str, float]
    cases: Sequence[Any]
    failures: Sequence[Any]
    opened: int
    ended: int
    oldest: Any
    runs: Sequence[RunCount]
    undriven: int
    acts: Sequence[Any]
    subscriptions: Mapping[str, Any]
    deployed: Any


async def glance(house: House) -> Glance:
    """The newest one, at most `FRESH_SECONDS` old, however many ask."""
    return await house.shelf.kept("glance", house.clock.monotonic, FRESH_SECONDS, lambda: _read(house))


async def _read(house: House) -> Glance:
    now = house.clock.now()
    rated = (now - RATE_OVER, _OF_EACH_LANE, now)
    async with house.database.acquire() as connection:
        entries = await connection.fetch(_SQL.fresh_entries, *rated)
        handled = await connection.fetch(_SQL.fresh_deliveries, *rated)
        cases = await connection.fetch(_SQL.waiting_cases, now)
        stuck = await connection.fetch(_TELEMETRY.stuck_runs, now)
        failures = await connection.fetch(_SQL.waiting_failures)
        changed = await connection.fetchrow(_SQL.cases_since, now - LATELY)
        oldest = await connection.fetchrow(_SQL.oldest_waiting)
        done = await connection.fetch(_SQL.acts_since, now - LATELY)
        deployed = await connection.fetchrow(_SQL.deployed_since, now - LATELY)
    assert changed is not None, "two counts"
    return Glance(
        at=now,
        came={row["source"]: 60 * row["rate"] for row in entries if row["kind"] == "m"},
        became=sum(60 * row["rate"] for row in entries if row["kind"] == "e"),
        handled={row["subscription"]: 60 * row["rate"] for row in handled},
        cases=cases,
        failures=failures,
        opened=changed["opened"],
        ended=changed["ended"],
        oldest=oldest,
        undriven=sum(row["undriven"] for row in stuck),
        runs=await house.runs.reader.counts(),
        acts=done,
        subscriptions={row["name"]: row for row in await house.operators.subscriptions()},
        deployed=deployed,
    )
