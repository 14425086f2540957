"""stock.move.line and stock.warehouse.orderpoint: what moved, was corrected, and ran below its threshold."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from careloom.core.errors import MappingError
from careloom.mapping.catalogue import Mapping as Family
from careloom.mapping.odoo.change import Change
from careloom.mapping.odoo.node import Node, rounded
from careloom.mapping.odoo.parts import (
    needed_product,
    organization,
    own,
    place,
    product_numbers,
    quantity,
    record_of,
    reference,
)
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings
from careloom.model import (
    Identifier,
    Lot,
    Quantity,
    Reference,
    StockAdjusted,
    StockBelowThreshold,
    StockLevel,
    StockMove,
    StockMoved,
)

_DEFAULTS: Final = Settings()
_DONE: Final = frozenset({"done"})
_LOSS: Final = "inventory"
"""The usage of locations that stock is lost to and found from."""

DROPPED: Mapping[str, str] = {
    "owner_id": "goods on consignment are told by their location",
    "package_id": "packages are the warehouse's own",
    "move_id.price_unit": "what goods are worth is told by the books",
    "product_max_qty": "how much is ordered again is Odoo's own business",
    "write_date": "stands in the event as `occurred`",
}


def translate(change: Change, settings: Settings = _DEFAULTS) -> Translation:
    """`stock.moved`, or `stock.adjusted` where one side is a loss; the difference where a done line was corrected."""
    if change.operation == "unlink":
        return Translation(filtered="a movement that never took place was deleted")
    if change.becomes("state") != "done":
        return Translation(filtered="a movement is told when it is done")
    line, amount = record_of(change), _moved(change)
    if amount == 0:
        return Translation(filtered="no quantity moved")
    source, destination = line.one("location_id"), line.one("location_dest_id")
    if amount < 0:
        source, destination = destination, source
    loss = _LOSS in (_usage(source), _usage(destination))
    move = _move(change, line, abs(amount), (source, destination))
    kind = StockAdjusted if loss else StockMoved
    event = kind(trigger=change.model, occurred=change.at, record=reference(change, settings), move=move)
    return Translation(events=(event,))


def _moved(change: Change) -> Decimal:
    """How much moved by this change; less than nothing where a done line was made smaller."""
    now = _decimal(change.becomes("quantity"), "after.quantity")
    return now - (_decimal(change.was("quantity"), "before.quantity") if change.was("state") in _DONE else Decimal(0))


def _decimal(value: Any, path: str) -> Decimal:
    if isinstance(value, bool) or value is None:
        return Decimal(0)
    if not isinstance(value, int | Decimal):
        raise MappingError("must be a number; another module may have changed the field", path)
    return rounded(Decimal(value), 6)


def _move(change: Change, line: Node, amount: Decimal, ends: tuple[Node | None, Node | None]) -> StockMove:
    source, destination = ends
    unit = line.one("product_uom_id")
    return StockMove(
        identifier=_numbers(change),
        item=product_numbers(needed_product(line)),
        quantity=Quantity(value=amount, unit=unit.text("name") if unit else None),
        lot=lot_of(line),
        source=None if _usage(source) == _LOSS else place(source),
        destination=None if _usage(destination) == _LOSS else place(destination),
        date=line.moment("date"),
        reason=_reason(line, source, destination),
        cause=_cause(line),
    )


def _numbers(change: Change) -> tuple[Identifier, ...]:
    """A correction of a done line is a movement of its own."""
    line = own(change.model, change.id)
    if change.was("state") not in _DONE:
        return (line,)
    return (Identifier(value=f"{change.id}/{change.at:%Y%m%dT%H%M%S}", type=change.model, assigner=line.assigner),)


def _reason(line: Node, source: Node | None, destination: Node | None) -> str | None:
    if _LOSS not in (_usage(source), _usage(destination)):
        return None
    return line.text("reference") or "adjustment"


def _cause(line: Node) -> Reference | None:
    picking = line.one("picking_id")
    name = picking.text("name") if picking else None
    return Reference(type="SupplyDelivery", identifier=Identifier(value=name)) if name else None


def _usage(location: Node | None) -> str | None:
    return location.text("usage") if location else None


def lot_of(line: Node) -> Lot | None:
    """The lot of a move line; a product that is tracked by serial number has that."""
    lot = line.one("lot_id")
    number = (lot.text("name") if lot else None) or line.text("lot_name")
    if number is None:
        return None
    product = line.one("product_id")
    serial = product is not None and product.text("tracking") == "serial"
    expiry = lot.day("expiration_date") if lot else None
    return Lot(number=None if serial else number, serial=number if serial else None, expiration_date=expiry)


def crossed(change: Change, settings: Settings = _DEFAULTS) -> Translation:
    """`stock.below_threshold`, once for each time that the stock at hand falls below it."""
    if change.operation == "unlink":
        return Translation(filtered="a threshold was taken away")
    if not _below(change.after):
        return Translation(filtered="the stock is not below its threshold")
    if _below(change.before):
        return Translation(filtered="the stock was below its threshold already")
    rule = record_of(change)
    level = _level(rule)
    event = StockBelowThreshold(
        trigger=change.model, occurred=change.at, record=reference(change, settings), level=level
    )
    return Translation(events=(event,))


def _level(rule: Node) -> StockLevel:
    unit, supplier = ("product_uom",), rule.one("supplier_id")
    vendor = supplier.one("partner_id") if supplier else None
    return StockLevel(
        item=product_numbers(needed_product(rule)),
        location=place(rule.one("location_id")),
        at_hand=rule.demand("qty_on_hand", quantity(rule, "qty_on_hand", unit=unit)),
        forecast=quantity(rule, "qty_forecast", unit=unit),
        threshold=rule.demand("product_min_qty", quantity(rule, "product_min_qty", unit=unit)),
        supplier=organization(vendor, "supplier") if vendor else None,
    )


def _below(state: Mapping[str, Any] | None) -> bool:
    if state is None or state.get("active") is False:
        return False
    return _decimal(state.get("qty_on_hand"), "qty_on_hand") < _decimal(state.get("product_min_qty"), "product_min_qty")


MAPPINGS = (
    Family("odoo", ("stock.move.line",), translate),
    Family("odoo", ("stock.warehouse.orderpoint",), crossed),
)
