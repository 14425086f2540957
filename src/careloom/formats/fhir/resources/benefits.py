"""What a payer decided: the explanation of benefit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from careloom.formats.fhir.resources.bases import Element, Resource
from careloom.formats.fhir.resources.datatypes import (
    Address,
    Attachment,
    CodeableConcept,
    Coding,
    Extension,
    Identifier,
    Meta,
    Money,
    Period,
    Quantity,
    Reference,
)


class ExplanationOfBenefit(Resource, frozen=True, kw_only=True):
    """A claim and its adjudication in one (13.8)."""

    id: str | None = None
    meta: Meta | None = None
    contained: tuple[dict[str, Any], ...] = ()
    extension: tuple[Extension, ...] = ()
    identifier: tuple[Identifier, ...] = ()
    status: str | None = None
    type: CodeableConcept | None = None
    sub_type: CodeableConcept | None = None
    use: str | None = None
    patient: Reference | None = None
    billable_period: Period | None = None
    created: str | None = None
    enterer: Reference | None = None
    insurer: Reference | None = None
    provider: Reference | None = None
    priority: CodeableConcept | None = None
    funds_reserve_requested: CodeableConcept | None = None
    funds_reserve: CodeableConcept | None = None
    related: tuple[ExplanationOfBenefitRelated, ...] = ()
    prescription: Reference | None = None
    original_prescription: Reference | None = None
    payee: ExplanationOfBenefitPayee | None = None
    referral: Reference | None = None
    facility: Reference | None = None
    claim: Reference | None = None
    claim_response: Reference | None = None
    outcome: str | None = None
    disposition: str | None = None
    pre_auth_ref: tuple[str | None, ...] = ()
    pre_auth_ref_period: tuple[Period, ...] = ()
    care_team: tuple[ExplanationOfBenefitCareTeam, ...] = ()
    supporting_info: tuple[ExplanationOfBenefitSupportingInfo, ...] = ()
    diagnosis: tuple[ExplanationOfBenefitDiagnosis, ...] = ()
    procedure: tuple[ExplanationOfBenefitProcedure, ...] = ()
    precedence: int | None = None
    insurance: tuple[ExplanationOfBenefitInsurance, ...] = ()
    accident: ExplanationOfBenefitAccident | None = None
    item: tuple[ExplanationOfBenefitItem, ...] = ()
    add_item: tuple[ExplanationOfBenefitAddItem, ...] = ()
    adjudication: tuple[ExplanationOfBenefitAdjudication, ...] = ()
    total: tuple[ExplanationOfBenefitTotal, ...] = ()
    payment: ExplanationOfBenefitPayment | None = None
    form_code: CodeableConcept | None = None
    form: Attachment | None = None
    process_note: tuple[ExplanationOfBenefitProcessNote, ...] = ()
    benefit_period: Period | None = None
    benefit_balance: tuple[ExplanationOfBenefitBenefitBalance, ...] = ()


class ExplanationOfBenefitRelated(Element, frozen=True, kw_only=True):
    """`ExplanationOfBenefit`: one related."""

    claim: Reference | None = None
    relationship: CodeableConcept | None = None
    reference: Identifier | None = None


class ExplanationOfBenefitPayee(Element, frozen=True, kw_only=True):
    """`ExplanationOfBenefit`: one payee."""

    type: CodeableConcept | None = None
    party: Reference | None = None


class ExplanationOfBenefitCareTeam(Element, frozen=True, kw_only=True):
    """`ExplanationOfBenefit`: one care team."""

    sequence: int | None = None
    provider: Reference | None = None
    responsible: bool | None = None
    role: CodeableConcept | None = None
    qualification: CodeableConcept | None = None


class ExplanationOfBenefitSupportingInfo(Element, frozen=True, kw_only=True):
    """`ExplanationOfBenefit`: one supporting info."""

    sequence: int | None = None
    category: CodeableConcept | None = None
    code: CodeableConcept | None = None
    timing_date: str | None = None
    timing_period: Period | None = None
    value_boolean: bool | None = None
    value_string: str | None = None
    value_quantity: Quantity | None = None
    value_attachment: Attachment | None = None
    value_reference: Reference | None = None
    reason: Coding | None = None


class ExplanationOfBenefitDiagnosis(Element, frozen=True, kw_only=True):
    """`ExplanationOfBenefit`: one diagnosis."""

    sequence: int | None = None
    diagnosis_codeable_concept: CodeableConcept | None = None
    diagnosis_reference: Reference | None = None
    type: tuple[CodeableConcept, ...] = ()
    on_admission: CodeableConcept | None = None
    package_code: CodeableConcept | None = None


class ExplanationOfBenefitProcedure(Element, frozen=True, kw_only=True):
    """`ExplanationOfBenefit`: one procedure."""

    sequence: int | None = None
    type: tuple[CodeableConcept, ...] = ()
    date: str | None = None
    procedure_codeable_concept: CodeableConcept | None = None
    procedure_reference: Reference | None = None
    udi: tuple[Reference, ...] = ()


class ExplanationOfBenefitInsurance(Element, frozen=True, kw_only=True):
    """`ExplanationOfBenefit`: one insurance."""

    focal: bool | None = None
    coverage: Reference | None = None
    pre_auth_ref: tuple[str | None, ...] = ()


class ExplanationOfBenefitAccident(Element, frozen=True, kw_only=True):
    """`ExplanationOfBenefit`: one accident."""

    date: str | None = None
    type: CodeableConcept | None = None
    location_address: Address | None = None
    location_reference: Reference | None = None


class ExplanationOfBenefitItem(Element, frozen=True, kw_only=True):
    """`ExplanationOfBenefit`: one item."""

    sequence: int | None = None
    care_team_sequence: tuple[int | None, ...] = ()
    diagnosis_sequence: tuple[int | None, ...] = ()
    procedure_sequence: tuple[int | None, ...] = ()
    information_sequence: tuple[int | None, ...] = ()
    revenue: CodeableConcept | None = None
    category: CodeableConcept | None = None
    product_or_service: CodeableConcept | None = None
    modifier: tuple[CodeableConcept, ...] = ()
    program_code: tuple[CodeableConcept, ...] = ()
    serviced_date: str | None = None
    serviced_period: Period | None = None
    location_codeable_concept: CodeableConcept | None = None
    location_address: Address | None = None
    location_reference: Reference | None = None
    quantity: Quantity | None = None
    unit_price: Money | None = None
    factor: Decimal | None = None
    net: Money | None = None
    udi: tuple[Reference, ...] = ()
    body_site: CodeableConcept | None = None
    sub_site: tuple[CodeableConcept, ...] = ()
    encounter: tuple[Reference, ...] = ()
    note_number: tuple[int | None, ...] = ()
    adjudication: tuple[ExplanationOfBenefitAdjudication, ...] = ()
    detail: tuple[ExplanationOfBenefitDetail, ...] = ()


class ExplanationOfBenefitAdjudication(Element, frozen=True, kw_only=True):
    """`ExplanationOfBenefit`: one adjudication."""

    category: CodeableConcept | None = None
    reason: CodeableConcept | None = None
    amount: Money | None = None
    value: Decimal | None = None


class ExplanationOfBenefitDetail(Element, frozen=True, kw_only=True):
    """`ExplanationOfBenefit`: one detail."""

    sequence: int | None = None
    revenue: CodeableConcept | None = None
    category: CodeableConcept | None = None
    product_or_service: CodeableConcept | None = None
    modifier: tuple[CodeableConcept, ...] = ()
    program_code: tuple[CodeableConcept, ...] = ()
    quantity: Quantity | None = None
    unit_price: Money | None = None
    factor: Decimal | None = None
    net: Money | None = None
    udi: tuple[Reference, ...] = ()
    note_number: tuple[int | None, ...] = ()
    adjudication: tuple[ExplanationOfBenefitAdjudication, ...] = ()
    sub_detail: tuple[ExplanationOfBenefitSubDetail, ...] = ()


class ExplanationOfBenefitSubDetail(Element, frozen=True, kw_only=True):
    """`ExplanationOfBenefit`: one sub detail."""

    sequence: int | None = None
    revenue: CodeableConcept | None = None
    category: CodeableConcept | None = None
    product_or_service: CodeableConcept | None = None
    modifier: tuple[CodeableConcept, ...] = ()
    program_code: tuple[CodeableConcept, ...] = ()
    quantity: Quantity | None = None
    unit_price: Money | None = None
    factor: Decimal | None = None
    net: Money | None = None
    udi: tuple[Reference, ...] = ()
    note_number: tuple[int | None, ...] = ()
    adjudication: tuple[ExplanationOfBenefitAdjudication, ...] = ()


class ExplanationOfBenefitAddItem(Element, frozen=True, kw_only=True):
    """`ExplanationOfBenefit`: one add item."""

    item_sequence: tuple[int | None, ...] = ()
    detail_sequence: tuple[int | None, ...] = ()
    sub_detail_sequence: tuple[int | None, ...] = ()
    provider: tuple[Reference, ...] = ()
    product_or_service: CodeableConcept | None = None
    modifier: tuple[CodeableConcept, ...] = ()
    program_code: tuple[CodeableConcept, ...] = ()
    serviced_date: str | None = None
    serviced_period: Period | None = None
    location_codeable_concept: CodeableConcept | None = None
    location_address: Address | None = None
    location_reference: Reference | None = None
    quantity: Quantity | None = None
    unit_price: Money | None = None
    factor: Decimal | None = None
    net: Money | None = None
    body_site: CodeableConcept | None = None
    sub_site: tuple[CodeableConcept, ...] = ()
    note_number: tuple[int | None, ...] = ()
    adjudication: tuple[ExplanationOfBenefitAdjudication, ...] = ()
    detail: tuple[ExplanationOfBenefitAddItemDetail, ...] = ()


class ExplanationOfBenefitAddItemDetail(Element, frozen=True, kw_only=True):
    """`ExplanationOfBenefit`: one detail."""

    product_or_service: CodeableConcept | None = None
    modifier: tuple[CodeableConcept, ...] = ()
    quantity: Quantity | None = None
    unit_price: Money | None = None
    factor: Decimal | None = None
    net: Money | None = None
    note_number: tuple[int | None, ...] = ()
    adjudication: tuple[ExplanationOfBenefitAdjudication, ...] = ()
    sub_detail: tuple[ExplanationOfBenefitAddItemSubDetail, ...] = ()


class ExplanationOfBenefitAddItemSubDetail(Element, frozen=True, kw_only=True):
    """`ExplanationOfBenefit`: one sub detail."""

    product_or_service: CodeableConcept | None = None
    modifier: tuple[CodeableConcept, ...] = ()
    quantity: Quantity | None = None
    unit_price: Money | None = None
    factor: Decimal | None = None
    net: Money | None = None
    note_number: tuple[int | None, ...] = ()
    adjudication: tuple[ExplanationOfBenefitAdjudication, ...] = ()


class ExplanationOfBenefitTotal(Element, frozen=True, kw_only=True):
    """`ExplanationOfBenefit`: one total."""

    category: CodeableConcept | None = None
    amount: Money | None = None


class ExplanationOfBenefitPayment(Element, frozen=True, kw_only=True):
    """`ExplanationOfBenefit`: one payment."""

    type: CodeableConcept | None = None
    adjustment: Money | None = None
    adjustment_reason: CodeableConcept | None = None
    date: str | None = None
    amount: Money | None = None
    identifier: Identifier | None = None


class ExplanationOfBenefitProcessNote(Element, frozen=True, kw_only=True):
    """`ExplanationOfBenefit`: one process note."""

    number: int | None = None
    type: str | None = None
    text: str | None = None
    language: CodeableConcept | None = None


class ExplanationOfBenefitBenefitBalance(Element, frozen=True, kw_only=True):
    """`ExplanationOfBenefit`: one benefit balance."""

    category: CodeableConcept | None = None
    excluded: bool | None = None
    name: str | None = None
    description: str | None = None
    network: CodeableConcept | None = None
    unit: CodeableConcept | None = None
    term: CodeableConcept | None = None
    financial: tuple[ExplanationOfBenefitFinancial, ...] = ()


class ExplanationOfBenefitFinancial(Element, frozen=True, kw_only=True):
    """`ExplanationOfBenefit`: one financial."""

    type: CodeableConcept | None = None
    allowed_unsigned_int: int | None = None
    allowed_string: str | None = None
    allowed_money: Money | None = None
    used_unsigned_int: int | None = None
    used_money: Money | None = None
