"""Who and where a resource refers to: practitioners, organizations, places, people who insure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, cast

from careloom.mapping.fhir.codes import PHYSICAL
from careloom.mapping.fhir.datatypes import address, code, codings, contact, day, each, human_name
from careloom.mapping.fhir.elements import Node, first, flag, text
from careloom.mapping.fhir.source import Source
from careloom.model import Coding, HumanName, Location, Organization, Practitioner, RelatedPerson

_NESTED: Final = 6
_ORGANIZATION: Final = {"prov": "provider", "dept": "department", "pay": "payer", "ins": "payer", "bus": "employer"}
_LEVELS: Final = {"bd": "bed", "ro": "room", "wa": "point_of_care", "lvl": "point_of_care", "wi": "point_of_care",
                  "si": "facility", "bu": "facility"}  # fmt: skip


def practitioner(source: Source, reference: Node) -> Practitioner | None:
    """The clinician a Reference names, through a PractitionerRole too; None where it is somebody else or nobody."""
    there = source.at(reference)
    if there is not None and there.type == "PractitionerRole":
        return practitioner(there, there.child("practitioner"))
    if there is not None and there.type == "Practitioner":
        return practitioner_in(there)
    kind = source.kind_at(reference)
    if kind not in ("Practitioner", "PractitionerRole", "") or there is not None:
        return None
    shown = text(reference, "display")
    numbers = source.numbers_at(reference)
    if not (numbers or shown):
        return None
    return Practitioner(identifier=numbers, name=HumanName(text=shown) if shown else None)


def practitioner_in(source: Source) -> Practitioner:
    """A Practitioner resource."""
    names = each(source.children("name"), human_name)
    return Practitioner(
        identifier=source.numbers(),
        name=names[0] if names else None,
        address=each(source.children("address"), address),
        telecom=each(source.children("telecom"), contact),
        specialty=_specialties(source),
        birth_date=day(source.text("birthDate")),
    )


def _specialties(source: Source) -> tuple[Coding, ...]:
    """Of the roles that come with it, and of the qualifications that are written as taxonomy codes."""
    roles = [one for role in source.beside("PractitionerRole", "practitioner") for one in role.children("specialty")]
    return tuple(dict.fromkeys(codings(roles)))


def organization(source: Source, reference: Node, kind: str | None = None) -> Organization | None:
    """The organization a Reference names; `kind` says what it is where it does not say so itself."""
    there = source.at(reference)
    if there is not None and there.type == "PractitionerRole":
        return organization(there, there.child("organization"), kind)
    if there is not None and there.type == "Organization":
        return organization_in(there, kind)
    if there is not None or source.kind_at(reference) not in ("Organization", ""):
        return None
    numbers, shown = source.numbers_at(reference), text(reference, "display")
    return Organization(identifier=numbers, name=shown, type=kind) if numbers or shown else None


def organization_in(source: Source, kind: str | None = None) -> Organization:
    """An Organization resource."""
    said = code(first(source.resource, "type"))
    return Organization(
        identifier=source.numbers(),
        name=source.text("name"),
        address=each(source.children("address"), address),
        telecom=each(source.children("telecom"), contact),
        type=_ORGANIZATION.get(said or "", said) or kind,
        part_of=source.number_at(source.child("partOf")),
        active=flag(source.resource, "active") is not False,
    )


def place(source: Source, reference: Node) -> Location | None:
    """The place a Reference names, with the ward and the building it is in where they come with it."""
    there = source.at(reference)
    if there is not None and there.type == "Location":
        return place_in(there)
    if there is not None or source.kind_at(reference) not in ("Location", ""):
        return None
    numbers, shown = source.numbers_at(reference), text(reference, "display")
    return Location(identifier=numbers, name=shown) if numbers or shown else None


def place_in(source: Source) -> Location:
    """A Location resource."""
    levels: dict[str, str] = {}
    for level, name in _levels(source):
        levels.setdefault(level, name)
    status = source.text("status")
    around = organization(source, source.child("managingOrganization"))
    return Location(
        identifier=source.numbers(),
        name=None if levels else source.text("name"),
        type=code(first(source.resource, "type")),
        status=cast(Any, status if status in ("active", "suspended", "inactive") else None),
        address=address(source.child("address")),
        telecom=each(source.children("telecom"), contact),
        part_of=source.number_at(source.child("partOf")),
        managing_organization=next(iter(around.identifier), None) if around is not None else None,
        **levels,
    )


def _levels(source: Source) -> Iterator[tuple[str, str]]:
    """The names from the innermost place to the one around all."""
    here: Source | None = source
    for _ in range(_NESTED):
        if here is None or here.type != "Location":
            return
        level, name = _LEVELS.get(code(here.child("physicalType"), PHYSICAL) or ""), here.text("name")
        if level and name:
            yield level, name
        here = here.at(here.child("partOf"))


def payer(source: Source, references: list[Node]) -> Organization | None:
    """The organization among those who pay; of a person who pays for himself, none."""
    return next((found for one in references if (found := organization(source, one, "payer")) is not None), None)


def person(source: Source, reference: Node) -> RelatedPerson | None:
    """Somebody who insures or pays, from a RelatedPerson or a Patient."""
    there = source.at(reference)
    if there is None or there.type not in ("RelatedPerson", "Patient"):
        shown = text(reference, "display")
        return RelatedPerson(identifier=source.numbers_at(reference), name=(HumanName(text=shown),)) if shown else None
    gender = there.text("gender")
    return RelatedPerson(
        identifier=there.numbers(),
        name=each(there.children("name"), human_name),
        birth_date=day(there.text("birthDate")),
        gender="male" if gender == "male" else "female" if gender == "female" else None,
        address=each(there.children("address"), address),
        telecom=each(there.children("telecom"), contact),
        relationship=code(first(there.resource, "relationship")) if there.type == "RelatedPerson" else None,
    )
