"""Purchase orders (850) from plain values."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec

from careloom.formats.x12.building import BuiltSet, build
from careloom.formats.x12.drafting import DraftLoop, loop, segment
from careloom.formats.x12.parties import Address

VERSION = "005010"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A party of an order: `role` is N101 (BY buyer, ST ship to, SE seller, BT bill to), `qualifier` N103."""

    role: str
    name: str
    identifier: str = ""
    qualifier: str = "92"
    address: Address | None = None


class OrderLine(msgspec.Struct, frozen=True, kw_only=True):
    """One PO1. `products` are (qualifier, number) pairs: VN the supplier's, BP the buyer's, UP the UPC."""

    quantity: Decimal | int
    unit: str
    price: Decimal
    products: tuple[tuple[str, str], ...]
    description: str = ""
    number: str = ""


class PurchaseOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One 850. `number` is BEG03, which the answers (855, 856, 810) name; `purpose` BEG01, `kind` BEG02."""

    number: str
    ordered: date
    lines: tuple[OrderLine, ...]
    places: tuple[Place, ...] = ()
    purpose: str = "00"
    kind: str = "SA"
    currency: str = ""
    wanted: date | None = None
    reference: str = ""


def purchase_order(order: PurchaseOrder) -> BuiltSet:
    """The 850 (005010) of an order. FormatError, naming the place, for what the standard does not take."""
    content = [
        segment("BEG", order.purpose, order.kind, order.number, None, order.ordered),
        segment("CUR", "BY", order.currency) if order.currency else None,
        segment("REF", "DP", order.reference) if order.reference else None,
        segment("DTM", "002", order.wanted) if order.wanted else None,
        *(_place(place) for place in order.places),
        *(_line(line, number) for number, line in enumerate(order.lines, 1)),
        loop("CTT", segment("CTT", len(order.lines))),
    ]
    return build("850", VERSION, [part for part in content if part is not None])


def _place(place: Place) -> DraftLoop:
    identified = (place.qualifier, place.identifier) if place.identifier else ()
    address = place.address.segments() if place.address else ()
    return loop("N1", segment("N1", place.role, place.name, *identified), *address)


def _line(line: OrderLine, number: int) -> DraftLoop:
    products = [part for product in line.products for part in product]
    return loop(
        "PO1", segment("PO1", line.number or str(number), line.quantity, line.unit, line.price, None, *products),
        loop("PID", segment("PID", "F", None, None, None, line.description)) if line.description else None,
    )  # fmt: skip
