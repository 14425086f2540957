"""Whether a payer covers a patient and a service: eligibility, authorization, enrollment, premiums."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, TypeAlias

from msgspec import Meta

from careloom.model.amounts import Money, Quantity
from careloom.model.claims import Sequence
from careloom.model.datatypes import (
    CodeableConcept,
    Coding,
    Date,
    DateTime,
    Element,
    Identifier,
    Identifiers,
    Period,
    Text,
)
from careloom.model.entities import Coverage, Organization, Practitioner


class CoverageEligibilityRequest(Element, frozen=True, kw_only=True):
    """A question to a payer (X12 270). `identifier` is the trace number, which the answer repeats; `serviceType` are
    codes of X12's service type list."""

    identifier: Identifiers
    created: DateTime | None = None
    serviced: Period | None = None
    service_type: tuple[Text, ...] = ()
    service: tuple[CodeableConcept, ...] = ()
    insurer: Organization | None = None
    provider: Organization | None = None
    coverage: Coverage | None = None


class Benefit(Element, frozen=True, kw_only=True):
    """One line of what a plan gives or asks. `kind` is X12's eligibility or benefit information code (`1` active,
    `A` co-insurance, `B` co-payment, `C` deductible, `G` stop loss); `time` its time period code (`29` remaining)."""

    kind: Text
    service_type: tuple[Text, ...] = ()
    service: CodeableConcept | None = None
    level: Text | None = None
    insurance_type: Text | None = None
    plan: Text | None = None
    time: Text | None = None
    amount: Money | None = None
    percent: Quantity | None = None
    quantity: Quantity | None = None
    authorization_required: bool | None = None
    in_network: bool | None = None
    period: Period | None = None
    message: tuple[Text, ...] = ()


class CoverageEligibilityResponse(Element, frozen=True, kw_only=True):
    """A payer's answer (X12 271). `active` is null where it does not say; `error` are reject reason codes.

    `answered` tells a payer's own answer from one that was kept from before, as of `created`, while the payer is away.
    """

    request: Identifiers
    identifier: tuple[Identifier, ...] = ()
    outcome: Literal["queued", "complete", "error", "partial"]
    active: bool | None = None
    created: DateTime | None = None
    answered: Literal["payer", "kept"] = "payer"
    serviced: Period | None = None
    insurer: Organization | None = None
    coverage: Coverage | None = None
    benefit: tuple[Benefit, ...] = ()
    error: tuple[Coding, ...] = ()


class AuthorizationItem(Element, frozen=True, kw_only=True):
    """A service that leave is asked or given for. `decision`, `authorization` and `period` come with the answer."""

    sequence: Sequence
    product_or_service: CodeableConcept | None = None
    modifier: tuple[Text, ...] = ()
    quantity: Quantity | None = None
    unit_price: Money | None = None
    serviced: Period | None = None
    performer: Practitioner | None = None
    decision: Literal["granted", "modified", "denied", "pended", "cancelled", "not-required"] | None = None
    authorization: Identifier | None = None
    reason: tuple[Coding, ...] = ()


class AuthorizationRequest(Element, frozen=True, kw_only=True):
    """A request for leave to give a service (X12 278; FHIR Claim with use preauthorization).

    `identifier` is the trace number, which the answer repeats. `category` is X12's request category code, `action` its
    certification type code. `order` are the numbers of the orders that wait for it.
    """

    identifier: Identifiers
    created: DateTime | None = None
    category: Text | None = None
    action: Text | None = None
    level_of_service: Text | None = None
    period: Period | None = None
    diagnosis: tuple[Coding, ...] = ()
    insurer: Organization | None = None
    provider: Organization | None = None
    requester: Practitioner | None = None
    item: tuple[AuthorizationItem, ...] = ()
    order: tuple[Identifier, ...] = ()
    appointment: Identifier | None = None
    replaces: Identifier | None = None


class Authorization(Element, frozen=True, kw_only=True):
    """A payer's decision on a request (FHIR ClaimResponse with use preauthorization).

    `request` is the trace number of the request, `number` the one to bill with. `period` is when it holds;
    `quantity` how much it covers. `item` decides on single services where that differs. `modified` grants less, or
    something else, than was asked.
    """

    request: Identifiers
    number: Identifier | None = None
    decision: Literal["granted", "modified", "denied", "pended", "cancelled", "not-required"]
    reason: tuple[Coding, ...] = ()
    period: Period | None = None
    decided: DateTime | None = None
    quantity: Quantity | None = None
    insurer: Organization | None = None
    provider: Organization | None = None
    item: tuple[AuthorizationItem, ...] = ()
    order: tuple[Identifier, ...] = ()
    message: tuple[Text, ...] = ()


Maintenance: TypeAlias = Literal["added", "changed", "terminated", "reinstated", "cancelled", "audit"]


class Enrollment(Element, frozen=True, kw_only=True):
    """A member's place in a health plan (X12 834). `identifier` holds the member's number, `subscriber` that of the
    family's policy holder; `reason` is the code of why it changed. `audit` restates what should be known already."""

    personal: ClassVar[tuple[str, ...]] = ("identifier", "subscriber")

    identifier: Identifiers
    subscriber: Identifier | None = None
    action: Maintenance
    reason: Text | None = None
    effective: Date | None = None
    relationship: Text | None = None
    employment_status: Text | None = None
    sponsor: Organization | None = None
    insurer: Organization | None = None
    coverage: tuple[Coverage, ...] = ()
    premium: Money | None = None


class PremiumItem(Element, frozen=True, kw_only=True):
    """What is paid for one member, or one invoice of the insurer. `adjustment` is what was changed of what was due."""

    personal: ClassVar[tuple[str, ...]] = ("member", "policy")

    member: Identifier | None = None
    policy: Identifier | None = None
    invoice: Identifier | None = None
    period: Period | None = None
    due: Money | None = None
    paid: Money
    adjustment: Money | None = None
    reason: Text | None = None


class PremiumPayment(Element, frozen=True, kw_only=True):
    """A payment of premiums (X12 820). `amount` is the sum of the items' `paid`."""

    identifier: Identifiers
    amount: Money
    method: Literal["ach", "check", "wire", "card", "none", "other"]
    payment_date: Date | None = None
    payor: Organization | None = None
    payee: Organization | None = None
    item: Annotated[tuple[PremiumItem, ...], Meta(min_length=1)]
