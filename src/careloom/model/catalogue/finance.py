"""Events of invoices, payments, settlements and bank statements."""

from __future__ import annotations

from typing import ClassVar

from careloom.model.contract import Contract, Terms
from careloom.model.entities import Patient
from careloom.model.events import CanonicalEvent
from careloom.model.invoicing import Invoice
from careloom.model.payments import BankStatement, Dispute, PaymentNotice, Refund, Settlement
from careloom.model.subject import About


class InvoiceEvent(CanonicalEvent, frozen=True, kw_only=True):
    """A fact about one invoice or credit note that the house issued."""

    about: ClassVar[tuple[About, ...]] = (About("Invoice", "invoice.identifier", by_number=True),)

    invoice: Invoice
    patient: Patient | None = None


class InvoiceIssued(InvoiceEvent, frozen=True, kw_only=True):
    """An invoice or a credit note was posted and is owed."""

    type: ClassVar[str] = "invoice.issued.v1"


class InvoiceCancelled(InvoiceEvent, frozen=True, kw_only=True):
    """An invoice no longer holds and nothing is owed for it."""

    type: ClassVar[str] = "invoice.cancelled.v1"


class InvoicePaid(InvoiceEvent, frozen=True, kw_only=True):
    """What is owed for an invoice changed by a payment.

    `invoice.residual` is what is left, `invoice.paymentState` says whether that is nothing.
    """

    type: ClassVar[str] = "invoice.paid.v1"


class PaymentEvent(CanonicalEvent, frozen=True, kw_only=True):
    """A fact about one payment of a patient or a customer."""

    about: ClassVar[tuple[About, ...]] = (
        About("Invoice", "payment.invoice", by_number=True),
        About("Account", "payment.account", by_number=True),
        About("Payment", "payment.identifier", by_number=True),
    )
    also: ClassVar[tuple[About, ...]] = (About("Payment", "payment.identifier", by_number=True),)

    payment: PaymentNotice
    patient: Patient | None = None


class PaymentReceived(PaymentEvent, frozen=True, kw_only=True):
    """A payment came in."""

    type: ClassVar[str] = "payment.received.v1"


class PaymentFailed(PaymentEvent, frozen=True, kw_only=True):
    """A payment was tried and did not come in."""

    type: ClassVar[str] = "payment.failed.v1"


class PaymentRefunded(CanonicalEvent, frozen=True, kw_only=True):
    """A payment went back to the payer, all of it or a part."""

    type: ClassVar[str] = "payment.refunded.v1"
    about: ClassVar[tuple[About, ...]] = (
        About("Invoice", "refund.invoice", by_number=True),
        About("Account", "refund.account", by_number=True),
        About("Payment", "refund.payment", by_number=True),
        About("Refund", "refund.identifier", by_number=True),
    )
    also: ClassVar[tuple[About, ...]] = (About("Payment", "refund.payment", by_number=True),)

    refund: Refund
    patient: Patient | None = None


class PaymentDisputed(CanonicalEvent, frozen=True, kw_only=True):
    """The payer's bank wants a payment back, or such a dispute went on or ended."""

    type: ClassVar[str] = "payment.disputed.v1"
    about: ClassVar[tuple[About, ...]] = (
        About("Invoice", "dispute.invoice", by_number=True),
        About("Account", "dispute.account", by_number=True),
        About("Payment", "dispute.payment", by_number=True),
        About("Dispute", "dispute.identifier", by_number=True),
    )
    also: ClassVar[tuple[About, ...]] = (About("Payment", "dispute.payment", by_number=True),)

    dispute: Dispute
    patient: Patient | None = None


class SettlementReceived(CanonicalEvent, frozen=True, kw_only=True):
    """A payment gateway paid out what it had gathered, and said for what."""

    type: ClassVar[str] = "settlement.received.v1"
    about: ClassVar[tuple[About, ...]] = (About("Settlement", "settlement.identifier", by_number=True),)

    settlement: Settlement


class StatementReceived(CanonicalEvent, frozen=True, kw_only=True):
    """A bank said what moved on an account."""

    type: ClassVar[str] = "statement.received.v1"
    about: ClassVar[tuple[About, ...]] = (About("BankAccount", "statement.account", by_number=True),)

    statement: BankStatement


_INVOICES = Terms(
    owner="finance",
    source_of_truth="Odoo",
    publishers=("odoo", "ehr", "careloom"),
    data_classes=("phi", "financial"),
    retention_years=7,
)
_PAYMENTS = Terms(
    owner="finance",
    source_of_truth="the payment gateway",
    publishers=("payment-gateway", "ehr", "odoo"),
    data_classes=("phi", "financial"),
    retention_years=7,
    retry="urgent",
)
_SETTLEMENTS = Terms(
    owner="treasury",
    source_of_truth="the payment gateway",
    publishers=("payment-gateway",),
    data_classes=("financial",),
    retention_years=7,
)
_STATEMENTS = Terms(
    owner="treasury",
    source_of_truth="the bank",
    publishers=("bank",),
    data_classes=("financial",),
    retention_years=7,
)

CONTRACTS: tuple[Contract, ...] = (
    _INVOICES.contract(InvoiceIssued),
    _INVOICES.contract(InvoiceCancelled),
    _INVOICES.contract(InvoicePaid),
    _PAYMENTS.contract(PaymentReceived),
    _PAYMENTS.contract(PaymentFailed),
    _PAYMENTS.contract(PaymentRefunded),
    _PAYMENTS.contract(PaymentDisputed),
    _SETTLEMENTS.contract(SettlementReceived),
    _STATEMENTS.contract(StatementReceived),
)
