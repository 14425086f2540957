"""What the sets of the supply chain share when they are written: the way back of `careloom.mapping.x12.trade`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from careloom.core.errors import MappingError
from careloom.formats.x12 import Draft, DraftLoop, loop, segment
from careloom.mapping.x12.codes import PRODUCT_QUALIFIER
from careloom.mapping.x12.sending.drafts import addressed, contacted, day, need, own_number, qualifier_of, tax
from careloom.mapping.x12.source import DEFAULT_CURRENCY
from careloom.model import Address, AllowanceCharge, Identifier, Location, Lot, Money, Organization, Quantity

_MOST_NUMBERS = 10
_LONGEST_NOTE = 264
_CURRENCY_SHOWN_BY = "BY"


def currency(amounts: Iterable[Money | None], field: str, shown_by: str = _CURRENCY_SHOWN_BY) -> Draft | None:
    """CUR, where it is another than the sets have by default. Raises MappingError for several currencies."""
    found = {amount.currency for amount in amounts if amount is not None}
    if len(found) > 1:
        raise MappingError("amounts of several currencies in one document; send them apart", field)
    code = found.pop() if found else DEFAULT_CURRENCY
    return segment("CUR", shown_by, code) if code != DEFAULT_CURRENCY else None


def reference(qualifier: str, number: Identifier | None) -> Draft | None:
    """REF of a number."""
    return segment("REF", qualifier, number.value) if number is not None else None


def on_day(qualifier: str, text: str | None) -> Draft | None:
    """DTM, where the day is known."""
    found = day(text)
    return segment("DTM", qualifier, found) if found else None


def agreed(terms: str | None, due: str | None = None) -> Draft | None:
    """ITD: `net 30` as days, other terms in words; the day by which it is due where that is known."""
    last = day(due)
    word, _, days = (terms or "").partition(" ")
    if word == "net" and days.isdecimal() and len(days) <= 3:
        return segment("ITD", "01", "3", *[None] * 3, last, days)
    if terms:
        return segment("ITD", "14", *[None] * 4, last, *[None] * 5, terms)
    return segment("ITD", "01", "3", *[None] * 3, last) if last else None


def cents(amount: Money, field: str) -> int:
    """An amount of type N2. Raises MappingError for parts of a cent."""
    found = amount.value * 100
    if found != found.to_integral_value():
        raise MappingError("the amount has parts of a cent, which X12 does not carry here; round it", field)
    return int(found)


def charges(items: Sequence[AllowanceCharge], field: str) -> list[DraftLoop]:
    """SAC with an amount; the reason as its code where it is one, else in words."""
    found = []
    for number, one in enumerate(items):
        code = one.reason if one.reason and len(one.reason) == 4 else None
        amount = cents(one.amount, f"{field}[{number}].amount")
        letter, text = "A" if one.kind == "allowance" else "C", None if code else one.reason
        found.append(loop("SAC", segment("SAC", letter, code or "ZZZZ", None, None, amount, *[None] * 9, text)))
    return found


def note(text: str | None) -> DraftLoop | None:
    """N9 with the text in as many MSG as it takes."""
    if not text:
        return None
    parts = [text[at : at + _LONGEST_NOTE] for at in range(0, len(text), _LONGEST_NOTE)]
    return loop("N9", segment("N9", "ZZ", "NOTE"), *[segment("MSG", part) for part in parts])


def party(role: str, who: Organization | None, field: str) -> DraftLoop | None:
    """The N1 loop of an organization in a role. Raises MappingError for one without a name and a number."""
    if who is None:
        return None
    number = own_number(who.identifier)
    if number is None:
        need(who.name, "the name or the number of the organization", field)
    identified = (qualifier_of(number), number.value) if number is not None else ()
    known = (tax(who, "TJ"), contacted("IC", who.name, who.telecom))
    return loop("N1", segment("N1", role, who.name, *identified), *addressed(who.address, abroad=False), *known)


def place(role: str, where: Location | None, address: Address | None, field: str) -> DraftLoop | None:
    """The N1 loop of a place. Raises MappingError for one without a name and a number."""
    if where is None and address is None:
        return None
    found = where or Location()
    if not found.identifier:
        need(found.name, "the name or the number of the place", field)
    number = found.identifier[0] if found.identifier else None
    identified = (qualifier_of(number), number.value) if number is not None else ()
    at = addressed((address,), abroad=False) if address else ()
    return loop("N1", segment("N1", role, found.name, *identified), *at)


def products(items: Sequence[Identifier]) -> list[str]:
    """The numbers of a product as pairs of qualifier and number, ten at most."""
    return [part for one in items[:_MOST_NUMBERS] for part in (_qualifier(one), one.value)]


def described(text: str | None) -> Draft | None:
    """PID with a text."""
    return segment("PID", "F", None, None, None, text) if text else None


def tracked(lot: Lot | None) -> list[Draft | None]:
    """REF and DTM of a lot: its number, serial number and days. The text of its label stays behind."""
    if lot is None:
        return []
    return [
        segment("REF", "LT", lot.number) if lot.number else None,
        segment("REF", "SE", lot.serial) if lot.serial else None,
        on_day("036", lot.expiration_date),
        on_day("094", lot.manufacture_date),
    ]


def counted(quantity: Quantity, field: str) -> tuple[Decimal, str]:
    """How much, and of which unit. Raises MappingError without the unit."""
    return quantity.value, need(quantity.unit, "the unit", f"{field}.unit")


def _qualifier(number: Identifier) -> str:
    type = number.type or ""
    return PRODUCT_QUALIFIER.get(type, type if len(type) == 2 else "ZZ")
