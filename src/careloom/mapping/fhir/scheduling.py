"""Appointment, Schedule and Slot (FHIR R4 12.8 to 12.10)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from careloom.mapping.fhir.datatypes import code, concept, each, instant, moment, period
from careloom.mapping.fhir.elements import Node, child, first, flag, text, whole
from careloom.mapping.fhir.family import Made, Reader, mappings
from careloom.mapping.fhir.parties import place, practitioner
from careloom.mapping.fhir.patient import patient_of
from careloom.mapping.fhir.source import Source
from careloom.model import (
    Appointment,
    AppointmentArrived,
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentEvent,
    AppointmentNoShow,
    AppointmentUpdated,
    CodeableConcept,
    Location,
    Practitioner,
    Schedule,
    ScheduleUpdated,
    Slot,
)

DROPPED: Mapping[str, str] = {
    "Appointment.text": "what it says stands in the elements",
    "Appointment.description": "free text may be clinical",
    "Appointment.comment": "free text may be clinical",
    "Appointment.patientInstruction": "free text may be clinical",
    "Appointment.reasonCode": "why the patient comes is clinical",
    "Appointment.reasonReference": "clinical",
    "Appointment.supportingInformation": "clinical",
    "Appointment.priority": "the schedule has decided",
    "Appointment.requestedPeriod": "what was booked counts",
    "Appointment.serviceCategory": "the service type is carried",
    "Appointment.specialty": "the service type is carried",
    "Schedule.comment": "free text",
    "Schedule.serviceCategory": "the service type is carried",
    "Schedule.specialty": "the service type is carried",
    "Slot.comment": "free text",
    "Slot.overbooked": "whether it is free is carried",
    "Slot.appointmentType": "the service type is carried",
    "Slot.serviceCategory": "the service type is carried",
    "Slot.specialty": "the service type is carried",
}
_EVENTS: Final[Mapping[str, type[AppointmentEvent]]] = {
    "booked": AppointmentBooked,
    "pending": AppointmentBooked,
    "proposed": AppointmentBooked,
    "waitlist": AppointmentBooked,
    "arrived": AppointmentArrived,
    "checked-in": AppointmentArrived,
    "fulfilled": AppointmentUpdated,
    "cancelled": AppointmentCancelled,
    "entered-in-error": AppointmentCancelled,
    "noshow": AppointmentNoShow,
}
_STATUS: Final = {"waitlist": "pending", "checked-in": "arrived"}
_SLOT: Final = frozenset(("free", "busy", "busy-unavailable", "busy-tentative"))
_FIRST_VERSION: Final = "1"


def appointment(source: Source) -> Appointment:
    """An Appointment resource. Raises MappingError without any number."""
    node = source.resource
    numbers = source.numbers()
    if not numbers:
        raise source.error("identifier", "an appointment needs a number, so that it can be moved and cancelled")
    said = source.text("status") or "booked"
    people, places, things = _actors(source)
    return Appointment(
        identifier=numbers,
        status=cast(Any, _STATUS.get(said, said) if said in _EVENTS else "pending"),
        start=moment(source.text("start")),
        end=moment(source.text("end")),
        minutes_duration=whole(node, "minutesDuration"),
        type=code(source.child("appointmentType")),
        service=each(source.children("serviceType"), concept),
        reason=concept(source.child("cancelationReason")),
        practitioner=people,
        location=places,
        resource=things,
        order=source.numbers_in("basedOn"),
        slot=source.numbers_in("slot"),
        created=moment(source.text("created")),
    )


def _actors(
    source: Source,
) -> tuple[tuple[Practitioner, ...], tuple[Location, ...], tuple[CodeableConcept, ...]]:
    people, places, things = [], [], []
    for one in source.children("participant"):
        actor = child(one, "actor")
        kind = source.kind_at(actor)
        if kind in ("Practitioner", "PractitionerRole") and (who := practitioner(source, actor)) is not None:
            people.append(who)
        elif kind == "Location" and (where := place(source, actor)) is not None:
            places.append(where)
        elif kind in ("Device", "HealthcareService") and (shown := text(actor, "display")):
            things.append(CodeableConcept(text=shown))
    return tuple(people), tuple(places), tuple(things)


def _read(source: Source) -> Made:
    actors = [child(one, "actor") for one in source.children("participant")]
    who = source.first_at(actors, "Patient")
    if not who:
        return "an appointment without a patient: nobody is billed for it"
    made = appointment(source)
    kind = _EVENTS.get(made.status, AppointmentUpdated)
    version = text(source.child("meta"), "versionId")
    if kind is AppointmentBooked and version is not None and version.isdecimal() and version != _FIRST_VERSION:
        kind = AppointmentUpdated
    patient = patient_of(source, who, "participant.actor")
    return [source.event(kind, patient=patient, appointment=made)]


def _schedule(source: Source) -> Made:
    slots = [made for one in source.beside("Slot", "schedule") if (made := slot(one)) is not None]
    return [source.event(ScheduleUpdated, schedule=schedule(source, tuple(slots)))]


def schedule(source: Source, slots: tuple[Slot, ...] = ()) -> Schedule:
    """A Schedule resource with its slots. Raises MappingError without any number."""
    numbers = source.numbers()
    if not numbers:
        raise source.error("identifier", "a schedule needs a number")
    actors = source.children("actor")
    who = source.first_at(actors, "Practitioner", "PractitionerRole")
    where = source.first_at(actors, "Location")
    what = source.first_at(actors, "Device", "HealthcareService")
    return Schedule(
        identifier=numbers,
        name=text(who or where or what, "display"),
        practitioner=practitioner(source, who) if who else None,
        location=place(source, where) if where else None,
        resource=source.number_at(what) if what else None,
        service_type=concept(first(source.resource, "serviceType")),
        planning_horizon=period(source.child("planningHorizon")),
        slot=slots,
        active=flag(source.resource, "active") is not False,
    )


def slot(source: Source) -> Slot | None:
    """A Slot resource; None without a beginning, an end and what it is."""
    start, end, status = instant(source.text("start")), instant(source.text("end")), source.text("status")
    if start is None or end is None or status not in _SLOT:
        return None
    return Slot(
        identifier=source.numbers(),
        start=start,
        end=end,
        status=cast(Any, status),
        service_type=concept(first(source.resource, "serviceType")),
    )


def _slot(source: Source) -> Made:
    """A slot alone tells of its schedule what changed."""
    reference: Node = source.child("schedule")
    there = source.at(reference)
    if there is not None and source.in_bundle:
        return "told with the schedule in the same Bundle"
    made = slot(source)
    if made is None:
        raise source.error("start", "a slot has a beginning, an end and a status; the sender must give them")
    if there is not None and there.type == "Schedule":
        return [source.event(ScheduleUpdated, schedule=schedule(there, (made,)))]
    numbers = source.numbers_at(reference)
    if not numbers:
        raise source.error("schedule", "does not say of which schedule it is")
    return [source.event(ScheduleUpdated, schedule=Schedule(identifier=numbers, slot=(made,)))]


READERS: Final[Mapping[str, Reader]] = {"Appointment": _read, "Schedule": _schedule, "Slot": _slot}
MAPPINGS = mappings(READERS)
