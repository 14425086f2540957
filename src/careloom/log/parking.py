"""What can be done to an entry that is parked for a person, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from careloom.core.envelope import Position
from careloom.core.errors import CareloomError
from careloom.log.lanes import Bank
from careloom.log.ports import Connection
from careloom.store.sql import queries

_SQL = queries("operator")
_ACCOUNTS = queries("subscription")


class NothingThere(CareloomError):
    """What was to be acted on does not exist, or is not in the state for it."""


async def retry_parked(connection: Connection, subscription: str, position: Position, due: datetime) -> None:
    """Handle it again from `due` on, with all attempts ahead of it. Raises NothingThere when it waits for nobody."""
    rows = await connection.fetch(_SQL.retry_parked, subscription, *position, due)
    _must_be_there(rows, subscription, position)


async def edit_parked(connection: Connection, subscription: str, position: Position, entry: UUID) -> None:
    """Have the body of `entry` stand in for its own whenever it is handled from now on. Raises NothingThere."""
    rows = await connection.fetch(_SQL.edit_parked, subscription, *position, entry)
    _must_be_there(rows, subscription, position)


async def end_parked(
    connection: Connection, subscription: str, position: Position, outcome: str, reason: str, now: datetime
) -> None:
    """Take it out of its subject's way; `outcome` and `reason` stay as what became of it. Raises NothingThere."""
    rows = await connection.fetch(_SQL.discard_parked, subscription, *position)
    _must_be_there(rows, subscription, position)
    event, message = rows[0]["event"], rows[0]["message"]
    fresh = await connection.fetch(_SQL.discard_delivery, subscription, *position, event, reason, now, outcome)
    if fresh:
        await _settle_account(connection, subscription, position, message)


async def _settle_account(connection: Connection, subscription: str, position: Position, message: UUID) -> None:
    delivered, filtered = 0, 1
    if await connection.fetchval(_SQL.bank_of, subscription) == Bank.EVENTS.value:
        account = await connection.fetchrow(_ACCOUNTS.take_off, [message], [0])
        delivered, filtered = account["delivered"], account["filtered"]
    await connection.execute(_ACCOUNTS.count_ended, subscription, position.lane, delivered, filtered)


def _must_be_there(rows: Sequence[Any], subscription: str, position: Position) -> None:
    if not rows:
        raise NothingThere(
            f"nothing is parked for a person at {position} of {subscription}; `careloom parked list` shows what is"
        )
