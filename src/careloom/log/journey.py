"""A message and everything that came of it: events, deliveries, attempts, what is parked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from careloom.core.envelope import Recorded
from careloom.log.keyring import Keyring
from careloom.log.steps import Item
from careloom.store.database import Database
from careloom.store.sql import queries

_SQL = queries("operator")
_LOG = queries("log")
_CONSOLE = queries("console_log")
NEWEST = 20


@dataclass(frozen=True, slots=True)
class Journey:
    """`events` begins with the message itself; an erased body is absent. The others are database rows."""

    message: UUID
    key: str
    system: str
    events: Sequence[Recorded]
    deliveries: Sequence[Any]
    attempts: Sequence[Any]
    parked: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Known:
    """A message in a list. `events` were made of it; `waits`: something of it is parked."""

    id: UUID
    kind: str
    type: str
    recorded: datetime
    system: str
    sender_key: str
    waits: bool
    events: int


async def find(database: Database, keyring: Keyring, wanted: str) -> list[UUID]:
    """Messages by id (of a message or event), by the sender's own id, or by a record number of their patient."""
    spaces_sql, by_subject = _LOG.spaces, _SQL.messages_of_subject
    async with database.acquire() as connection:
        rows = await connection.fetch(_SQL.find_message, _as_uuid(wanted), wanted)
        if rows:
            return [row["message"] for row in rows]
        tokens = _tokens(keyring, wanted, [row["space"] for row in await connection.fetch(spaces_sql)])
        return [row["message"] for row in await connection.fetch(by_subject, tokens, NEWEST)]


async def about(
    database: Database, keyring: Keyring, wanted: str, before: datetime | None, limit: int
) -> list[tuple[UUID, datetime]]:
    """Messages about the subject of this number, whoever assigned it and whatever it numbers (a patient, an account,
    an invoice, an order), or that became an event about it; with when the log took the newest of each. The newest
    first, those before `before`."""
    async with database.acquire() as connection:
        tokens = _tokens(keyring, wanted, [row["space"] for row in await connection.fetch(_LOG.spaces)])
        rows = await connection.fetch(_CONSOLE.messages_about, tokens, before, limit)
    return [(row["message"], row["recorded"]) for row in rows]


async def about_subjects(database: Database, keyring: Keyring, subjects: Sequence[str], limit: int) -> list[UUID]:
    """The newest messages about these subjects, by their whole keys."""
    tokens = [keyring.master.token(subject) for subject in subjects]
    async with database.acquire() as connection:
        return [row["message"] for row in await connection.fetch(_CONSOLE.messages_about, tokens, None, limit)]


async def known(database: Database, messages: Sequence[UUID]) -> Sequence[Known]:
    """How these are shown in a list, the newest first."""
    async with database.acquire() as connection:
        return [Known(**dict(row)) for row in await connection.fetch(_CONSOLE.known_messages, messages)]


async def journey(database: Database, keyring: Keyring, message: UUID) -> Journey | None:
    """Everything about one message, or None when there is no such message."""
    async with database.acquire() as connection:
        rows = await connection.fetch(_SQL.journey, message)
        if not rows:
            return None
        items = [Item.of(row) for row in rows]
        keys = await keyring.open(connection, {item.key for item in items})
        ids = [item.id for item in items]
        return Journey(
            message=message,
            key=rows[0]["sender_key"] or "",
            system=rows[0]["system"] or rows[0]["source"],
            events=[item.opened(keys[item.key]) for item in items if item.key in keys],
            deliveries=await connection.fetch(_SQL.deliveries_of, ids),
            attempts=await connection.fetch(_SQL.attempts_of, ids),
            parked=await connection.fetch(_SQL.parked_of, ids),
        )


def _tokens(keyring: Keyring, wanted: str, spaces: Sequence[str]) -> list[UUID]:
    """What stands for the number under every assigner seen, and for the whole key of a subject."""
    number = wanted.replace("%", "%25").replace("/", "%2F")  # as in the keys, where a slash divides
    return [keyring.master.token(text) for text in (wanted, *(f"{space}/{number}" for space in spaces))]


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
