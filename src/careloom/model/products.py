"""What is bought, stocked, dispensed and billed."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from careloom.model.amounts import Money, Quantity
from careloom.model.datatypes import CodeableConcept, Date, Element, Identifier, Identifiers, Period, Text
from careloom.model.entities import Organization


class Lot(Element, frozen=True, kw_only=True):
    """What tells one package of a product from another: lot, serial number, expiry, and the UDI or GS1 text as read
    from its label (`udiCarrier`)."""

    number: Text | None = None
    serial: Text | None = None
    expiration_date: Date | None = None
    manufacture_date: Date | None = None
    udi_carrier: Text | None = None


class Packaging(Element, frozen=True, kw_only=True):
    """A unit in which a product is sold: `quantity` of the product's own unit make one of `unit`."""

    unit: Text
    quantity: Quantity
    identifier: tuple[Identifier, ...] = ()


class Product(Element, frozen=True, kw_only=True):
    """A medication, a device, a supply or a service, as a catalogue or a master file describes it.

    `identifier` says by type whose number it is: `SKU` (the sender's own), `GTIN`, `NDC`, `UDI` (device identifier),
    `VP` (supplier's part), `MP` (manufacturer's part), `BP` (buyer's part). `code` are codes that it is billed by.
    `price` is that of `supplier` for one `unit`, within `pricePeriod`.
    """

    identifier: Identifiers
    name: Text | None = None
    type: Literal["medication", "device", "supply", "service"] | None = None
    status: Literal["active", "inactive", "discontinued"] = "active"
    category: Text | None = None
    code: CodeableConcept | None = None
    unit: Text | None = None
    packaging: tuple[Packaging, ...] = ()
    price: Money | None = None
    price_period: Period | None = None
    supplier: Organization | None = None
    manufacturer: Organization | None = None
    minimum_order: Quantity | None = None
    lead_days: Annotated[int, Meta(ge=0)] | None = None
    reorder_point: Quantity | None = None
    lot_tracked: bool | None = None
    serial_tracked: bool | None = None
    controlled: Text | None = None
    storage: Text | None = None
    replaced_by: Identifier | None = None
