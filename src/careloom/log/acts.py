"""What people did and looked at, read back from the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from careloom.log.keyring import Keyring
from careloom.security.sealing import DataKey
from careloom.store.database import Database
from careloom.store.sql import queries

_SQL = queries("console_log")
LOOKED: Final = "body.revealed.v1"


@dataclass(frozen=True, slots=True)
class WantedActs:
    """Which acts: by whom, of which kind (`subscription.paused.v1`), recorded from and until when."""

    by: str = ""
    kind: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ActOnRecord:
    """An act on record. `targets` are ids and names of ours, never of people in care."""

    id: UUID
    kind: str
    recorded: datetime
    by: str
    reason: str
    subscription: str
    targets: Sequence[str]


async def acts(
    database: Database, keyring: Keyring, wanted: WantedActs, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[ActOnRecord]:
    """The newest first; `after` is when the last one of the page before was recorded, and its id."""
    token = keyring.master.token(f"Audit/{wanted.by}") if wanted.by else None
    asked = (token, wanted.kind or None, wanted.since, wanted.until, *(after or (None, None)), limit)
    async with database.acquire() as connection:
        rows = await connection.fetch(_SQL.acts, *asked)
        keys = await keyring.open(connection, {row["key"] for row in rows})
    return [_act(row, keys) for row in rows]


async def looks_at(database: Database, keyring: Keyring, look: UUID, message: UUID, by: str, since: datetime) -> bool:
    """Whether this entry of the log says that this person looks at this message, and was made after `since`."""
    async with database.acquire() as connection:
        row = await connection.fetchrow(_SQL.one_act, look, since)
        if row is None or row["type"] != LOOKED:
            return False
        found = _act(row, await keyring.open(connection, {row["key"]}))
    return found.by == by and str(message) in found.targets


def _act(row: Any, keys: Mapping[int, DataKey]) -> ActOnRecord:
    """Of an entry that is no act (an edited body), or whose key is gone, only that it was made."""
    key = keys.get(row["key"])
    subject, body = key.open(row["body"], row["id"]) if key else ("", b"")
    said = msgspec.json.decode(body) if subject.startswith("Audit/") else {}
    by, reason, subscription = (str(said.get(name, "")) for name in ("by", "reason", "subscription"))
    return ActOnRecord(row["id"], row["type"], row["recorded"], by, reason, subscription, said.get("targets", ()))
