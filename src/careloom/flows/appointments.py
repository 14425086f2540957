"""Appointment to supplies: what a confirmed appointment takes is reserved in Odoo, and that it can be billed is made
sure, each in a run of its own.

`supply` follows the appointment until it takes place: moved, it is planned anew; cancelled, missed or over, what was
reserved is free. What is short is a requisition (`supply.requested.v1`), which is changed and cancelled with the plan,
and a case. Once the patient has arrived the reservation stays for whoever consumes it. `clear` asks the payer and
prepares billing, held back while leave for the order is denied; it is taken back when the appointment does not take
place. What stays of a run that is undone: the payer's account, questions that the payer was asked, and a requisition
where somebody cancels the run by hand.

Not on by itself: name it in `[hub] flows`. A cancelled appointment that is made again needs a number of its own.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final, Literal

import msgspec

from careloom.flows import Flow
from careloom.flows.steps.billing import prepare_billing, take_back_billing
from careloom.flows.steps.coverage import Covered, Question, verify
from careloom.flows.steps.demand import Demand
from careloom.flows.steps.leave import FINANCIAL, Leave, Wanted, ask_leave, settled
from careloom.flows.steps.numbers import moment, plain, trace
from careloom.flows.steps.provision import Need, provide
from careloom.flows.steps.stopping import Stopped
from careloom.flows.steps.supplies import Reserved, codes, release
from careloom.model import (
    Appointment,
    AppointmentArrived,
    AppointmentCancelled,
    AppointmentConfirmed,
    AppointmentNoShow,
    AppointmentUpdated,
    AuthorizationCancelled,
    AuthorizationDenied,
    AuthorizationGranted,
    AuthorizationPended,
    CanonicalEvent,
    EligibilityAnswered,
    Identifier,
)
from careloom.model.catalogue.coverage import AuthorizationEvent
from careloom.model.catalogue.scheduling import AppointmentEvent
from careloom.workflow.errors import StepFailed
from careloom.workflow.run import Run

appointments = Flow(
    "appointments",
    owner="scheduling",
    sla="400d",
    waiting_counts=True,
    criticality="high",
    business_owner="head of ambulatory care",
    latency="real-time",
    bound="15m",
    recovery_time="4h",
    pattern="transaction",
    system_of_record="the system that keeps the schedule for the appointment, Odoo for stock",
    runbook="flow-appointments",
)
TRIGGER: Final = "careloom appointments"
_ELIGIBILITY: Final = "ELG-A"
_AUTHORIZATION: Final = "AUT-A"
_GRACE: Final = timedelta(days=1)
_UNDATED: Final = timedelta(days=30)
Ending = Literal["arrived", "cancelled", "missed", "over"]


def number_of(event: AppointmentEvent) -> str:
    """By the number of the system that keeps the schedule."""
    return plain(event.appointment.identifier[0])


def _key(event: CanonicalEvent, about: str) -> str | None:
    if isinstance(event, EligibilityAnswered):
        return event.response.request[0].value
    if isinstance(event, AuthorizationEvent):
        return event.authorization.request[0].value
    return trace(about, number_of(event)) if isinstance(event, AppointmentEvent) else None


changed = appointments.awaits(
    AppointmentConfirmed, AppointmentUpdated, AppointmentArrived, AppointmentCancelled, AppointmentNoShow,
    by=number_of, name="changed",
)  # fmt: skip
ended = appointments.awaits(
    AppointmentArrived, AppointmentCancelled, AppointmentNoShow, by=number_of, name="ended"
)  # fmt: skip
answered = appointments.awaits(
    EligibilityAnswered, AppointmentCancelled, AppointmentNoShow,
    by=lambda event: _key(event, _ELIGIBILITY), name="answered",
)  # fmt: skip
decided = appointments.awaits(
    AuthorizationGranted, AuthorizationDenied, AuthorizationPended, AuthorizationCancelled, AppointmentCancelled,
    AppointmentNoShow, by=lambda event: _key(event, _AUTHORIZATION), name="decided",
)  # fmt: skip


def order_of(appointment: Appointment) -> Identifier:
    """What it was ordered by; the appointment itself where nobody says."""
    return next(iter(appointment.order), appointment.identifier[0])


def _about(event: AppointmentEvent) -> set[str]:
    return {number_of(event), order_of(event.appointment).value}


# ---------------------------------------------------------------------- supplies


@appointments.workflow(AppointmentConfirmed, once=number_of, about=_about)
async def supply(run: Run, confirmed: AppointmentConfirmed) -> Ending:
    """Reserve, and follow the appointment. Gives how it ended."""
    planned, number = confirmed.appointment, number_of(confirmed)
    demand = Demand(trace("REQ", number), TRIGGER)
    part = 1
    while True:
        made: list[Reserved] = []
        change = await _stands(run, planned, part, made, demand, number)
        ending = _ending(change)
        if ending == "arrived":
            return ending
        if ending is None and not _differs(planned, change):
            continue
        for one in made:
            await run.step(release, one, on_failure="case")
        if ending is not None:
            await demand.drop(run)
            return ending
        planned, part = _moved(planned, change), part + 1


async def _stands(
    run: Run, planned: Appointment, part: int, made: list[Reserved], demand: Demand, number: str
) -> AppointmentEvent | None:
    """The supplies of a plan, until something happens to it; None when its time is over."""
    when = moment(planned.start)
    need = Need(planned.identifier[0], codes(planned.service), when, str(part))
    demand.begin()
    try:
        await provide(run, need, changed, number, made, lambda short: demand.ask(run, short, when))
    except Stopped as told:
        assert isinstance(told.event, AppointmentEvent), "nothing else is of the signal"
        return told.event
    except StepFailed:
        await demand.drop(run)
        raise
    await demand.settle(run, made)
    while True:
        change = await _next(run, changed, number, planned)
        if _ending(change) is not None or _differs(planned, change):
            return change


async def _next(run: Run, signal: Any, number: str, planned: Appointment) -> AppointmentEvent | None:
    """What happens to the appointment next; None when nothing did until a day after it."""
    now = await run.now()
    over = moment(planned.end) or moment(planned.start)
    within = _UNDATED if over is None else max(over + _GRACE - now, timedelta(0))
    found: AppointmentEvent | None = await run.wait_for(signal, number, within=within)
    return found


def _ending(change: AppointmentEvent | None) -> Ending | None:
    if change is None:
        return "over"
    status = change.appointment.status
    if isinstance(change, AppointmentArrived):
        return "arrived"
    if isinstance(change, AppointmentNoShow) or status == "noshow":
        return "missed"
    gone = isinstance(change, AppointmentCancelled) or status in ("cancelled", "entered-in-error")
    return "cancelled" if gone else None


def _differs(planned: Appointment, change: AppointmentEvent | None) -> bool:
    after = _moved(planned, change)
    return (moment(planned.start), codes(planned.service)) != (moment(after.start), codes(after.service))


def _moved(planned: Appointment, change: AppointmentEvent | None) -> Appointment:
    """As it is now; what the change does not say stays."""
    if change is None:
        return planned
    told = change.appointment
    return msgspec.structs.replace(
        planned,
        start=told.start or planned.start,
        end=told.end or (planned.end if told.start is None else None),
        service=told.service or planned.service,
    )


# ---------------------------------------------------------------------- billing


class Cleared(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. Without a file nothing was prepared, or it was taken back."""

    file: int | None = None
    payer: bool = False
    authorization: str | None = None


