"""Payment confirmation: a payment that a gateway or a bank confirms is posted in Odoo and set off within seconds.

The invoices that it names are looked up, the payment is posted once by its own number and set off against them in
their order. A number that Odoo does not know, and money beyond what was owed, are each an `unmatched-record`: a person
names the invoice, or leaves the rest with the customer. A cancelled run takes the payment back.

It does what `careloom.flows.backoffice` does with payments, with people in it: switch on one of the two.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Final

import msgspec

from careloom.cases.kinds import Action
from careloom.cases.supplies import RecordMatch
from careloom.flows import Flow
from careloom.flows.steps.ledger import MOVE, bank_of, currency_of, day_of, posted_document, refused, withdraw_payment
from careloom.model import PaymentNotice, PaymentReceived
from careloom.systems.odoo.connector import Odoo
from careloom.systems.odoo.documents.payments import Payment
from careloom.workflow.answers import Answer
from careloom.workflow.calling import Attempt
from careloom.workflow.run import Run

payment_confirmation = Flow(
    "payment-confirmation",
    owner="accounts-receivable",
    sla="1d",
    criticality="high",
    business_owner="director of revenue cycle",
    latency="real-time",
    bound="5s",
    recovery_time="1h",
    pattern="transaction",
    money=True,
    system_of_record="the payment gateway",
    runbook="flow-payment-confirmation",
)

_UNKNOWN: Final = "no posted invoice of Odoo has the number that the payment names, or it names none"
_BEYOND: Final = "the payment is more than is open of the invoices that it names; the rest stays with the customer"
_ENDS: Final = (Action.WAIVE, Action.RESOLVE, Action.DISCARD, Action.REJECT)


class Owed(msgspec.Struct, frozen=True, kw_only=True):
    """The invoices that a payment is for, in its order, and whether all that it names are among them."""

    invoices: tuple[int, ...] = ()
    partner: int = 0
    company: int = 0
    complete: bool = False


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """The payment in Odoo, and what no invoice took of it."""

    record: int
    rest: Decimal


def _numbers(event: PaymentReceived) -> Iterable[str]:
    return (f"Payment/{one.assigner or '-'}/{one.value}" for one in event.payment.identifier)


@payment_confirmation.workflow(PaymentReceived, about=_numbers)
async def confirm(run: Run, event: PaymentReceived) -> str:
    """Post it and set it off; gives what became of it."""
    if event.record is not None:
        return "the books told of it themselves"
    if event.payment.status != "received":
        return "no money came in yet"
    names = _invoices(event.payment)
    owed = await run.step(look_up, names)
    while not owed.complete:
        answer = await run.case("unmatched-record", _UNKNOWN, field="payment.invoice")
        if (end := _end(answer)) is not None:
            return end
        names = _named(answer) or names
        owed = await run.step(look_up, names)
    day = (event.occurred or run.begun).date()
    # Taken back by its key, so that also a payment is that came into the books otherwise than it was asked.
    await run.step(key_of, event.payment, undo=take_back)
    posted = await _posted(run, event.payment, owed, day)
    return "not posted" if posted is None else await _settled(run, event.payment, owed, posted, day)


async def _settled(run: Run, payment: PaymentNotice, owed: Owed, posted: Posted, day: date) -> str:
    """Ask for a home for what is left, until there is nothing left or it stays with the customer."""
    while posted.rest:
        answer = await run.case("unmatched-record", _BEYOND, field="payment.amount")
        if _end(answer) is not None:
            return "posted, and a rest stays with the customer"
        more = await run.step(look_up, _named(answer) or ())
        if more.complete and more.partner == owed.partner:
            owed = msgspec.structs.replace(owed, invoices=(*owed.invoices, *more.invoices))
        given = await _posted(run, payment, owed, day)
        if given is None:
            break
        posted = given
    return "posted"


async def _posted(run: Run, payment: PaymentNotice, owed: Owed, day: date) -> Posted | None:
    """None where a person waived it after Odoo refused it."""
    return await run.step(post, payment, owed, day, on_failure="case")


def _end(answer: Answer | None) -> str | None:
    """What a run ends with by this word of a person; None where it goes on."""
    assert answer is not None, "it waits until somebody decides"
    return answer.action.value if answer.action in _ENDS else None


def _named(answer: Answer | None) -> tuple[str, ...]:
    found = answer.data if answer is not None else None
    return (found.number,) if isinstance(found, RecordMatch) and found.record == "invoice" else ()


def _invoices(payment: PaymentNotice) -> tuple[str, ...]:
    shared = tuple(one.invoice.value for one in payment.allocation)
    return shared or ((payment.invoice.value,) if payment.invoice is not None else ())


async def look_up(numbers: tuple[str, ...], erp: Odoo) -> Owed:
    """The invoices with these numbers; complete when each is there, and all are of one customer."""
    found = [await posted_document(erp, number, "out_invoice") for number in numbers]
    known = [one for one in found if one is not None]
    if not known or len(known) < len(found) or len({(one.partner, one.company) for one in known}) > 1:
        return Owed()
    records = tuple(one.record for one in known)
    return Owed(invoices=records, partner=known[0].partner, company=known[0].company, complete=True)


async def key_of(payment: PaymentNotice, erp: Odoo) -> str:
    """By what Odoo knows the payment."""
    number = payment.identifier[0]
    return erp.external_id("payment", number.assigner or "-", number.value)


async def post(payment: PaymentNotice, owed: Owed, day: date, erp: Odoo, attempt: Attempt) -> Posted:
    """The payment in the books and set off, once for its number."""
    refused(owed.invoices, MOVE, "a payment needs an invoice that it is for", "payment.invoice")
    made = Payment(
        key=await key_of(payment, erp),
        sort="received",
        partner=owed.partner,
        amount=payment.amount.value,
        date=day_of(payment.date, day),
        journal=await bank_of(erp, owed.company),
        currency=await currency_of(erp, payment.amount.currency),
        memo=payment.identifier[0].value,
        company=owed.company,
        correlation=str(attempt.correlation),
    )
    held = await erp.documents.payments.register(made, owed.invoices)
    return Posted(record=held.record_id, rest=held.unallocated)


async def take_back(key: str, erp: Odoo) -> None:
    """Out of the books again; its invoices are open as before."""
    await withdraw_payment(erp, key)
