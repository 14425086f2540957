"""Who and what events are about: FHIR R4 resources, with billing's share of their elements and nothing clinical."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, field

from careloom.model.datatypes import (
    Address,
    Coding,
    ContactPoint,
    Date,
    DateTime,
    Element,
    Gender,
    HumanName,
    Identifier,
    Identifiers,
    Period,
    Person,
    Text,
)


class Patient(Element, frozen=True, kw_only=True):
    """The person whom care is given to and billed for.

    `account` are numbers of the patient's billing accounts (FHIR keeps them in Account.identifier). Of
    `deceasedBoolean` and `deceasedDateTime` at most one is set, as in FHIR. `person` is who our person index says that
    it is, where it was asked.
    """

    personal: ClassVar[tuple[str, ...]] = ("*",)

    identifier: Identifiers
    name: tuple[HumanName, ...] = ()
    birth_date: Date | None = None
    gender: Gender | None = None
    deceased_boolean: bool | None = None
    deceased_date_time: DateTime | None = None
    address: tuple[Address, ...] = ()
    telecom: tuple[ContactPoint, ...] = ()
    marital_status: Text | None = None
    language: Text | None = None
    account: tuple[Identifier, ...] = ()
    active: bool = True
    person: Person | None = None


class Organization(Element, frozen=True, kw_only=True):
    """A payer, an employer, a supplier, an institution.

    `type` says which: `payer`, `employer`, `supplier`, `provider`, `department`; `partOf` is the number of the one
    above it. A tax number stands in `identifier`, type `TAX`.
    """

    identifier: tuple[Identifier, ...] = ()
    name: Text | None = None
    address: tuple[Address, ...] = ()
    telecom: tuple[ContactPoint, ...] = ()
    type: Text | None = None
    part_of: Identifier | None = None
    active: bool = True


class Practitioner(Element, frozen=True, kw_only=True):
    """A clinician; `identifier` may hold the NPI, type `NPI`. `specialty` are codes, such as taxonomy codes."""

    personal: ClassVar[tuple[str, ...]] = ("name", "address", "telecom", "birth_date")

    identifier: tuple[Identifier, ...] = ()
    name: HumanName | None = None
    address: tuple[Address, ...] = ()
    telecom: tuple[ContactPoint, ...] = ()
    specialty: tuple[Coding, ...] = ()
    birth_date: Date | None = None
    gender: Gender | None = None
    active: bool = True


class PractitionerRole(Element, frozen=True, kw_only=True):
    """What a clinician does for an organization, where and from when to when. `code` is the role."""

    identifier: tuple[Identifier, ...] = ()
    code: Text | None = None
    organization: Organization | None = None
    location: tuple[Location, ...] = ()
    specialty: tuple[Coding, ...] = ()
    period: Period | None = None
    active: bool = True


class RelatedPerson(Element, frozen=True, kw_only=True):
    """Somebody who pays or insures for the patient: a guarantor or a policy holder.

    `relationship` is the person's relationship as FHIR's subscriber-relationship code.
    """

    personal: ClassVar[tuple[str, ...]] = ("*",)

    identifier: tuple[Identifier, ...] = ()
    name: tuple[HumanName, ...] = ()
    birth_date: Date | None = None
    gender: Gender | None = None
    address: tuple[Address, ...] = ()
    telecom: tuple[ContactPoint, ...] = ()
    relationship: Text | None = None


class CoverageClass(Element, frozen=True, kw_only=True):
    """A plan or a group within a coverage: its number and its name."""

    value: Text | None = None
    name: Text | None = None


class Coverage(Element, frozen=True, kw_only=True):
    """One insurance of the patient.

    `order` is the place in the coordination of benefits, 1 first. `relationship` says what the patient is to the
    policy holder (`self`, `spouse`, `child`, ...).
    """

    personal: ClassVar[tuple[str, ...]] = ("subscriber_id", "policy_number", "member_number")

    order: Annotated[int, Meta(ge=1)] | None = None
    payor: Organization | None = None
    subscriber_id: Text | None = None
    policy_number: Text | None = None
    member_number: Text | None = None
    type: Text | None = None
    plan: CoverageClass | None = None
    group: CoverageClass | None = None
    period: Period | None = None
    relationship: Text | None = None
    policy_holder: RelatedPerson | None = None


class Location(Element, frozen=True, kw_only=True):
    """Where: facility, point of care (a ward or clinic), room, bed; or any other place by its number, such as a
    warehouse or a shelf. `type` is the sender's word for what it is; `partOf` is the number of the place around it.
    """

    facility: Text | None = None
    point_of_care: Text | None = None
    room: Text | None = None
    bed: Text | None = None
    identifier: tuple[Identifier, ...] = ()
    name: Text | None = None
    type: Text | None = None
    status: Literal["active", "suspended", "inactive"] | None = None
    address: Address | None = None
    telecom: tuple[ContactPoint, ...] = ()
    part_of: Identifier | None = None
    managing_organization: Identifier | None = None
    cost_centre: Text | None = None


class Encounter(Element, frozen=True, kw_only=True):
    """A visit or a stay. `class` is a code of FHIR's v3-ActCode: IMP, AMB, EMER, PRENC."""

    class_: Literal["IMP", "AMB", "EMER", "PRENC"] | None = field(name="class", default=None)
    status: Literal["planned", "arrived", "in-progress", "finished", "cancelled", "unknown"]
    identifier: tuple[Identifier, ...] = ()
    account: tuple[Identifier, ...] = ()
    location: Location | None = None
    attending: Practitioner | None = None
    referring: Practitioner | None = None
    admitting: Practitioner | None = None
    service_type: Text | None = None
    period: Period | None = None
