"""Appointments and the time that can be booked."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from careloom.model.datatypes import CodeableConcept, DateTime, Element, Identifier, Identifiers, Instant, Period, Text
from careloom.model.entities import Location, Practitioner


class Slot(Element, frozen=True, kw_only=True):
    """A stretch of time of a schedule that is free or taken."""

    identifier: tuple[Identifier, ...] = ()
    start: Instant
    end: Instant
    status: Literal["free", "busy", "busy-unavailable", "busy-tentative"]
    service_type: CodeableConcept | None = None


class Schedule(Element, frozen=True, kw_only=True):
    """The bookable time of a clinician, a room or a machine; `planningHorizon` is the time that `slot` covers."""

    identifier: Identifiers
    name: Text | None = None
    practitioner: Practitioner | None = None
    location: Location | None = None
    resource: Identifier | None = None
    service_type: CodeableConcept | None = None
    planning_horizon: Period | None = None
    slot: tuple[Slot, ...] = ()
    active: bool = True


class Appointment(Element, frozen=True, kw_only=True):
    """A planned meeting of the patient with staff, rooms and machines.

    `identifier` holds the number of the system that keeps the schedule first (HL7 filler), then the requester's
    (placer). `service` is what is to be done; `reason` why the event came about (a code of the sender's table), never
    a diagnosis. `previous` is the time before a move.
    """

    identifier: Identifiers
    status: Literal["proposed", "pending", "booked", "arrived", "fulfilled", "cancelled", "noshow", "entered-in-error"]
    start: DateTime | None = None
    end: DateTime | None = None
    minutes_duration: Annotated[int, Meta(ge=0)] | None = None
    previous: Period | None = None
    type: Text | None = None
    service: tuple[CodeableConcept, ...] = ()
    reason: CodeableConcept | None = None
    practitioner: tuple[Practitioner, ...] = ()
    location: tuple[Location, ...] = ()
    resource: tuple[CodeableConcept, ...] = ()
    order: tuple[Identifier, ...] = ()
    referral: Identifier | None = None
    authorization: Identifier | None = None
    slot: tuple[Identifier, ...] = ()
    created: DateTime | None = None
