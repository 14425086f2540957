"""Which lanes there are, and which one a subject belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from careloom.core.errors import ConfigurationError
from careloom.log.chain import genesis
from careloom.log.ports import Connection
from careloom.store.sql import queries

_SQL = queries("log")
DEFAULT_LANES = 64


class Bank(StrEnum):
    """Messages as received, and the events made of them, have lanes of their own."""

    MESSAGES = "m"
    EVENTS = "e"


@dataclass(frozen=True, slots=True)
class Lanes:
    """The lanes of this database: `count` in each bank, messages first."""

    count: int

    def of(self, bank: Bank, token: UUID) -> int:
        """The lane of a subject: the same for ever, since `count` is fixed at creation."""
        slot = token.int % self.count
        return slot if bank is Bank.MESSAGES else self.count + slot

    def all(self, bank: Bank) -> range:
        """Every lane of a bank."""
        return range(self.count) if bank is Bank.MESSAGES else range(self.count, 2 * self.count)


async def open_lanes(connection: Connection, count: int | None = None) -> Lanes:
    """The lanes of this database, made on first use. Raises ConfigurationError for another count than it has."""
    rows = await connection.fetch(_SQL.lanes)
    if not rows:
        await _create(connection, count or DEFAULT_LANES)
        rows = await connection.fetch(_SQL.lanes)
    have = len(rows) // 2
    if count is not None and count != have:
        raise ConfigurationError(
            f"this database was created with {have} lanes and the settings ask for {count}; "
            "the number is fixed at creation: set hub.lanes back, or start with an empty database"
        )
    return Lanes(have)


async def _create(connection: Connection, count: int) -> None:
    lanes = list(range(2 * count))
    banks = [Bank.MESSAGES.value] * count + [Bank.EVENTS.value] * count
    await connection.execute(_SQL.create_lanes, lanes, banks, [genesis(lane) for lane in lanes])
