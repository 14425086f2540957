"""What the sets of the supply chain share: parties by role, product numbers, allowances, terms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from careloom.core.errors import MappingError
from careloom.formats.x12 import Loop
from careloom.mapping.identifiers import usable
from careloom.mapping.x12.codes import PRODUCT_TYPE
from careloom.mapping.x12.parties import address, location, organization
from careloom.mapping.x12.source import Row, Source, clean
from careloom.model import Address, AllowanceCharge, Identifier, Location, Lot, Money, Organization, Quantity

BUYER, SUPPLIER, BILL_TO, SHIP_TO = ("BY", "BT"), ("SE", "SU", "VN", "RE", "SF", "RI"), ("BT",), ("ST",)
_LOT, _SERIAL = ("LT", "B8"), ("SN",)
_PAIRS = 10


def party(loops: list[Loop], *codes: str) -> Loop | None:
    """The N1 loop of the role that comes first in `codes`."""
    found = [one for one in loops if one.segments() and one.segments()[0].id == "N1"]
    for code in codes:
        for loop in found:
            if loop.segments()[0][1].strip() == code:
                return loop
    return None


def header_parties(source: Source) -> list[Loop]:
    """The N1 loops of the header."""
    return [one for one in source.root.content if isinstance(one, Loop) and one.id == "N1"]


def organization_of(source: Source, loops: list[Loop], type: str, *codes: str) -> Organization | None:
    """The organization in one of these roles."""
    return organization(source, party(loops, *codes), type)


def place_of(source: Source, loops: list[Loop], *codes: str) -> tuple[Location | None, Address | None]:
    """The place in one of these roles, without its address, and the address."""
    loop = party(loops, *codes)
    if loop is None:
        return None, None
    found, where = location(source, loop), address(source, loop)
    if found is None or not (found.identifier or found.name):
        return None, where
    return Location(identifier=found.identifier, name=found.name), where


def pairs(row: Row, first: int) -> Iterator[tuple[str, str]]:
    """Qualifier and number, from element `first` on (PO106, IT106, LIN02, POC08)."""
    for element in range(first, first + 2 * _PAIRS, 2):
        qualifier, value = row.text(element), row.text(element + 1)
        if qualifier and value:
            yield qualifier, value


def products(row: Row, first: int) -> tuple[Identifier, ...]:
    """The numbers of the product. Lot and serial number are none of its, nor are placeholders."""
    found = [
        Identifier(value=value, type=PRODUCT_TYPE.get(qualifier, qualifier))
        for qualifier, value in pairs(row, first)
        if qualifier not in (*_LOT, *_SERIAL) and usable(value)
    ]
    return tuple(dict.fromkeys(found))


def need_products(row: Row, first: int) -> tuple[Identifier, ...]:
    """The same. Raises MappingError where there is none."""
    found = products(row, first)
    if not found:
        raise MappingError("the line names no product; the sender must give its number", row.place(first + 1))
    return found


def description(source: Source, loop: Loop) -> str | None:
    """The texts of the PID segments of a line."""
    rows = source.rows(loop, "PID") + [source.row(one, "PID") for one in loop.loops("PID")]
    return clean(" ".join(text for row in rows if (text := row.text(5))))


def lot(source: Source, loop: Loop, row: Row, first: int) -> Lot | None:
    """Lot, serial number and days of a line: from its number pairs, its REF and its DTM segments."""
    named = dict(reversed([*pairs(row, first)]))
    found = Lot(
        number=next((named[code] for code in _LOT if code in named), None) or source.ref(loop, "LT", "BT"),
        serial=named.get("SN") or source.ref(loop, "SE"),
        expiration_date=source.first(loop, "DTM", "036", "208").day(2),
        manufacture_date=source.first(loop, "DTM", "094", "405", "511").day(2),
    )
    return None if found == _NO_LOT else found


_NO_LOT = Lot()


def allowances(source: Source, loops: list[Loop]) -> tuple[AllowanceCharge, ...]:
    """SAC segments with an amount; the others are terms, not money."""
    found = []
    for loop in loops:
        sac = source.row(loop, "SAC")
        kind: Literal["allowance", "charge"] = "allowance" if sac.text(1) in ("A", "N") else "charge"
        amount = sac.cents(5)
        if amount is not None:
            found.append(AllowanceCharge(kind=kind, reason=sac.text(15) or sac.text(2), amount=_positive(amount)))
    return tuple(found)


def _positive(amount: Money) -> Money:
    return amount if amount.value >= 0 else Money(value=-amount.value, currency=amount.currency)


def terms(source: Source) -> str | None:
    """ITD in short: days until it is due."""
    itd = source.row(source.root, "ITD")
    days = itd.text(7)
    return itd.text(12) or (f"net {days}" if days else None)


def number_of_line(row: Row, ordinal: int) -> str:
    """The text by which the line is named; its place where the sender gives none."""
    return row.text(1) or str(ordinal)


def need_quantity(row: Row, element: int, unit: int) -> Quantity:
    """How much. Raises MappingError without a number."""
    amount = row.need_money(element, "the quantity")
    return Quantity(value=amount.value, unit=row.text(unit))
