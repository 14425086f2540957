"""Claims and the answers to them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from careloom.formats.fhir.resources.bases import Element, Resource
from careloom.formats.fhir.resources.datatypes import (
    Address,
    Attachment,
    CodeableConcept,
    Extension,
    Identifier,
    Meta,
    Money,
    Period,
    Quantity,
    Reference,
)


class Claim(Resource, frozen=True, kw_only=True):
    """A claim, a preauthorisation or a predetermination (13.4)."""

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
    funds_reserve: CodeableConcept | None = None
    related: tuple[ClaimRelated, ...] = ()
    prescription: Reference | None = None
    original_prescription: Reference | None = None
    payee: ClaimPayee | None = None
    referral: Reference | None = None
    facility: Reference | None = None
    care_team: tuple[ClaimCareTeam, ...] = ()
    supporting_info: tuple[ClaimSupportingInfo, ...] = ()
    diagnosis: tuple[ClaimDiagnosis, ...] = ()
    procedure: tuple[ClaimProcedure, ...] = ()
    insurance: tuple[ClaimInsurance, ...] = ()
    accident: ClaimAccident | None = None
    item: tuple[ClaimItem, ...] = ()
    total: Money | None = None


class ClaimRelated(Element, frozen=True, kw_only=True):
    """`Claim`: one related."""

    claim: Reference | None = None
    relationship: CodeableConcept | None = None
    reference: Identifier | None = None


class ClaimPayee(Element, frozen=True, kw_only=True):
    """`Claim`: one payee."""

    type: CodeableConcept | None = None
    party: Reference | None = None


class ClaimCareTeam(Element, frozen=True, kw_only=True):
    """`Claim`: one care team."""

    sequence: int | None = None
    provider: Reference | None = None
    responsible: bool | None = None
    role: CodeableConcept | None = None
    qualification: CodeableConcept | None = None


class ClaimSupportingInfo(Element, frozen=True, kw_only=True):
    """`Claim`: one supporting info."""

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
    reason: CodeableConcept | None = None


class ClaimDiagnosis(Element, frozen=True, kw_only=True):
    """`Claim`: one diagnosis."""

    sequence: int | None = None
    diagnosis_codeable_concept: CodeableConcept | None = None
    diagnosis_reference: Reference | None = None
    type: tuple[CodeableConcept, ...] = ()
    on_admission: CodeableConcept | None = None
    package_code: CodeableConcept | None = None


class ClaimProcedure(Element, frozen=True, kw_only=True):
    """`Claim`: one procedure."""

    sequence: int | None = None
    type: tuple[CodeableConcept, ...] = ()
    date: str | None = None
    procedure_codeable_concept: CodeableConcept | None = None
    procedure_reference: Reference | None = None
    udi: tuple[Reference, ...] = ()


class ClaimInsurance(Element, frozen=True, kw_only=True):
    """`Claim`: one insurance."""

    sequence: int | None = None
    focal: bool | None = None
    identifier: Identifier | None = None
    coverage: Reference | None = None
    business_arrangement: str | None = None
    pre_auth_ref: tuple[str | None, ...] = ()
    claim_response: Reference | None = None


class ClaimAccident(Element, frozen=True, kw_only=True):
    """`Claim`: one accident."""

    date: str | None = None
    type: CodeableConcept | None = None
    location_address: Address | None = None
    location_reference: Reference | None = None


class ClaimItem(Element, frozen=True, kw_only=True):
    """`Claim`: one item."""

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
    detail: tuple[ClaimDetail, ...] = ()


class ClaimDetail(Element, frozen=True, kw_only=True):
    """`Claim`: one detail."""

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
    sub_detail: tuple[ClaimSubDetail, ...] = ()


class ClaimSubDetail(Element, frozen=True, kw_only=True):
    """`Claim`: one sub detail."""

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


class ClaimResponse(Resource, frozen=True, kw_only=True):
    """What the payer answers (13.5)."""

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
    created: str | None = None
    insurer: Reference | None = None
    requestor: Reference | None = None
    request: Reference | None = None
    outcome: str | None = None
    disposition: str | None = None
    pre_auth_ref: str | None = None
    pre_auth_period: Period | None = None
    payee_type: CodeableConcept | None = None
    item: tuple[ClaimResponseItem, ...] = ()
    add_item: tuple[ClaimResponseAddItem, ...] = ()
    adjudication: tuple[ClaimResponseAdjudication, ...] = ()
    total: tuple[ClaimResponseTotal, ...] = ()
    payment: ClaimResponsePayment | None = None
    funds_reserve: CodeableConcept | None = None
    form_code: CodeableConcept | None = None
    form: Attachment | None = None
    process_note: tuple[ClaimResponseProcessNote, ...] = ()
    communication_request: tuple[Reference, ...] = ()
    insurance: tuple[ClaimResponseInsurance, ...] = ()
    error: tuple[ClaimResponseError, ...] = ()


class ClaimResponseItem(Element, frozen=True, kw_only=True):
    """`ClaimResponse`: one item."""

    item_sequence: int | None = None
    note_number: tuple[int | None, ...] = ()
    adjudication: tuple[ClaimResponseAdjudication, ...] = ()
    detail: tuple[ClaimResponseDetail, ...] = ()


class ClaimResponseAdjudication(Element, frozen=True, kw_only=True):
    """`ClaimResponse`: one adjudication."""

    category: CodeableConcept | None = None
    reason: CodeableConcept | None = None
    amount: Money | None = None
    value: Decimal | None = None


class ClaimResponseDetail(Element, frozen=True, kw_only=True):
    """`ClaimResponse`: one detail."""

    detail_sequence: int | None = None
    note_number: tuple[int | None, ...] = ()
    adjudication: tuple[ClaimResponseAdjudication, ...] = ()
    sub_detail: tuple[ClaimResponseSubDetail, ...] = ()


class ClaimResponseSubDetail(Element, frozen=True, kw_only=True):
    """`ClaimResponse`: one sub detail."""

    sub_detail_sequence: int | None = None
    note_number: tuple[int | None, ...] = ()
    adjudication: tuple[ClaimResponseAdjudication, ...] = ()


class ClaimResponseAddItem(Element, frozen=True, kw_only=True):
    """`ClaimResponse`: one add item."""

    item_sequence: tuple[int | None, ...] = ()
    detail_sequence: tuple[int | None, ...] = ()
    subdetail_sequence: tuple[int | None, ...] = ()
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
    adjudication: tuple[ClaimResponseAdjudication, ...] = ()
    detail: tuple[ClaimResponseAddItemDetail, ...] = ()


class ClaimResponseAddItemDetail(Element, frozen=True, kw_only=True):
    """`ClaimResponse`: one detail."""

    product_or_service: CodeableConcept | None = None
    modifier: tuple[CodeableConcept, ...] = ()
    quantity: Quantity | None = None
    unit_price: Money | None = None
    factor: Decimal | None = None
    net: Money | None = None
    note_number: tuple[int | None, ...] = ()
    adjudication: tuple[ClaimResponseAdjudication, ...] = ()
    sub_detail: tuple[ClaimResponseAddItemSubDetail, ...] = ()


class ClaimResponseAddItemSubDetail(Element, frozen=True, kw_only=True):
    """`ClaimResponse`: one sub detail."""

    product_or_service: CodeableConcept | None = None
    modifier: tuple[CodeableConcept, ...] = ()
    quantity: Quantity | None = None
    unit_price: Money | None = None
    factor: Decimal | None = None
    net: Money | None = None
    note_number: tuple[int | None, ...] = ()
    adjudication: tuple[ClaimResponseAdjudication, ...] = ()


class ClaimResponseTotal(Element, frozen=True, kw_only=True):
    """`ClaimResponse`: one total."""

    category: CodeableConcept | None = None
    amount: Money | None = None


class ClaimResponsePayment(Element, frozen=True, kw_only=True):
    """`ClaimResponse`: one payment."""

    type: CodeableConcept | None = None
    adjustment: Money | None = None
    adjustment_reason: CodeableConcept | None = None
    date: str | None = None
    amount: Money | None = None
    identifier: Identifier | None = None


class ClaimResponseProcessNote(Element, frozen=True, kw_only=True):
    """`ClaimResponse`: one process note."""

    number: int | None = None
    type: str | None = None
    text: str | None = None
    language: CodeableConcept | None = None


class ClaimResponseInsurance(Element, frozen=True, kw_only=True):
    """`ClaimResponse`: one insurance."""

    sequence: int | None = None
    focal: bool | None = None
    coverage: Reference | None = None
    business_arrangement: str | None = None
    claim_response: Reference | None = None


class ClaimResponseError(Element, frozen=True, kw_only=True):
    """`ClaimResponse`: one error."""

    item_sequence: int | None = None
    detail_sequence: int | None = None
    sub_detail_sequence: int | None = None
    code: CodeableConcept | None = None
