"""Who: patients, those around them, professionals, organisations and places."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from careloom.formats.fhir.resources.bases import Element, Resource
from careloom.formats.fhir.resources.datatypes import (
    Address,
    Attachment,
    CodeableConcept,
    Coding,
    ContactPoint,
    Extension,
    HumanName,
    Identifier,
    Meta,
    Period,
    Reference,
)


class Patient(Resource, frozen=True, kw_only=True):
    """A person who receives care (FHIR R4 8.1)."""

    id: str | None = None
    meta: Meta | None = None
    contained: tuple[dict[str, Any], ...] = ()
    extension: tuple[Extension, ...] = ()
    identifier: tuple[Identifier, ...] = ()
    active: bool | None = None
    name: tuple[HumanName, ...] = ()
    telecom: tuple[ContactPoint, ...] = ()
    gender: str | None = None
    birth_date: str | None = None
    deceased_boolean: bool | None = None
    deceased_date_time: str | None = None
    address: tuple[Address, ...] = ()
    marital_status: CodeableConcept | None = None
    multiple_birth_boolean: bool | None = None
    multiple_birth_integer: int | None = None
    photo: tuple[Attachment, ...] = ()
    contact: tuple[PatientContact, ...] = ()
    communication: tuple[PatientCommunication, ...] = ()
    general_practitioner: tuple[Reference, ...] = ()
    managing_organization: Reference | None = None
    link: tuple[PatientLink, ...] = ()


class PatientContact(Element, frozen=True, kw_only=True):
    """`Patient`: one contact."""

    relationship: tuple[CodeableConcept, ...] = ()
    name: HumanName | None = None
    telecom: tuple[ContactPoint, ...] = ()
    address: Address | None = None
    gender: str | None = None
    organization: Reference | None = None
    period: Period | None = None


class PatientCommunication(Element, frozen=True, kw_only=True):
    """`Patient`: one communication."""

    language: CodeableConcept | None = None
    preferred: bool | None = None


class PatientLink(Element, frozen=True, kw_only=True):
    """`Patient`: one link."""

    other: Reference | None = None
    type: str | None = None


class RelatedPerson(Resource, frozen=True, kw_only=True):
    """Somebody with a part in a patient's care who is no professional (8.3)."""

    id: str | None = None
    meta: Meta | None = None
    contained: tuple[dict[str, Any], ...] = ()
    extension: tuple[Extension, ...] = ()
    identifier: tuple[Identifier, ...] = ()
    active: bool | None = None
    patient: Reference | None = None
    relationship: tuple[CodeableConcept, ...] = ()
    name: tuple[HumanName, ...] = ()
    telecom: tuple[ContactPoint, ...] = ()
    gender: str | None = None
    birth_date: str | None = None
    address: tuple[Address, ...] = ()
    photo: tuple[Attachment, ...] = ()
    period: Period | None = None
    communication: tuple[RelatedPersonCommunication, ...] = ()


class RelatedPersonCommunication(Element, frozen=True, kw_only=True):
    """`RelatedPerson`: one communication."""

    language: CodeableConcept | None = None
    preferred: bool | None = None


class Practitioner(Resource, frozen=True, kw_only=True):
    """A professional (8.4)."""

    id: str | None = None
    meta: Meta | None = None
    contained: tuple[dict[str, Any], ...] = ()
    extension: tuple[Extension, ...] = ()
    identifier: tuple[Identifier, ...] = ()
    active: bool | None = None
    name: tuple[HumanName, ...] = ()
    telecom: tuple[ContactPoint, ...] = ()
    address: tuple[Address, ...] = ()
    gender: str | None = None
    birth_date: str | None = None
    photo: tuple[Attachment, ...] = ()
    qualification: tuple[PractitionerQualification, ...] = ()
    communication: tuple[CodeableConcept, ...] = ()


