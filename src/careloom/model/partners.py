"""Partners: whoever the house sells to, buys from or pays, as the business system keeps them."""

from __future__ import annotations

from typing import ClassVar, Literal

from careloom.model.datatypes import Address, ContactPoint, Element, Identifier, Identifiers, Text


class Partner(Element, frozen=True, kw_only=True):
    """A person or an organization in the books (an Odoo res.partner): a customer, a supplier, a contact of one.

    `identifier` holds the number that both sides know first, then the business system's own. `partOf` is the partner
    that a contact or an address belongs to. A tax number stands in `identifier`, type `TAX`.
    """

    personal: ClassVar[tuple[str, ...]] = ("*",)

    identifier: Identifiers
    kind: Literal["person", "organization"]
    role: tuple[Literal["customer", "supplier"], ...] = ()
    name: Text | None = None
    use: Literal["contact", "invoice", "delivery", "other"] | None = None
    address: tuple[Address, ...] = ()
    telecom: tuple[ContactPoint, ...] = ()
    language: Text | None = None
    part_of: Identifier | None = None
    active: bool = True
