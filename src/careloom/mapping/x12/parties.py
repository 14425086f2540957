"""Who takes part: NM1 and N1 with the N3, N4, PER, DMG, PRV and REF beside them, as canonical entities."""

from __future__ import annotations

from careloom.formats.x12 import Loop
from careloom.mapping.identifiers import usable
from careloom.mapping.tables import Gender
from careloom.mapping.x12.codes import ASSIGNED_BY, GENDER, IDENTIFIER_TYPE, RELATION, TAXONOMY
from careloom.mapping.x12.source import Row, Source, clean, present
from careloom.model import (
    Address,
    Coding,
    ContactPoint,
    HumanName,
    Identifier,
    Location,
    Organization,
    Patient,
    Practitioner,
    RelatedPerson,
)

_CONTACT_SYSTEM = {
    "TE": "phone",
    "HP": "phone",
    "WP": "phone",
    "CP": "phone",
    "AP": "phone",
    "FX": "fax",
    "EM": "email",
    "UR": "url",
}
_CONTACT_USE = {"HP": "home", "AP": "home", "WP": "work", "CP": "mobile"}
_TAX = ("EI", "TJ", "FI")


def name(nm1: Row) -> HumanName | None:
    """NM103 to NM107 of a person."""
    family, first, middle = nm1.text(3), nm1.text(4), nm1.text(5)
    prefix, suffix = nm1.text(6), nm1.text(7)
    given = tuple([one for one in (first, middle) if one])
    if not (family or given):
        return None
    return HumanName(family=family, given=given, prefix=(prefix,) if prefix else (), suffix=(suffix,) if suffix else ())


def number(row: Row, qualifier: int = 8, value: int = 9) -> Identifier | None:
    """NM108 and NM109, or N103 and N104. A social security number stays behind unless the settings carry it."""
    kind, text = row.text(qualifier), row.text(value)
    if text is None or not usable(text):
        return None
    if kind is not None and kind in ASSIGNED_BY:
        return Identifier(value=text, type="XX", assigner=ASSIGNED_BY[kind])
    type = IDENTIFIER_TYPE.get(kind or "", kind)
    if type == "SS":
        return social_security(row.source, text)
    return Identifier(value=text, type=type)


def social_security(source: Source, text: str | None) -> Identifier | None:
    """The number as an Identifier where the settings let it pass."""
    if text is None or not source.settings.social_security:
        return None
    return Identifier(value=text, type="SS", system="http://hl7.org/fhir/sid/us-ssn")


def address(source: Source, loop: Loop) -> Address | None:
    """The N3 and N4 of a loop."""
    n4 = source.row(loop, "N4")
    line = tuple([text for n3 in source.rows(loop, "N3") for element in (1, 2) if (text := n3.text(element))])
    found = Address(
        line=line, city=n4.text(1), state=n4.text(2) or n4.text(7), postal_code=n4.text(3), country=n4.text(4)
    )
    return None if found == _NOWHERE else found


_NOWHERE = Address()


def contacts(source: Source, loop: Loop) -> tuple[ContactPoint, ...]:
    """Telephones, faxes, mail addresses of the PER segments of a loop; an EX belongs to the telephone before it."""
    found: list[ContactPoint] = []
    for per in source.rows(loop, "PER"):
        for element in (3, 5, 7):
            kind, value = per.text(element), per.text(element + 1)
            if not value or not kind:
                continue
            if kind == "EX" and found:
                found[-1] = ContactPoint(
                    system=found[-1].system, value=found[-1].value, use=found[-1].use, extension=value
                )
            elif kind in _CONTACT_SYSTEM:
                found.append(
                    ContactPoint(system=_CONTACT_SYSTEM[kind], value=value, use=_CONTACT_USE.get(kind))  # type: ignore[arg-type]
                )
    return tuple(dict.fromkeys(found))


def organization(source: Source, loop: Loop | None, type: str | None = None) -> Organization | None:
    """The organization of a loop that opens with NM1 or N1, its tax number from a REF beside it."""
    if loop is None:
        return None
    known = source.parties
    if (loop, type) not in known:
        known[loop, type] = _organization(source, loop, type)
    return known[loop, type]


def _organization(source: Source, loop: Loop, type: str | None) -> Organization | None:
    head = Row(source, loop, loop.segments()[0])
    n1 = head.segment is not None and head.segment.id == "N1"
    own = number(head, 3, 4) if n1 else number(head)
    tax = source.first(loop, "REF", *_TAX).text(2)
    found = Organization(
        identifier=present(own, Identifier(value=tax, type="TAX") if tax else None),
        name=head.text(2) if n1 else _whole_name(head),
        address=_one(address(source, loop)),
        telecom=contacts(source, loop),
        type=type,
    )
    return found if found.name or found.identifier else None


