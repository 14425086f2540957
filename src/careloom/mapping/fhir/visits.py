"""Encounter (FHIR R4 8.11): visits and stays, as registrations and discharges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from careloom.mapping.fhir.codes import CLASS, ENCOUNTER
from careloom.mapping.fhir.coverages import coverages
from careloom.mapping.fhir.datatypes import code, instant, period
from careloom.mapping.fhir.elements import child, children, text
from careloom.mapping.fhir.family import Made, Reader, mappings
from careloom.mapping.fhir.parties import organization, place, practitioner
from careloom.mapping.fhir.patient import patient_at
from careloom.mapping.fhir.source import Source
from careloom.model import (
    Encounter,
    Identifier,
    PatientDischarged,
    PatientEvent,
    PatientUpdated,
    Practitioner,
    RegistrationCancelled,
    RegistrationCreated,
)

DROPPED: Mapping[str, str] = {
    "Encounter.text": "what it says stands in the elements",
    "Encounter.type": "what was done is billed by charges and claims",
    "Encounter.priority": "how urgent it was is clinical",
    "Encounter.reasonCode": "clinical",
    "Encounter.reasonReference": "clinical",
    "Encounter.diagnosis": "clinical; a claim carries those that it is billed with",
    "Encounter.hospitalization": "where from and where to is not needed for billing here",
    "Encounter.statusHistory": "each change was told when it came",
    "Encounter.classHistory": "each change was told when it came",
    "Encounter.episodeOfCare": "clinical",
    "Encounter.length": "the period says so",
    "Encounter.basedOn": "the order tells of itself",
    "Encounter.appointment": "the appointment tells of itself",
    "Encounter.partOf": "the visit around it tells of itself",
}
_EVENTS: Final[Mapping[str, type[PatientEvent]]] = {
    "planned": RegistrationCreated,
    "arrived": RegistrationCreated,
    "in-progress": RegistrationCreated,
    "finished": PatientDischarged,
    "cancelled": RegistrationCancelled,
    "unknown": PatientUpdated,
}


def encounter(source: Source) -> Encounter:
    """An Encounter resource."""
    places = source.children("location")
    now = next((one for one in places if text(one, "status") == "active"), places[-1] if places else {})
    return Encounter(
        class_=CLASS.get(text(source.child("class"), "code") or ""),
        status=ENCOUNTER.get(source.text("status") or "", "unknown"),
        identifier=source.numbers(),
        account=tuple(_accounts(source)),
        location=place(source, child(now, "location")),
        attending=_participant(source, "ATND", "PPRF"),
        referring=_participant(source, "REF"),
        admitting=_participant(source, "ADM"),
        service_type=code(source.child("serviceType")),
        period=period(source.child("period")),
    )


def _accounts(source: Source) -> Iterator[Identifier]:
    for reference in source.children("account"):
        number = source.number_at(reference)
        if number is not None:
            yield number


def _participant(source: Source, *roles: str) -> Practitioner | None:
    for role in roles:
        for one in source.children("participant"):
            if any(code(kind) == role for kind in children(one, "type")):
                found = practitioner(source, child(one, "individual"))
                if found is not None:
                    return found
    return None


def _read(source: Source) -> Made:
    visit = encounter(source)
    kind = _EVENTS[visit.status]
    there = source.at(source.child("subject"))
    insurances = coverages(there) if there is not None and kind is not PatientDischarged else ()
    house = organization(source, source.child("serviceProvider"))
    ended = instant(visit.period.end) if visit.period and kind is PatientDischarged else None
    return [
        source.event(
            kind,
            occurred=source.occurred or ended,
            facility=house.name if house is not None else None,
            patient=patient_at(source, "subject"),
            encounter=visit,
            coverage=insurances,
        )
    ]


READERS: Final[Mapping[str, Reader]] = {"Encounter": _read}
MAPPINGS = mappings(READERS)
