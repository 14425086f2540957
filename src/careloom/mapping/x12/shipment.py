"""856: what a supplier has sent, in which box, of which lot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from careloom.core.errors import MappingError
from careloom.formats.x12 import Loop, Transaction
from careloom.mapping.catalogue import Mapping as SetMapping
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings
from careloom.mapping.x12.source import Row, Source
from careloom.mapping.x12.trade import (
    SHIP_TO,
    description,
    lot,
    need_products,
    need_quantity,
    organization_of,
    place_of,
)
from careloom.model import Identifier, ShipmentAnnounced, SupplyDelivery, SupplyDeliveryItem

_DEFAULTS = Settings()
_TRACKING = ("CN", "2I", "BM", "AW")
_PACKAGES = ("GM", "AA", "CP", "UC", "AI")
_DEEPEST: Final = 32

DROPPED: Mapping[str, str] = {
    "TD1": "weight of the goods; the number of packages is carried",
    "TD3": "the truck that brings it",
    "FOB": "terms of freight are agreed with the supplier",
    "MEA": "measures of the goods: the catalogue says so",
    "PO4": "how many are in a pack: the catalogue says so",
    "SLN": "what a kit is made of: the catalogue says so",
    "PER": "whom to telephone about a shipment is known to the people who do",
    "CTT": "how many lines there are, which the lines show",
}


class _Above(msgspec.Struct, frozen=True):
    """What the levels around a line say: order and package."""

    order: Identifier | None = None
    package: str | None = None


def translate(transaction: Transaction, settings: Settings = _DEFAULTS) -> Translation:
    """`shipment.announced`. Raises MappingError without the shipment's number (`BSN02`), without any line, and for a
    line without a product or a quantity."""
    source = Source(transaction, settings)
    bsn = source.row(source.root, "BSN")
    number = Identifier(value=bsn.need(2, "the number of the shipment"))
    levels = _levels(source)
    items = tuple([_item(source, level, above) for level, above in levels if level.segment("LIN")])
    if not items:
        raise MappingError("the shipment has no line (HL with LIN); the sender must give one", "HL/LIN")
    orders = [above.order for _, above in levels if above.order is not None]
    shipped, expected = _when(source, levels)
    first = [level for level, _ in levels]
    parties = [one for level in first for one in level.loops("N1")]
    place, address = place_of(source, parties, *SHIP_TO)
    carrier = _first(source, first, "TD5")
    delivery = SupplyDelivery(
        identifier=(number,),
        status="cancelled" if bsn.text(1) in ("01", "03") else "announced",
        order=tuple(dict.fromkeys(orders)),
        shipped=shipped or bsn.day(3),
        expected=expected,
        supplier=organization_of(source, parties, "supplier", "SF", "SE", "SU", "VN"),
        ship_to=place,
        ship_to_address=address,
        carrier=carrier.text(5) or carrier.text(3),
        tracking=_tracking(source, first),
        packages=_packages(source, first),
        item=items,
    )
    return source.translation([source.event(ShipmentAnnounced, delivery=delivery)], "")


def _levels(source: Source) -> list[tuple[Loop, _Above]]:
    """Each HL loop with what those around it say, by HL02."""
    found: list[tuple[Loop, _Above]] = []
    known: dict[str, _Above] = {}
    for loop in source.root.loops("HL"):
        hl = source.row(loop, "HL")
        around = known.get(hl.text(2) or "", _Above())
        order = source.row(loop, "PRF").identifier(1)
        package = source.first(loop, "MAN", *_PACKAGES).text(2)
        above = _Above(order or around.order, package or around.package)
        known[hl.text(1) or ""] = above
        found.append((loop, above))
    return found


def _item(source: Source, loop: Loop, above: _Above) -> SupplyDeliveryItem:
    lin, sn1 = source.row(loop, "LIN"), source.row(loop, "SN1")
    if not sn1:
        raise MappingError("the line has no quantity (SN1); the sender must give it", f"{lin.place()[:-3]}SN1")
    return SupplyDeliveryItem(
        item=need_products(lin, 2),
        description=description(source, loop),
        quantity=need_quantity(sn1, 2, 3),
        ordered=sn1.quantity(5, sn1.text(6)),
        order=above.order,
        order_line=lin.text(1) or sn1.text(1) or source.ref(loop, "LI"),
        lot=lot(source, loop, lin, 2),
        package=above.package,
    )


def _when(source: Source, levels: list[tuple[Loop, _Above]]) -> tuple[str | None, str | None]:
    """The day it left (011) and the day it should come (017, 067, 002)."""
    loops = [source.root, *(level for level, _ in levels)]
    left = (source.row(loop, "DTM", "011").moment(2, 3) for loop in loops)
    due = (source.first(loop, "DTM", "017", "067", "002").moment(2, 3) for loop in loops)
    return next((day for day in left if day), None), next((day for day in due if day), None)


def _first(source: Source, loops: list[Loop], id: str) -> Row:
    return next((row for loop in loops if (row := source.row(loop, id))), Row(source, source.root, None))


def _tracking(source: Source, loops: list[Loop]) -> tuple[str, ...]:
    found = [row.text(2) for loop in loops for row in source.rows(loop, "REF", *_TRACKING)]
    found += [row.text(2) for loop in loops for row in source.rows(loop, "MAN", "CP") if row.text(2)]
    return tuple(dict.fromkeys(text for text in found if text))


def _packages(source: Source, loops: list[Loop]) -> int | None:
    text = _first(source, loops, "TD1").text(2)
    return int(text) if text and text.isdecimal() and len(text) < 8 else None


MAPPINGS = (SetMapping("x12", ("856",), translate),)
