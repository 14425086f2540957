"""Appointments as SIU messages, orders as ORM messages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from careloom.formats.hl7v2 import Builder
from careloom.mapping.v2.codes import PRIORITY
from careloom.mapping.v2.scheduling import TRIGGERS
from careloom.mapping.v2.writing.parts import (
    clinician,
    coded,
    concept,
    entity,
    inverse,
    moment,
    place,
    required,
    segment,
    typed,
)
from careloom.mapping.v2.writing.people import in1, pid, pv1
from careloom.model import (
    Appointment,
    AppointmentArrived,
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentConfirmed,
    AppointmentEvent,
    AppointmentNoShow,
    CanonicalEvent,
    Period,
    ServiceOrderCancelled,
    ServiceOrdered,
    ServiceOrderEvent,
    ServiceRequest,
)

_STATUS: Final[Mapping[str, str]] = {
    "proposed": "Proposed", "pending": "Pending", "booked": "Booked", "arrived": "Arrived", "fulfilled": "Complete",
    "cancelled": "Cancelled", "noshow": "Noshow", "entered-in-error": "Deleted",
}  # fmt: skip
_DEPARTMENT: Final[Mapping[str, str]] = {"laboratory": "LAB", "imaging": "RAD"}
_PRIORITY: Final = inverse(PRIORITY)
_ORDER_STATUS: Final[Mapping[str, str]] = {
    "on-hold": "HD",
    "completed": "CM",
    "revoked": "CA",
    "entered-in-error": "ER",
}


def scheduled(event: CanonicalEvent) -> str:
    """The trigger event of an appointment's event."""
    assert isinstance(event, AppointmentEvent)
    if isinstance(event, AppointmentBooked):
        return "SIU^S12"
    if isinstance(event, AppointmentNoShow):
        return "SIU^S26"
    if isinstance(event, AppointmentCancelled):
        return "SIU^S17" if event.appointment.status == "entered-in-error" else "SIU^S15"
    if isinstance(event, AppointmentArrived | AppointmentConfirmed):
        return "SIU^S14"
    stated = event.trigger.removeprefix("SIU^")
    if TRIGGERS.get(stated) == "updated":
        return event.trigger
    return "SIU^S13" if event.appointment.previous else "SIU^S14"


def write_appointment(builder: Builder, event: CanonicalEvent) -> None:
    """SCH, PID, PV1, and a segment for each service, machine, place and clinician."""
    assert isinstance(event, AppointmentEvent)
    told = event.appointment
    segment(builder, "SCH", _schedule(told, confirmed=isinstance(event, AppointmentConfirmed)))
    pid(builder, event.patient)
    if event.encounter is not None:
        pv1(builder, event.encounter)
    segment(builder, "RGS", {1: 1, 2: "A"})
    start = moment(told.start)
    for number, service in enumerate(told.service, 1):
        segment(builder, "AIS", {1: number, 2: "A", 3: concept(service), 4: start})
    if told.previous is not None:
        segment(builder, "AIS", _before(told, told.previous))
    for number, machine in enumerate(told.resource, 1):
        segment(builder, "AIG", {1: number, 2: "A", 3: concept(machine), 4: required(None), 8: start})
    for number, where in enumerate(told.location, 1):
        segment(builder, "AIL", {1: number, 2: "A", 3: place(where), 6: start})
    for number, who in enumerate(told.practitioner, 1):
        segment(builder, "AIP", {1: number, 2: "A", 3: clinician(who), 6: start})


def _schedule(told: Appointment, *, confirmed: bool) -> dict[int, Any]:
    # HL7 wants to know whom to ask about it and who typed it (SCH-16, SCH-20): the first clinician, else this hub.
    keeper = (clinician(told.practitioner[0]) or [])[:1] if told.practitioner else [("CARELOOM",)]
    return {
        1: entity(typed(told.identifier, "PLAC")),
        2: entity(typed(told.identifier, "FILL") or _other(told)),
        6: required(concept(told.reason)),
        8: told.type and (told.type,),
        9: told.minutes_duration,
        10: ("min", None, "UCUM") if told.minutes_duration is not None else None,
        11: (None, None, None, moment(told.start), moment(told.end)) if told.start else None,
        16: keeper,
        20: keeper,
        25: ("Confirmed" if confirmed else _STATUS[told.status],),
        26: entity(typed(told.order, "PLAC")),
        27: entity(typed(told.order, "FILL")),
    }


def _other(told: Appointment) -> Any:
    """A number of neither side counts as that of the system that keeps the schedule."""
    return next((one for one in told.identifier if one.type != "PLAC"), None)


def _before(told: Appointment, previous: Period) -> dict[int, Any]:
    """The time before a move: a service taken away (action code D) from then."""
    what = concept(told.service[0]) if told.service else ("PREVIOUS",)
    length = _minutes(previous)
    unit = ("min", None, "UCUM") if length is not None else None
    return {1: len(told.service) + 1, 2: "D", 3: what, 4: moment(previous.start), 7: length, 8: unit}


def _minutes(period: Period) -> int | None:
    if not period.start or not period.end or "T" not in period.start or "T" not in period.end:
        return None
    between = datetime.fromisoformat(period.end) - datetime.fromisoformat(period.start)
    return int(between.total_seconds() // 60)


def ordered(event: CanonicalEvent) -> str:
    """OML where the order came so, else the message that all versions have."""
    return "OML^O21" if event.trigger == "OML^O21" else "ORM^O01"


def write_order(builder: Builder, event: CanonicalEvent) -> None:
    """PID, PV1, IN1, then ORC with OBR and a DG1 for each reason."""
    assert isinstance(event, ServiceOrderEvent)
    told = event.order
    pid(builder, event.patient)
    if event.encounter is not None:
        pv1(builder, event.encounter)
    in1(builder, event.coverage)
    placer, filler = entity(typed(told.identifier, "PLAC") or _placer(told)), entity(typed(told.identifier, "FILL"))
    at = told.authored_on if isinstance(event, ServiceOrdered) and told.authored_on else _instant(event)
    segment(builder, "ORC", {
        1: _control(event), 2: placer, 3: filler, 4: entity(told.requisition), 5: _ORDER_STATUS.get(told.status),
        7: _timing(told), 9: moment(at), 12: clinician(told.requester),
    })  # fmt: skip
    department = _DEPARTMENT.get(told.category or "", told.category)
    segment(builder, "OBR", {
        1: 1, 2: placer, 3: filler, 4: required(concept(told.code)), 16: clinician(told.requester), 24: department,
    })  # fmt: skip
    for number, reason in enumerate(told.reason, 1):
        segment(builder, "DG1", {1: number, 3: coded(reason), 6: "W"})


def _placer(told: ServiceRequest) -> Any:
    return next((one for one in told.identifier if one.type != "FILL"), None)


def _instant(event: CanonicalEvent) -> str | None:
    return event.occurred.isoformat() if event.occurred is not None else None


def _control(event: ServiceOrderEvent) -> str:
    if isinstance(event, ServiceOrderCancelled):
        return "CA"
    if isinstance(event, ServiceOrdered):
        return "NW"
    return "HD" if event.order.status == "on-hold" else "XO"


def _timing(told: ServiceRequest) -> tuple[Any, ...] | None:
    begins = moment(told.occurrence.start) if told.occurrence else None
    ends = moment(told.occurrence.end) if told.occurrence else None
    urgent = _PRIORITY.get(told.priority or "")
    return (None, None, None, begins, ends, urgent) if begins or ends or urgent else None
