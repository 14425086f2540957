"""What lies where, and how it moves (no FHIR R4 resource: InventoryReport is R5's)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from careloom.model.amounts import Money, Quantity
from careloom.model.datatypes import Date, DateTime, Element, Identifiers, Reference, Text
from careloom.model.entities import Location, Organization
from careloom.model.products import Lot


class InventoryItem(Element, frozen=True, kw_only=True):
    """How much of one product, of one lot, lies at one place, and in which state it is."""

    item: Identifiers
    description: Text | None = None
    quantity: Quantity
    state: Literal["on-hand", "available", "reserved", "quarantined", "on-order", "backordered", "expired"] = "on-hand"
    lot: Lot | None = None
    location: Location | None = None
    unit_cost: Money | None = None
    date: Date | None = None


class InventoryReport(Element, frozen=True, kw_only=True):
    """What somebody counted or has to offer. A `snapshot` says all that there is of what it lists; a `difference` says
    by how much it changed."""

    identifier: Identifiers
    kind: Literal["snapshot", "difference"] = "snapshot"
    date: DateTime | None = None
    reporter: Organization | None = None
    location: Location | None = None
    item: Annotated[tuple[InventoryItem, ...], Meta(min_length=1)]


class StockMove(Element, frozen=True, kw_only=True):
    """Goods that went from one place to another, or were corrected: then `reason` says why, and one place is missing.

    `cause` is the document it belongs to (an order, a delivery, a dispense). `value` is what the goods are worth.
    """

    identifier: Identifiers
    item: Identifiers
    quantity: Quantity
    lot: Lot | None = None
    source: Location | None = None
    destination: Location | None = None
    date: DateTime | None = None
    reason: Text | None = None
    cause: Reference | None = None
    cost_centre: Text | None = None
    value: Money | None = None


class StockLevel(Element, frozen=True, kw_only=True):
    """How much of a product is at hand at a place, beside the threshold that it crossed."""

    item: Identifiers
    location: Location | None = None
    at_hand: Quantity
    forecast: Quantity | None = None
    threshold: Quantity
    supplier: Organization | None = None


class Catalogue(Element, frozen=True, kw_only=True):
    """A price list or master file that was read to its end; its lines are events of their own.

    `complete` says that what it does not list is gone; `entries` counts its lines, `refused` those that could not be
    read.
    """

    identifier: Identifiers
    subject: Literal["product", "charge-item-definition", "practitioner", "location", "organization", "employee"]
    issuer: Organization | None = None
    effective: Date | None = None
    complete: bool
    entries: Annotated[int, Meta(ge=0)]
    refused: Annotated[int, Meta(ge=0)] = 0
