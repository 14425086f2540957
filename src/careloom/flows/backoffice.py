"""Back office: what suppliers bill and customers pay becomes documents in Odoo.

A supplier's invoice is a draft bill, for a person to match and post; a payment that names an invoice of Odoo is posted
and set off against it. Not on by itself: name it in `[hub] flows`.
"""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import date
from decimal import Decimal
from typing import Any

from careloom.core.envelope import Recorded
from careloom.core.errors import AmbiguousError, MappingError
from careloom.core.outcomes import Done, ErrorKind, Outcome, Retry, Skip
from careloom.flows import Flow
from careloom.mapping.identifiers import best
from careloom.model import Invoice, InvoiceLine, Organization, PaymentReceived, SupplierInvoiceReceived
from careloom.systems.odoo.connector import Odoo
from careloom.systems.odoo.documents.bills import Bill
from careloom.systems.odoo.documents.moves_held import MoveLine
from careloom.systems.odoo.documents.parties import Party
from careloom.systems.odoo.documents.payments import Payment

backoffice = Flow(
    "backoffice",
    owner="finance",
    business_owner="controller",
    sla="4h",
    criticality="high",
    latency="real-time",
    bound="15m",
    recovery_time="8h",
    recovery_point="0s",
    pattern="transaction",
    money=True,
    system_of_record="Odoo",
    runbook="flow-backoffice",
)

_ONE = Decimal(1)


@backoffice.on(SupplierInvoiceReceived)
async def keep_bill(event: SupplierInvoiceReceived, envelope: Recorded, erp: Odoo) -> Outcome:
    """The supplier's invoice as a draft bill whose total is the supplier's, to the cent."""
    if _own(erp, envelope):
        return Skip("it came from this Odoo")
    invoice = event.invoice
    vendor, number = await _vendor(erp, invoice.issuer), invoice.identifier[0].value
    bill = Bill(
        key=erp.external_id("bill", _number(invoice.issuer), number),
        vendor=vendor,
        reference=number,
        sort="in_refund" if invoice.kind == "credit-note" else "in_invoice",
        lines=_lines(invoice),
        date=_day(invoice.date) or envelope.time.date(),
        due=_day(invoice.due_date),
        source=", ".join(order.value for order in invoice.order),
        currency=await _currency(erp, invoice.total_gross.currency),
        total=invoice.total_gross.value,
        company=_company(erp),
        correlation=str(envelope.correlation),
    )
    return await _kept(erp.documents.bills.draft(bill), "account.move")


@backoffice.on(PaymentReceived)
async def set_off(event: PaymentReceived, envelope: Recorded, erp: Odoo) -> Outcome:
    """The payment posted in Odoo, and its invoice paid by it as far as it goes."""
    payment = event.payment
    if _own(erp, envelope):
        return Skip("it came from this Odoo")
    if payment.invoice is None:
        return Skip("a payment that names no invoice")
    domain = [["name", "=", payment.invoice.value], ["move_type", "=", "out_invoice"], ["state", "=", "posted"]]
    found = await erp.search_read("account.move", domain, ["partner_id", "company_id"], limit=2)
    if len(found) != 1:
        raise MappingError("no posted invoice of Odoo has this number, or several have", "payment.invoice")
    [invoice] = found
    company = invoice["company_id"][0]
    number = payment.identifier[0]
    made = Payment(
        key=erp.external_id("payment", number.assigner or envelope.source, number.value),
        sort="received",
        partner=invoice["partner_id"][0],
        amount=payment.amount.value,
        date=_day(payment.date) or envelope.time.date(),
        journal=await _bank(erp, company),
        currency=await _currency(erp, payment.amount.currency),
        memo=number.value,
        company=company,
        correlation=str(envelope.correlation),
    )
    return await _kept(erp.documents.payments.register(made, [invoice["id"]]), "account.payment")


async def _kept(work: Awaitable[Any], model: str) -> Outcome:
    try:
        held = await work
    except AmbiguousError:
        return Retry("Odoo gave no answer, nor when asked; each step may be repeated", kind=ErrorKind.AMBIGUOUS)
    return Done(f"{model}/{held.record_id}")


def _own(erp: Odoo, envelope: Recorded) -> bool:
    """Whether this Odoo told of it itself, through its feed."""
    return envelope.source.rpartition("/")[2] == erp.system


def _number(party: Organization | None) -> str:
    known = best(party.identifier) if party else None
    if known is None:
        raise MappingError("a bill needs the number of its supplier", "invoice.issuer")
    return known.value


async def _vendor(erp: Odoo, party: Organization | None) -> int:
    number = _number(party)
    assert party is not None, "it has a number"
    asked = Party(key=erp.external_id("supplier", "-", number), name=party.name or number, role="supplier", ref=number)
    return (await erp.documents.parties.keep(asked)).record_id


def _lines(invoice: Invoice) -> list[MoveLine]:
    """The lines, then taxes, charges and allowances as lines of their own, so that the total is the supplier's."""
    lines = [_line(line) for line in invoice.line]
    for one in invoice.allowance_charge:
        sign = -1 if one.kind == "allowance" else 1
        lines.append(MoveLine(text=one.reason or one.kind, quantity=_ONE, price=sign * one.amount.value))
    rest = invoice.total_gross.value - sum((line.net for line in lines), Decimal(0))
    if rest:
        lines.append(MoveLine(text="Tax and rounding", quantity=_ONE, price=rest))
    return lines


def _line(line: InvoiceLine) -> MoveLine:
    """By quantity and price where they make the amount of the line, else as one of that amount."""
    text = line.description or (line.item[0].value if line.item else f"Line {line.sequence}")
    if line.quantity is not None and line.unit_price is not None:
        made = MoveLine(text=text, quantity=line.quantity.value, price=line.unit_price.value)
        if made.net == line.net.value:
            return made
    return MoveLine(text=text, quantity=_ONE, price=line.net.value)


def _day(text: str | None) -> date | None:
    """The day of a date or an instant; None where only a month or a year is said."""
    return date.fromisoformat(text[:10]) if text and len(text) >= 10 else None


async def _currency(erp: Odoo, code: str) -> int:
    found = await erp.search_read("res.currency", [["name", "=", code]], ["name"], limit=1)
    if not found:
        raise MappingError("Odoo has no such currency in use; activate it there", "currency")
    return int(found[0]["id"])


async def _bank(erp: Odoo, company: int) -> int:
    domain = [["type", "=", "bank"], ["company_id", "=", company]]
    found = await erp.search_read("account.journal", domain, ["name"], limit=1, order="sequence, id")
    if not found:
        raise MappingError("the company of the invoice has no bank journal", "journal")
    return int(found[0]["id"])


def _company(erp: Odoo) -> int | None:
    allowed = erp.settings.allowed_company_ids
    return allowed[0] if allowed else None
