"""Money that came, went back, was disputed, was settled, and what the bank says of it."""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias

from careloom.model.amounts import Money
from careloom.model.datatypes import Date, DateTime, Element, Identifier, Identifiers, Period, Text
from careloom.model.entities import Organization, RelatedPerson

Method: TypeAlias = Literal["card", "ach", "wire", "check", "cash", "wallet", "direct-debit", "other"]


class Allocation(Element, frozen=True, kw_only=True):
    """The part of a payment that is for one invoice."""

    invoice: Identifier
    amount: Money


class PaymentNotice(Element, frozen=True, kw_only=True):
    """A payment of a patient or a customer. `identifier` is the number of the gateway or the cash desk.

    `amount` is what was paid, `fee` what the gateway keeps of it. `instrument` tells people which card or account it
    was, never by more than its last four digits. `allocation` splits it where it pays several invoices.
    """

    personal: ClassVar[tuple[str, ...]] = ("instrument", "customer")

    identifier: Identifiers
    status: Literal["pending", "authorized", "received", "failed", "cancelled"] = "received"
    amount: Money
    fee: Money | None = None
    method: Method | None = None
    date: DateTime | None = None
    invoice: Identifier | None = None
    account: Identifier | None = None
    allocation: tuple[Allocation, ...] = ()
    payer: RelatedPerson | None = None
    payer_organization: Organization | None = None
    payee: Organization | None = None
    customer: Identifier | None = None
    instrument: Text | None = None
    reference: Text | None = None
    settlement: Identifier | None = None
    failure_code: Text | None = None
    failure_reason: Text | None = None


class Refund(Element, frozen=True, kw_only=True):
    """Money that went back to the payer; `payment` is the payment it came from."""

    identifier: Identifiers
    payment: Identifier | None = None
    status: Literal["pending", "succeeded", "failed", "cancelled"] = "succeeded"
    amount: Money
    fee: Money | None = None
    reason: Text | None = None
    date: DateTime | None = None
    invoice: Identifier | None = None
    account: Identifier | None = None
    settlement: Identifier | None = None


class Dispute(Element, frozen=True, kw_only=True):
    """A payment that the payer's bank wants back. Each change of `status` is told again."""

    identifier: Identifiers
    payment: Identifier | None = None
    status: Literal["warning", "needs-response", "under-review", "won", "lost", "closed"]
    amount: Money
    fee: Money | None = None
    reason: Text | None = None
    date: DateTime | None = None
    evidence_due: DateTime | None = None
    invoice: Identifier | None = None
    account: Identifier | None = None


class SettlementLine(Element, frozen=True, kw_only=True):
    """One movement of a settlement. `amount` is positive where it raises what is paid out; `net` is it less `fee`.

    `identifier` is the number of the payment, the refund or the dispute that it is.
    """

    kind: Literal["payment", "refund", "dispute", "fee", "adjustment", "reserve", "other"]
    identifier: Identifier | None = None
    invoice: Identifier | None = None
    amount: Money
    fee: Money | None = None
    net: Money | None = None
    date: DateTime | None = None
    description: Text | None = None


class Settlement(Element, frozen=True, kw_only=True):
    """What a payment gateway paid out (FHIR PaymentReconciliation). `net` is the sum of its lines' `net`.

    `reference` is what the bank's statement repeats.
    """

    identifier: Identifiers
    status: Literal["pending", "paid", "failed", "cancelled"] = "paid"
    period: Period | None = None
    date: Date | None = None
    gross: Money | None = None
    fee: Money | None = None
    net: Money
    gateway: Organization | None = None
    payee: Organization | None = None
    reference: Text | None = None
    line: tuple[SettlementLine, ...] = ()


class BankEntry(Element, frozen=True, kw_only=True):
    """One movement of a bank account: positive came in, negative went out.

    `identifier` is the bank's number, `reference` what the payer wrote, `trace` the payer's trace number (X12 TRN02)
    or end-to-end number where the bank tells it. `code` is the bank's transaction code.
    """

    personal: ClassVar[tuple[str, ...]] = ("counterparty", "counterparty_account", "reference", "description")

    identifier: tuple[Identifier, ...] = ()
    amount: Money
    booked: Date | None = None
    value_date: Date | None = None
    code: Text | None = None
    counterparty: Text | None = None
    counterparty_account: Text | None = None
    reference: Text | None = None
    trace: Text | None = None
    check_number: Text | None = None
    description: Text | None = None
    reversal: bool = False


class BankStatement(Element, frozen=True, kw_only=True):
    """A stretch of a bank account: `opening` and the entries make `closing`. `account` is the account's number."""

    personal: ClassVar[tuple[str, ...]] = ("account",)

    identifier: Identifiers
    account: Identifier
    sequence: Text | None = None
    period: Period | None = None
    opening: Money | None = None
    closing: Money | None = None
    available: Money | None = None
    entry: tuple[BankEntry, ...] = ()
