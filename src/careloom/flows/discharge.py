"""A discharge has four followers that know nothing of each other; a discharge that was a mistake takes back all four.

    discharged -> bill:     the bill of the stay as a draft in Odoo, for those who code it
               -> supplies: what was reserved for the visit is free again, the bed is to be made ready
               -> message:  the patient is written to, and somebody looks after a message that did not arrive
               -> document: a notice on the patient's account

Each is a run of its own, so one that fails or waits for a person holds up none of the others. `take_back` begins by
ADT^A13. A follower that is still at work then sees the cancellation itself, and takes back what it did last.

What cannot be undone: the number of a bill that was posted, which its credit note keeps company; a message that was
read, which gets another one behind it. Supplies are reserved again as far as they are still there, of whatever lot. A
taking back that a person gives up leaves what it was to take back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Final, Literal

from careloom.cases.kinds import Action
from careloom.flows import Flow
from careloom.flows.steps.asking import coverage_key, debtor_for, entity_for
from careloom.flows.steps.meanwhile import announced, arrived
from careloom.flows.steps.parties import partner_of, patient_number
from careloom.flows.steps.revisions import version_of
from careloom.flows.steps.stays import (
    Nights,
    Stay,
    draft_bill,
    file_notice,
    nights_of,
    release_supplies,
    remove_notices,
    reserve_again,
    undo_bill,
)
from careloom.mapping.identifiers import best
from careloom.model import (
    Communication,
    DischargeCancelled,
    DocumentPublished,
    DocumentReference,
    Encounter,
    Identifier,
    MessageSent,
    PatientDischarged,
    PatientEvent,
    PatientUpdated,
    Reference,
    Ticket,
    TicketOpened,
    TicketUpdated,
)
from careloom.workflow.errors import StepFailed
from careloom.workflow.run import Run

discharge = Flow(
    "discharge",
    owner="patient-accounting",
    business_owner="patient-flow",
    sla="2d",
    criticality="high",
    latency="real-time",
    bound="10m",
    recovery_time="4h",
    recovery_point="0s",
    pattern="event",
    money=True,
    system_of_record="the EHR, for whether the stay has ended; Odoo, for bill and stock",
    runbook="flow-discharge",
)

TRIGGER: Final = "discharge"
_ASSIGNER: Final = "careloom"
_FATES: Final = frozenset({"sent", "delivered", "read", "failed", "stopped"})


def visit_of(event: PatientEvent) -> Identifier | None:
    """The number of the visit that ended."""
    return best(event.encounter.identifier) if event.encounter else None


def _visit(event: PatientEvent) -> str | None:
    number = visit_of(event)
    return f"{number.assigner or '-'}/{number.value}" if number else None


def _fate(event: MessageSent) -> str | None:
    ours = event.trigger == TRIGGER  # what we asked for is no answer to it
    return event.message.identifier[0].value if event.message.status in _FATES and not ours else None


called_off = discharge.awaits(DischargeCancelled, by=_visit, name="called-off")
covered = discharge.awaits(PatientUpdated, by=coverage_key, name="covered")
discharge.awaits(MessageSent, by=_fate)


def _about(event: PatientEvent) -> Iterable[str]:
    return (f"visit {_visit(event)}",)


# ------------------------------------------------------------------ the four followers


@discharge.workflow(PatientDischarged, about=_about)
async def bill(run: Run, discharged: PatientDischarged) -> str:
    """The stay's bill as a draft; none when the stay goes on."""
    stay = await _stay(run, discharged)
    if stay is None:
        return "left: no entity"
    debtor = await debtor_for(run, discharged, covered)
    if debtor is None:
        return "left unbilled: a person had it left"
    nights = await run.step(_nights, discharged.encounter, on_failure="case")
    customer = await run.step(partner_of, debtor, discharged.patient, on_failure="case")
    if None in (nights, customer):
        return "left unbilled: a person bills it by hand"
    if await _goes_on(run, discharged, stay):
        return "the stay goes on"
    today = (await run.now()).date()
    await run.step(draft_bill, stay, nights, customer, today, on_failure="case")
    if await _goes_on(run, discharged, stay):
        await run.step(undo_bill, stay, today, on_failure="case")
        return "taken back: the stay goes on"
    return "a draft"


