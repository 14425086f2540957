"""product.product and product.supplierinfo: what is bought, stocked and sold, and what suppliers ask for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final, Literal

from careloom.mapping.catalogue import Mapping as Family
from careloom.mapping.odoo.change import Change
from careloom.mapping.odoo.deleted import deleted
from careloom.mapping.odoo.node import Node
from careloom.mapping.odoo.parts import (
    Currency,
    needed_product,
    organization,
    partner_numbers,
    product_numbers,
    quantity,
    record_of,
    reference,
)
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings
from careloom.model import Identifier, Period, Product, ProductChanged

_DEFAULTS: Final = Settings()

DROPPED: Mapping[str, str] = {
    "standard_price": "what a product cost is for the books, not for consumers of a catalogue",
    "list_price": "a sales price depends on the customer's price list",
    "description": "texts for people in Odoo",
    "taxes_id": "taxes depend on the customer; documents carry those that were used",
    "property_account_income_id": "how it is booked is Odoo's own business",
    "weight": "no consumer needs it",
    "image_1920": "a picture",
    "write_date": "stands in the event as `occurred`",
}


def translate(change: Change, settings: Settings = _DEFAULTS) -> Translation:
    """One `product.changed`, or `record.deleted`."""
    if change.operation == "unlink":
        return deleted(change, settings, "product")
    return Translation(events=(_event(change, settings, _product(record_of(change))),))


def priced(change: Change, settings: Settings = _DEFAULTS) -> Translation:
    """A supplier's price as `product.changed`, one for each product that it is of."""
    if change.operation == "unlink":
        return Translation(filtered="a supplier's price was taken out of the list; the product stays")
    price = record_of(change)
    products = list(_of_price(price))
    if not products:
        return Translation(filtered="a supplier's price of no product")
    return Translation(events=tuple(_event(change, settings, _offer(price, one, settings)) for one in products))


def _event(change: Change, settings: Settings, product: Product) -> ProductChanged:
    return ProductChanged(trigger=change.model, occurred=change.at, record=reference(change, settings), product=product)


def _product(product: Node) -> Product:
    category, unit, tracking = product.one("categ_id"), product.one("uom_id"), product.text("tracking")
    return Product(
        identifier=product_numbers(product),
        name=product.text("name"),
        type=_type(product),
        status="active" if product.flag("active", True) else "inactive",
        category=category.text("complete_name", "name") if category else None,
        unit=unit.text("name") if unit else None,
        lot_tracked=None if tracking is None else tracking == "lot",
        serial_tracked=None if tracking is None else tracking == "serial",
    )


def _type(product: Node) -> Literal["service", "supply"]:
    return "service" if product.text("type") == "service" else "supply"


def _of_price(price: Node) -> Iterator[Node]:
    if price.one("product_id"):
        yield needed_product(price)
    elif template := price.one("product_tmpl_id"):
        yield from template.many("product_variant_ids")


def _offer(price: Node, product: Node, settings: Settings) -> Product:
    supplier, days = price.one("partner_id"), price.whole("delay")
    minimum = quantity(price, "min_qty", unit=("product_uom_id", "product_uom"))
    start, end = price.day("date_start"), price.day("date_end")
    return Product(
        identifier=(*product_numbers(product), *_part_number(price, supplier)),
        price=Currency(price, settings).price(price, "price"),
        price_period=Period(start=start, end=end) if start or end else None,
        supplier=organization(supplier, "supplier") if supplier else None,
        minimum_order=minimum if minimum and minimum.value > Decimal(0) else None,
        lead_days=days if days is not None and days >= 0 else None,
    )


def _part_number(price: Node, supplier: Node | None) -> tuple[Identifier, ...]:
    code = price.text("product_code")
    if not code:
        return ()
    assigner = partner_numbers(supplier)[0].value if supplier else None
    return (Identifier(value=code, type="VP", assigner=assigner),)


MAPPINGS = (
    Family("odoo", ("product.product",), translate),
    Family("odoo", ("product.supplierinfo",), priced),
)
