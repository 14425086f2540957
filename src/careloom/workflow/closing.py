"""Closes the cases of a run that goes on, or ends, without what they asked of a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from careloom.cases.telling import resolved
from careloom.core.envelope import Event
from careloom.log.ports import Connection
from careloom.store.sql import queries

_SQL = queries("cases")


async def close_cases(
    connection: Connection, run: UUID, why: str, by: str, now: datetime, *, path: str = "%"
) -> Sequence[Event]:
    """Those of one place of a run, or of all; gives what tells of them, which the caller writes in the same
    transaction."""
    rows = await connection.fetch(_SQL.resolve_of_run, f"{run}/{path}", now, why, by)
    return [_told(row) for row in rows if not row["quiet"]]


def _told(row: Any) -> Event:
    return resolved(row, lambda: uuid5(row["id"], "closed with its run"))
