"""Orders for services, and that they were done. Clinical values and findings stay out by default: billing and supply
need to know what was done, when and by whom, not what came of it."""

from __future__ import annotations

from typing import Literal

from careloom.model.amounts import Quantity
from careloom.model.datatypes import CodeableConcept, Coding, DateTime, Element, Identifier, Identifiers, Period, Text
from careloom.model.entities import Location, Organization, Practitioner
from careloom.model.products import Lot


class ServiceRequest(Element, frozen=True, kw_only=True):
    """An order or a referral for a service.

    `identifier` holds the requester's number first (HL7 placer), then that of the one who does it (filler).
    `requisition` groups what was ordered together. `reason` are diagnosis codes, where a payer needs them.
    """

    identifier: Identifiers
    status: Literal["draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown"] = "active"
    category: Text | None = None
    code: CodeableConcept | None = None
    priority: Literal["routine", "urgent", "asap", "stat"] | None = None
    quantity: Quantity | None = None
    occurrence: Period | None = None
    authored_on: DateTime | None = None
    requester: Practitioner | None = None
    performer: Practitioner | None = None
    performing_organization: Organization | None = None
    location: Location | None = None
    reason: tuple[Coding, ...] = ()
    requisition: Identifier | None = None
    authorization: Identifier | None = None
    account: Identifier | None = None
    cost_centre: Text | None = None


class PerformedService(Element, frozen=True, kw_only=True):
    """One service that was done, with the modifiers that change its price."""

    identifier: tuple[Identifier, ...] = ()
    code: CodeableConcept
    modifier: tuple[Text, ...] = ()
    quantity: Quantity | None = None
    performed: Period | None = None
    performer: Practitioner | None = None


class Consumption(Element, frozen=True, kw_only=True):
    """A supply that was used up; `item` are its numbers, as in Product.identifier."""

    item: Identifiers
    description: Text | None = None
    quantity: Quantity
    lot: Lot | None = None
    location: Location | None = None


class ServiceReport(Element, frozen=True, kw_only=True):
    """That an order was carried out (FHIR: DiagnosticReport and Procedure, without any result).

    `order` are the numbers of the order as in ServiceRequest.identifier; `document` is that of the report's text.
    """

    identifier: tuple[Identifier, ...] = ()
    order: tuple[Identifier, ...] = ()
    status: Literal["registered", "partial", "preliminary", "final", "amended", "corrected", "cancelled", "unknown"]
    category: Text | None = None
    code: CodeableConcept | None = None
    effective: Period | None = None
    issued: DateTime | None = None
    performer: Practitioner | None = None
    performing_organization: Organization | None = None
    location: Location | None = None
    service: tuple[PerformedService, ...] = ()
    consumed: tuple[Consumption, ...] = ()
    document: Identifier | None = None
    account: Identifier | None = None
