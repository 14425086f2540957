"""856 (005010): shipment, order, package, item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from careloom.core.errors import MappingError
from careloom.formats.x12 import BuiltSet, Draft, DraftLoop, build, loop, segment
from careloom.mapping.x12.sending.drafts import day, moment
from careloom.mapping.x12.sending.envelope import Envelope, written
from careloom.mapping.x12.sending.trade import counted, described, party, place, products, tracked
from careloom.model import Identifier, ShipmentAnnounced, SupplyDelivery, SupplyDeliveryItem

VERSION: Final = "005010"
_PURPOSE: Final[Mapping[str, str]] = {"announced": "00", "in-transit": "00", "cancelled": "01"}
_WITH_PACKAGES, _WITHOUT = "0001", "0004"


def to_856(event: ShipmentAnnounced, envelope: Envelope) -> bytes:
    """The ship notice as an interchange with one set. Prices stay behind: the bill says them.

    Raises MappingError for a shipment that has come already, and for a quantity without a unit; FormatError for values
    the standard does not take.
    """
    return written([shipment_set(event, envelope)], envelope)


def shipment_set(event: ShipmentAnnounced, envelope: Envelope) -> BuiltSet:
    """The set alone."""
    delivery = event.delivery
    purpose = _PURPOSE.get(delivery.status)
    if purpose is None:
        raise MappingError(
            "a ship notice tells what is to come; what came, or was refused, has no set", "delivery.status"
        )
    made = event.occurred or envelope.time
    structure = _WITH_PACKAGES if any(one.package for one in delivery.item) else _WITHOUT
    clock = made.time().replace(microsecond=0)
    levels = _levels(delivery)
    content: list[Draft | DraftLoop | None] = [
        segment("BSN", purpose, delivery.identifier[0].value, made.date(), clock, structure),
        _dated("011", delivery.shipped),
        *levels,
        segment("CTT", len(levels)),
    ]
    return build("856", VERSION, [part for part in content if part is not None])


def _dated(qualifier: str, text: str | None) -> Draft | None:
    """DTM of a day, or of a moment by the clock that it was written with."""
    at, on = moment(text), day(text)
    if on is None:
        return None
    return segment("DTM", qualifier, on, at.time() if at is not None else None)


class _Tree:
    """The HL loops as they grow: items below the order and the package that they are of, in their order."""

    def __init__(self, delivery: SupplyDelivery) -> None:
        self.levels = [_shipment(delivery)]
        self._only = _only(delivery)
        self._at: tuple[Identifier | None, str | None] = (None, None)
        self._order = self._around = "1"

    def hang(self, item: SupplyDeliveryItem, field: str) -> None:
        """Add an item, with the levels around it that are new."""
        order = item.order or self._only
        if (order, item.package) != self._at:
            self._enter(order, item.package)
        self._add("I", self._around, *_item(item, field))

    def add_order(self, order: Identifier) -> str:
        """A level for an order; its number."""
        return self._add("O", "1", segment("PRF", order.value))

    def _enter(self, order: Identifier | None, package: str | None) -> None:
        if order != self._at[0]:
            self._order = self.add_order(order) if order is not None else "1"
        self._around = self._order
        if package is not None:
            self._around = self._add("P", self._order, segment("MAN", "GM", package))
        self._at = (order, package)

    def _add(self, code: str, around: str, *content: Draft | None) -> str:
        number = str(len(self.levels) + 1)
        self.levels.append(loop("HL", segment("HL", number, around, code), *content))
        return number


def _levels(delivery: SupplyDelivery) -> list[DraftLoop]:
    """All of them; orders of which nothing is in the shipment come last."""
    tree = _Tree(delivery)
    for number, item in enumerate(delivery.item):
        tree.hang(item, f"delivery.item[{number}]")
    filled = {item.order for item in delivery.item} | {_only(delivery)}
    for order in dict.fromkeys(delivery.order):
        if order not in filled:
            tree.add_order(order)
    return tree.levels


def _only(delivery: SupplyDelivery) -> Identifier | None:
    """The order that all items are of, where none of them names it."""
    named = any(item.order is not None for item in delivery.item)
    orders = set(delivery.order)
    return delivery.order[0] if len(orders) == 1 and not named else None


def _shipment(delivery: SupplyDelivery) -> DraftLoop:
    return loop(
        "HL",
        segment("HL", "1", None, "S"),
        segment("TD1", None, delivery.packages) if delivery.packages is not None else None,
        segment("TD5", *[None] * 4, delivery.carrier) if delivery.carrier else None,
        *[segment("REF", "CN", number) for number in delivery.tracking],
        _dated("017", delivery.expected),
        party("SF", delivery.supplier, "delivery.supplier"),
        place("ST", delivery.ship_to, delivery.ship_to_address, "delivery.shipTo"),
    )


def _item(item: SupplyDeliveryItem, field: str) -> list[Draft | None]:
    ordered = counted(item.ordered, f"{field}.ordered") if item.ordered is not None else ()
    sent = counted(item.quantity, f"{field}.quantity")
    return [
        segment("LIN", item.order_line, *products(item.item)),
        segment("SN1", item.order_line, *sent, None, *ordered),
        described(item.description),
        *tracked(item.lot),
    ]