class PractitionerQualification(Element, frozen=True, kw_only=True):
    """`Practitioner`: one qualification."""

    identifier: tuple[Identifier, ...] = ()
    code: CodeableConcept | None = None
    period: Period | None = None
    issuer: Reference | None = None


class PractitionerRole(Resource, frozen=True, kw_only=True):
    """What a professional does, where, for which organisation (8.5)."""

    id: str | None = None
    meta: Meta | None = None
    contained: tuple[dict[str, Any], ...] = ()
    extension: tuple[Extension, ...] = ()
    identifier: tuple[Identifier, ...] = ()
    active: bool | None = None
    period: Period | None = None
    practitioner: Reference | None = None
    organization: Reference | None = None
    code: tuple[CodeableConcept, ...] = ()
    specialty: tuple[CodeableConcept, ...] = ()
    location: tuple[Reference, ...] = ()
    healthcare_service: tuple[Reference, ...] = ()
    telecom: tuple[ContactPoint, ...] = ()
    available_time: tuple[PractitionerRoleAvailableTime, ...] = ()
    not_available: tuple[PractitionerRoleNotAvailable, ...] = ()
    availability_exceptions: str | None = None
    endpoint: tuple[Reference, ...] = ()


class PractitionerRoleAvailableTime(Element, frozen=True, kw_only=True):
    """`PractitionerRole`: one available time."""

    days_of_week: tuple[str | None, ...] = ()
    all_day: bool | None = None
    available_start_time: str | None = None
    available_end_time: str | None = None


class PractitionerRoleNotAvailable(Element, frozen=True, kw_only=True):
    """`PractitionerRole`: one not available."""

    description: str | None = None
    during: Period | None = None


class Organization(Resource, frozen=True, kw_only=True):
    """A provider, payer, department or other body (8.6)."""

    id: str | None = None
    meta: Meta | None = None
    contained: tuple[dict[str, Any], ...] = ()
    extension: tuple[Extension, ...] = ()
    identifier: tuple[Identifier, ...] = ()
    active: bool | None = None
    type: tuple[CodeableConcept, ...] = ()
    name: str | None = None
    alias: tuple[str | None, ...] = ()
    telecom: tuple[ContactPoint, ...] = ()
    address: tuple[Address, ...] = ()
    part_of: Reference | None = None
    contact: tuple[OrganizationContact, ...] = ()
    endpoint: tuple[Reference, ...] = ()


class OrganizationContact(Element, frozen=True, kw_only=True):
    """`Organization`: one contact."""

    purpose: CodeableConcept | None = None
    name: HumanName | None = None
    telecom: tuple[ContactPoint, ...] = ()
    address: Address | None = None


class Location(Resource, frozen=True, kw_only=True):
    """A place where care is given (8.7)."""

    id: str | None = None
    meta: Meta | None = None
    contained: tuple[dict[str, Any], ...] = ()
    extension: tuple[Extension, ...] = ()
    identifier: tuple[Identifier, ...] = ()
    status: str | None = None
    operational_status: Coding | None = None
    name: str | None = None
    alias: tuple[str | None, ...] = ()
    description: str | None = None
    mode: str | None = None
    type: tuple[CodeableConcept, ...] = ()
    telecom: tuple[ContactPoint, ...] = ()
    address: Address | None = None
    physical_type: CodeableConcept | None = None
    position: LocationPosition | None = None
    managing_organization: Reference | None = None
    part_of: Reference | None = None
    hours_of_operation: tuple[LocationHoursOfOperation, ...] = ()
    availability_exceptions: str | None = None
    endpoint: tuple[Reference, ...] = ()


class LocationPosition(Element, frozen=True, kw_only=True):
    """`Location`: one position."""

    longitude: Decimal | None = None
    latitude: Decimal | None = None
    altitude: Decimal | None = None


class LocationHoursOfOperation(Element, frozen=True, kw_only=True):
    """`Location`: one hours of operation."""

    days_of_week: tuple[str | None, ...] = ()
    all_day: bool | None = None
    opening_time: str | None = None
    closing_time: str | None = None
