"""People and organisations as the typed constructors take them, and the segments that name them."""

from __future__ import annotations

from datetime import date
from typing import Literal, TypeAlias

import msgspec

from careloom.formats.x12.drafting import Draft, segment

Sex: TypeAlias = Literal["F", "M", "U"]


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """N3 and N4."""

    line: str
    city: str
    state: str = ""
    zip: str = ""
    second_line: str = ""
    country: str = ""

    def segments(self) -> tuple[Draft, Draft]:
        """N3 and N4, the country only where it is not the United States."""
        country = self.country if self.country not in ("US", "USA") else None
        return segment("N3", self.line, self.second_line), segment("N4", self.city, self.state, self.zip, country)


class Organization(msgspec.Struct, frozen=True, kw_only=True):
    """A payer, a provider, a submitter: a name with an identifier and its qualifier (XX: NPI, PI: payer, 46: ETIN)."""

    name: str
    identifier: str = ""
    qualifier: str = "XX"
    address: Address | None = None
    tax_identifier: str = ""
    contact: str = ""
    phone: str = ""

    def named(self, code: str) -> Draft:
        """NM1 of an organisation."""
        return segment("NM1", code, 2, self.name, *[None] * 4, *_identified(self.qualifier, self.identifier))


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A subscriber, a dependent, a practitioner. `identifier` is a member number by default (MI)."""

    last: str
    first: str = ""
    middle: str = ""
    suffix: str = ""
    identifier: str = ""
    qualifier: str = "MI"
    born: date | None = None
    sex: Sex | None = None
    address: Address | None = None

    def named(self, code: str) -> Draft:
        """NM1 of a person."""
        name = (self.last, self.first, self.middle, None, self.suffix)
        return segment("NM1", code, 1, *name, *_identified(self.qualifier, self.identifier))

    def demographics(self) -> Draft | None:
        """DMG, where the birth date or the sex is known."""
        if self.born is None:
            return segment("DMG", None, None, self.sex) if self.sex else None
        return segment("DMG", "D8", self.born, self.sex)


def _identified(qualifier: str, identifier: str) -> tuple[str | None, str | None]:
    return (qualifier, identifier) if identifier else (None, None)


def addressed(party: Person | Organization) -> tuple[Draft, ...]:
    """N3 and N4 where the address is known."""
    return party.address.segments() if party.address else ()


def contact(party: Organization) -> Draft | None:
    """PER with a telephone, where one is known."""
    if not party.phone:
        return None
    return segment("PER", "IC", party.contact, "TE", party.phone)


def period(first: date, last: date | None) -> tuple[str, str]:
    """DTP02 and DTP03 of a day or of a period."""
    if last is None or last == first:
        return "D8", first.strftime("%Y%m%d")
    return "RD8", f"{first:%Y%m%d}-{last:%Y%m%d}"
