"""account.move: invoices and credit notes of the house, and bills of its suppliers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from careloom.mapping.catalogue import Mapping as Family
from careloom.mapping.odoo.change import Change
from careloom.mapping.odoo.deleted import deleted
from careloom.mapping.odoo.node import Node, rounded
from careloom.mapping.odoo.parts import (
    Currency,
    company,
    document_number,
    numbered,
    organization,
    person,
    product_numbers,
    quantity,
    record_of,
    reference,
)
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings
from careloom.model import (
    Identifier,
    Invoice,
    InvoiceCancelled,
    InvoiceIssued,
    InvoiceLine,
    InvoicePaid,
    Quantity,
    Tax,
    VendorBillPosted,
)
from careloom.model.invoicing import PaymentState

_DEFAULTS: Final = Settings()
_POSTED: Final = frozenset({"posted"})
_OWED: Final = ("amount_residual", "payment_state")
SOLD: Final = frozenset({"out_invoice", "out_refund", "out_receipt"})
BOUGHT: Final = frozenset({"in_invoice", "in_refund", "in_receipt"})
_PAYMENT_STATES: Final[Mapping[str, PaymentState]] = {
    "not_paid": "unpaid",
    "blocked": "unpaid",
    "in_payment": "in-payment",
    "partial": "partial",
    "paid": "paid",
    "invoicing_legacy": "paid",
    "reversed": "reversed",
}

DROPPED: Mapping[str, str] = {
    "line_ids": "journal items are the books; an invoice is told by its own lines",
    "narration": "notes to people, which may tell of a treatment",
    "invoice_origin": "a text of Odoo's own; orders are told by their numbers",
    "journal_id": "how it is booked is Odoo's own business",
    "fiscal_position_id": "taxes are told as they were reckoned",
    "invoice_user_id": "the user who made the change stands in `record`",
    "amount_total_signed": "amounts are told in the invoice's own currency",
    "invoice_line_ids.account_id": "how it is booked is Odoo's own business",
    "invoice_line_ids.display_type": "section titles and notes are no lines to pay",
    "write_date": "stands in the event as `occurred`",
}


def translate(change: Change, settings: Settings = _DEFAULTS) -> Translation:
    """What was posted, taken back or paid; nothing for what only changed before it was posted."""
    if change.operation == "unlink":
        kind = change.was("move_type")
        return deleted(change, settings, "vendor-bill" if kind in BOUGHT else "invoice")
    move = record_of(change)
    kind = move.text("move_type")
    if kind in SOLD:
        return _sold(change, move, settings)
    if kind in BOUGHT:
        return _bought(change, move, settings)
    return Translation(filtered="a journal entry is no invoice")


def _sold(change: Change, move: Node, settings: Settings) -> Translation:
    events = tuple(one(**_shared(change, settings, move)) for one in _happened(change))
    return Translation(events=events) if events else Translation(filtered=_nothing(change))


def _happened(change: Change) -> Iterator[Any]:
    """The classes of events that the change is; several where a poll saw only the last of several changes."""
    if change.entered("state", _POSTED) or _rewritten(change):
        yield InvoiceIssued
        if _paid_already(change):
            yield InvoicePaid
    elif change.left("state", _POSTED):
        yield InvoiceCancelled
    elif change.becomes("state") == "posted" and _owes_otherwise(change):
        yield InvoicePaid


def _owes_otherwise(change: Change) -> bool:
    return change.before is not None and any(change.was(one) != change.becomes(one) for one in _OWED)


def _rewritten(change: Change) -> bool:
    """Posted before and after, with another total: it was reset to draft and posted anew between two looks."""
    both = change.was("state") == change.becomes("state") == "posted"
    return bool(both and change.was("amount_total") != change.becomes("amount_total"))


def _paid_already(change: Change) -> bool:
    return change.becomes("payment_state") not in (None, False, "not_paid", "blocked")


def _bought(change: Change, move: Node, settings: Settings) -> Translation:
    if change.entered("state", _POSTED) or _rewritten(change):
        return Translation(events=(VendorBillPosted(**_shared(change, settings, move)),))
    if change.left("state", _POSTED):
        return Translation(filtered="a posted vendor bill was taken back; that is told when it is posted again")
    if change.becomes("state") == "posted":
        return Translation(filtered="what is owed to a supplier changed; that is the house's own payment")
    return Translation(filtered=_nothing(change))


def _nothing(change: Change) -> str:
    if change.becomes("state") == "draft":
        return "a draft is no invoice yet"
    if change.becomes("state") == "cancel":
        return "a draft that was cancelled was never owed"
    return "nothing that is owed changed"


def _shared(change: Change, settings: Settings, move: Node) -> dict[str, Any]:
    """The members of the event, whichever it is."""
    return {
        "trigger": change.model,
        "occurred": change.at,
        "record": reference(change, settings),
        "invoice": _invoice(change, move, settings),
    }


def _invoice(change: Change, move: Node, settings: Settings) -> Invoice:
    currency = Currency(move, settings)
    reverses, terms = move.one("reversed_entry_id"), move.one("invoice_payment_term_id")
    lines = [line for line in move.many("invoice_line_ids") if line.text("display_type") in (None, "product")]
    return Invoice(
        identifier=_numbers(change, move),
        kind="credit-note" if move.text("move_type") in ("out_refund", "in_refund") else "invoice",
        status="cancelled" if change.becomes("state") != "posted" else "issued",
        date=move.day("invoice_date"),
        due_date=move.day("invoice_date_due"),
        **_parties(change, move),
        line=tuple(_line(line, place, currency) for place, line in enumerate(lines, 1)),
        total_net=currency.amount(move, "amount_untaxed"),
        total_tax=currency.amount(move, "amount_tax"),
        total_gross=currency.needed(move, "amount_total"),
        residual=currency.amount(move, "amount_residual"),
        payment_state=_PAYMENT_STATES.get(move.text("payment_state") or ""),
        payment_terms=terms.text("name") if terms else None,
        payment_reference=move.text("payment_reference"),
        order=tuple(dict.fromkeys(one for line in lines if (one := _order(line)))),
        reverses=document_number(reverses, change.model) if reverses else None,
    )


def _numbers(change: Change, move: Node) -> tuple[Identifier, ...]:
    """The number that Odoo gave it; of a supplier's bill, the supplier's number after it."""
    first, *rest = numbered(change, move.text("name"))
    theirs = move.text("ref") if move.text("move_type") in BOUGHT else None
    return (first, *([Identifier(value=theirs, use="secondary")] if theirs else []), *rest)


def _parties(change: Change, move: Node) -> dict[str, Any]:
    partner, house = move.one("partner_id"), company(change)
    if move.text("move_type") in BOUGHT:
        return {"issuer": organization(partner, "supplier") if partner else None, "recipient": house}
    if partner is None:
        return {"issuer": house}
    if partner.flag("is_company"):
        return {"issuer": house, "recipient": organization(partner)}
    return {"issuer": house, "recipient_person": person(partner)}


def _line(line: Node, place: int, currency: Currency) -> InvoiceLine:
    product, order = line.one("product_id"), line.one("purchase_line_id")
    return InvoiceLine(
        sequence=place,
        item=product_numbers(product) if product else (),
        description=line.text("name"),
        quantity=quantity(line, "quantity", unit=("product_uom_id",)),
        unit_price=currency.price(line, "price_unit"),
        net=currency.needed(line, "price_subtotal"),
        tax=_taxes(line, currency),
        order=_order(line),
        order_line=str(order.id) if order and order.id else None,
    )


def _taxes(line: Node, currency: Currency) -> tuple[Tax, ...]:
    """The tax of a line; several are told as one, since Odoo keeps their sum only."""
    taxes = list(line.many("tax_ids"))
    gross, net = line.number("price_total"), line.number("price_subtotal")
    if not taxes or gross is None or net is None:
        return ()
    rates = [tax.number("amount") for tax in taxes if tax.text("amount_type") == "percent"]
    rate = rates[0] if len(rates) == len(taxes) == 1 else None
    return (
        Tax(
            code=" + ".join(tax.text("name") or str(tax.id) for tax in taxes),
            rate=Quantity(value=rate, unit="%") if rate is not None else None,
            amount=currency.money(rounded(Decimal(gross - net), 6)),
        ),
    )


def _order(line: Node) -> Identifier | None:
    order_line = line.one("purchase_line_id")
    order = order_line.one("order_id") if order_line else None
    return document_number(order, "purchase.order") if order else None


MAPPINGS = (Family("odoo", ("account.move",), translate),)
