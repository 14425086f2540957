"""Charges, the price list they come from, and the accounts they stand on."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from careloom.model.amounts import Money, Quantity
from careloom.model.datatypes import CodeableConcept, Coding, Date, Element, Identifier, Identifiers, Period, Text
from careloom.model.entities import Location, Practitioner
from careloom.model.products import Lot


class ChargeItem(Element, frozen=True, kw_only=True):
    """One service or supply to be billed. `total` is `quantity` times `unitPrice`, where the sender gave both.

    `kind` says which way the money goes: a `charge` raises what is owed, a `credit` lowers it, an `adjustment` changes
    it by the sign of its amount; amounts of charges and credits are not negative. `reverses` is the charge that a
    credit takes back. `item` are the numbers of a supply, as in Product.identifier.
    """

    identifier: tuple[Identifier, ...] = ()
    kind: Literal["charge", "credit", "adjustment"] = "charge"
    code: CodeableConcept
    modifier: tuple[Text, ...] = ()
    occurrence: Period | None = None
    posting_date: Date | None = None
    quantity: Quantity | None = None
    unit_price: Money | None = None
    total: Money | None = None
    diagnosis: tuple[Coding, ...] = ()
    performer: Practitioner | None = None
    ordered_by: Practitioner | None = None
    location: Location | None = None
    department: Text | None = None
    cost_centre: Text | None = None
    revenue_code: Text | None = None
    account: Identifier | None = None
    encounter: Identifier | None = None
    order: tuple[Identifier, ...] = ()
    item: tuple[Identifier, ...] = ()
    lot: Lot | None = None
    batch: Text | None = None
    reverses: Identifier | None = None
    plan: Text | None = None


class ChargeItemDefinition(Element, frozen=True, kw_only=True):
    """A line of the price list (the charge master). `code` are the billing codes that it stands for."""

    identifier: Identifiers
    status: Literal["active", "retired", "draft"] = "active"
    title: Text | None = None
    code: CodeableConcept | None = None
    price: Money | None = None
    unit: Text | None = None
    effective: Period | None = None
    department: Text | None = None
    cost_centre: Text | None = None
    revenue_code: Text | None = None
    item: tuple[Identifier, ...] = ()


class AccountDiagnosis(Element, frozen=True, kw_only=True):
    """A diagnosis that the account is billed with, in the sender's order; or the group (DRG) that sets its price."""

    sequence: Annotated[int, Meta(ge=1)] | None = None
    code: Coding
    type: Literal["admitting", "working", "final", "drg"] | None = None
    date: Date | None = None


class Account(Element, frozen=True, kw_only=True):
    """A billing account of a patient (FHIR Account): what its charges are gathered on."""

    identifier: Identifiers
    status: Literal["active", "inactive", "on-hold", "entered-in-error", "unknown"] = "active"
    type: Text | None = None
    service_period: Period | None = None
    balance: Money | None = None
    diagnosis: tuple[AccountDiagnosis, ...] = ()
    procedure: tuple[Coding, ...] = ()
    owner: Identifier | None = None
    description: Text | None = None
