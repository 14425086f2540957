"""When: schedules, slots, appointments, the encounters they lead to, and what was ordered."""

from __future__ import annotations

from typing import Any

from careloom.formats.fhir.resources.bases import Element, Resource
from careloom.formats.fhir.resources.datatypes import (
    Annotation,
    CodeableConcept,
    Coding,
    Extension,
    Identifier,
    Meta,
    Period,
    Quantity,
    Range,
    Ratio,
    Reference,
    Timing,
)


class Schedule(Resource, frozen=True, kw_only=True):
    """A container of slots of one or more actors (12.8)."""

    id: str | None = None
    meta: Meta | None = None
    contained: tuple[dict[str, Any], ...] = ()
    extension: tuple[Extension, ...] = ()
    identifier: tuple[Identifier, ...] = ()
    active: bool | None = None
    service_category: tuple[CodeableConcept, ...] = ()
    service_type: tuple[CodeableConcept, ...] = ()
    specialty: tuple[CodeableConcept, ...] = ()
    actor: tuple[Reference, ...] = ()
    planning_horizon: Period | None = None
    comment: str | None = None


class Slot(Resource, frozen=True, kw_only=True):
    """A time that may be booked (12.9)."""

    id: str | None = None
    meta: Meta | None = None
    contained: tuple[dict[str, Any], ...] = ()
    extension: tuple[Extension, ...] = ()
    identifier: tuple[Identifier, ...] = ()
    service_category: tuple[CodeableConcept, ...] = ()
    service_type: tuple[CodeableConcept, ...] = ()
    specialty: tuple[CodeableConcept, ...] = ()
    appointment_type: CodeableConcept | None = None
    schedule: Reference | None = None
    status: str | None = None
    start: str | None = None
    end: str | None = None
    overbooked: bool | None = None
    comment: str | None = None


class Appointment(Resource, frozen=True, kw_only=True):
    """A planned meeting (12.10)."""

    id: str | None = None
    meta: Meta | None = None
    contained: tuple[dict[str, Any], ...] = ()
    extension: tuple[Extension, ...] = ()
    identifier: tuple[Identifier, ...] = ()
    status: str | None = None
    cancelation_reason: CodeableConcept | None = None
    service_category: tuple[CodeableConcept, ...] = ()
    service_type: tuple[CodeableConcept, ...] = ()
    specialty: tuple[CodeableConcept, ...] = ()
    appointment_type: CodeableConcept | None = None
    reason_code: tuple[CodeableConcept, ...] = ()
    reason_reference: tuple[Reference, ...] = ()
    priority: int | None = None
    description: str | None = None
    supporting_information: tuple[Reference, ...] = ()
    start: str | None = None
    end: str | None = None
    minutes_duration: int | None = None
    slot: tuple[Reference, ...] = ()
    created: str | None = None
    comment: str | None = None
    patient_instruction: str | None = None
    based_on: tuple[Reference, ...] = ()
    participant: tuple[AppointmentParticipant, ...] = ()
    requested_period: tuple[Period, ...] = ()


class AppointmentParticipant(Element, frozen=True, kw_only=True):
    """`Appointment`: one participant."""

    type: tuple[CodeableConcept, ...] = ()
    actor: Reference | None = None
    required: str | None = None
    status: str | None = None
    period: Period | None = None


class Encounter(Resource, frozen=True, kw_only=True):
    """A contact or a stay (8.11)."""

    id: str | None = None
    meta: Meta | None = None
    contained: tuple[dict[str, Any], ...] = ()
    extension: tuple[Extension, ...] = ()
    identifier: tuple[Identifier, ...] = ()
    status: str | None = None
    status_history: tuple[EncounterStatusHistory, ...] = ()
    class_: Coding | None = None
    class_history: tuple[EncounterClassHistory, ...] = ()
    type: tuple[CodeableConcept, ...] = ()
    service_type: CodeableConcept | None = None
    priority: CodeableConcept | None = None
    subject: Reference | None = None
    episode_of_care: tuple[Reference, ...] = ()
    based_on: tuple[Reference, ...] = ()
    participant: tuple[EncounterParticipant, ...] = ()
    appointment: tuple[Reference, ...] = ()
    period: Period | None = None
    length: Quantity | None = None
    reason_code: tuple[CodeableConcept, ...] = ()
    reason_reference: tuple[Reference, ...] = ()
    diagnosis: tuple[EncounterDiagnosis, ...] = ()
    account: tuple[Reference, ...] = ()
    hospitalization: EncounterHospitalization | None = None
    location: tuple[EncounterLocation, ...] = ()
    service_provider: Reference | None = None
    part_of: Reference | None = None


