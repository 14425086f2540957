"""A completed service becomes one invoice in the books of the entity that gave it; what it used up leaves the store.

    completed -> payer -> entity -> seen before? -> priced -> invoice -> goods by lot -> charges told to analytics

A correction (`corrected`, `amended`) is billed as a version of its own, and what older versions billed is credited; a
`cancelled` service and a voided charge are credited likewise. No posted entry is ever written to, and of runs that
overlap the newest version wins, whichever ends first.

Revenue recognition is prepared on the lines of the invoice (see `steps.pricing`); what is deferred is finance's entry.
What cannot be undone: a charge that was told, and the number of an invoice, which its credit note keeps company. The
money of a paid invoice that is credited stays with the customer as credit. The payer's account and the analytic
accounts of service and month stay too: they are master data.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, TypeAlias

import msgspec

from careloom.cases.kinds import Action
from careloom.cases.supplies import RecordMatch, Replenishment
from careloom.flows import Flow
from careloom.flows.steps.asking import coverage_key, debtor_for, entity_for
from careloom.flows.steps.coding import coded_services
from careloom.flows.steps.consumption import Used, UsedUp, consume, give_back, outdated, unconsume, used_of
from careloom.flows.steps.lookalikes import billed_alike
from careloom.flows.steps.meanwhile import announced, arrived
from careloom.flows.steps.parties import Entity, partner_of, patient_number
from careloom.flows.steps.pricing import Performed, performed_of, priced
from careloom.flows.steps.revisions import (
    Standing,
    Version,
    credit_all,
    invoice_of,
    issue,
    older,
    standing,
    take_back,
    version_of,
)
from careloom.flows.steps.tellings import billed, taken_back
from careloom.model import ChargePosted, ChargeVoided, PatientUpdated, ServiceCompleted, ServiceReport
from careloom.workflow.errors import StepFailed
from careloom.workflow.run import Run

Done: TypeAlias = tuple[Performed, ...]

service = Flow(
    "service-completed",
    owner="patient-accounting",
    business_owner="revenue-integrity",
    sla="1d",
    criticality="high",
    latency="real-time",
    bound="15m",
    recovery_time="4h",
    recovery_point="0s",
    pattern="transaction",
    money=True,
    system_of_record="the system that documents services, for what was done; Odoo, for what is owed",
    runbook="flow-service-completed",
)

_DONE: Final = frozenset({"final", "corrected", "amended"})
_REVISES: Final = frozenset({"corrected", "amended", "cancelled"})
_SHORT: Final = frozenset({"quantity", "lot_id"})


def number_of(report: ServiceReport) -> str | None:
    """`assigner/number` by which a service is known in all that is told of it; None for one without any number."""
    known = next(iter((*report.identifier, *report.order)), None)
    return f"{known.assigner or '-'}/{known.value}" if known else None


def _revised(event: ServiceCompleted) -> str | None:
    return number_of(event.report) if event.report.status in _REVISES else None


def _voided(event: ChargeVoided) -> str | None:
    number = event.charge.reverses or next(iter(event.charge.identifier), None)
    return number.value if number else None


revised = service.awaits(ServiceCompleted, by=_revised, name="revised")
covered = service.awaits(PatientUpdated, by=coverage_key, name="covered")


def _about(event: ServiceCompleted) -> Iterable[str]:
    return (f"service {number_of(event.report)}", *(f"order {one.value}" for one in event.report.order))


@service.workflow(ServiceCompleted, about=_about)
async def bill(run: Run, completed: ServiceCompleted) -> str:
    """Bill what was done, correct what was billed before, or take it back. Gives what came of it."""
    report, number = completed.report, number_of(completed.report)
    if number is None:
        raise StepFailed("read", "a completed service without a number of its own or of its order", field="report")
    if report.status in _REVISES:
        await announced(run, revised, number, completed)
    elif report.status not in _DONE:
        return f"nothing is billed for a service that is {report.status}"
    entity = await entity_for(run, completed.facility)
    if entity is None:
        return "left unbilled: no entity"
    version = version_of(completed.occurred or run.begun)
    if report.status == "cancelled":
        gone = await _outdate(run, number, version, entity, ())
        return await _told(run, f"{len(gone)} invoices credited", taken_back(completed, gone, entity.currency))
    return await _bill(run, completed, number, version, entity)


async def _bill(run: Run, completed: ServiceCompleted, number: str, version: str, entity: Entity) -> str:
    debtor = await debtor_for(run, completed, covered)
    if debtor is None:
        return "left unbilled: a person had it left"
    today = (await run.now()).date()
    done = await run.step(_performed, completed.report, version, today, on_failure="case")
    if done is None or not await _is_its_own(run, completed, done, number, version, entity):
        return "left unbilled: it was billed before, or a person had it left"
    if await _superseded(run, number, version):
        return "left to a newer version"
    coded = await coded_services(run, completed, done)
    if coded is None:
        return "left unbilled: a person had a code of it left"
    lines = await run.step(priced, coded, entity.company, on_failure="case")
    customer = await run.step(partner_of, debtor, completed.patient, on_failure="case")
    if not lines or customer is None:
        return "left unbilled: a person had its price or its customer left"
    asked = Version(
        service=number, patient=patient_number(completed.patient), version=version, company=entity.company,
        customer=customer, day=today, lines=tuple(lines), correlation=str(run.id),
    )  # fmt: skip
    await run.step(issue, asked, undo=take_back, undo_by=(asked,), on_failure="case")
    used = used_of(completed.report.consumed)
    gone = await _outdate(run, number, version, entity, used)
    await _use_up(run, number, version, entity, used)
    outcome = "billed"
    if await _superseded(run, number, version):  # who came meanwhile may have looked before there was anything
        gone += await _outdate(run, number, f"{version}+", entity, ())
        outcome = "billed, and credited for a newer version"
    told = (*billed(completed, lines, entity.currency), *taken_back(completed, gone, entity.currency))
    return await _told(run, outcome, told)


@service.workflow(ChargeVoided, about=lambda event: (f"charge {_voided(event)}",))
async def void(run: Run, voided: ChargeVoided) -> str:
    """Credit the invoice of a charge that was taken back, and bill what else was on it anew."""
    number = _voided(voided)
    entity = await entity_for(run, voided.facility)
    while entity is not None:
        invoice = await run.step(invoice_of, number, entity.company, on_failure="case")
        if invoice is not None:
            return await _void(run, voided, str(number), invoice, entity)
        answer = await run.case(
            "unmatched-record", "a charge was voided that no invoice that stands has", field="charge"
        )
        if answer is None or answer.action not in (Action.RETRY, Action.SUPPLY):
            break
        number = answer.data.number if isinstance(answer.data, RecordMatch) else number
    return "nothing was credited: a person settled it"


async def _void(run: Run, voided: ChargeVoided, number: str, invoice: Standing, entity: Entity) -> str:
    today = (await run.now()).date()
    left = tuple(line for line in invoice.lines if line.charge != number)
    if left:
        asked = Version(
            service=invoice.service, patient=invoice.patient, version=version_of(voided.occurred or run.begun),
            company=entity.company, customer=invoice.customer, day=today, lines=left, correlation=str(run.id),
        )  # fmt: skip
        await run.step(issue, asked, undo=take_back, undo_by=(asked,), on_failure="case")
    await run.step(credit_all, [invoice], entity.company, today, on_failure="case")
    gone = msgspec.structs.replace(invoice, lines=tuple(line for line in invoice.lines if line.charge == number))
    return await _told(run, "credited", taken_back(voided, [gone], entity.currency))


async def _told(run: Run, outcome: str, events: Iterable[ChargePosted]) -> str:
    told = tuple(events)
    if told:
        await run.emit(*told)
    return outcome


# ------------------------------------------------------------------ what is looked at before


async def _is_its_own(
    run: Run, completed: ServiceCompleted, done: Done, number: str, version: str, entity: Entity
) -> bool:
    """Whether it is to be billed: it was not, and does not look like another that was, or a person says so."""
    if completed.report.status == "final":
        before = await run.step(standing, number, entity.company)
        if any(one.version != version for one in before):
            return False
    while True:
        alike = await run.step(billed_alike, patient_number(completed.patient), number, done, entity.company)
        if not alike:
            return True
        reason = f"the same service of the same day was charged as {', '.join(alike)}"
        answer = await run.case("duplicate-service", reason, field="report.service")
        if answer is None or answer.given_up:
            return False
        if answer.action in (Action.APPROVE, Action.WAIVE):
            return True


async def _superseded(run: Run, number: str, version: str) -> bool:
    """Whether a newer version came since the run began."""
    return any(version_of(one.occurred or run.begun) > version for one in await arrived(run, revised, number))


async def _performed(report: ServiceReport, version: str, today: date) -> Done:
    """A correction's charges have numbers of their own: those of the version that it replaces are taken back."""
    number = (number_of(report) or "").partition("/")[2]
    return performed_of(report, number if report.status == "final" else f"{number}-{version}", today)


