"""The seam between listeners and the log: what is handed in, and what is promised back.

A listener may acknowledge only what `Intake.accept` has resolved to `Accepted` or `Repeated`.
"""

from __future__ import annotations

from asyncio import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias
from uuid import UUID

from careloom.core.envelope import Position


@dataclass(frozen=True, slots=True)
class Received:
    """A message as it came in, framed and recognised, not yet stored.

    `key` is the sender's own id for it (MSH-10, Idempotency-Key): unique per system, the ground for dedupe.
    `type` says what it is, `hl7v2:ADT^A04`. `subject` is the ordering key, `Patient/GENHOSP/MRN00042`;
    `others` are further subjects it must wait for (the losing patient of a merge).
    `acknowledgement` is what to answer once it is stored; it is stored too and given to repeats.
    """

    system: str
    key: str
    type: str
    subject: str
    body: bytes
    acknowledgement: bytes
    time: datetime
    datacontenttype: str = "application/octet-stream"
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """Committed. Only now may the sender be told so."""

    id: UUID
    position: Position
    acknowledgement: bytes


@dataclass(frozen=True, slots=True)
class Repeated:
    """The same key with the same bytes was committed before; `acknowledgement` is the one given then."""

    id: UUID
    acknowledgement: bytes


@dataclass(frozen=True, slots=True)
class Conflicting:
    """The same key was committed before with other bytes: refused, and a case is open."""

    id: UUID


Receipt: TypeAlias = Accepted | Repeated | Conflicting


@dataclass(frozen=True, slots=True)
class Refusal:
    """Bytes that were not accepted: kept (sealed, bounded) so that nothing is lost, and answered with `reason`.

    `location` is in the format's own terms (`MSH-9`). `reason` names no person.
    """

    system: str
    reason: str
    location: str
    body: bytes
    peer: str = ""


class Intake(Protocol):
    """Takes messages durably. Implemented by the log; `careloom.testing` has one in memory."""

    def accept(self, received: Received) -> Future[Receipt]:
        """Store it. The future resolves after commit, in the order of calls; it raises `Unavailable` when the store
        could not commit or did not answer: the sender must send again, and a message that was stored after all is
        then told to be a repeat."""

    def refuse(self, refusal: Refusal) -> None:
        """Keep a refused body for the operators, as far as the store is able to; never raises, never blocks."""