def _one(found: Address | None) -> tuple[Address, ...]:
    return () if found is None else (found,)


def _whole_name(nm1: Row) -> str | None:
    """The name of an organization, or of a person that stands for one."""
    return clean(" ".join(part for element in (4, 3) if (part := nm1.text(element)))) if nm1 else None


def practitioner(source: Source, loop: Loop | None) -> Practitioner | None:
    """The clinician of a loop that opens with NM1."""
    if loop is None:
        return None
    nm1 = Row(source, loop, loop.segments()[0])
    specialty = source.row(loop, "PRV").text(3)
    tax = source.first(loop, "REF", *_TAX).text(2)
    found = Practitioner(
        identifier=present(number(nm1), Identifier(value=tax, type="TAX") if tax else None),
        name=name(nm1),
        specialty=(Coding(code=specialty, system=TAXONOMY),) if specialty else (),
    )
    return found if found.name or found.identifier else None


def is_person(loop: Loop) -> bool:
    """Whether NM102 says that it is a person."""
    return loop.segments()[0][2].strip() == "1"


def gender(dmg: Row) -> Gender | None:
    """DMG03; a code that we do not know is `unknown`, with an issue."""
    code = dmg.text(3)
    if code is None:
        return None
    if code.upper() not in GENDER:
        dmg.drop(3, "is no code of gender that we know; taken as unknown")
    return GENDER.get(code.upper(), "unknown")


def birth_date(dmg: Row) -> str | None:
    """DMG02."""
    return dmg.day(2) if dmg else None


def relationship(row: Row, element: int) -> str | None:
    """FHIR's subscriber-relationship code of data element 1069; `other` for those without a meaning there."""
    code = row.text(element)
    return RELATION.get(code.upper(), "other") if code else None


def patient(source: Source, loop: Loop, *numbers: Identifier | None, beside: Loop | None = None) -> Patient | None:
    """The person of a loop that opens with NM1, known by its own number, then by `numbers`; None without any.

    `beside` is the loop that has the DMG, where that is another.
    """
    nm1 = Row(source, loop, loop.segments()[0])
    identifiers = present(_member(source, loop, nm1), _record(source, loop), *numbers)
    if not identifiers:
        return None
    dmg = source.row(loop, "DMG") or source.row(beside or loop, "DMG")
    called = name(nm1)
    return Patient(
        identifier=identifiers,
        name=(called,) if called else (),
        birth_date=birth_date(dmg),
        gender=gender(dmg),
        address=_one(address(source, loop)),
        telecom=contacts(source, loop),
    )


def _member(source: Source, loop: Loop, nm1: Row) -> Identifier | None:
    return number(nm1) or social_security(source, source.first(loop, "REF", "SY").text(2))


def _record(source: Source, loop: Loop) -> Identifier | None:
    value = source.ref(loop, "EA")
    return Identifier(value=value, type="MR") if value and usable(value) else None


def related_person(source: Source, loop: Loop | None, beside: Loop | None = None) -> RelatedPerson | None:
    """A policy holder."""
    if loop is None:
        return None
    nm1 = Row(source, loop, loop.segments()[0])
    dmg = source.row(loop, "DMG") or source.row(beside or loop, "DMG")
    called = name(nm1)
    found = RelatedPerson(
        identifier=present(number(nm1)),
        name=(called,) if called else (),
        birth_date=birth_date(dmg),
        gender=gender(dmg),
        address=_one(address(source, loop)),
        telecom=contacts(source, loop),
    )
    return None if found == _NOBODY else found


_NOBODY = RelatedPerson()


def location(source: Source, loop: Loop | None) -> Location | None:
    """The place of a loop that opens with N1."""
    if loop is None:
        return None
    n1 = Row(source, loop, loop.segments()[0])
    own = number(n1, 3, 4)
    found = Location(identifier=present(own), name=n1.text(2), address=address(source, loop))
    return found if found.identifier or found.name or found.address else None


def family_number(loop: Loop | None, source: Source) -> Identifier | None:
    """The subscriber's member number as a number of a dependent: the family has it, so it is never the first."""
    if loop is None:
        return None
    found = number(Row(source, loop, loop.segments()[0]))
    return Identifier(value=found.value, type="SN", use="secondary") if found else None
