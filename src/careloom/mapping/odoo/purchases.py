"""purchase.order and stock.picking: what the house ordered, and what came in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from careloom.core.errors import MappingError
from careloom.mapping.catalogue import Mapping as Family
from careloom.mapping.odoo.change import Change
from careloom.mapping.odoo.deleted import deleted
from careloom.mapping.odoo.node import Node
from careloom.mapping.odoo.parts import (
    Currency,
    company,
    document_number,
    needed_product,
    numbered,
    organization,
    place,
    product_numbers,
    quantity,
    record_of,
    reference,
)
from careloom.mapping.odoo.stock import lot_of
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings
from careloom.model import (
    GoodsReceived,
    Identifier,
    PurchaseOrderApproved,
    PurchaseOrderCancelled,
    PurchaseOrderChanged,
    SupplyDelivery,
    SupplyDeliveryItem,
    SupplyRequest,
    SupplyRequestLine,
)

_DEFAULTS: Final = Settings()
_APPROVED: Final = frozenset({"purchase", "done"})
"""`done` is the locked order of 18.0; 19.0 has a flag for that."""
_DONE: Final = frozenset({"done"})

DROPPED: Mapping[str, str] = {
    "notes": "terms for people; 19.0 calls it note",
    "origin": "a text of Odoo's own",
    "user_id": "the user who made the change stands in `record`",
    "fiscal_position_id": "taxes are told with the bill",
    "order_line.taxes_id": "taxes are told with the bill",
    "picking_ids": "receipts are told as they come in",
    "invoice_ids": "bills are told as they are posted",
    "stock.picking.move_type": "how a delivery was planned",
    "stock.picking.note": "notes to people",
    "write_date": "stands in the event as `occurred`",
}


def translate(change: Change, settings: Settings = _DEFAULTS) -> Translation:
    """`purchase_order.approved`, and what becomes of the order after that."""
    if change.operation == "unlink":
        return deleted(change, settings, "purchase-order")
    kind = _kind(change)
    if kind is None:
        return Translation(filtered="an order that nobody approved is no order yet")
    order = _order(change, record_of(change), settings, kind)
    event = kind(trigger=change.model, occurred=change.at, record=reference(change, settings), order=order)
    return Translation(events=(event,))


def _kind(change: Change) -> Any:
    if change.entered("state", _APPROVED):
        return PurchaseOrderApproved
    if change.left("state", _APPROVED):
        return PurchaseOrderCancelled
    if change.becomes("state") in _APPROVED and change.was("amount_total") != change.becomes("amount_total"):
        return PurchaseOrderChanged
    return None


def _order(change: Change, order: Node, settings: Settings, kind: Any) -> SupplyRequest:
    currency = Currency(order, settings)
    supplier, terms = order.one("partner_id"), order.one("payment_term_id")
    cancelled = kind is PurchaseOrderCancelled
    lines = tuple(_line(line, currency) for line in order.many("order_line") if line.text("display_type") is None)
    if not lines:
        raise MappingError("has no line with a product: add what is ordered", order.path("order_line"))
    return SupplyRequest(
        identifier=numbered(change, order.text("name")),
        status="cancelled" if cancelled else "approved",
        purpose="cancellation" if cancelled else "change" if kind is PurchaseOrderChanged else "original",
        date=order.moment("date_approve") or order.moment("date_order"),
        requested=order.day("date_planned"),
        buyer=company(change),
        supplier=organization(supplier, "supplier") if supplier else None,
        line=lines,
        total=currency.amount(order, "amount_total"),
        payment_terms=terms.text("name") if terms else None,
    )


def _line(line: Node, currency: Currency) -> SupplyRequestLine:
    return SupplyRequestLine(
        identifier=str(line.demand("id", line.id)),
        item=product_numbers(needed_product(line)),
        description=line.text("name"),
        quantity=line.demand("product_qty", quantity(line, "product_qty", unit=("product_uom_id", "product_uom"))),
        unit_price=currency.price(line, "price_unit"),
        net=currency.amount(line, "price_subtotal"),
        requested=line.day("date_planned"),
    )


def received(change: Change, settings: Settings = _DEFAULTS) -> Translation:
    """`goods.received` when a receipt is done; deliveries to customers and moves within are told as stock moves."""
    if change.operation == "unlink":
        return deleted(change, settings, "delivery")
    picking = record_of(change)
    if picking.text("picking_type_code") != "incoming":
        return Translation(filtered="no receipt; its movements are told one by one")
    if not change.entered("state", _DONE):
        return Translation(filtered="a receipt is told when the goods are there")
    items = tuple(item for move in picking.many("move_ids") for item in _items(move))
    if not items:
        return Translation(filtered="a receipt of nothing")
    event = GoodsReceived(
        trigger=change.model,
        occurred=change.at,
        record=reference(change, settings),
        delivery=_delivery(change, picking, items),
    )
    return Translation(events=(event,))


def _delivery(change: Change, picking: Node, items: tuple[SupplyDeliveryItem, ...]) -> SupplyDelivery:
    supplier = picking.one("partner_id")
    numbers = numbered(change, picking.text("name"))
    return SupplyDelivery(
        identifier=numbers,
        receipt=numbers[0],
        status="partially-received" if any(picking.many("backorder_ids")) else "received",
        order=tuple(dict.fromkeys(item.order for item in items if item.order)),
        received=picking.moment("date_done"),
        supplier=organization(supplier, "supplier") if supplier else None,
        ship_to=place(picking.one("location_dest_id")),
        item=items,
    )


def _items(move: Node) -> Iterator[SupplyDeliveryItem]:
    """One for each lot of what came in; what did not come is on the backorder."""
    ordered = quantity(move, "product_uom_qty", unit=("product_uom",))
    order_line = move.one("purchase_line_id")
    for line in move.many("move_line_ids"):
        came = quantity(line, "quantity", unit=("product_uom_id",))
        if came is None or not came.value:
            continue
        yield SupplyDeliveryItem(
            item=product_numbers(needed_product(move)),
            quantity=came,
            ordered=ordered,
            order=_order_number(order_line),
            order_line=str(order_line.id) if order_line and order_line.id else None,
            lot=lot_of(line),
        )


def _order_number(order_line: Node | None) -> Identifier | None:
    order = order_line.one("order_id") if order_line else None
    return document_number(order, "purchase.order") if order else None


MAPPINGS = (
    Family("odoo", ("purchase.order",), translate),
    Family("odoo", ("stock.picking",), received),
)
