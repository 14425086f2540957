"""What is owed and what was paid."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from careloom.formats.fhir.resources.bases import Element, Resource
from careloom.formats.fhir.resources.datatypes import (
    Annotation,
    CodeableConcept,
    Extension,
    Identifier,
    Meta,
    Money,
    Period,
    Quantity,
    Reference,
    Timing,
)


class ChargeItem(Resource, frozen=True, kw_only=True):
    """One thing done that is to be billed (13.9)."""

    id: str | None = None
    meta: Meta | None = None
    contained: tuple[dict[str, Any], ...] = ()
    extension: tuple[Extension, ...] = ()
    identifier: tuple[Identifier, ...] = ()
    definition_uri: tuple[str | None, ...] = ()
    definition_canonical: tuple[str | None, ...] = ()
    status: str | None = None
    part_of: tuple[Reference, ...] = ()
    code: CodeableConcept | None = None
    subject: Reference | None = None
    context: Reference | None = None
    occurrence_date_time: str | None = None
    occurrence_period: Period | None = None
    occurrence_timing: Timing | None = None
    performer: tuple[ChargeItemPerformer, ...] = ()
    performing_organization: Reference | None = None
    requesting_organization: Reference | None = None
    cost_center: Reference | None = None
    quantity: Quantity | None = None
    bodysite: tuple[CodeableConcept, ...] = ()
    factor_override: Decimal | None = None
    price_override: Money | None = None
    override_reason: str | None = None
    enterer: Reference | None = None
    entered_date: str | None = None
    reason: tuple[CodeableConcept, ...] = ()
    service: tuple[Reference, ...] = ()
    product_reference: Reference | None = None
    product_codeable_concept: CodeableConcept | None = None
    account: tuple[Reference, ...] = ()
    note: tuple[Annotation, ...] = ()
    supporting_information: tuple[Reference, ...] = ()


class ChargeItemPerformer(Element, frozen=True, kw_only=True):
    """`ChargeItem`: one performer."""

    function: CodeableConcept | None = None
    actor: Reference | None = None


class Invoice(Resource, frozen=True, kw_only=True):
    """Charges put together for one payer (13.10)."""

    id: str | None = None
    meta: Meta | None = None
    contained: tuple[dict[str, Any], ...] = ()
    extension: tuple[Extension, ...] = ()
    identifier: tuple[Identifier, ...] = ()
    status: str | None = None
    cancelled_reason: str | None = None
    type: CodeableConcept | None = None
    subject: Reference | None = None
    recipient: Reference | None = None
    date: str | None = None
    participant: tuple[InvoiceParticipant, ...] = ()
    issuer: Reference | None = None
    account: Reference | None = None
    line_item: tuple[InvoiceLineItem, ...] = ()
    total_price_component: tuple[InvoicePriceComponent, ...] = ()
    total_net: Money | None = None
    total_gross: Money | None = None
    payment_terms: str | None = None
    note: tuple[Annotation, ...] = ()


class InvoiceParticipant(Element, frozen=True, kw_only=True):
    """`Invoice`: one participant."""

    role: CodeableConcept | None = None
    actor: Reference | None = None


class InvoiceLineItem(Element, frozen=True, kw_only=True):
    """`Invoice`: one line item."""

    sequence: int | None = None
    charge_item_reference: Reference | None = None
    charge_item_codeable_concept: CodeableConcept | None = None
    price_component: tuple[InvoicePriceComponent, ...] = ()


class InvoicePriceComponent(Element, frozen=True, kw_only=True):
    """`Invoice`: one price component."""

    type: str | None = None
    code: CodeableConcept | None = None
    factor: Decimal | None = None
    amount: Money | None = None


class PaymentNotice(Resource, frozen=True, kw_only=True):
    """Word that something was paid (13.6)."""

    id: str | None = None
    meta: Meta | None = None
    contained: tuple[dict[str, Any], ...] = ()
    extension: tuple[Extension, ...] = ()
    identifier: tuple[Identifier, ...] = ()
    status: str | None = None
    request: Reference | None = None
    response: Reference | None = None
    created: str | None = None
    provider: Reference | None = None
    payment: Reference | None = None
    payment_date: str | None = None
    payee: Reference | None = None
    recipient: Reference | None = None
    amount: Money | None = None
    payment_status: CodeableConcept | None = None


class PaymentReconciliation(Resource, frozen=True, kw_only=True):
    """One payment, and what it settles (13.7)."""

    id: str | None = None
    meta: Meta | None = None
    contained: tuple[dict[str, Any], ...] = ()
    extension: tuple[Extension, ...] = ()
    identifier: tuple[Identifier, ...] = ()
    status: str | None = None
    period: Period | None = None
    created: str | None = None
    payment_issuer: Reference | None = None
    request: Reference | None = None
    requestor: Reference | None = None
    outcome: str | None = None
    disposition: str | None = None
    payment_date: str | None = None
    payment_amount: Money | None = None
    payment_identifier: Identifier | None = None
    detail: tuple[PaymentReconciliationDetail, ...] = ()
    form_code: CodeableConcept | None = None
    process_note: tuple[PaymentReconciliationProcessNote, ...] = ()


class PaymentReconciliationDetail(Element, frozen=True, kw_only=True):
    """`PaymentReconciliation`: one detail."""

    identifier: Identifier | None = None
    predecessor: Identifier | None = None
    type: CodeableConcept | None = None
    request: Reference | None = None
    submitter: Reference | None = None
    response: Reference | None = None
    date: str | None = None
    responsible: Reference | None = None
    payee: Reference | None = None
    amount: Money | None = None


class PaymentReconciliationProcessNote(Element, frozen=True, kw_only=True):
    """`PaymentReconciliation`: one process note."""

    type: str | None = None
    text: str | None = None
