"""Events of who works where: clinicians, places, organizations, staff."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from careloom.model.contract import Contract, Terms
from careloom.model.datatypes import Identifier, Identifiers
from careloom.model.engagement import Employee
from careloom.model.entities import Location, Organization, Practitioner, PractitionerRole
from careloom.model.events import CanonicalEvent
from careloom.model.operations import PayrollRun
from careloom.model.partners import Partner
from careloom.model.subject import About

_IDENTIFIED = Meta(
    description="With at least one identifier.",
    extra_json_schema={"required": ["identifier"], "properties": {"identifier": {"minItems": 1}}},
)


def _identified(thing: Practitioner | Location | Organization) -> None:
    # Elsewhere these may go by name alone; a change of a record must say of which.
    if not thing.identifier:
        raise ValueError("Expected `identifier` of at least one number, since it says which record changed")


class PractitionerUpdated(CanonicalEvent, frozen=True, kw_only=True):
    """A clinician was added, changed or left."""

    type: ClassVar[str] = "practitioner.updated.v1"
    about: ClassVar[tuple[About, ...]] = (About("Practitioner", "practitioner.identifier"),)

    practitioner: Annotated[Practitioner, _IDENTIFIED]
    role: tuple[PractitionerRole, ...] = ()

    def __post_init__(self) -> None:
        _identified(self.practitioner)


class LocationUpdated(CanonicalEvent, frozen=True, kw_only=True):
    """A place was added, changed or closed."""

    type: ClassVar[str] = "location.updated.v1"
    about: ClassVar[tuple[About, ...]] = (About("Location", "location.identifier"),)

    location: Annotated[Location, _IDENTIFIED]

    def __post_init__(self) -> None:
        _identified(self.location)


class OrganizationUpdated(CanonicalEvent, frozen=True, kw_only=True):
    """A payer, a supplier, an employer or a department was added, changed or left."""

    type: ClassVar[str] = "organization.updated.v1"
    about: ClassVar[tuple[About, ...]] = (About("Organization", "organization.identifier"),)

    organization: Annotated[Organization, _IDENTIFIED]

    def __post_init__(self) -> None:
        _identified(self.organization)


class EmployeeUpdated(CanonicalEvent, frozen=True, kw_only=True):
    """Somebody was hired, changed job or left, or what HR knows of somebody changed."""

    type: ClassVar[str] = "employee.updated.v1"
    about: ClassVar[tuple[About, ...]] = (About("Employee", "employee.identifier"),)

    employee: Employee


class PayrollPosted(CanonicalEvent, frozen=True, kw_only=True):
    """A payroll was closed and is to be booked."""

    type: ClassVar[str] = "payroll.posted.v1"
    about: ClassVar[tuple[About, ...]] = (About("Payroll", "payroll.identifier"),)

    payroll: PayrollRun


class PartnerChanged(CanonicalEvent, frozen=True, kw_only=True):
    """A partner of the house (customer, supplier, contact) was added, changed or archived in the books."""

    type: ClassVar[str] = "partner.changed.v1"
    about: ClassVar[tuple[About, ...]] = (About("Partner", "partner.identifier"),)

    partner: Partner


class RecordDeleted(CanonicalEvent, frozen=True, kw_only=True):
    """A record of the business system is gone: nothing more will be told of it.

    `identifier` holds the numbers by which earlier events named it, the business system's own last; of a partner or a
    product they stand in that member too. A document could be deleted because it was a draft: it was never owed.
    """

    type: ClassVar[str] = "record.deleted.v1"
    about: ClassVar[tuple[About, ...]] = (
        About("Partner", "partner"),
        About("Product", "product"),
        About("Record", "identifier"),
    )

    kind: Literal[
        "partner",
        "product",
        "invoice",
        "vendor-bill",
        "payment",
        "purchase-order",
        "service-order",
        "delivery",
        "other",
    ]
    identifier: Identifiers
    partner: tuple[Identifier, ...] = ()
    product: tuple[Identifier, ...] = ()


_DIRECTORY = Terms(
    owner="master-data",
    source_of_truth="the master file of the EHR",
    publishers=("ehr", "hr", "odoo"),
    data_classes=("operational",),
    retention_years=7,
    retry="bulk",
)
_STAFF = Terms(
    owner="human-resources",
    source_of_truth="the HR system",
    publishers=("hr",),
    data_classes=("personnel",),
    retention_years=7,
)
_PAYROLL = Terms(
    owner="human-resources",
    source_of_truth="the payroll system",
    publishers=("hr",),
    data_classes=("financial",),
    retention_years=7,
)
_PARTNERS = Terms(
    owner="master-data",
    source_of_truth="Odoo",
    publishers=("odoo",),
    data_classes=("phi", "operational"),
    retention_years=7,
)

CONTRACTS: tuple[Contract, ...] = (
    _DIRECTORY.contract(PractitionerUpdated),
    _DIRECTORY.contract(LocationUpdated),
    _DIRECTORY.contract(OrganizationUpdated),
    _STAFF.contract(EmployeeUpdated),
    _PAYROLL.contract(PayrollPosted),
    _PARTNERS.contract(PartnerChanged),
    _PARTNERS.contract(RecordDeleted),
)
