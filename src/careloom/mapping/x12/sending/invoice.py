"""810 (005010)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from careloom.core.errors import MappingError
from careloom.formats.x12 import BuiltSet, Draft, DraftLoop, build, loop, segment
from careloom.mapping.x12.sending.drafts import day
from careloom.mapping.x12.sending.envelope import Envelope, written
from careloom.mapping.x12.sending.trade import (
    agreed,
    cents,
    charges,
    counted,
    currency,
    described,
    party,
    products,
    reference,
)
from careloom.model import Invoice, InvoiceIssued, InvoiceLine, Money, SupplierInvoiceReceived, Tax

VERSION: Final = "005010"
_BILL, _CREDIT = "DI", "CR"
_ALL_TAXES, _SOME_TAX = "TX", "ZZ"
_CENT, _FINEST = Decimal("0.01"), Decimal("0.000001")


def to_810(event: SupplierInvoiceReceived | InvoiceIssued, envelope: Envelope) -> bytes:
    """The bill or credit note as an interchange with one set, which reads back as the bill of a supplier. Notes, days
    of service and accounts stay behind.

    Raises MappingError for one that goes to a person, that does not hold (any more), without a date, for amounts with
    parts of a cent, and for a line whose amount its quantity and a price do not give; FormatError for values the
    standard does not take.
    """
    return written([invoice_set(event, envelope)], envelope)


def invoice_set(event: SupplierInvoiceReceived | InvoiceIssued, envelope: Envelope) -> BuiltSet:  # noqa: ARG001
    """The set alone."""
    invoice = event.invoice
    _judge(event)
    first = invoice.order[0].value if invoice.order else None
    kind = _CREDIT if invoice.kind == "credit-note" else _BILL
    content: list[Draft | DraftLoop | None] = [
        segment("BIG", day(invoice.date), invoice.identifier[0].value, None, first, None, None, kind),
        currency(_amounts(invoice), "invoice.line", "SE"),
        *[reference("PO", one) for one in invoice.order[1:]],
        *[reference("SI", one) for one in invoice.delivery],
        reference("IV", invoice.reverses) if invoice.kind == "credit-note" else None,
        party("SE", invoice.issuer, "invoice.issuer"),
        party("BT", invoice.recipient, "invoice.recipient"),
        agreed(invoice.payment_terms, invoice.due_date),
        *[_line(one, f"invoice.line[{number}]") for number, one in enumerate(invoice.line)],
        segment("TDS", cents(invoice.total_gross, "invoice.totalGross")),
        segment("TXI", _ALL_TAXES, invoice.total_tax.value) if invoice.total_tax is not None else None,
        *charges(invoice.allowance_charge, "invoice.allowanceCharge"),
        segment("CTT", len(invoice.line)) if invoice.line else None,
    ]
    return build("810", VERSION, [part for part in content if part is not None])


def _judge(event: SupplierInvoiceReceived | InvoiceIssued) -> None:
    """Raises MappingError for what is nothing to send to a partner."""
    invoice = event.invoice
    if invoice.recipient_person is not None or getattr(event, "patient", None) is not None:
        raise MappingError("the invoice goes to a person; X12 has bills between organizations", "invoice.recipient")
    if invoice.status != "issued":
        raise MappingError("the invoice is not issued, so nobody owes it", "invoice.status")
    if day(invoice.date) is None:
        raise MappingError("the day of the invoice is missing, and the buyer needs it; give it", "invoice.date")


def _amounts(invoice: Invoice) -> list[Money | None]:
    found = [invoice.total_gross, invoice.total_tax, *(one.amount for one in invoice.allowance_charge)]
    for line in invoice.line:
        found += [line.net, line.unit_price, *(one.amount for one in line.tax)]
    return found


def _line(line: InvoiceLine, field: str) -> DraftLoop:
    if line.quantity is None:
        raise MappingError("the quantity is missing, and the buyer needs it; give it", f"{field}.quantity")
    amount = counted(line.quantity, f"{field}.quantity")
    text = described(line.description)
    return loop(
        "IT1",
        segment("IT1", line.order_line, *amount, _price(line, field), None, *products(line.item)),
        *[_tax(one) for one in line.tax],
        loop("PID", text) if text else None,
        reference("PO", line.order),
    )


def _price(line: InvoiceLine, field: str) -> Decimal:
    """The price of one by which the line comes to its net amount; after discounts where it is less than the price that
    is named. An 810 says no amount of a line but through its price."""
    quantity = line.quantity.value if line.quantity is not None else Decimal(0)
    named = line.unit_price.value if line.unit_price is not None else None
    paid = (line.net.value / quantity).quantize(_FINEST, ROUND_HALF_UP) if quantity else None
    for price in (named, paid):
        if price is not None and (quantity * price).quantize(_CENT, ROUND_HALF_UP) == line.net.value:
            return price
    raise MappingError("the amount is not quantity times a price; correct the line", f"{field}.net")


def _tax(tax: Tax) -> Draft:
    """TXI; a code that X12 cannot carry is one that the partners define."""
    rate = tax.rate.value if tax.rate is not None else None
    return segment("TXI", tax.code if len(tax.code) == 2 else _SOME_TAX, tax.amount.value, rate)
