"""Canonical entities as the segments that name them: the way back of `careloom.mapping.x12.parties`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from careloom.core.errors import MappingError
from careloom.formats.x12 import Draft, Repeated, segment
from careloom.mapping.x12.codes import (
    ASSIGNED_BY,
    GENDER_CODE,
    IDENTIFIER_QUALIFIER,
    RELATION_CODE,
    TAXONOMY,
    procedure_qualifier,
)
from careloom.model import (
    Address,
    CodeableConcept,
    ContactPoint,
    Coverage,
    HumanName,
    Identifier,
    Organization,
    Patient,
    Period,
    Practitioner,
    RelatedPerson,
)

_OWN: Final = ("NPI", "MB", "NIIP", "HPID", "ETIN", "XX")
_NOT_OWN: Final = frozenset({"MR", "AN", "SN", "TAX", "SS", "VN"})
_CONTACT: Final = {"phone": "TE", "fax": "FX", "email": "EM", "url": "UR"}
_BY_USE: Final = {"home": "HP", "work": "WP", "mobile": "CP"}
_ASSIGNERS: Final = {assigner: qualifier for qualifier, assigner in ASSIGNED_BY.items()}
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}")


def need(value: str | None, what: str, field: str) -> str:
    """A value that the guide cannot do without. Raises MappingError, with its place in the event."""
    if not value:
        raise MappingError(f"{what} is missing, and the payer or supplier needs it; give it", field)
    return value


def chosen(identifiers: Sequence[Identifier], *types: str) -> Identifier | None:
    """The first identifier of the type that comes first."""
    for type in types:
        for one in identifiers:
            if one.type == type:
                return one
    return None


def named(code: str, party: Organization | None, field: str, *, qualified: bool = True) -> Draft:
    """NM1 of an organization. Raises MappingError where there is none, or it has no name."""
    if party is None:
        raise MappingError("the organization is missing, and the guide needs it; give it", field)
    own = own_number(party.identifier)
    name = need(party.name, "the name of the organization", f"{field}.name")
    return segment("NM1", code, 2, name, *[None] * 4, *((qualified and _numbered(own)) or (None, None)))


def own_number(identifiers: Sequence[Identifier]) -> Identifier | None:
    """The number that names a party by itself; its tax number only where there is no other."""
    known = chosen(identifiers, *_OWN)
    other = next((one for one in identifiers if one.type not in _NOT_OWN), None)
    return known or other or chosen(identifiers, "TAX")


def _numbered(number: Identifier | None) -> tuple[str | None, str | None]:
    return (qualifier_of(number), number.value) if number is not None else (None, None)


def qualifier_of(number: Identifier) -> str:
    """Data element 66. `XX` of an organization's number (HL7 table 0203) would say here that it is an NPI."""
    if number.assigner in _ASSIGNERS:
        return _ASSIGNERS[number.assigner]
    if number.type == "XX":
        return "ZZ"
    known = IDENTIFIER_QUALIFIER.get(number.type or "")
    return known or (number.type if number.type and len(number.type) <= 2 else "ZZ")


def tax(party: Organization | Practitioner | None, qualifier: str) -> Draft | None:
    """REF with the tax number, where another number names the party in NM1."""
    if party is None:
        return None
    own, number = own_number(party.identifier), chosen(party.identifier, "TAX")
    return segment("REF", qualifier, number.value) if number is not None and number is not own else None


def person(code: str, name: HumanName | None, number: Identifier | None, field: str, *, required: bool = True) -> Draft:
    """NM1 of a person. Raises MappingError without a family name where that is `required`."""
    called = name or HumanName()
    family = called.family or called.text
    if required:
        need(family, "the family name", f"{field}.name")
    given = [*called.given, None, None]
    middle = " ".join(called.given[1:]) or None
    prefix, suffix = (part[0] if part else None for part in (called.prefix, called.suffix))
    return segment("NM1", code, 1, family, given[0], middle, prefix, suffix, *_numbered(number))


def insured(code: str, who: Patient | RelatedPerson, number: str | None, field: str, *, required: bool = True) -> Draft:
    """NM1 of a subscriber, known by its member number; its name may be left out where that is not `required`."""
    own = chosen(who.identifier, "MB") or next((one for one in who.identifier if _is_own(one)), None)
    if number and (own is None or own.value != number):
        own = Identifier(value=number, type="MB")
    return person(code, who.name[0] if who.name else None, own, field, required=required)


