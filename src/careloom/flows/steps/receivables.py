"""What payers owe for claims: invoices by the number of the claim, and how a payer's decision settles them to the cent.

The charge of a claim is what was paid, what is written off and what is left to the patient. Each has a document of its
own: a payment, a credit note, and an invoice of the patient beside another credit note. So the invoice closes by
itself, and what does not add up stays open on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

import msgspec

from careloom.core.errors import MappingError
from careloom.flows.steps.parties import patient_partner
from careloom.model import ExplanationOfBenefit, Patient
from careloom.systems.odoo.connector import Odoo
from careloom.systems.odoo.documents.invoices import CreditNote, Invoice
from careloom.systems.odoo.documents.moves_held import MODEL, MoveLine
from careloom.systems.odoo.documents.outcome import money, reference
from careloom.systems.odoo.documents.payments import Payment, Sort

_PATIENT_PAYS: Final = "PR"
_ONE: Final = Decimal(1)


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a claim."""

    text: str
    amount: Decimal


class Billed(msgspec.Struct, frozen=True, kw_only=True):
    """A claim as it is owed: by whom, to whom, for what."""

    claim: str
    company: int
    customer: int
    day: date
    lines: tuple[Share, ...]


class Receivable(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice of a claim in Odoo, and what is still owed of it."""

    record: int
    claim: str
    company: int
    customer: int
    total: Decimal
    residual: Decimal


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What a payer decided about a claim, in amounts that are not negative. `number` names the decision."""

    number: str
    trace: str
    claim: str
    charged: Decimal
    paid: Decimal
    written_off: Decimal
    patient: Decimal

    @property
    def balanced(self) -> bool:
        return self.charged == self.paid + self.written_off + self.patient


def decided_of(explanation: ExplanationOfBenefit) -> Decided:
    """The amounts of a decision; those of a reversal, which are negative, without their sign."""
    sign = -1 if explanation.decision == "reversal" else 1
    adjustments = [*explanation.adjustment, *(one for item in explanation.item for one in item.adjustment)]
    patient = sum((one.amount.value for one in adjustments if one.group == _PATIENT_PAYS), Decimal(0))
    others = sum((one.amount.value for one in adjustments if one.group != _PATIENT_PAYS), Decimal(0))
    trace, claim = explanation.remittance, explanation.claim.value
    return Decided(
        number=f"{trace.assigner or '-'}/{trace.value}/{claim}/{explanation.decision}",
        trace=trace.value, claim=claim, charged=sign * explanation.charged.value, paid=sign * explanation.paid.value,
        written_off=sign * others, patient=sign * patient,
    )  # fmt: skip


async def bill_claim(billed: Billed, erp: Odoo) -> Billed:
    """The claim as a posted invoice of the payer, once."""
    key = erp.external_id("claim", "-", billed.claim)
    await erp.documents.invoices.issue(_invoice(key, billed.claim, billed))
    return billed


async def unbill_claim(billed: Billed, erp: Odoo) -> None:
    """The undoing of `bill_claim`: what is open of the claim is credited."""
    for one in await receivables(billed.claim, erp):
        if one.residual:
            await _credit(f"undo/{billed.claim}", one, one.residual, "taken back", billed.day, erp)


async def receivables(claim: str, erp: Odoo) -> list[Receivable]:
    """The posted invoices of payers for a claim, the newest first: a claim that was taken back has several."""
    domain = [["ref", "=", claim], ["move_type", "=", "out_invoice"], ["state", "=", "posted"]]
    fields = ["ref", "company_id", "partner_id", "amount_total", "amount_residual"]
    rows = await erp.search_read(MODEL, domain, fields, order="id desc")
    return [_receivable(row) for row in rows]


async def settle(decided: Decided, owed: Receivable, patient: Patient | None, day: date, erp: Odoo) -> None:
    """Book a decision on the invoice that is open: payment, write-off, and what is left to the patient."""
    if decided.written_off > 0:
        await _credit(f"{decided.number}/off", owed, decided.written_off, "payer's adjustment", day, erp)
    if decided.patient > 0:
        if patient is None:
            raise MappingError("the payer leaves a part to the patient and does not say who that is", "patient")
        await _credit(f"{decided.number}/patient", owed, decided.patient, "left to the patient", day, erp)
        lines = (Share(text=f"{decided.claim} your share", amount=decided.patient),)
        theirs = Billed(claim=_theirs(decided.claim), company=owed.company, day=day, lines=lines,
                        customer=await patient_partner(patient, erp))  # fmt: skip
        key = erp.external_id("claim-patient", "-", decided.number)
        await erp.documents.invoices.issue(_invoice(key, theirs.claim, theirs))
    if decided.paid > 0:
        await pay(decided.number, decided.trace, "received", decided.paid, owed, [owed.record], day, erp)


async def take_back(decided: Decided, owed: Receivable, day: date, erp: Odoo) -> None:
    """Book a reversal: the money goes back against a credit note of what was paid, the patient's share is credited,
    and the claim is owed anew, for what the payer decides next."""
    if decided.paid > 0:
        note = await _credit(f"{decided.number}/back", owed, decided.paid, "taken back by the payer", day, erp)
        await pay(decided.number, decided.trace, "refunded", decided.paid, owed, [note], day, erp)
    for one in await receivables(_theirs(decided.claim), erp):
        if one.company == owed.company and not await _credited(one, erp):
            await _credit(f"{decided.number}/{one.record}", one, one.total, "the payer decides anew", day, erp)
    lines = (Share(text=f"{decided.claim} owed anew", amount=decided.charged),)
    anew = Billed(claim=decided.claim, company=owed.company, customer=owed.customer, day=day, lines=lines)
    await erp.documents.invoices.issue(_invoice(erp.external_id("claim-anew", "-", decided.number), anew.claim, anew))


async def write_off(number: str, owed: Receivable, day: date, erp: Odoo) -> None:
    """Credit all that is open of an invoice."""
    await _credit(f"{number}/all", owed, owed.residual, "written off", day, erp)


async def pay(
    number: str, trace: str, sort: Sort, amount: Decimal, owed: Receivable, documents: Sequence[int], day: date,
    erp: Odoo,
) -> None:  # fmt: skip
    """A payment of the payer's, set off against these documents."""
    domain = [["type", "=", "bank"], ["company_id", "=", owed.company]]
    found = await erp.search_read("account.journal", domain, ["name"], limit=1, order="sequence, id")
    if not found:
        raise MappingError("the company of the claim has no bank journal", "journal")
    payment = Payment(
        key=erp.external_id("claim-payment", "-", number), sort=sort, partner=owed.customer, amount=amount, date=day,
        journal=found[0]["id"], memo=trace, company=owed.company,
    )  # fmt: skip
    await erp.documents.payments.register(payment, documents)


async def add(number: str, trace: str, text: str, amount: Decimal, owed: Receivable, day: date, erp: Odoo) -> None:
    """Money that a payer adds and that belongs to no claim, as interest: an invoice that is paid by it."""
    lines = (Share(text=text, amount=amount),)
    asked = Billed(claim=f"{trace} {text}", company=owed.company, customer=owed.customer, day=day, lines=lines)
    invoice = _invoice(erp.external_id("claim-added", "-", number), asked.claim, asked)
    held = await erp.documents.invoices.issue(invoice)
    await pay(number, trace, "received", amount, owed, [held.record_id], day, erp)


def _invoice(key: str, number: str, asked: Billed) -> Invoice:
    lines = [MoveLine(text=one.text, quantity=_ONE, price=one.amount) for one in asked.lines]
    return Invoice(key=key, customer=asked.customer, lines=lines, date=asked.day, reference=number, source=number,
                   company=asked.company)  # fmt: skip


async def _credit(number: str, owed: Receivable, amount: Decimal, text: str, day: date, erp: Odoo) -> int:
    note = CreditNote(
        key=erp.external_id("claim-credit", "-", number), reverses=owed.record, customer=owed.customer, date=day,
        lines=[MoveLine(text=f"{owed.claim} {text}", quantity=_ONE, price=amount)], reference=owed.claim,
        source=owed.claim, company=owed.company,
    )  # fmt: skip
    return (await erp.documents.invoices.credit(note)).record_id


async def _credited(owed: Receivable, erp: Odoo) -> bool:
    domain = [["reversed_entry_id", "=", owed.record], ["state", "=", "posted"]]
    return bool(await erp.search_read(MODEL, domain, ["id"], limit=1))


def _theirs(claim: str) -> str:
    return f"{claim} patient"


def _receivable(row: Mapping[str, Any]) -> Receivable:
    return Receivable(
        record=row["id"], claim=str(row["ref"]), company=reference(row["company_id"]) or 0,
        customer=reference(row["partner_id"]) or 0, total=money(row["amount_total"]),
        residual=money(row["amount_residual"]),
    )  # fmt: skip
