"""Purchasing: what is asked for, ordered, promised, shipped and received (FHIR SupplyRequest and SupplyDelivery).

`item` are always numbers of a product as in Product.identifier. A line is named by `identifier`, the text by which
the order names it, since partners number lines `1`, `001` and `A-1`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from careloom.model.amounts import Money, Quantity
from careloom.model.datatypes import Address, Date, DateTime, Element, Identifier, Identifiers, Text
from careloom.model.entities import Location, Organization, Practitioner
from careloom.model.invoicing import AllowanceCharge
from careloom.model.products import Lot


class SupplyRequestLine(Element, frozen=True, kw_only=True):
    """One line of a requisition or an order; `net` is `quantity` times `unitPrice`."""

    identifier: Text
    item: Identifiers
    description: Text | None = None
    quantity: Quantity
    unit_price: Money | None = None
    net: Money | None = None
    requested: Date | None = None
    cost_centre: Text | None = None
    deliver_to: Location | None = None


class SupplyRequest(Element, frozen=True, kw_only=True):
    """A requisition (within the house) or a purchase order (to a supplier).

    `identifier` is the buyer's number, which every later document repeats. `requisition` is the number of the
    requisition that an order came from, `contract` that of the frame it is priced by.
    """

    identifier: Identifiers
    kind: Literal["requisition", "purchase-order"] = "purchase-order"
    status: Literal["draft", "active", "approved", "cancelled", "completed"] = "active"
    purpose: Literal["original", "change", "cancellation", "duplicate"] = "original"
    priority: Literal["routine", "urgent", "asap", "stat"] | None = None
    date: DateTime | None = None
    requested: Date | None = None
    buyer: Organization | None = None
    supplier: Organization | None = None
    bill_to: Organization | None = None
    deliver_to: Location | None = None
    deliver_address: Address | None = None
    requester: Practitioner | None = None
    approver: Practitioner | None = None
    line: Annotated[tuple[SupplyRequestLine, ...], Meta(min_length=1)]
    allowance_charge: tuple[AllowanceCharge, ...] = ()
    total: Money | None = None
    payment_terms: Text | None = None
    contract: Identifier | None = None
    requisition: Identifier | None = None
    cost_centre: Text | None = None
    note: Text | None = None


class SupplyResponseLine(Element, frozen=True, kw_only=True):
    """What the supplier says of one line. `item` is what it will send, where it is something else."""

    identifier: Text
    status: Literal["accepted", "changed", "backordered", "substituted", "rejected", "cancelled", "on-hold", "shipped"]
    item: tuple[Identifier, ...] = ()
    quantity: Quantity | None = None
    unit_price: Money | None = None
    promised: Date | None = None
    reason: Text | None = None


class SupplyResponse(Element, frozen=True, kw_only=True):
    """A supplier's answer to an order (X12 855). `order` is the buyer's number, `identifier` the supplier's."""

    identifier: tuple[Identifier, ...] = ()
    order: Identifier
    outcome: Literal["accepted", "changed", "rejected", "received"]
    date: DateTime | None = None
    supplier: Organization | None = None
    line: tuple[SupplyResponseLine, ...] = ()
    note: Text | None = None


class SupplyDeliveryItem(Element, frozen=True, kw_only=True):
    """So much of one product, of one lot, for one line of an order. `package` is the code on its box (SSCC).

    `ordered` is how much the line asked for, `condition` what is wrong with it (`damaged`, `short`).
    """

    item: Identifiers
    description: Text | None = None
    quantity: Quantity
    ordered: Quantity | None = None
    order: Identifier | None = None
    order_line: Text | None = None
    lot: Lot | None = None
    package: Text | None = None
    condition: Text | None = None
    unit_price: Money | None = None


class SupplyDelivery(Element, frozen=True, kw_only=True):
    """A shipment as announced (X12 856) or as received. `identifier` is the shipper's number, `receipt` ours.

    `order` are the buyer's order numbers; `tracking` are the carrier's.
    """

    identifier: Identifiers
    receipt: Identifier | None = None
    status: Literal["announced", "in-transit", "delivered", "received", "partially-received", "refused", "cancelled"]
    order: tuple[Identifier, ...] = ()
    shipped: DateTime | None = None
    expected: DateTime | None = None
    received: DateTime | None = None
    supplier: Organization | None = None
    ship_to: Location | None = None
    ship_to_address: Address | None = None
    carrier: Text | None = None
    tracking: tuple[Text, ...] = ()
    packages: Annotated[int, Meta(ge=0)] | None = None
    item: Annotated[tuple[SupplyDeliveryItem, ...], Meta(min_length=1)]
    receiver: Practitioner | None = None