# ------------------------------------------------------------------ goods, and what older versions left


async def _use_up(run: Run, number: str, version: str, entity: Entity, used: Sequence[Used]) -> None:
    """Each line by itself; a shortage of one waits for a person, and the others go on."""
    for one in used:
        goods: Used | None = one
        while goods is not None:
            asked = UsedUp(service=number, version=version, company=entity.company, goods=goods)
            try:
                await run.step(consume, asked, undo=unconsume, undo_by=(asked,))
            except StepFailed as failed:
                goods = await _short(run, goods, failed)
            else:
                break


async def _short(run: Run, goods: Used, failed: StepFailed) -> Used | None:
    """What is to be taken instead; None when it is not booked."""
    kind = "stock-shortage" if failed.field in _SHORT else "unmatched-record"
    answer = await run.case(kind, f"line {goods.at} of what was used up: {failed.reason}", field=failed.field)
    if answer is None or answer.action in (Action.WAIVE, Action.DISCARD, Action.RESOLVE):
        return None
    if isinstance(answer.data, Replenishment):
        given = answer.data
        return Used(at=goods.at, item=given.product, quantity=given.quantity, place=given.location or "")
    if isinstance(answer.data, RecordMatch):
        return msgspec.structs.replace(goods, item=answer.data.number)
    return goods


async def _outdate(run: Run, number: str, before: str, entity: Entity, kept: tuple[Used, ...]) -> list[Standing]:
    """Credit what older versions billed and give back what they used up, but for the goods that are kept."""
    today = (await run.now()).date()
    company = entity.company
    gone = await run.step(older, number, company, before)
    if gone:
        await run.step(credit_all, gone, company, today, on_failure="case")
    moved = await run.step(outdated, number, company, before, kept)
    if moved:
        await run.step(give_back, moved, company, on_failure="case")
    return gone
