"""From a referral to a paid claim: each leg has its time, and a leg that does not come in it is a case.

    referral -> appointment (14 d) -> arrival (a day after it) -> charges (5 d, and 2 d quiet) -> claim, owed in Odoo
             -> acknowledgement (3 d) -> decision (45 d)

The money itself is booked by `claim_posting`, from the same decisions. The referral's number stands on the claim, the
claim's on every entry in Odoo, so each leads to the others. What cannot be undone: a claim that was submitted; a run
that is cancelled after that credits what is owed, and the payer must be told by hand.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from careloom.cases.kinds import Action
from careloom.cases.supplies import PaymentPromise
from careloom.flows import Flow
from careloom.flows.steps.asking import coverage_key, debtor_for, entity_for
from careloom.flows.steps.claiming import claim_of, net_charges, submitted
from careloom.flows.steps.meanwhile import arrived
from careloom.flows.steps.parties import partner_of
from careloom.flows.steps.receivables import Billed, bill_claim, unbill_claim
from careloom.model import (
    AppointmentArrived,
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentNoShow,
    AppointmentUpdated,
    ChargePosted,
    ChargeVoided,
    ClaimAcknowledged,
    ClaimAdjudicated,
    ClaimRejected,
    ClaimStatusRequested,
    ClaimSubmitted,
    Coverage,
    PatientUpdated,
    ReferralReceived,
)
from careloom.model.catalogue.claims import ClaimResponseEvent
from careloom.model.catalogue.scheduling import AppointmentEvent
from careloom.workflow.run import Run

cash = Flow(
    "referral-to-cash",
    owner="revenue-cycle",
    business_owner="patient-access",
    sla="120d",
    waiting_counts=True,
    criticality="normal",
    latency="batch",
    bound="1d",
    recovery_time="1d",
    recovery_point="0s",
    pattern="transaction",
    money=True,
    system_of_record="the EHR, for care; the payer, for the decision; Odoo, for what is owed",
    runbook="flow-referral-to-cash",
)

_LEG: Final = {"appointment": timedelta(days=14), "acknowledgement": timedelta(days=3), "decision": timedelta(days=45)}
_DAY: Final = timedelta(days=1)
_PAID: Final = frozenset({"primary", "secondary", "tertiary", "forwarded"})


def _appointment(event: AppointmentEvent) -> str:
    return event.appointment.identifier[0].value


def _referred(event: AppointmentBooked) -> str | None:
    known = event.appointment.referral or next(iter(event.appointment.order), None)
    return known.value if known else None


def _visit(event: ChargePosted | ChargeVoided) -> str | None:
    return event.encounter.identifier[0].value if event.encounter and event.encounter.identifier else None


def _claim(event: ClaimResponseEvent) -> str:
    return event.response.claim.value


cash.awaits(AppointmentBooked, by=_referred)
happened = cash.awaits(
    AppointmentArrived, AppointmentNoShow, AppointmentCancelled, AppointmentUpdated, by=_appointment, name="happened"
)
cash.awaits(ChargePosted, by=_visit)
voided = cash.awaits(ChargeVoided, by=_visit)
answered = cash.awaits(ClaimAcknowledged, ClaimRejected, by=_claim, name="answered")
cash.awaits(ClaimAdjudicated, by=lambda event: event.explanation.claim.value)
covered = cash.awaits(PatientUpdated, by=coverage_key)


def _about(event: ReferralReceived) -> Iterable[str]:
    return tuple(f"order {one.value}" for one in event.order.identifier)


@cash.workflow(ReferralReceived, about=_about)
async def follow(run: Run, referral: ReferralReceived) -> str:
    """Follow one referral until it is paid. Gives how it ended."""
    arrival = await _seen(run, referral)
    if arrival is None:
        return "ended before an encounter"
    charges = await _charges(run, arrival)
    if not charges:
        return "ended without a charge"
    coverage = charges[0].coverage or arrival.coverage or referral.coverage
    first = charges[0] if charges[0].coverage == coverage else _with(charges[0], coverage)
    debtor = await debtor_for(run, first, covered)
    if debtor is None or debtor.payer is None:
        return "ended without a payer: nothing is claimed"
    entity = await entity_for(run, first.facility or referral.facility)
    if entity is None:
        return "ended without an entity"
    number = f"{_visit(first)}-{referral.order.identifier[0].value}"
    priced = await run.step(claim_of, number, referral.order.identifier[0], charges, on_failure="case")
    customer = await run.step(partner_of, debtor, first.patient, on_failure="case")
    if None in (priced, customer):
        return "ended unclaimed: a person had it left"
    today = (await run.now()).date()
    owed = Billed(claim=number, company=entity.company, customer=customer, day=today, lines=priced.lines)
    await run.step(bill_claim, owed, undo=unbill_claim, undo_by=(owed,), on_failure="case")
    claim = submitted(priced, first, first.coverage, debtor)
    await run.emit(claim)
    if not await _accepted(run, number, claim):
        await run.step(unbill_claim, owed, on_failure="case")
        return "ended unclaimed: it was rejected, and given up"
    return await _paid(run, number, claim)


# ------------------------------------------------------------------ until the patient was seen


async def _seen(run: Run, referral: ReferralReceived) -> AppointmentArrived | None:
    """The arrival; booked anew when it was missed or cancelled."""
    number = referral.order.identifier[0].value
    while True:
        booking = await run.wait_for(AppointmentBooked, number, within=_LEG["appointment"])
        if booking is None:
            if await _waits_on(run, "no appointment was made for the referral", "appointment"):
                continue
            return None
        arrival = await _arrival(run, booking)
        if arrival is not None:
            return arrival


async def _arrival(run: Run, booking: AppointmentBooked) -> AppointmentArrived | None:
    """None when the appointment was missed or cancelled, or nothing is heard of it by a day after it."""
    key, end = _appointment(booking), _end(booking)
    while True:
        left = max(_DAY, end + _DAY - await run.now()) if end else _LEG["appointment"]
        found = await run.wait_for(happened, key, within=left)
        if isinstance(found, AppointmentArrived):
            return found
        if isinstance(found, AppointmentUpdated):
            end = _end(found) or end
        elif found is not None or not await _waits_on(run, "nothing is heard of the appointment", "arrival"):
            return None
        else:
            end = None


def _end(event: AppointmentEvent) -> datetime | None:
    text = event.appointment.end or event.appointment.start
    return datetime.fromisoformat(text) if text and "T" in text else None


async def _waits_on(run: Run, reason: str, leg: str) -> bool:
    """Ask a person about a leg that did not come. Resolved: somebody saw to it, and it is waited for once more."""
    answer = await run.case("unanswered", reason, field=leg)
    return answer is not None and answer.action is Action.RESOLVE


# ------------------------------------------------------------------ charges and claim


async def _charges(run: Run, arrival: AppointmentArrived) -> tuple[ChargePosted, ...]:
    """The charges of the encounter: from the first until none came for two days."""
    visit = arrival.encounter.identifier[0].value if arrival.encounter and arrival.encounter.identifier else ""
    found: list[ChargePosted] = []
    while True:
        one = await run.wait_for(ChargePosted, visit, within="2d" if found else "5d")
        if one is not None:
            found.append(one)
        elif found or not await _waits_on(run, "no charge came for the encounter", "charge"):
            break
    gone = [number.value for one in await arrived(run, voided, visit)
            if (number := one.charge.reverses or next(iter(one.charge.identifier), None))]  # fmt: skip
    return tuple(net_charges(found, gone))


def _with(posted: ChargePosted, coverage: tuple[Coverage, ...]) -> ChargePosted:
    return msgspec.structs.replace(posted, coverage=coverage)


async def _accepted(run: Run, number: str, claim: ClaimSubmitted) -> bool:
    """Whether the payer takes the claim; what is rejected is corrected by a person, and sent again."""
    while True:
        found = await run.wait_for(answered, number, within=_LEG["acknowledgement"])
        if isinstance(found, ClaimAcknowledged):
            return True
        if isinstance(found, ClaimRejected):
            states = ", ".join(f"{one.category}:{one.code or '-'}" for one in found.response.state)
            answer = await run.case(
                "claim-rejected", f"the claim was not taken ({states or 'no reason'})", field="claim"
            )
            if answer is None or answer.action is Action.DISCARD:
                return False
            if answer.action is Action.RETRY:
                await run.emit(claim)
        elif not await _waits_on(run, "the claim was not acknowledged", "acknowledgement"):
            return True  # settled elsewhere: the decision will tell


async def _paid(run: Run, number: str, claim: ClaimSubmitted) -> str:
    """Wait until the payer pays; what it denies or takes back waits for what it decides next."""
    within: timedelta = _LEG["decision"]
    while True:
        found = await run.wait_for(ClaimAdjudicated, number, within=within)
        if found is not None:
            within = _LEG["decision"]
            if found.explanation.decision in _PAID and found.explanation.paid.value > 0:
                return "paid"
            continue
        answer = await run.case("delayed-payment", "the payer has not decided in its time", field="claim")
        if answer is None or answer.action in (Action.RESOLVE, Action.WAIVE, Action.DISCARD):
            return "settled by a person"
        if isinstance(answer.data, PaymentPromise):
            days = (answer.data.expected - (await run.now()).date()).days
            within = timedelta(days=max(1, days + 1))
        else:
            request = ClaimStatusRequested(
                trigger="referral-to-cash", facility=claim.facility, claim=claim.claim.identifier[0],
                charged=claim.claim.total, patient=claim.patient,
                payor=claim.coverage[0].payor if claim.coverage else None,
            )  # fmt: skip
            await run.emit(request)
            within = timedelta(days=15)
