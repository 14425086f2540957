"""The approvals that wait for somebody: for a role of theirs, or for one that was handed on to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from careloom.cases.rights import Actor, person
from careloom.core.clock import Clock
from careloom.store.database import Database
from careloom.store.sql import queries

_SQL = queries("console")
Place = tuple[int, datetime, UUID]


@dataclass(frozen=True, slots=True)
class Undecided:
    """One of them. `id` is its case, which is decided; `votes` of the `needed` ones have approved. `own`: it was
    the person who wanted it, so somebody else decides; `voted`: they, or somebody in their place, did."""

    id: UUID
    reason: str
    opened: datetime
    due: datetime
    priority: int
    owner: str
    assignee: str | None
    revision: int
    run: UUID
    workflow: str
    amount: Decimal | None
    currency: str | None
    needed: int
    asked_by: str
    expires_at: datetime | None
    own: bool
    votes: int
    voted: bool


@dataclass(frozen=True, slots=True)
class UndecidedPage:
    """Some of them; `after` is where the next page goes on, None on the last."""

    approvals: Sequence[Undecided]
    after: Place | None


async def undecided(
    database: Database, clock: Clock, actor: Actor, after: Place | None = None, limit: int = 50
) -> UndecidedPage:
    """What waits for the actor, the most urgent first. `after` is that of the page before."""
    roles = None if actor.roles is None else sorted(actor.roles)
    place: tuple[Any, ...] = after or (None, None, None)
    async with database.acquire() as connection:
        rows = await connection.fetch(_SQL.approvals, person(actor.name), roles, clock.now(), *place, limit + 1)
    found = [Undecided(**row) for row in rows[:limit]]
    later = (found[-1].priority, found[-1].due, found[-1].id) if len(rows) > limit else None
    return UndecidedPage(found, later)
