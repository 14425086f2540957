"""Appointment as a resource."""

from __future__ import annotations

from typing import Final

from careloom.mapping.fhir.writing.datatypes import Json, coded, concept, identifiers
from careloom.mapping.fhir.writing.draft import Draft, Written, number
from careloom.mapping.fhir.writing.patient import put_patient
from careloom.model import Appointment, AppointmentEvent

_CANCELLED: Final = ("cancelled", "noshow")


def appointed(event: AppointmentEvent, draft: Draft) -> None:
    """The appointment; the patient where there is none."""
    about = put_patient(draft, event.patient)
    draft.put(appointment(event.appointment, about), event.appointment.identifier)


def appointment(one: Appointment, about: Json | None) -> Written:
    """An Appointment. The patient takes part first, then those who do it, and where."""
    written = Written({"resourceType": "Appointment"})
    actors = [about, *(written.practitioner(each) for each in one.practitioner)]
    actors += [written.place(each) for each in one.location]
    actors += [{"type": "HealthcareService", "display": each.text} for each in one.resource if each.text]
    written.resource |= {
        "identifier": identifiers(one.identifier),
        "status": one.status,
        "cancelationReason": concept(one.reason) if one.status in _CANCELLED else None,
        "serviceType": [concept(each) for each in one.service],
        "appointmentType": coded(one.type),
        "start": one.start,
        "end": one.end,
        "minutesDuration": one.minutes_duration or None,
        "slot": [],
        "created": one.created,
        "basedOn": [
            {"type": "ServiceRequest", "identifier": identifiers([each])[0]} for each in one.order if number([each])
        ],
        "participant": [{"actor": each, "status": "accepted"} for each in actors if each],
    }
    return written
