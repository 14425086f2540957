"""What the log asks of rooms above it, so that it need not import them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeAlias
from uuid import UUID

from asyncpg.pgproto.pgproto import UUID as DatabaseUUID

from careloom.core.envelope import Event, Position
from careloom.core.outcomes import Category

Connection: TypeAlias = Any
"""An asyncpg connection, from a pool or not; its two classes share no public base."""


def stored_id(octets: bytes) -> UUID:
    """For `Uuid7(make=...)`: the driver's own class, a `uuid.UUID` too, whose bytes and hash cost no Python."""
    return DatabaseUUID(octets)


@dataclass(frozen=True, slots=True)
class NewCase:
    """Something a person has to look at. `reason` and `field` name no patient.

    `type` is that of the entry it is about, `criticality` that of whoever met it. `run` names the run that waits for
    it, `asked_by` who asked for what is to be approved: that person may not approve it. `due` is when it has waited too
    long, told of by whoever gives it; without it the service level of its kind holds, and is told of by the queue.
    `category` is what sort of failure it is, where that is known better than by its kind.
    `actions` are those of its kind that whoever opens it can follow; empty: all.
    """

    kind: str
    system: str
    reason: str
    field: str | None = None
    subscription: str | None = None
    position: Position | None = None
    event: UUID | None = None
    message: UUID | None = None
    owner: str = ""
    type: str = ""
    criticality: str = "normal"
    run: str | None = None
    asked_by: str = ""
    due: datetime | None = None
    category: Category | None = None
    actions: tuple[str, ...] = ()


class CaseBook(Protocol):
    """Opens and closes cases inside the caller's transaction.

    Each act gives the events that tell of it. The caller writes them in the same transaction, together with what it
    writes itself, for the lanes must be locked once and in order.
    """

    async def open(self, connection: Connection, cases: Sequence[NewCase]) -> Sequence[Event]:
        """Open them, unless the same one is open already."""

    async def resolve_at(
        self,
        connection: Connection,
        subscription: str,
        positions: Sequence[Position],
        resolution: str,
        by: str,
        state: str = "resolved",
    ) -> Sequence[Event]:
        """End whatever is open at these positions of a subscription; `state` is what it comes to."""

    async def resolve_loose(
        self, connection: Connection, case: UUID, resolution: str, by: str
    ) -> Sequence[Event] | None:
        """Close a case for which nothing is parked and no run waits; None when there is none that is open."""

    async def end_of_run(
        self,
        connection: Connection,
        run: UUID,
        resolution: str,
        place: str | None = None,
        by: str = "careloom",
        state: str = "discarded",
    ) -> Sequence[Event]:
        """Close what a run asked people, all of it or what it asked at one place: it does not wait for it any more."""
