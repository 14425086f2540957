"""Who pays: coverage, and the questions and answers about eligibility."""

from __future__ import annotations

from typing import Any

from careloom.formats.fhir.resources.bases import Element, Resource
from careloom.formats.fhir.resources.datatypes import (
    CodeableConcept,
    Extension,
    Identifier,
    Meta,
    Money,
    Period,
    Quantity,
    Reference,
)


class Coverage(Resource, frozen=True, kw_only=True):
    """One person under one insurance (13.1)."""

    id: str | None = None
    meta: Meta | None = None
    contained: tuple[dict[str, Any], ...] = ()
    extension: tuple[Extension, ...] = ()
    identifier: tuple[Identifier, ...] = ()
    status: str | None = None
    type: CodeableConcept | None = None
    policy_holder: Reference | None = None
    subscriber: Reference | None = None
    subscriber_id: str | None = None
    beneficiary: Reference | None = None
    dependent: str | None = None
    relationship: CodeableConcept | None = None
    period: Period | None = None
    payor: tuple[Reference, ...] = ()
    class_: tuple[CoverageClass, ...] = ()
    order: int | None = None
    network: str | None = None
    cost_to_beneficiary: tuple[CoverageCostToBeneficiary, ...] = ()
    subrogation: bool | None = None
    contract: tuple[Reference, ...] = ()


class CoverageClass(Element, frozen=True, kw_only=True):
    """`Coverage`: one class."""

    type: CodeableConcept | None = None
    value: str | None = None
    name: str | None = None


class CoverageCostToBeneficiary(Element, frozen=True, kw_only=True):
    """`Coverage`: one cost to beneficiary."""

    type: CodeableConcept | None = None
    value_quantity: Quantity | None = None
    value_money: Money | None = None
    exception: tuple[CoverageException, ...] = ()


class CoverageException(Element, frozen=True, kw_only=True):
    """`Coverage`: one exception."""

    type: CodeableConcept | None = None
    period: Period | None = None


class CoverageEligibilityRequest(Resource, frozen=True, kw_only=True):
    """A question to a payer, before care (13.2)."""

    id: str | None = None
    meta: Meta | None = None
    contained: tuple[dict[str, Any], ...] = ()
    extension: tuple[Extension, ...] = ()
    identifier: tuple[Identifier, ...] = ()
    status: str | None = None
    priority: CodeableConcept | None = None
    purpose: tuple[str | None, ...] = ()
    patient: Reference | None = None
    serviced_date: str | None = None
    serviced_period: Period | None = None
    created: str | None = None
    enterer: Reference | None = None
    provider: Reference | None = None
    insurer: Reference | None = None
    facility: Reference | None = None
    supporting_info: tuple[CoverageEligibilityRequestSupportingInfo, ...] = ()
    insurance: tuple[CoverageEligibilityRequestInsurance, ...] = ()
    item: tuple[CoverageEligibilityRequestItem, ...] = ()


class CoverageEligibilityRequestSupportingInfo(Element, frozen=True, kw_only=True):
    """`CoverageEligibilityRequest`: one supporting info."""

    sequence: int | None = None
    information: Reference | None = None
    applies_to_all: bool | None = None


class CoverageEligibilityRequestInsurance(Element, frozen=True, kw_only=True):
    """`CoverageEligibilityRequest`: one insurance."""

    focal: bool | None = None
    coverage: Reference | None = None
    business_arrangement: str | None = None


class CoverageEligibilityRequestItem(Element, frozen=True, kw_only=True):
    """`CoverageEligibilityRequest`: one item."""

    supporting_info_sequence: tuple[int | None, ...] = ()
    category: CodeableConcept | None = None
    product_or_service: CodeableConcept | None = None
    modifier: tuple[CodeableConcept, ...] = ()
    provider: Reference | None = None
    quantity: Quantity | None = None
    unit_price: Money | None = None
    facility: Reference | None = None
    diagnosis: tuple[CoverageEligibilityRequestDiagnosis, ...] = ()
    detail: tuple[Reference, ...] = ()


class CoverageEligibilityRequestDiagnosis(Element, frozen=True, kw_only=True):
    """`CoverageEligibilityRequest`: one diagnosis."""

    diagnosis_codeable_concept: CodeableConcept | None = None
    diagnosis_reference: Reference | None = None


class CoverageEligibilityResponse(Resource, frozen=True, kw_only=True):
    """The payer's answer to it (13.3)."""

    id: str | None = None
    meta: Meta | None = None
    contained: tuple[dict[str, Any], ...] = ()
    extension: tuple[Extension, ...] = ()
    identifier: tuple[Identifier, ...] = ()
    status: str | None = None
    purpose: tuple[str | None, ...] = ()
    patient: Reference | None = None
    serviced_date: str | None = None
    serviced_period: Period | None = None
    created: str | None = None
    requestor: Reference | None = None
    request: Reference | None = None
    outcome: str | None = None
    disposition: str | None = None
    insurer: Reference | None = None
    insurance: tuple[CoverageEligibilityResponseInsurance, ...] = ()
    pre_auth_ref: str | None = None
    form: CodeableConcept | None = None
    error: tuple[CoverageEligibilityResponseError, ...] = ()


class CoverageEligibilityResponseInsurance(Element, frozen=True, kw_only=True):
    """`CoverageEligibilityResponse`: one insurance."""

    coverage: Reference | None = None
    inforce: bool | None = None
    benefit_period: Period | None = None
    item: tuple[CoverageEligibilityResponseItem, ...] = ()


class CoverageEligibilityResponseItem(Element, frozen=True, kw_only=True):
    """`CoverageEligibilityResponse`: one item."""

    category: CodeableConcept | None = None
    product_or_service: CodeableConcept | None = None
    modifier: tuple[CodeableConcept, ...] = ()
    provider: Reference | None = None
    excluded: bool | None = None
    name: str | None = None
    description: str | None = None
    network: CodeableConcept | None = None
    unit: CodeableConcept | None = None
    term: CodeableConcept | None = None
    benefit: tuple[CoverageEligibilityResponseBenefit, ...] = ()
    authorization_required: bool | None = None
    authorization_supporting: tuple[CodeableConcept, ...] = ()
    authorization_url: str | None = None


class CoverageEligibilityResponseBenefit(Element, frozen=True, kw_only=True):
    """`CoverageEligibilityResponse`: one benefit."""

    type: CodeableConcept | None = None
    allowed_unsigned_int: int | None = None
    allowed_string: str | None = None
    allowed_money: Money | None = None
    used_unsigned_int: int | None = None
    used_string: str | None = None
    used_money: Money | None = None


class CoverageEligibilityResponseError(Element, frozen=True, kw_only=True):
    """`CoverageEligibilityResponse`: one error."""

    code: CodeableConcept | None = None
