"""What others see of the person index.

A *record* is a patient as one source knows it, by the number that it gave. A *person* is the set of records that are
linked, directly or by way of others; it is known by the id of its oldest record, so that the records and the decisions
alone say who is who: nothing is overwritten, and taking a link away gives back what was before. Of two persons that
become one, the older one's id stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol
from uuid import UUID

from careloom.core.envelope import Event
from careloom.identity.matching.zones import Zone
from careloom.log.ports import Connection, NewCase
from careloom.model import Identifier, Patient


class Basis(StrEnum):
    """What a decision rests on: the very number, the score, the source (ADT^A40 and its kin), a steward, or a batch run
    of de-duplication."""

    IDENTIFIER = "identifier"
    SCORE = "score"
    SOURCE = "source"
    STEWARD = "steward"
    BATCH = "batch"


class Arrival(NamedTuple):
    """A patient as a message has it. `number` is the one by which its source knows the record best; `occurred` is the
    source's time, by which the newest wins."""

    source: str
    number: Identifier
    patient: Patient
    occurred: datetime


class Resolved(NamedTuple):
    """Who it is. `number` is that by which others know the person: of its oldest record that its source did not end.

    `zone` is None for a record that was known before. `doubts` are the persons that it may be too: each has a case.
    """

    person: UUID
    record: UUID
    number: Identifier
    zone: Zone | None = None
    doubts: tuple[UUID, ...] = ()


class Joined(NamedTuple):
    """Two persons became one. `records` are those that came to the survivor, `link` is what a split takes away."""

    link: UUID
    survivor: UUID
    retired: UUID
    records: tuple[UUID, ...]


class Parted(NamedTuple):
    """One person became several: `person` is the one that was, `persons` are those that are, the oldest first."""

    person: UUID
    persons: tuple[UUID, ...]


class Telling(Protocol):
    """Appends events and opens cases in the caller's transaction, once and as its last act (see
    `careloom.workflow.telling.Teller`)."""

    async def write(self, connection: Connection, events: Sequence[Event], cases: Sequence[NewCase] = ()) -> None:
        """Append these, open those."""


class Resolver(Protocol):
    """What translation asks before an event gets its subject."""

    async def resolve(self, arrival: Arrival) -> Resolved:
        """Who this is; a record that is new is linked, asked about, or a person of its own. Safe to repeat, and on
        several nodes at once. What it is asked side by side is answered by few queries."""

    async def merged(self, survivor: Arrival, retired: Identifier) -> tuple[Resolved, Joined | None]:
        """The source says that two of its records are one. None when they were one already."""
