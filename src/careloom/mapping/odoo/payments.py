"""account.payment: money of customers that came in or went back. What the house pays is its own business."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from careloom.mapping.catalogue import Mapping as Family
from careloom.mapping.odoo.change import Change
from careloom.mapping.odoo.deleted import deleted
from careloom.mapping.odoo.node import Node
from careloom.mapping.odoo.parts import (
    Currency,
    company,
    document_number,
    numbered,
    organization,
    person,
    record_of,
    reference,
)
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings
from careloom.model import (
    Identifier,
    PaymentFailed,
    PaymentNotice,
    PaymentReceived,
    PaymentRefunded,
    Refund,
)
from careloom.model.payments import Method

_DEFAULTS: Final = Settings()
_MOVED: Final = frozenset({"in_process", "paid"})
_VOID: Final = frozenset({"canceled", "rejected", "draft"})
_METHODS: Final[Mapping[str, Method]] = {"cash": "cash", "credit": "card"}
"""By the type of the journal."""

DROPPED: Mapping[str, str] = {
    "journal_id.name": "which account of the house it reached is told by the bank's statement",
    "move_id": "the journal entry is the books",
    "payment_method_line_id": "how Odoo books it; the journal's type says whether it was cash",
    "is_matched": "whether the bank has told of it is told by its statement",
    "partner_bank_id": "account numbers go to the bank, not to consumers of events",
    "write_date": "stands in the event as `occurred`",
}


def translate(change: Change, settings: Settings = _DEFAULTS) -> Translation:
    """`payment.received` or `payment.refunded` when it is registered, `payment.failed` when that is taken back."""
    if change.operation == "unlink":
        return deleted(change, settings, "payment")
    payment = record_of(change)
    if payment.text("partner_type") != "customer":
        return Translation(filtered="a payment to a supplier is the house's own doing")
    inbound = payment.text("payment_type") == "inbound"
    if change.entered("state", _MOVED):
        return Translation(events=(_moved(change, payment, settings, inbound=inbound),))
    if change.left("state", _MOVED):
        if not inbound:
            return Translation(filtered="a refund that was taken back before it left the house")
        return Translation(events=(PaymentFailed(**_received(change, payment, settings, _failure(change))),))
    return Translation(filtered="a payment is told when it is registered; what it pays is told of the invoice")


def _moved(change: Change, payment: Node, settings: Settings, *, inbound: bool) -> PaymentReceived | PaymentRefunded:
    if inbound:
        return PaymentReceived(**_received(change, payment, settings, "received"))
    return PaymentRefunded(
        trigger=change.model,
        occurred=change.at,
        record=reference(change, settings),
        refund=Refund(
            identifier=numbered(change, payment.text("name")),
            amount=Currency(payment, settings).needed(payment, "amount"),
            reason=payment.text("memo", "ref"),
            date=payment.day("date"),
            invoice=_invoice(payment),
        ),
    )


def _failure(change: Change) -> str:
    return "failed" if change.becomes("state") == "rejected" else "cancelled"


def _received(change: Change, payment: Node, settings: Settings, status: Any) -> dict[str, Any]:
    journal = payment.one("journal_id")
    notice = PaymentNotice(
        identifier=numbered(change, payment.text("name")),
        status=status,
        amount=Currency(payment, settings).needed(payment, "amount"),
        method=_METHODS.get((journal and journal.text("type")) or ""),
        date=payment.day("date"),
        invoice=_invoice(payment),
        **_payer(payment),
        payee=company(change),
        reference=payment.text("memo", "ref"),
    )
    return {
        "trigger": change.model,
        "occurred": change.at,
        "record": reference(change, settings),
        "payment": notice,
    }


def _payer(payment: Node) -> dict[str, Any]:
    partner = payment.one("partner_id")
    if partner is None:
        return {}
    if partner.flag("is_company"):
        return {"payer_organization": organization(partner)}
    return {"payer": person(partner)}


def _invoice(payment: Node) -> Identifier | None:
    """The invoice that it pays, where that is one alone and known already."""
    invoices = list(payment.many("reconciled_invoice_ids"))
    return document_number(invoices[0], "account.move") if len(invoices) == 1 else None


MAPPINGS = (Family("odoo", ("account.payment",), translate),)