def dependent(code: str, who: Patient, field: str, *, numbered: bool = True) -> Draft:
    """NM1 of a dependent: the number of its family is none of its own."""
    own = next((one for one in who.identifier if _is_own(one)), None) if numbered else None
    return person(code, who.name[0] if who.name else None, own, field)


def _is_own(number: Identifier) -> bool:
    return number.type not in _NOT_OWN


def clinician(code: str, who: Practitioner, field: str) -> Draft:
    """NM1 of a clinician."""
    return person(code, who.name, own_number(who.identifier), field)


def specialty(code: str, who: Practitioner) -> Draft | None:
    """PRV with the taxonomy code."""
    found = next((one.code for one in who.specialty if one.system == TAXONOMY), None)
    return segment("PRV", code, "PXC", found) if found else None


def addressed(addresses: Sequence[Address], *, abroad: bool = True) -> tuple[Draft, ...]:
    """N3 and N4 of the first address. `abroad`: the country stands there only where it is another than the United
    States, as the guides of healthcare want it."""
    if not addresses:
        return ()
    at = addresses[0]
    country = None if abroad and at.country in ("US", "USA") else at.country
    n4 = segment("N4", at.city, at.state, at.postal_code, country)
    return (segment("N3", *at.line[:2]), n4) if at.line else (n4,)


def need_address(party: Organization | Patient | None, field: str) -> tuple[Draft, ...]:
    """The same. Raises MappingError where there is none."""
    found = addressed(party.address) if party is not None else ()
    if len(found) < 2:
        raise MappingError("the address is missing, and the guide needs it; give it", f"{field}.address")
    return found


def demographics(who: Patient | RelatedPerson) -> Draft | None:
    """DMG, where the birth date or the gender is known."""
    born = day(who.birth_date)
    sex = GENDER_CODE.get(who.gender or "")
    if born is None and sex is None:
        return None
    return segment("DMG", "D8" if born else None, born, sex)


def contacted(code: str, name: str | None, telecom: Sequence[ContactPoint]) -> Draft | None:
    """PER with up to three ways to reach somebody; None where there is none."""
    ways: list[str | None] = []
    for one in telecom[:3]:
        kind = _BY_USE.get(one.use or "") if one.system == "phone" else None
        ways += [kind or _CONTACT.get(one.system, "TE"), one.value]
        if one.extension and len(ways) < 6:
            ways += ["EX", one.extension]
    return segment("PER", code, name, *ways[:6]) if ways else None


def relation(coverage: Coverage | None) -> str | None:
    """Data element 1069."""
    return RELATION_CODE.get(coverage.relationship or "") if coverage is not None else None


def day(text: str | None) -> date | None:
    """A full FHIR date; None for what is less."""
    return date.fromisoformat(text[:10]) if text and _DAY.match(text) else None


def moment(text: str | None) -> datetime | None:
    """The moment in a FHIR dateTime, by the clock that it was written with; None where it is but a day."""
    return datetime.fromisoformat(text).replace(tzinfo=None) if text and _MOMENT.match(text) else None


def dated(qualifier: str, period: Period | None) -> Draft | None:
    """DTP of a day, or of a period."""
    if period is None:
        return None
    first, last = day(period.start), day(period.end)
    if first is None or last is None or first == last:
        only = first or last
        return segment("DTP", qualifier, "D8", only) if only else None
    return segment("DTP", qualifier, "RD8", f"{first:%Y%m%d}-{last:%Y%m%d}")


def procedure(concept: CodeableConcept | None, modifier: Sequence[str] = (), text: str | None = None) -> Sequence[str]:
    """The composite C003; empty without a code."""
    if concept is None or not concept.coding:
        return ()
    code = concept.coding[0]
    modifiers = [*modifier[:4], "", "", "", ""][:4]
    return (procedure_qualifier(code), code.code, *modifiers, text or "")


def repeated(values: Sequence[str]) -> Repeated | None:
    """An element with these repetitions."""
    return Repeated(tuple(values)) if values else None


def level(code: str) -> Draft:
    """HL; its numbers are filled in when the set is built."""
    return segment("HL", None, None, code)


def trace(identifiers: Sequence[Identifier], company: str) -> tuple[Draft | None, str]:
    """TRN of the first number, and BHT03: the second where there is one."""
    number = identifiers[0].value
    reference = next((one.value for one in identifiers[1:] if one.use == "secondary"), number)
    return (segment("TRN", 1, number, company) if company else None), reference


def opened(structure: str, purpose: str, reference: str, made: datetime, kind: str | None = None) -> Draft:
    """BHT."""
    return segment("BHT", structure, purpose, reference, made.date(), made.time().replace(microsecond=0), kind)
