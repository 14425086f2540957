"""received = delivered + filtered + parked + in flight: the four numbers, and how far behind everybody is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from careloom.store.database import Database
from careloom.store.sql import queries

_SQL = queries("operator")


@dataclass(frozen=True, slots=True)
class Conservation:
    """Messages, each in exactly one of the four states. `refused` were never accepted, so they are not part of it."""

    received: int
    delivered: int
    filtered: int
    parked: int
    in_flight: int
    refused: int

    @property
    def holds(self) -> bool:
        """Whether nothing is lost and nothing counted twice."""
        return self.received == self.delivered + self.filtered + self.parked + self.in_flight

    def as_dict(self) -> dict[str, int | bool]:
        """For JSON."""
        return {**asdict(self), "holds": self.holds}


async def conservation(database: Database) -> Conservation:
    """Count all of them in one snapshot."""
    async with database.acquire() as connection:
        row = await connection.fetchrow(_SQL.conservation)
        assert row is not None
        return Conservation(**dict(row))


async def filtered_reasons(database: Database) -> Sequence[Any]:
    """Rows of subscription, reason, messages."""
    async with database.acquire() as connection:
        return await connection.fetch(_SQL.filtered_reasons)


async def lag(database: Database) -> Sequence[Any]:
    """A row per subscription: entries behind, the oldest of them, parked and retrying."""
    async with database.acquire() as connection:
        return await connection.fetch(_SQL.lag)
