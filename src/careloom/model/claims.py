"""Claims as they are sent to payers, and what payers say of where they stand."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

from careloom.model.amounts import Money, Quantity
from careloom.model.datatypes import CodeableConcept, Coding, Date, Element, Identifier, Identifiers, Period, Text
from careloom.model.entities import Organization, Practitioner

Sequence: TypeAlias = Annotated[int, Meta(ge=1)]
"""The number of a line within its document, 1 first."""


class Adjustment(Element, frozen=True, kw_only=True):
    """Why less (or more) was paid than charged. A positive amount lowers the payment.

    `group` says who bears it, `reason` why: codes of X12's claim adjustment group and reason lists.
    """

    group: Literal["CO", "CR", "OA", "PI", "PR"]
    reason: Text
    amount: Money
    quantity: Quantity | None = None


class Diagnosis(Element, frozen=True, kw_only=True):
    """A diagnosis of a claim; lines point at it by `sequence`."""

    sequence: Sequence
    code: Coding
    type: Literal["principal", "admitting", "patient-reason", "external-cause", "other"] | None = None
    on_admission: Text | None = None


class ClaimProcedure(Element, frozen=True, kw_only=True):
    """A procedure of an inpatient claim."""

    sequence: Sequence
    code: Coding
    date: Date | None = None


class PriorPayment(Element, frozen=True, kw_only=True):
    """What another payer paid for the claim or the line before, and what it adjusted."""

    payor: Organization | None = None
    order: Annotated[int, Meta(ge=1)] | None = None
    paid: Money | None = None
    date: Date | None = None
    adjustment: tuple[Adjustment, ...] = ()


class SupportingInfo(Element, frozen=True, kw_only=True):
    """What an institutional claim says beside its lines: the occurrence, span, value, condition and treatment codes of
    the NUBC, with the day, the days or the amount that belong to them."""

    category: Literal["occurrence", "occurrence-span", "value", "condition", "treatment"]
    code: Text
    period: Period | None = None
    amount: Money | None = None


class ClaimItem(Element, frozen=True, kw_only=True):
    """One service line. `net` is the charge of the line; `identifier` is its control number, which the payer returns.

    `diagnosis` are numbers of the claim's diagnoses. `bodySite` are teeth or areas of the mouth (dental).
    """

    sequence: Sequence
    identifier: Identifier | None = None
    product_or_service: CodeableConcept | None = None
    modifier: tuple[Text, ...] = ()
    revenue_code: Text | None = None
    serviced: Period | None = None
    quantity: Quantity | None = None
    unit_price: Money | None = None
    net: Money
    diagnosis: tuple[Sequence, ...] = ()
    place_of_service: Text | None = None
    rendering: Practitioner | None = None
    ordering: Practitioner | None = None
    authorization: Identifier | None = None
    drug: Coding | None = None
    drug_quantity: Quantity | None = None
    body_site: tuple[Coding, ...] = ()
    surface: tuple[Text, ...] = ()
    description: Text | None = None
    prior_payment: tuple[PriorPayment, ...] = ()


class Claim(Element, frozen=True, kw_only=True):
    """A bill to a payer. `total` is the sum of the lines' `net`.

    `identifier` is the provider's own number (X12 CLM01), by which everybody names the claim. `replaces` is the
    payer's number of the claim that this one corrects or voids; `frequency` says which (the code as sent).
    `facilityType` is the place of service (professional) or the type of bill (institutional).
    """

    identifier: Identifiers
    type: Literal["professional", "institutional", "dental", "pharmacy"]
    frequency: Text | None = None
    replaces: Identifier | None = None
    created: Date | None = None
    billable_period: Period | None = None
    admission: Period | None = None
    facility_type: Text | None = None
    discharge_status: Text | None = None
    provider: Organization | None = None
    rendering: Practitioner | None = None
    referring: Practitioner | None = None
    attending: Practitioner | None = None
    facility: Organization | None = None
    authorization: tuple[Identifier, ...] = ()
    referral: Identifier | None = None
    diagnosis: tuple[Diagnosis, ...] = ()
    procedure: tuple[ClaimProcedure, ...] = ()
    drg: Text | None = None
    item: Annotated[tuple[ClaimItem, ...], Meta(min_length=1)]
    total: Money
    patient_paid: Money | None = None
    prior_payment: tuple[PriorPayment, ...] = ()
    account: Identifier | None = None
    encounter: Identifier | None = None
    accident: tuple[Text, ...] = ()
    payer_claim: Identifier | None = None
    supporting_info: tuple[SupportingInfo, ...] = ()


class ClaimState(Element, frozen=True, kw_only=True):
    """Where a claim or a line stands: codes of X12's claim status category and claim status lists, and of whom they
    speak (`entity`, an entity code)."""

    category: Text
    code: Text | None = None
    entity: Text | None = None
    text: Text | None = None


class ClaimItemResponse(Element, frozen=True, kw_only=True):
    """Where one service line stands."""

    sequence: Sequence | None = None
    identifier: Identifier | None = None
    product_or_service: CodeableConcept | None = None
    serviced: Period | None = None
    charged: Money | None = None
    paid: Money | None = None
    state: tuple[ClaimState, ...] = ()


class ClaimResponse(Element, frozen=True, kw_only=True):
    """What a payer or a clearinghouse says of a claim before it pays (X12 277CA, 277; FHIR ClaimResponse).

    `claim` is the provider's number; `payerClaim` the payer's. `request` is the number of the status inquiry that
    this answers, where it answers one.
    """

    claim: Identifier
    payer_claim: Identifier | None = None
    request: Identifier | None = None
    state: tuple[ClaimState, ...] = ()
    effective: Date | None = None
    payor: Organization | None = None
    clearinghouse: Organization | None = None
    provider: Organization | None = None
    serviced: Period | None = None
    charged: Money | None = None
    paid: Money | None = None
    payment_date: Date | None = None
    payment: Identifier | None = None
    item: tuple[ClaimItemResponse, ...] = ()
