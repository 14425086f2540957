"""The payer's leave for a service (prior authorisation): asked for, waited for, had by a person where none comes.

A denial does not stop what is not about money. `settled` is awaited before the first financial step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from careloom.cases.kinds import Action
from careloom.flows.steps.stopping import Stopped
from careloom.model import (
    AuthorizationCancelled,
    AuthorizationDenied,
    AuthorizationGranted,
    AuthorizationItem,
    AuthorizationPended,
    AuthorizationRequest,
    AuthorizationRequested,
    CodeableConcept,
    Coverage,
    Identifier,
    Patient,
    Period,
)
from careloom.model.catalogue.coverage import AuthorizationEvent
from careloom.workflow.answers import Answer
from careloom.workflow.declaration import Signal
from careloom.workflow.errors import StepFailed
from careloom.workflow.run import Run

CASE: Final = "authorization-gap"
FINANCIAL: Final = "financial"
"""The sort of steps that a denial holds back; their key is the number of the order."""


@dataclass(frozen=True)
class Wanted:
    """What leave is asked for. `number` is the trace number, `order` what the service was ordered by."""

    number: str
    trigger: str
    patient: Patient
    coverage: Coverage
    order: Identifier
    service: tuple[CodeableConcept, ...] = ()
    day: str | None = None
    appointment: Identifier | None = None


class Leave(msgspec.Struct, frozen=True, kw_only=True):
    """How it stands. `payer` says whether the payer pays: not where leave was refused for good."""

    number: str | None = None
    denied: bool = False
    payer: bool = True


async def ask_leave(run: Run, wanted: Wanted, decided: Signal[Any], within: str = "3d") -> Leave:
    """Until the payer decides, or a person how to go on. `decided` brings the decisions on `wanted.number`, and what
    else ends the wait: that raises Stopped. Raises StepFailed when a person gives it up."""
    while True:
        await run.emit(_request(wanted))
        came: Any = await _decision(run, wanted.number, decided, within)
        reason = "the payer has not decided in time"
        while came is None or isinstance(came, AuthorizationPended):
            came = await run.case_unless(CASE, reason, decided, wanted.number, field="authorization")
        if not isinstance(came, Answer):
            return _leave(came)
        if came.action is Action.SUPPLY:
            return Leave(number=came.data.number)
        if came.action is Action.WAIVE:
            return Leave()
        if came.action not in (Action.RETRY, Action.EDIT):
            raise StepFailed("authorization", "there is none, and it was given up", field="authorization")


async def settled(run: Run, leave: Leave, number: str, decided: Signal[Any]) -> Leave:
    """Leave as it stands once nothing can change it any more: a denial is overturned, or it stands."""
    while leave.denied:
        came: Any = await run.wait_for(decided, number)
        if not isinstance(came, AuthorizationPended):
            leave = _leave(came)
    return leave


async def _decision(run: Run, number: str, decided: Signal[Any], within: str) -> AuthorizationEvent | None:
    """The payer's; one that looks further has that long again."""
    while True:
        came = await run.wait_for(decided, number, within=within)
        if came is None:
            return None
        if not isinstance(came, AuthorizationEvent):
            raise Stopped(came)
        if not isinstance(came, AuthorizationPended):
            return came


def _leave(came: Any) -> Leave:
    if isinstance(came, AuthorizationGranted):
        number = came.authorization.number
        return Leave(number=number.value if number else None)
    if isinstance(came, AuthorizationDenied):
        return Leave(denied=True, payer=False)
    if isinstance(came, AuthorizationCancelled):
        return Leave(payer=False)
    raise Stopped(came)


def _request(wanted: Wanted) -> AuthorizationRequested:
    items = tuple(
        AuthorizationItem(sequence=number, product_or_service=one) for number, one in enumerate(wanted.service, 1)
    )
    return AuthorizationRequested(
        trigger=wanted.trigger,
        request=AuthorizationRequest(
            identifier=(Identifier(value=wanted.number),),
            category="HS",
            action="I",
            period=Period(start=wanted.day) if wanted.day else None,
            insurer=wanted.coverage.payor,
            item=items,
            order=(wanted.order,),
            appointment=wanted.appointment,
        ),
        patient=wanted.patient,
        coverage=(wanted.coverage,),
    )
