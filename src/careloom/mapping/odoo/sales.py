"""sale.order: what customers ordered from the house."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from careloom.mapping.catalogue import Mapping as Family
from careloom.mapping.odoo.change import Change
from careloom.mapping.odoo.deleted import deleted
from careloom.mapping.odoo.node import Node
from careloom.mapping.odoo.parts import (
    Currency,
    needed_product,
    numbered,
    organization,
    person,
    product_numbers,
    quantity,
    record_of,
    reference,
)
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings
from careloom.model import Identifier, ServiceOrder, ServiceOrderConfirmed, ServiceOrderLine

_DEFAULTS: Final = Settings()
_CONFIRMED: Final = frozenset({"sale", "done"})

DROPPED: Mapping[str, str] = {
    "note": "terms for people, which may tell of a treatment",
    "origin": "a text of Odoo's own",
    "user_id": "the user who made the change stands in `record`",
    "order_line.tax_id": "taxes are told with the invoice; 19.0 calls it tax_ids",
    "pricelist_id": "prices are told as they were reckoned",
    "invoice_ids": "invoices are told as they are issued",
    "picking_ids": "deliveries are told as stock moves",
    "write_date": "stands in the event as `occurred`",
}


def translate(change: Change, settings: Settings = _DEFAULTS) -> Translation:
    """`service_order.confirmed`, once."""
    if change.operation == "unlink":
        return deleted(change, settings, "service-order")
    if not change.entered("state", _CONFIRMED):
        return Translation(filtered=_nothing(change))
    order = record_of(change)
    currency = Currency(order, settings)
    lines = tuple(_line(line, currency) for line in order.many("order_line") if _is_line(line))
    if not lines:
        return Translation(filtered="an order of nothing")
    event = ServiceOrderConfirmed(
        trigger=change.model,
        occurred=change.at,
        record=reference(change, settings),
        order=_order(change, order, currency, lines),
    )
    return Translation(events=(event,))


def _nothing(change: Change) -> str:
    if change.becomes("state") in _CONFIRMED:
        return "the order was confirmed before; what comes of it is told with its invoices and deliveries"
    return "an offer is no order yet, or no longer"


def _order(change: Change, order: Node, currency: Currency, lines: tuple[ServiceOrderLine, ...]) -> ServiceOrder:
    theirs = order.text("client_order_ref")
    return ServiceOrder(
        identifier=numbered(change, order.text("name")),
        date=order.moment("date_order"),
        due=order.day("commitment_date"),
        **_customer(order),
        reference=Identifier(value=theirs) if theirs else None,
        line=lines,
        total_net=currency.amount(order, "amount_untaxed"),
        total_tax=currency.amount(order, "amount_tax"),
        total_gross=currency.amount(order, "amount_total"),
    )


def _customer(order: Node) -> dict[str, Any]:
    partner = order.one("partner_id")
    if partner is None:
        return {}
    if partner.flag("is_company"):
        return {"customer": organization(partner)}
    return {"customer_person": person(partner)}


def _is_line(line: Node) -> bool:
    """Sections, notes and down payments have no product."""
    return line.text("display_type") is None and line.one("product_id") is not None


def _line(line: Node, currency: Currency) -> ServiceOrderLine:
    unit = ("product_uom_id", "product_uom")
    return ServiceOrderLine(
        identifier=str(line.demand("id", line.id)),
        item=product_numbers(needed_product(line)),
        description=line.text("name"),
        quantity=line.demand("product_uom_qty", quantity(line, "product_uom_qty", unit=unit)),
        unit_price=currency.price(line, "price_unit"),
        net=currency.amount(line, "price_subtotal"),
    )


MAPPINGS = (Family("odoo", ("sale.order",), translate),)
