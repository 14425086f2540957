"""The parts that documents of Odoo share: numbers, amounts, parties, products, places."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final, Literal

from careloom.core.errors import MappingError
from careloom.mapping.odoo.change import Change
from careloom.mapping.odoo.node import Node, rounded
from careloom.mapping.source import Settings
from careloom.model import (
    HumanName,
    Identifier,
    Location,
    Money,
    Organization,
    Quantity,
    RecordReference,
    RelatedPerson,
)

ASSIGNER: Final = "odoo"
"""Who gives out database ids, where a record has no number of its own."""

_NOT_NUMBERED: Final = frozenset({"/", "New", "Draft"})
_GTIN_LENGTHS: Final = frozenset({8, 12, 13, 14})
_CENTS: Final = 2
_MOST_PLACES: Final = 6
_CURRENCY: Final = re.compile("[A-Z]{3}")


def reference(change: Change, settings: Settings) -> RecordReference:
    """Which record, whose, and by whom."""
    company, user = change.company, change.user
    return RecordReference(
        model=change.model,
        id=str(change.id),
        system=settings.name or None,
        company=None if company is None else str(company.id),
        company_name=(company.name or None) if company is not None else None,
        user=None if user is None else user.login or str(user.id),
    )


def own(model: str, id: int) -> Identifier:
    """The database id of a record, which it always has."""
    return Identifier(value=str(id), type=model, assigner=ASSIGNER, use="secondary")


def numbered(change: Change, *numbers: str | None) -> tuple[Identifier, ...]:
    """The numbers of the record itself: those given, then its database id."""
    return (*(Identifier(value=one) for one in _given(*numbers)), own(change.model, change.id))


def document_number(document: Node, model: str) -> Identifier:
    """The number by which another document is named."""
    name = next(iter(_given(document.text("name"))), None)
    return Identifier(value=name) if name else own(model, document.demand("id", document.id))


def _given(*numbers: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in numbers if one and one not in _NOT_NUMBERED))


class Currency:
    """Amounts of one document, with the places that its currency has."""

    def __init__(self, document: Node, settings: Settings) -> None:
        currency = document.one("currency_id")
        self._code = (currency and currency.text("name")) or settings.currency
        if not _CURRENCY.fullmatch(self._code):
            raise MappingError("is no currency of ISO 4217: name it so in Odoo", document.path("currency_id.name"))
        places = currency.whole("decimal_places") if currency else None
        self._places = places if places is not None and 0 <= places <= _MOST_PLACES else _CENTS

    def amount(self, node: Node, name: str) -> Money | None:
        """A total."""
        number = node.number(name)
        return None if number is None else self.money(number)

    def needed(self, node: Node, name: str) -> Money:
        """A total that must be there. Raises MappingError."""
        found: Money = node.demand(name, self.amount(node, name))
        return found

    def money(self, number: Decimal) -> Money:
        """So much, rounded to what can be paid."""
        return Money(value=rounded(number, self._places, fixed=True), currency=self._code)

    def price(self, node: Node, name: str) -> Money | None:
        """A price for one, which may have more places than can be paid."""
        number = node.number(name)
        if number is None:
            return None
        exponent = number.as_tuple().exponent
        longer = isinstance(exponent, int) and -exponent > self._places
        return Money(value=number, currency=self._code) if longer else self.money(number)


def quantity(node: Node, *names: str, unit: tuple[str, ...] = ()) -> Quantity | None:
    """How much; `unit` are the fields that may hold its unit."""
    number = node.number(*names)
    if number is None:
        return None
    found = node.one(*unit) if unit else None
    return Quantity(value=number, unit=found.text("name") if found else None)


def partner_numbers(partner: Node) -> tuple[Identifier, ...]:
    """By `ref`, else by the tax number of an organization; always by the database id too."""
    id_ = own("res.partner", partner.demand("id", partner.id))
    tax = partner.text("vat")
    given = [Identifier(value=value) for value in _given(partner.text("ref"))]
    return (*given, id_, *([Identifier(value=tax, type="TAX")] if tax and tax not in _NOT_NUMBERED else []))


def organization(partner: Node, type: Literal["supplier", "customer"] | None = None) -> Organization:
    """A partner as a party to a document."""
    return Organization(identifier=partner_numbers(partner), name=partner.text("name"), type=type)


def person(partner: Node) -> RelatedPerson:
    """The same, of a person."""
    name = partner.text("name")
    return RelatedPerson(identifier=partner_numbers(partner), name=(HumanName(text=name),) if name else ())


def company(change: Change) -> Organization | None:
    """The company that the record belongs to, as a party."""
    if change.company is None:
        return None
    return Organization(identifier=(own("res.company", change.company.id),), name=change.company.name or None)


def product_numbers(product: Node) -> tuple[Identifier, ...]:
    """By the internal reference, the barcode, and always by the database id too."""
    barcode = product.text("barcode")
    return (
        *(Identifier(value=value, type="SKU") for value in _given(product.text("default_code"))),
        *((_barcode(barcode),) if barcode else ()),
        own("product.product", product.demand("id", product.id)),
    )


def _barcode(text: str) -> Identifier:
    gtin = text.isascii() and text.isdigit() and len(text) in _GTIN_LENGTHS
    return Identifier(value=text, type="GTIN" if gtin else "BC")


def needed_product(line: Node, name: str = "product_id") -> Node:
    """The product of a line. Raises MappingError where there is none."""
    found: Node = line.demand(name, line.one(name))
    return found


def place(location: Node | None) -> Location | None:
    """A stock location: by its barcode where it has one, and by its database id."""
    if location is None:
        return None
    barcode = location.text("barcode")
    id_ = own("stock.location", location.demand("id", location.id))
    return Location(
        identifier=(Identifier(value=barcode, type="WH"), id_) if barcode else (id_,),
        name=location.text("complete_name", "name"),
        type=location.text("usage"),
    )


def record_of(change: Change) -> Node:
    """The record after the change. Raises MappingError where it is deleted."""
    if change.record is None:
        raise MappingError("is deleted; only its state before is known", "record")
    return Node(change.record | {"id": change.id})
