"""Events of appointments and bookable time."""

from __future__ import annotations

from typing import ClassVar

from careloom.model.contract import Contract, Terms
from careloom.model.events import CanonicalEvent, PatientEvent
from careloom.model.scheduling import Appointment, Schedule
from careloom.model.subject import About


class AppointmentEvent(PatientEvent, frozen=True, kw_only=True):
    """A fact about one appointment of a patient."""

    appointment: Appointment


class AppointmentBooked(AppointmentEvent, frozen=True, kw_only=True):
    """An appointment was made."""

    type: ClassVar[str] = "appointment.booked.v1"


class AppointmentUpdated(AppointmentEvent, frozen=True, kw_only=True):
    """An appointment was moved, or what is known of it changed."""

    type: ClassVar[str] = "appointment.updated.v1"


class AppointmentConfirmed(AppointmentEvent, frozen=True, kw_only=True):
    """The patient or the practice confirmed that an appointment will take place."""

    type: ClassVar[str] = "appointment.confirmed.v1"


class AppointmentArrived(AppointmentEvent, frozen=True, kw_only=True):
    """The patient came to an appointment and was checked in."""

    type: ClassVar[str] = "appointment.arrived.v1"


class AppointmentCancelled(AppointmentEvent, frozen=True, kw_only=True):
    """An appointment will not take place, or was entered by mistake."""

    type: ClassVar[str] = "appointment.cancelled.v1"


class AppointmentNoShow(AppointmentEvent, frozen=True, kw_only=True):
    """The patient did not come to an appointment."""

    type: ClassVar[str] = "appointment.no_show.v1"


class ScheduleUpdated(CanonicalEvent, frozen=True, kw_only=True):
    """The bookable time of a clinician, a room or a machine changed."""

    type: ClassVar[str] = "schedule.updated.v1"
    about: ClassVar[tuple[About, ...]] = (About("Schedule", "schedule.identifier"),)

    schedule: Schedule


_APPOINTMENTS = Terms(
    owner="patient-access",
    source_of_truth="the system that keeps the schedule",
    publishers=("ehr", "scheduling", "engagement", "careloom"),
    data_classes=("phi",),
    retention_years=6,
)
_SCHEDULES = Terms(
    owner="patient-access",
    source_of_truth="the system that keeps the schedule",
    publishers=("ehr", "scheduling"),
    data_classes=("operational",),
    retention_years=1,
    retry="bulk",
)

CONTRACTS: tuple[Contract, ...] = (
    _APPOINTMENTS.contract(AppointmentBooked, retry="urgent"),
    _APPOINTMENTS.contract(AppointmentUpdated, retry="urgent"),
    _APPOINTMENTS.contract(AppointmentConfirmed),
    _APPOINTMENTS.contract(AppointmentArrived),
    _APPOINTMENTS.contract(AppointmentCancelled, retry="urgent"),
    _APPOINTMENTS.contract(AppointmentNoShow),
    _SCHEDULES.contract(ScheduleUpdated),
)
