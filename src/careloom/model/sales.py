"""What customers order from the house, for money: services and goods."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from careloom.model.amounts import Money, Quantity
from careloom.model.datatypes import Date, DateTime, Element, Identifier, Identifiers, Text
from careloom.model.entities import Organization, RelatedPerson


class ServiceOrderLine(Element, frozen=True, kw_only=True):
    """One line. `item` are the numbers of the product, as in Product.identifier; `net` is without tax."""

    identifier: Text
    item: Identifiers
    description: Text | None = None
    quantity: Quantity
    unit_price: Money | None = None
    net: Money | None = None


class ServiceOrder(Element, frozen=True, kw_only=True):
    """An order of a customer (an Odoo sale.order). `reference` is the customer's own number of it.

    Of `customer` and `customerPerson` one says who ordered.
    """

    identifier: Identifiers
    status: Literal["confirmed", "completed", "cancelled"] = "confirmed"
    date: DateTime | None = None
    due: Date | None = None
    customer: Organization | None = None
    customer_person: RelatedPerson | None = None
    reference: Identifier | None = None
    line: Annotated[tuple[ServiceOrderLine, ...], Meta(min_length=1)]
    total_net: Money | None = None
    total_tax: Money | None = None
    total_gross: Money | None = None
