"""Invoices to patients and customers, and bills from suppliers: what an Odoo account.move is posted from."""

from __future__ import annotations

from typing import Literal, TypeAlias

from careloom.model.amounts import Money, Quantity
from careloom.model.claims import Sequence
from careloom.model.datatypes import CodeableConcept, Date, Element, Identifier, Identifiers, Period, Text
from careloom.model.entities import Organization, RelatedPerson

PaymentState: TypeAlias = Literal["unpaid", "in-payment", "partial", "paid", "reversed"]


class Tax(Element, frozen=True, kw_only=True):
    """A tax within a line or a document; `rate` has the unit `%`."""

    code: Text
    rate: Quantity | None = None
    amount: Money


class AllowanceCharge(Element, frozen=True, kw_only=True):
    """What is added to (`charge`: freight, handling) or taken off (`allowance`: a discount) beside the lines."""

    kind: Literal["allowance", "charge"]
    reason: Text | None = None
    amount: Money


class InvoiceLine(Element, frozen=True, kw_only=True):
    """One line. `net` is without tax. `item` are the numbers of the product, as in Product.identifier; `orderLine`
    is the line of the purchase order that it bills, `charge` the charge that it was made of."""

    sequence: Sequence
    item: tuple[Identifier, ...] = ()
    code: CodeableConcept | None = None
    description: Text | None = None
    quantity: Quantity | None = None
    unit_price: Money | None = None
    net: Money
    tax: tuple[Tax, ...] = ()
    serviced: Period | None = None
    order: Identifier | None = None
    order_line: Text | None = None
    charge: Identifier | None = None
    account_code: Text | None = None
    cost_centre: Text | None = None


class Invoice(Element, frozen=True, kw_only=True):
    """An invoice, or a credit note (then `reverses` is the invoice that it takes back); amounts are not negative.

    `identifier` is the number that is printed on it. Of `recipient` and `recipientPerson` one says who owes;
    `issuer` whom. `totalGross` is `totalNet` with tax and charges; `residual` is what is still owed.
    `order` are purchase orders, `delivery` the deliveries that it bills, `claim` the claim whose rest it is.
    """

    identifier: Identifiers
    kind: Literal["invoice", "credit-note"] = "invoice"
    status: Literal["draft", "issued", "cancelled", "entered-in-error"] = "issued"
    date: Date | None = None
    due_date: Date | None = None
    service_period: Period | None = None
    issuer: Organization | None = None
    recipient: Organization | None = None
    recipient_person: RelatedPerson | None = None
    line: tuple[InvoiceLine, ...] = ()
    allowance_charge: tuple[AllowanceCharge, ...] = ()
    total_net: Money | None = None
    total_tax: Money | None = None
    total_gross: Money
    residual: Money | None = None
    payment_state: PaymentState | None = None
    payment_terms: Text | None = None
    payment_reference: Text | None = None
    account: Identifier | None = None
    order: tuple[Identifier, ...] = ()
    delivery: tuple[Identifier, ...] = ()
    claim: Identifier | None = None
    encounter: Identifier | None = None
    reverses: Identifier | None = None
    note: Text | None = None
