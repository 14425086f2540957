"""Events of who works where: clinicians, places, organizations, staff."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from careloom.model.contract import Contract, Terms
from careloom.model.engagement import Employee
from careloom.model.entities import Location, Organization, Practitioner, PractitionerRole
from careloom.model.events import CanonicalEvent
from careloom.model.operations import PayrollRun
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

CONTRACTS: tuple[Contract, ...] = (
    _DIRECTORY.contract(PractitionerUpdated),
    _DIRECTORY.contract(LocationUpdated),
    _DIRECTORY.contract(OrganizationUpdated),
    _STAFF.contract(EmployeeUpdated),
    _PAYROLL.contract(PayrollPosted),
)
