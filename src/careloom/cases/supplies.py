"""The data that actions need, by kind of case. All of it may tell of a person: it is sealed and shown to few."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta

from careloom.cases.kinds import Supplied

Number = Annotated[str, Meta(min_length=1, max_length=64, description="as the other side wrote it")]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$", description="ISO 4217")]
Note = Annotated[str, Meta(min_length=1, max_length=500)]


class PayerData(Supplied, frozen=True, kw_only=True):
    """The coverage that a registration lacked."""

    payer: Number
    member: Number
    group: Number | None = None
    plan: Note | None = None
    valid_from: date | None = None
    valid_until: date | None = None


class Authorization(Supplied, frozen=True, kw_only=True):
    """The payer's consent to a service."""

    number: Number
    valid_from: date | None = None
    valid_until: date | None = None
    units: Annotated[int, Meta(gt=0)] | None = None


class Appeal(Supplied, frozen=True, kw_only=True):
    """What came of an appeal that overturned a denial."""

    number: Number
    decided: date
    appeal: Number | None = None


class Replenishment(Supplied, frozen=True, kw_only=True):
    """How a shortage is met: from another place, with another product, or by an order."""

    product: Number
    quantity: Decimal
    location: Number | None = None
    purchase_order: Number | None = None

    def __post_init__(self) -> None:
        _must_be_finite(self.quantity)
        if self.quantity <= 0:
            raise ValueError("Expected a quantity above zero")


class CorrectedInvoice(Supplied, frozen=True, kw_only=True):
    """The document that the other side sent instead."""

    invoice: Number
    total: Decimal
    currency: Currency

    def __post_init__(self) -> None:
        _must_be_finite(self.total)


class AcceptedDifference(Supplied, frozen=True, kw_only=True):
    """A difference that is booked as it is: how much, and where."""

    amount: Decimal
    currency: Currency
    account: Number

    def __post_init__(self) -> None:
        _must_be_finite(self.amount)


class PaymentPromise(Supplied, frozen=True, kw_only=True):
    """When the payer says that it pays."""

    expected: date
    reference: Number | None = None


class RecordMatch(Supplied, frozen=True, kw_only=True):
    """The record that it belongs to."""

    record: Literal["patient", "account", "invoice", "payment", "order", "product", "supplier", "place", "cost-centre"]
    number: Number
    assigner: Number | None = None


class KnownCode(Supplied, frozen=True, kw_only=True):
    """What a code stands for that was not known: our own id of the thing, from which day on."""

    canonical: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S", description="our own id of the thing")]
    label: Note | None = None
    valid_from: date | None = None


class OriginalService(Supplied, frozen=True, kw_only=True):
    """The charge that was there before."""

    charge: Number


class SamePerson(Supplied, frozen=True, kw_only=True):
    """Which of two records stays."""

    survivor: Number
    assigner: Number | None = None


def _must_be_finite(amount: Decimal) -> None:
    if not amount.is_finite():
        raise ValueError("Expected a finite decimal")