class EncounterStatusHistory(Element, frozen=True, kw_only=True):
    """`Encounter`: one status history."""

    status: str | None = None
    period: Period | None = None


class EncounterClassHistory(Element, frozen=True, kw_only=True):
    """`Encounter`: one class history."""

    class_: Coding | None = None
    period: Period | None = None


class EncounterParticipant(Element, frozen=True, kw_only=True):
    """`Encounter`: one participant."""

    type: tuple[CodeableConcept, ...] = ()
    period: Period | None = None
    individual: Reference | None = None


class EncounterDiagnosis(Element, frozen=True, kw_only=True):
    """`Encounter`: one diagnosis."""

    condition: Reference | None = None
    use: CodeableConcept | None = None
    rank: int | None = None


class EncounterHospitalization(Element, frozen=True, kw_only=True):
    """`Encounter`: one hospitalization."""

    pre_admission_identifier: Identifier | None = None
    origin: Reference | None = None
    admit_source: CodeableConcept | None = None
    re_admission: CodeableConcept | None = None
    diet_preference: tuple[CodeableConcept, ...] = ()
    special_courtesy: tuple[CodeableConcept, ...] = ()
    special_arrangement: tuple[CodeableConcept, ...] = ()
    destination: Reference | None = None
    discharge_disposition: CodeableConcept | None = None


class EncounterLocation(Element, frozen=True, kw_only=True):
    """`Encounter`: one location."""

    location: Reference | None = None
    status: str | None = None
    physical_type: CodeableConcept | None = None
    period: Period | None = None


class ServiceRequest(Resource, frozen=True, kw_only=True):
    """An order or a referral (12.2)."""

    id: str | None = None
    meta: Meta | None = None
    contained: tuple[dict[str, Any], ...] = ()
    extension: tuple[Extension, ...] = ()
    identifier: tuple[Identifier, ...] = ()
    instantiates_canonical: tuple[str | None, ...] = ()
    instantiates_uri: tuple[str | None, ...] = ()
    based_on: tuple[Reference, ...] = ()
    replaces: tuple[Reference, ...] = ()
    requisition: Identifier | None = None
    status: str | None = None
    intent: str | None = None
    category: tuple[CodeableConcept, ...] = ()
    priority: str | None = None
    do_not_perform: bool | None = None
    code: CodeableConcept | None = None
    order_detail: tuple[CodeableConcept, ...] = ()
    quantity_quantity: Quantity | None = None
    quantity_ratio: Ratio | None = None
    quantity_range: Range | None = None
    subject: Reference | None = None
    encounter: Reference | None = None
    occurrence_date_time: str | None = None
    occurrence_period: Period | None = None
    occurrence_timing: Timing | None = None
    as_needed_boolean: bool | None = None
    as_needed_codeable_concept: CodeableConcept | None = None
    authored_on: str | None = None
    requester: Reference | None = None
    performer_type: CodeableConcept | None = None
    performer: tuple[Reference, ...] = ()
    location_code: tuple[CodeableConcept, ...] = ()
    location_reference: tuple[Reference, ...] = ()
    reason_code: tuple[CodeableConcept, ...] = ()
    reason_reference: tuple[Reference, ...] = ()
    insurance: tuple[Reference, ...] = ()
    supporting_info: tuple[Reference, ...] = ()
    specimen: tuple[Reference, ...] = ()
    body_site: tuple[CodeableConcept, ...] = ()
    note: tuple[Annotation, ...] = ()
    patient_instruction: str | None = None
    relevant_history: tuple[Reference, ...] = ()
