"""Drugs: prescribed, handed out, given. How to take them stays out; what left the shelf does not."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from careloom.model.amounts import Quantity
from careloom.model.datatypes import CodeableConcept, DateTime, Element, Identifier, Identifiers, Period, Text
from careloom.model.entities import Location, Organization, Practitioner
from careloom.model.products import Lot


class MedicationRequest(Element, frozen=True, kw_only=True):
    """A prescription. `identifier` holds the prescriber's number first, then the pharmacy's."""

    identifier: Identifiers
    status: Literal["active", "on-hold", "cancelled", "completed", "entered-in-error", "stopped", "draft", "unknown"]
    medication: CodeableConcept
    quantity: Quantity | None = None
    days_supply: Annotated[int, Meta(ge=0)] | None = None
    refills: Annotated[int, Meta(ge=0)] | None = None
    substitution_allowed: bool | None = None
    authored_on: DateTime | None = None
    validity: Period | None = None
    requester: Practitioner | None = None
    dispenser: Organization | None = None


class MedicationDispense(Element, frozen=True, kw_only=True):
    """A drug that was handed out: what leaves the stock. `prescription` are the numbers of the MedicationRequest.

    `item` are the numbers of the product that was taken from the shelf, as in Product.identifier; one dispense takes
    one lot. `fillNumber` counts from 0, the first fill. A drug that comes back is `medication.returned.v1`.
    """

    identifier: Identifiers
    status: Literal["completed", "cancelled", "entered-in-error", "declined", "in-progress", "unknown"] = "completed"
    prescription: tuple[Identifier, ...] = ()
    medication: CodeableConcept
    item: tuple[Identifier, ...] = ()
    quantity: Quantity
    lot: Lot | None = None
    days_supply: Annotated[int, Meta(ge=0)] | None = None
    fill_number: Annotated[int, Meta(ge=0)] | None = None
    substituted: bool | None = None
    when_handed_over: DateTime | None = None
    dispenser: Practitioner | None = None
    location: Location | None = None


class MedicationAdministration(Element, frozen=True, kw_only=True):
    """A drug that was given to the patient, or was not."""

    identifier: tuple[Identifier, ...] = ()
    status: Literal["completed", "not-done", "stopped", "in-progress", "entered-in-error", "unknown"] = "completed"
    prescription: tuple[Identifier, ...] = ()
    medication: CodeableConcept
    item: tuple[Identifier, ...] = ()
    quantity: Quantity | None = None
    lot: Lot | None = None
    effective: Period | None = None
    performer: Practitioner | None = None
    location: Location | None = None
    reason: Text | None = None