@discharge.workflow(PatientDischarged, about=_about)
async def supplies(run: Run, discharged: PatientDischarged) -> str:
    """What was reserved is free, and the bed is to be made ready."""
    stay = await _stay(run, discharged)
    if stay is None or await _goes_on(run, discharged, stay):
        return "left as it is"
    await run.step(release_supplies, stay, on_failure="case")
    if await _goes_on(run, discharged, stay):
        await _reserve_again(run, stay)
        return "taken back: the stay goes on"
    bed = _bed(discharged.encounter)
    if bed is not None:
        ticket = _ticket(_turnover(discharged, bed), "open", bed, await run.now())
        await run.emit(TicketOpened(trigger=TRIGGER, facility=discharged.facility, ticket=ticket))
    return "released"


@discharge.workflow(PatientDischarged, about=_about)
async def message(run: Run, discharged: PatientDischarged) -> str:
    """The patient is written to; a message that does not arrive is for a person."""
    _required(discharged)
    version = _version(run, discharged)
    attempt = 1
    while not await _off(run, discharged, version):
        number = f"{_message(discharged)}-{version}-{attempt}"
        await run.emit(_asked(discharged, number, "queued", "after-discharge"))
        told = await run.wait_for(MessageSent, number, within="1d")
        if told is not None and told.message.status != "failed":
            return str(told.message.status)
        kind, reason = ("unanswered", "nothing is known of it") if told is None else ("delivery", "it did not arrive")
        answer = await run.case(kind, f"the message after a discharge: {reason}", field="message")
        if answer is None or answer.action is not Action.RETRY:
            return "settled by a person"
        attempt += 1
    return "the stay goes on"


@discharge.workflow(PatientDischarged, about=_about)
async def document(run: Run, discharged: PatientDischarged) -> str:
    """The notice of the discharge on the patient's account, and told of."""
    stay = await _stay(run, discharged)
    if stay is None or await _goes_on(run, discharged, stay):
        return "left as it is"
    lines = _lines(discharged)
    content = await run.step(
        file_notice, stay, discharged.patient, lines,
        undo=remove_notices, undo_by=(stay, discharged.patient), on_failure="case",
    )  # fmt: skip
    if await _goes_on(run, discharged, stay):
        await run.step(remove_notices, stay, discharged.patient, on_failure="case")
        return "taken back: the stay goes on"
    if not content:
        return "left: a person waived it"
    await run.emit(_published(discharged, "current", content))
    return "filed"


# ------------------------------------------------------------------ and the way back


@discharge.workflow(DischargeCancelled, about=_about)
async def take_back(run: Run, cancelled: DischargeCancelled) -> list[str]:
    """The stay goes on: each follower's work is taken back, and one that cannot be holds up none of the others."""
    await announced(run, called_off, _required(cancelled), cancelled)
    stay = await _stay(run, cancelled)
    if stay is None:
        return ["left: no entity"]
    return await run.parallel(
        _bill_back(run, stay),
        _supplies_back(run, cancelled, stay),
        _message_back(run, cancelled),
        _document_back(run, cancelled, stay),
    )


async def _bill_back(run: Run, stay: Stay) -> str:
    today = (await run.now()).date()
    await run.step(undo_bill, stay, today, on_failure="case")
    return "bill"


async def _supplies_back(run: Run, cancelled: DischargeCancelled, stay: Stay) -> str:
    await _reserve_again(run, stay)
    bed = _bed(cancelled.encounter)
    if bed is not None:
        ticket = _ticket(_turnover(cancelled, bed), "cancelled", bed, await run.now())
        await run.emit(TicketUpdated(trigger=TRIGGER, facility=cancelled.facility, ticket=ticket))
    return "supplies"


async def _message_back(run: Run, cancelled: DischargeCancelled) -> str:
    """Ask that whatever is queued by this template for this visit be stopped; write again when it was not."""
    number = f"{_message(cancelled)}-{_version(run, cancelled)}"
    await run.emit(_asked(cancelled, number, "stopped", "after-discharge"))
    told = await run.wait_for(MessageSent, number, within="1h")
    if told is not None and told.message.status == "stopped":
        return "message stopped"
    await run.emit(_asked(cancelled, f"{number}-withdrawn", "queued", "discharge-withdrawn"))
    return "message withdrawn"


