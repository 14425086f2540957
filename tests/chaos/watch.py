"""Looks at the database of a hub from outside, once a second, whatever happens to the hub."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
from tests.chaos.processes import postmasters

from careloom.store.attach import running
from careloom.store.sql import queries
from careloom.store.translation import DRIVER_FAILURES

_SQL = queries("operator")
EVERY_SECONDS = 1.0


@asynccontextmanager
async def connected(data: Path) -> AsyncIterator[asyncpg.Connection[Any]]:
    """A connection of our own to the PostgreSQL that a hub keeps. Raises OSError when there is none."""
    dsn = running(data)
    if dsn is None:
        raise ConnectionError("no hub keeps a PostgreSQL here now")
    connection = await asyncpg.connect(dsn, timeout=5, command_timeout=20)
    try:
        yield connection
    finally:
        with suppress(*DRIVER_FAILURES):
            await connection.close(timeout=2)


@dataclass
class Watch:
    """What was seen."""

    data: Path
    looks: int = 0
    blind: int = 0
    violations: list[str] = field(default_factory=list)
    most_in_flight: int = 0
    received: int = 0

    async def forever(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(EVERY_SECONDS)

    async def look(self) -> None:
        """One look; a store that is away is no violation."""
        servers = postmasters(self.data)
        if len(servers) > 1:
            self.violations.append(f"{len(servers)} PostgreSQL servers on one data folder: {servers}")
        try:
            async with connected(self.data) as connection:
                row = await connection.fetchrow(_SQL.conservation)
        except DRIVER_FAILURES:
            self.blind += 1
            return
        if row is not None:
            self._judge(row)

    def _judge(self, row: Mapping[str, int]) -> None:
        self.looks += 1
        self.most_in_flight = max(self.most_in_flight, row["in_flight"])
        if row["received"] != row["delivered"] + row["filtered"] + row["parked"] + row["in_flight"]:
            self.violations.append(f"the numbers do not add up: {dict(row)}")
        if row["received"] < self.received:
            self.violations.append(f"received went back from {self.received} to {row['received']}")
        self.received = max(self.received, row["received"])
