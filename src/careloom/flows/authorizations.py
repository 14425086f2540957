"""Authorisation denied and overturned: while a payer's denial stands, what is financial about the order stands still.

Each request for leave is followed, whoever asks. A denial holds back the financial steps (`held_by=("financial",
order)`) of every run of its orders and opens a case `authorization-denied`, which ages. It ends when the payer grants
it after all, or says that the request no longer holds, and then the case closes by itself; or by a person: approved
with the number of the appeal, waived, or rejected since the denial stands. What a person decided is told as the payer's
word would be, so that every run that asked goes on where it stopped. Nothing here is to be undone; a run that somebody
cancels holds nothing back any more.

Not on by itself: name it in `[hub] flows`, whenever a flow is on that asks payers for leave.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Final, Literal

import msgspec

from careloom.cases.kinds import Action
from careloom.cases.supplies import Appeal
from careloom.flows import Flow
from careloom.flows.steps.leave import FINANCIAL
from careloom.model import (
    Authorization,
    AuthorizationCancelled,
    AuthorizationDenied,
    AuthorizationGranted,
    AuthorizationRequested,
    Identifier,
)
from careloom.model.catalogue.coverage import AuthorizationEvent
from careloom.workflow.answers import Answer
from careloom.workflow.run import Run

authorizations = Flow(
    "authorizations",
    owner="utilization-management",
    sla="400d",
    waiting_counts=True,
    criticality="high",
    business_owner="head of revenue cycle",
    latency="real-time",
    bound="15m",
    recovery_time="4h",
    pattern="event",
    system_of_record="the payer",
    runbook="flow-authorizations",
)
TRIGGER: Final = "careloom authorizations"
CASE: Final = "authorization-denied"
_UNDECIDED: Final = "365d"
_AGAIN: Final = "30d"
Outcome = Literal["granted", "overturned", "waived", "stands", "cancelled", "undecided"]


class Followed(msgspec.Struct, frozen=True, kw_only=True):
    """A request by its trace number, with the numbers of its orders; `asked` is the request, where it was seen."""

    number: str
    orders: tuple[str, ...] = ()
    asked: AuthorizationRequested | None = None


def number_of(event: AuthorizationRequested | AuthorizationEvent) -> str:
    """The trace number, by which question and answers belong together."""
    if isinstance(event, AuthorizationRequested):
        return event.request.identifier[0].value
    return event.authorization.request[0].value


def _followed(event: AuthorizationRequested | AuthorizationDenied) -> Followed:
    if isinstance(event, AuthorizationRequested):
        orders = tuple(one.value for one in event.request.order)
        return Followed(number=number_of(event), orders=orders, asked=event)
    return Followed(number=number_of(event), orders=tuple(one.value for one in event.authorization.order))


decided = authorizations.awaits(
    AuthorizationGranted, AuthorizationDenied, AuthorizationCancelled, by=number_of, name="decided"
)
overturned = authorizations.awaits(AuthorizationGranted, AuthorizationCancelled, by=number_of, name="overturned")


@authorizations.workflow(
    AuthorizationRequested, AuthorizationDenied,
    once=number_of, given=_followed, about=lambda followed: {followed.number, *followed.orders},
)  # fmt: skip
async def follow(run: Run, followed: Followed) -> Outcome:
    """Until it is decided for good."""
    held: list[str] = []
    while True:
        came = await run.wait_for(decided, followed.number, within=_AGAIN if held else _UNDECIDED)
        if came is None and not held:
            return "undecided"
        if isinstance(came, AuthorizationDenied):
            await _hold(run, followed, came, held)
            came = None
        outcome = await _stands(run, followed) if came is None else _final(came)
        if outcome is not None:
            for order in held:
                await run.release(FINANCIAL, order)
            return "overturned" if outcome == "granted" and held else outcome


async def _hold(run: Run, followed: Followed, denied: AuthorizationDenied, held: list[str]) -> None:
    """Every order that the denial is about; the request itself where nobody named one."""
    orders = dict.fromkeys((*followed.orders, *(one.value for one in denied.authorization.order)))
    for order in orders or (followed.number,):
        if order not in held:
            await run.hold(FINANCIAL, order, "the payer denied the authorization")
            held.append(order)


async def _stands(run: Run, followed: Followed) -> Outcome | None:
    """A person, unless the payer changes its mind; None: the payer was asked again."""
    reason = "the payer denied the authorization; what is financial about the order is held back"
    found = await run.case_unless(CASE, reason, overturned, followed.number, field="authorization")
    if not isinstance(found, Answer):
        return _final(found)
    if found.action is Action.APPROVE:
        await run.emit(_granted(followed, found.data))
        return "overturned"
    if found.action is Action.WAIVE:
        await run.emit(_granted(followed, None))
        return "waived"
    if found.action in (Action.REJECT, Action.DISCARD):
        await run.emit(_cancelled(followed))
        return "stands"
    if followed.asked is not None:
        await run.emit(followed.asked)
    return None


def _final(came: AuthorizationEvent) -> Outcome:
    return "granted" if isinstance(came, AuthorizationGranted) else "cancelled"


def _granted(followed: Followed, appeal: Appeal | None) -> AuthorizationGranted:
    """By an appeal; without one the service is given without leave."""
    made = Authorization(
        request=(Identifier(value=followed.number),),
        number=Identifier(value=appeal.number) if appeal else None,
        decision="granted" if appeal else "not-required",
        decided=datetime.combine(appeal.decided, time(), UTC).isoformat() if appeal else None,
        order=_orders(followed),
    )
    return AuthorizationGranted(trigger=TRIGGER, authorization=made)


def _cancelled(followed: Followed) -> AuthorizationCancelled:
    """The denial stands: the orders go on without this payer."""
    made = Authorization(
        request=(Identifier(value=followed.number),), decision="cancelled", order=_orders(followed)
    )  # fmt: skip
    return AuthorizationCancelled(trigger=TRIGGER, authorization=made)


def _orders(followed: Followed) -> tuple[Identifier, ...]:
    return tuple(Identifier(value=one) for one in followed.orders)
