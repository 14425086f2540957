"""Practitioner, PractitionerRole, Organization and Location (FHIR R4 8.4 to 8.7) as records that changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from careloom.mapping.fhir.datatypes import code, codings, period
from careloom.mapping.fhir.elements import first, flag
from careloom.mapping.fhir.family import Made, Reader, mappings
from careloom.mapping.fhir.parties import organization, organization_in, place, place_in, practitioner, practitioner_in
from careloom.mapping.fhir.source import Source
from careloom.model import LocationUpdated, OrganizationUpdated, PractitionerRole, PractitionerUpdated

DROPPED: Mapping[str, str] = {
    "Practitioner.photo": "a picture is not needed",
    "Practitioner.gender": "nobody's business",
    "Practitioner.qualification": "licences are those of the credentialling system",
    "Practitioner.communication": "not needed for billing",
    "PractitionerRole.availableTime": "schedules tell of bookable time",
    "PractitionerRole.notAvailable": "schedules tell of bookable time",
    "PractitionerRole.healthcareService": "the specialty is carried",
    "PractitionerRole.endpoint": "technical",
    "Organization.contact": "whom to call is known to those who do",
    "Organization.alias": "one name is enough",
    "Organization.endpoint": "technical",
    "Location.position": "where on earth is not needed for billing",
    "Location.hoursOfOperation": "schedules tell of bookable time",
    "Location.operationalStatus": "whether a bed is clean is clinical",
    "Location.description": "free text",
    "Location.alias": "one name is enough",
    "Location.endpoint": "technical",
}
_UNNAMED: Final = "a record needs a number, so that it can be found again"


def role(source: Source) -> PractitionerRole:
    """A PractitionerRole resource."""
    places = source.children("location")
    return PractitionerRole(
        identifier=source.numbers(),
        code=code(first(source.resource, "code")),
        organization=organization(source, source.child("organization")),
        location=tuple([found for one in places if (found := place(source, one)) is not None]),
        specialty=codings(source.children("specialty")),
        period=period(source.child("period")),
        active=flag(source.resource, "active") is not False,
    )


def _practitioner(source: Source) -> Made:
    who = practitioner_in(source)
    if not who.identifier:
        return _unnamed(source)
    roles = tuple([role(one) for one in source.beside("PractitionerRole", "practitioner")])
    return [source.event(PractitionerUpdated, practitioner=who, role=roles)]


def _unnamed(source: Source) -> Made:
    """Without a number it cannot be found again; beside what refers to it, that is told with what refers to it."""
    if source.in_bundle:
        return "a record without a number, told with what refers to it"
    raise source.error("identifier", _UNNAMED)


def _role(source: Source) -> Made:
    reference = source.child("practitioner")
    there = source.at(reference)
    if there is not None and source.in_bundle:
        return "told with the practitioner in the same Bundle"
    who = practitioner(source, reference)
    if who is None or not who.identifier:
        return "a role that nobody has: no practitioner's record changes"
    return [source.event(PractitionerUpdated, practitioner=who, role=(role(source),))]


def _organization(source: Source) -> Made:
    made = organization_in(source)
    if not made.identifier:
        return _unnamed(source)
    return [source.event(OrganizationUpdated, organization=made)]


def _location(source: Source) -> Made:
    made = place_in(source)
    if not made.identifier:
        return _unnamed(source)
    return [source.event(LocationUpdated, location=made)]


READERS: Final[Mapping[str, Reader]] = {
    "Practitioner": _practitioner,
    "PractitionerRole": _role,
    "Organization": _organization,
    "Location": _location,
}
MAPPINGS = mappings(READERS)