@appointments.workflow(AppointmentConfirmed, once=number_of, about=_about)
async def clear(run: Run, confirmed: AppointmentConfirmed) -> Cleared:
    """Make sure that it can be billed before it takes place."""
    appointment, number = confirmed.appointment, number_of(confirmed)
    day = appointment.start[:10] if appointment.start else None
    asked = Question(trace(_ELIGIBILITY, number), TRIGGER, confirmed.patient, day)
    covered = await verify(run, asked, next(iter(confirmed.coverage), None), answered)
    leave = await _leave(run, confirmed, covered)
    leave = await settled(run, leave, trace(_AUTHORIZATION, number), decided)
    coverage = covered.coverage if leave.payer else None
    known = appointment.identifier[0]
    prepared = await run.step(
        prepare_billing, known, coverage, undo=take_back_billing, undo_by=(known,), on_failure="case",
        held_by=(FINANCIAL, order_of(appointment).value),
    )  # fmt: skip
    file = prepared.file if prepared else None  # none where a person had the step left out
    if file is not None and _ending(await _next(run, ended, number, appointment)) in ("cancelled", "missed"):
        await run.step(take_back_billing, known, on_failure="case")
        return Cleared()
    return Cleared(file=file, payer=coverage is not None, authorization=leave.number)


async def _leave(run: Run, confirmed: AppointmentConfirmed, covered: Covered) -> Leave:
    appointment = confirmed.appointment
    if covered.coverage is None:
        return Leave(payer=False)
    if appointment.authorization is not None or not covered.leave:
        return Leave(number=appointment.authorization.value if appointment.authorization else None)
    wanted = Wanted(
        number=trace(_AUTHORIZATION, number_of(confirmed)),
        trigger=TRIGGER,
        patient=confirmed.patient,
        coverage=covered.coverage,
        order=order_of(appointment),
        service=appointment.service,
        day=appointment.start[:10] if appointment.start else None,
        appointment=appointment.identifier[0],
    )
    return await ask_leave(run, wanted, decided)
