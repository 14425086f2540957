"""Who the patients of an event are, by the person index, before the event gets its subject."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from msgspec.structs import replace

from careloom.identity.index.seam import Arrival, Joined, Resolved, Resolver
from careloom.mapping.identifiers import best
from careloom.mapping.subject import person_key, subjects_of
from careloom.model import CanonicalEvent, Identifier, Patient, PatientMerged, Person


class Subjects(NamedTuple):
    """An event that says which persons it is about, and its ordering keys."""

    event: CanonicalEvent
    subject: str
    others: tuple[str, ...]


class Resolution:
    """Asks the index about every patient of an event."""

    def __init__(self, index: Resolver) -> None:
        self._index = index

    async def subjects(self, event: CanonicalEvent, source: str, received: datetime) -> Subjects:
        """The event with its persons. Safe to repeat: the index knows what it was told before."""
        occurred = event.occurred or received
        if isinstance(event, PatientMerged):
            return await self._merged(event, source, occurred)
        found: CanonicalEvent = event
        for name, patient in _patients(event):
            arrival = _arrival(source, patient, occurred)
            if arrival is not None:
                found = replace(found, **{name: _known_as(patient, await self._index.resolve(arrival))})
        return Subjects(found, *subjects_of(found))

    async def _merged(self, event: PatientMerged, source: str, occurred: datetime) -> Subjects:
        """What a source merges is one person at once; whatever is under way about either waits for it."""
        arrival, retired = _arrival(source, event.survivor, occurred), _number(event.retired)
        if arrival is None or retired is None:
            return Subjects(event, *subjects_of(event))
        resolved, joined = await self._index.merged(arrival, retired)
        found = replace(event, survivor=_known_as(event.survivor, resolved))
        subject, _ = subjects_of(found)
        return Subjects(found, subject, _beside(subject, joined))


def _beside(subject: str, joined: Joined | None) -> tuple[str, ...]:
    if joined is None:
        return ()
    keys = (person_key(joined.survivor), person_key(joined.retired))
    return tuple(one for one in keys if one != subject)


def _known_as(patient: Patient, resolved: Resolved) -> Patient:
    return replace(patient, person=Person(id=str(resolved.person), number=resolved.number))


def _patients(event: CanonicalEvent) -> Iterator[tuple[str, Patient]]:
    """The patients that the event is about, by the name of their field."""
    for name in event.__struct_fields__:
        value: Any = getattr(event, name)
        if isinstance(value, Patient):
            yield name, value


def _arrival(source: str, patient: Patient, occurred: datetime) -> Arrival | None:
    """None for a patient without a number that tells anybody apart: nobody could find the record again. The account of
    a visit is no part of who somebody is: with it each visit would be news of the person."""
    number = _number(patient.identifier)
    if number is None or patient.person is not None:
        return None
    return Arrival(source, number, replace(patient, account=()), occurred)


def _number(identifiers: Sequence[Identifier]) -> Identifier | None:
    return best(identifiers)
