"""The events that tell who became whom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from careloom.core.envelope import Event
from careloom.mapping.subject import subjects_of
from careloom.model import CanonicalEvent, Identifier, Patient, Person, PersonMerged, PersonSplit, encode

TRIGGER: Final = "person-index"
"""What events of our own decisions say they came from; those of sources say `source-merge`."""
SOURCE_TRIGGER: Final = "source-merge"
_SOURCE: Final = "careloom"


def merged(survivor: Patient, retired: UUID, number: Identifier, trigger: str, id_: UUID, now: datetime) -> Event:
    """Two persons became one. `survivor` is what is known of it now, with its person."""
    who = Person(id=str(retired), number=number)
    return _event(PersonMerged(trigger=trigger, occurred=now, survivor=survivor, retired=who), id_, now)


def split(person: UUID, number: Identifier, parts: Sequence[Patient], id_: UUID, now: datetime) -> Event:
    """One person became several, or goes by another id."""
    who = Person(id=str(person), number=number)
    return _event(PersonSplit(trigger=TRIGGER, occurred=now, person=who, parts=tuple(parts)), id_, now)


def _event(said: CanonicalEvent, id_: UUID, now: datetime) -> Event:
    subject, others = subjects_of(said)
    return Event(
        id=id_,
        type=said.type,
        source=_SOURCE,
        subject=subject,
        time=now,
        data=encode(said),
        correlation=id_,
        others=others,
    )
