"""What the log asks of rooms above it, so that it need not import them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias
from uuid import UUID

from asyncpg.pgproto.pgproto import UUID as DatabaseUUID

from careloom.core.envelope import Position

Connection: TypeAlias = Any
"""An asyncpg connection, from a pool or not; its two classes share no public base."""


def stored_id(octets: bytes) -> UUID:
    """For `Uuid7(make=...)`: the driver's own class, a `uuid.UUID` too, whose bytes and hash cost no Python."""
    return DatabaseUUID(octets)


@dataclass(frozen=True, slots=True)
class NewCase:
    """Something a person has to look at. `reason` and `field` name no patient."""

    kind: str
    system: str
    reason: str
    field: str | None = None
    subscription: str | None = None
    position: Position | None = None
    event: UUID | None = None
    message: UUID | None = None
    owner: str = ""


class CaseBook(Protocol):
    """Opens and closes cases inside the caller's transaction."""

    async def open(self, connection: Connection, cases: Sequence[NewCase]) -> None:
        """Open them, unless the same one is open already."""

    async def resolve_at(
        self, connection: Connection, subscription: str, positions: Sequence[Position], resolution: str, by: str
    ) -> None:
        """Close whatever is open at these positions of a subscription."""