async def _document_back(run: Run, cancelled: DischargeCancelled, stay: Stay) -> str:
    await run.step(remove_notices, stay, cancelled.patient, on_failure="case")
    await run.emit(_published(cancelled, "entered-in-error", ""))
    return "document"


async def _reserve_again(run: Run, stay: Stay) -> None:
    """Until nothing is short, or a person has it left."""
    while await run.step(reserve_again, stay, on_failure="case"):
        reason = "supplies that a discharge set free are needed again, and were used elsewhere"
        offered = (Action.RETRY, Action.WAIVE, Action.DISCARD)
        answer = await run.case("stock-shortage", reason, field="quantity", actions=offered)
        if answer is None or answer.action is not Action.RETRY:
            return


# ------------------------------------------------------------------ what they have in common


async def _stay(run: Run, event: PatientEvent) -> Stay | None:
    _required(event)
    number = visit_of(event)
    assert number is not None, "it is required"
    entity = await entity_for(run, event.facility)
    if entity is None:
        return None
    return Stay(
        assigner=number.assigner or "-", visit=number.value, version=_version(run, event), company=entity.company,
        patient=patient_number(event.patient),
    )  # fmt: skip


def _required(event: PatientEvent) -> str:
    found = _visit(event)
    if found is None:
        raise StepFailed("read", "nothing says which visit it is about", field="encounter.identifier")
    return found


def _version(run: Run, event: PatientEvent) -> str:
    return version_of(event.occurred or run.begun)


async def _goes_on(run: Run, discharged: PatientDischarged, stay: Stay) -> bool:
    return await _off(run, discharged, stay.version)


async def _off(run: Run, discharged: PatientDischarged, version: str) -> bool:
    """Whether this discharge was called off since the run began."""
    return any(_version(run, one) >= version for one in await arrived(run, called_off, _required(discharged)))


async def _nights(encounter: Encounter) -> Nights:
    return nights_of(encounter)


def _message(event: PatientEvent) -> str:
    return f"{(visit_of(event) or Identifier(value='-')).value}-after-discharge"


def _asked(event: PatientEvent, number: str, status: Literal["queued", "stopped"], template: str) -> MessageSent:
    sent = Communication(
        identifier=(Identifier(value=number, assigner=_ASSIGNER),),
        status=status,
        medium="sms",
        category="follow-up",
        template=template,
        recipient=best(event.patient.identifier),
        regarding=Reference(type="Encounter", identifier=visit_of(event)),
    )
    return MessageSent(trigger=TRIGGER, facility=event.facility, message=sent, patient=event.patient)


def _lines(event: PatientDischarged) -> tuple[str, ...]:
    period = event.encounter.period if event.encounter else None
    ends = (("From", period.start), ("Until", period.end)) if period else ()
    return tuple(f"{name} {day[:10]}" for name, day in ends if day)


def _published(event: PatientEvent, status: Literal["current", "entered-in-error"], content: str) -> DocumentPublished:
    number = (visit_of(event) or Identifier(value="-")).value
    made = DocumentReference(
        identifier=(Identifier(value=f"{number}-discharge", assigner=_ASSIGNER),),
        status=status,
        type=None,
        content_type="text/plain",
        size=len(content.encode()) or None,
        hash=hashlib.sha256(content.encode()).hexdigest() if content else None,
    )
    return DocumentPublished(
        trigger=TRIGGER, facility=event.facility, document=made, patient=event.patient, encounter=event.encounter
    )


def _bed(encounter: Encounter | None) -> str | None:
    place = encounter.location if encounter else None
    parts = (place.facility, place.point_of_care, place.room, place.bed) if place and place.bed else ()
    return " ".join(part for part in parts if part) or None


def _turnover(event: PatientEvent, bed: str) -> str:
    return f"bed {bed} {(visit_of(event) or Identifier(value='-')).value}"


def _ticket(number: str, status: Literal["open", "cancelled"], bed: str, when: datetime) -> Ticket:
    return Ticket(
        identifier=(Identifier(value=number, assigner=_ASSIGNER),),
        status=status,
        category="bed-turnover",
        priority="high",
        team="environmental-services",
        opened=when.isoformat() if status == "open" else None,
        regarding=Reference(type="Location", display=bed),
    )
