"""Reads the gauges from the store, in one snapshot, so rarely that it costs at most a tenth of one connection."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from careloom.core.clock import Clock
from careloom.core.errors import CareloomError
from careloom.log.ports import Connection
from careloom.store.database import Database
from careloom.store.sql import queries
from careloom.telemetry.catalogue import GAUGES
from careloom.telemetry.figures import day_before, statement

_SQL = queries("telemetry")
_OPERATOR = queries("operator")
FRESH_SECONDS: Final = 5.0
SHARE: Final = 10.0
LONGEST_SECONDS: Final = 10
Rows = Sequence[Mapping[str, Any]]


def statement_of(name: str) -> str:
    """The SQL behind a gauge."""
    return _OPERATOR.conservation if name == "conservation" else statement(_SQL[name])


def arguments_of(sql: str, now: datetime) -> Sequence[datetime]:
    """What it asks for: the moment, and since when."""
    window = day_before(now)
    return [window.end, window.begin] if "$2" in sql else [now] if "$1" in sql else []


@dataclass(frozen=True, slots=True)
class Reading:
    """What the statements gave at one moment, by name, and the totals of the counters. `took` is in seconds."""

    at: datetime
    rows: Mapping[str, Rows] = field(default_factory=dict)
    totals: Rows = ()
    took: float = 0.0


async def read(connection: Connection, now: datetime) -> Reading:
    """Everything, as it stands in the caller's snapshot."""
    names = list(dict.fromkeys(one.statement for one in GAUGES))
    found = {}
    for name in names:
        sql = statement_of(name)
        found[name] = await connection.fetch(sql, *arguments_of(sql, now))
    return Reading(now, found, await connection.fetch(_SQL.totals))


class Reader:
    """The newest reading. However many ask, the store is read once, and rests ten times as long as that took."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._last: Reading | None = None
        self._next = 0.0
        self._alone = asyncio.Lock()

    async def reading(self) -> Reading | None:
        """Not older than the bounds say; the one before while the store is away; None if there never was one."""
        async with self._alone:
            if self._clock.monotonic() >= self._next:
                try:
                    self._last = await self._read()
                except (CareloomError, OSError, TimeoutError):
                    self._next = self._clock.monotonic() + FRESH_SECONDS
                else:
                    self._next = self._clock.monotonic() + max(FRESH_SECONDS, SHARE * self._last.took)
            return self._last

    async def _read(self) -> Reading:
        began = self._clock.monotonic()
        async with (
            self._database.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            await connection.execute(f"set local statement_timeout = '{LONGEST_SECONDS}s'")
            found = await read(connection, self._clock.now())
        return Reading(found.at, found.rows, found.totals, self._clock.monotonic() - began)
