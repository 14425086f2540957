"""Events and where they stand in the log.

The attributes are those of CloudEvents 1.0 (id, source, type, subject, time, datacontenttype) plus ours: correlation
(the message everything here came from), causation (the event that directly caused this one) and the position.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

import msgspec


class Kind(StrEnum):
    """What an entry of the log is; one letter in the database."""

    MESSAGE = "m"  # bytes as received
    EVENT = "e"  # a canonical business fact
    AUDIT = "a"  # an act of a person or of the hub: a replay, a look at a body
    JOIN = "j"  # stands in the lane of another subject of an event that has several


class Position(NamedTuple):
    """A place in the log."""

    lane: int
    sequence: int

    def __str__(self) -> str:
        return f"{self.lane}:{self.sequence}"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something to append.

    `subject` is the natural ordering key (`Patient/GENHOSP/MRN00042`); the database only ever sees a keyed
    digest of it. `others` are further subjects that this event is about (the loser of a merge): each waits for it in
    its own lane.
    """

    id: UUID
    kind: Kind = Kind.EVENT
    type: str
    source: str
    subject: str
    time: datetime
    data: bytes
    datacontenttype: str = "application/json"
    correlation: UUID
    causation: UUID | None = None
    others: tuple[str, ...] = ()


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """An event as read back from the log, opened. `token` is the digest that stands for the subject in the database."""

    id: UUID
    kind: Kind
    type: str
    source: str
    subject: str
    token: UUID
    time: datetime
    data: bytes
    datacontenttype: str
    correlation: UUID
    causation: UUID | None
    position: Position
    recorded: datetime
