"""What is written down: results, reports, documents, consents and audit."""

from __future__ import annotations

from typing import Any

from careloom.formats.fhir.resources.bases import Element, Resource
from careloom.formats.fhir.resources.datatypes import (
    Annotation,
    Attachment,
    CodeableConcept,
    Coding,
    Extension,
    Identifier,
    Meta,
    Period,
    Quantity,
    Range,
    Ratio,
    Reference,
    Timing,
)


class Observation(Resource, frozen=True, kw_only=True):
    """A measurement or an assertion (10.1)."""

    id: str | None = None
    meta: Meta | None = None
    contained: tuple[dict[str, Any], ...] = ()
    extension: tuple[Extension, ...] = ()
    identifier: tuple[Identifier, ...] = ()
    based_on: tuple[Reference, ...] = ()
    part_of: tuple[Reference, ...] = ()
    status: str | None = None
    category: tuple[CodeableConcept, ...] = ()
    code: CodeableConcept | None = None
    subject: Reference | None = None
    focus: tuple[Reference, ...] = ()
    encounter: Reference | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    effective_timing: Timing | None = None
    effective_instant: str | None = None
    issued: str | None = None
    performer: tuple[Reference, ...] = ()
    value_quantity: Quantity | None = None
    value_codeable_concept: CodeableConcept | None = None
    value_string: str | None = None
    value_boolean: bool | None = None
    value_integer: int | None = None
    value_range: Range | None = None
    value_ratio: Ratio | None = None
    value_time: str | None = None
    value_date_time: str | None = None
    value_period: Period | None = None
    data_absent_reason: CodeableConcept | None = None
    interpretation: tuple[CodeableConcept, ...] = ()
    note: tuple[Annotation, ...] = ()
    body_site: CodeableConcept | None = None
    method: CodeableConcept | None = None
    specimen: Reference | None = None
    device: Reference | None = None
    reference_range: tuple[ObservationReferenceRange, ...] = ()
    has_member: tuple[Reference, ...] = ()
    derived_from: tuple[Reference, ...] = ()
    component: tuple[ObservationComponent, ...] = ()


class ObservationReferenceRange(Element, frozen=True, kw_only=True):
    """`Observation`: one reference range."""

    low: Quantity | None = None
    high: Quantity | None = None
    type: CodeableConcept | None = None
    applies_to: tuple[CodeableConcept, ...] = ()
    age: Range | None = None
    text: str | None = None


class ObservationComponent(Element, frozen=True, kw_only=True):
    """`Observation`: one component."""

    code: CodeableConcept | None = None
    value_quantity: Quantity | None = None
    value_codeable_concept: CodeableConcept | None = None
    value_string: str | None = None
    value_boolean: bool | None = None
    value_integer: int | None = None
    value_range: Range | None = None
    value_ratio: Ratio | None = None
    value_time: str | None = None
    value_date_time: str | None = None
    value_period: Period | None = None
    data_absent_reason: CodeableConcept | None = None
    interpretation: tuple[CodeableConcept, ...] = ()
    reference_range: tuple[ObservationReferenceRange, ...] = ()


class DiagnosticReport(Resource, frozen=True, kw_only=True):
    """Results put together (10.3)."""

    id: str | None = None
    meta: Meta | None = None
    contained: tuple[dict[str, Any], ...] = ()
    extension: tuple[Extension, ...] = ()
    identifier: tuple[Identifier, ...] = ()
    based_on: tuple[Reference, ...] = ()
    status: str | None = None
    category: tuple[CodeableConcept, ...] = ()
    code: CodeableConcept | None = None
    subject: Reference | None = None
    encounter: Reference | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    issued: str | None = None
    performer: tuple[Reference, ...] = ()
    results_interpreter: tuple[Reference, ...] = ()
    specimen: tuple[Reference, ...] = ()
    result: tuple[Reference, ...] = ()
    imaging_study: tuple[Reference, ...] = ()
    media: tuple[DiagnosticReportMedia, ...] = ()
    conclusion: str | None = None
    conclusion_code: tuple[CodeableConcept, ...] = ()
    presented_form: tuple[Attachment, ...] = ()


class DiagnosticReportMedia(Element, frozen=True, kw_only=True):
    """`DiagnosticReport`: one media."""

    comment: str | None = None
    link: Reference | None = None


class DocumentReference(Resource, frozen=True, kw_only=True):
    """Where a document is, and what it is (2.40)."""

    id: str | None = None
    meta: Meta | None = None
    contained: tuple[dict[str, Any], ...] = ()
    extension: tuple[Extension, ...] = ()
    master_identifier: Identifier | None = None
    identifier: tuple[Identifier, ...] = ()
    status: str | None = None
    doc_status: str | None = None
    type: CodeableConcept | None = None
    category: tuple[CodeableConcept, ...] = ()
    subject: Reference | None = None
    date: str | None = None
    author: tuple[Reference, ...] = ()
    authenticator: Reference | None = None
    custodian: Reference | None = None
    relates_to: tuple[DocumentReferenceRelatesTo, ...] = ()
    description: str | None = None
    security_label: tuple[CodeableConcept, ...] = ()
    content: tuple[DocumentReferenceContent, ...] = ()
    context: DocumentReferenceContext | None = None


class DocumentReferenceRelatesTo(Element, frozen=True, kw_only=True):
    """`DocumentReference`: one relates to."""

    code: str | None = None
    target: Reference | None = None


class DocumentReferenceContent(Element, frozen=True, kw_only=True):
    """`DocumentReference`: one content."""

    attachment: Attachment | None = None
    format: Coding | None = None


class DocumentReferenceContext(Element, frozen=True, kw_only=True):
    """`DocumentReference`: one context."""

    encounter: tuple[Reference, ...] = ()
    event: tuple[CodeableConcept, ...] = ()
    period: Period | None = None
    facility_type: CodeableConcept | None = None
    practice_setting: CodeableConcept | None = None
    source_patient_info: Reference | None = None
    related: tuple[Reference, ...] = ()


class Consent(Resource, frozen=True, kw_only=True):
    """What a patient allows (6.2)."""

    id: str | None = None
    meta: Meta | None = None
    contained: tuple[dict[str, Any], ...] = ()
    extension: tuple[Extension, ...] = ()
    identifier: tuple[Identifier, ...] = ()
    status: str | None = None
    scope: CodeableConcept | None = None
    category: tuple[CodeableConcept, ...] = ()
    patient: Reference | None = None
    date_time: str | None = None
    performer: tuple[Reference, ...] = ()
    organization: tuple[Reference, ...] = ()
    source_attachment: Attachment | None = None
    source_reference: Reference | None = None
    policy: tuple[ConsentPolicy, ...] = ()
    policy_rule: CodeableConcept | None = None
    verification: tuple[ConsentVerification, ...] = ()
    provision: ConsentProvision | None = None


class ConsentPolicy(Element, frozen=True, kw_only=True):
    """`Consent`: one policy."""

    authority: str | None = None
    uri: str | None = None


class ConsentVerification(Element, frozen=True, kw_only=True):
    """`Consent`: one verification."""

    verified: bool | None = None
    verified_with: Reference | None = None
    verification_date: str | None = None


class ConsentProvision(Element, frozen=True, kw_only=True):
    """`Consent`: one provision."""

    type: str | None = None
    period: Period | None = None
    actor: tuple[ConsentActor, ...] = ()
    action: tuple[CodeableConcept, ...] = ()
    security_label: tuple[Coding, ...] = ()
    purpose: tuple[Coding, ...] = ()
    class_: tuple[Coding, ...] = ()
    code: tuple[CodeableConcept, ...] = ()
    data_period: Period | None = None
    data: tuple[ConsentData, ...] = ()
    provision: tuple[ConsentProvision, ...] = ()


class ConsentActor(Element, frozen=True, kw_only=True):
    """`Consent`: one actor."""

    role: CodeableConcept | None = None
    reference: Reference | None = None


class ConsentData(Element, frozen=True, kw_only=True):
    """`Consent`: one data."""

    meaning: str | None = None
    reference: Reference | None = None


class AuditEvent(Resource, frozen=True, kw_only=True):
    """Who did what, when, to what (6.4)."""

    id: str | None = None
    meta: Meta | None = None
    contained: tuple[dict[str, Any], ...] = ()
    extension: tuple[Extension, ...] = ()
    type: Coding | None = None
    subtype: tuple[Coding, ...] = ()
    action: str | None = None
    period: Period | None = None
    recorded: str | None = None
    outcome: str | None = None
    outcome_desc: str | None = None
    purpose_of_event: tuple[CodeableConcept, ...] = ()
    agent: tuple[AuditEventAgent, ...] = ()
    source: AuditEventSource | None = None
    entity: tuple[AuditEventEntity, ...] = ()


class AuditEventAgent(Element, frozen=True, kw_only=True):
    """`AuditEvent`: one agent."""

    type: CodeableConcept | None = None
    role: tuple[CodeableConcept, ...] = ()
    who: Reference | None = None
    alt_id: str | None = None
    name: str | None = None
    requestor: bool | None = None
    location: Reference | None = None
    policy: tuple[str | None, ...] = ()
    media: Coding | None = None
    network: AuditEventNetwork | None = None
    purpose_of_use: tuple[CodeableConcept, ...] = ()


class AuditEventNetwork(Element, frozen=True, kw_only=True):
    """`AuditEvent`: one network."""

    address: str | None = None
    type: str | None = None


class AuditEventSource(Element, frozen=True, kw_only=True):
    """`AuditEvent`: one source."""

    site: str | None = None
    observer: Reference | None = None
    type: tuple[Coding, ...] = ()


class AuditEventEntity(Element, frozen=True, kw_only=True):
    """`AuditEvent`: one entity."""

    what: Reference | None = None
    type: Coding | None = None
    role: Coding | None = None
    lifecycle: Coding | None = None
    security_label: tuple[Coding, ...] = ()
    name: str | None = None
    description: str | None = None
    query: str | None = None
    detail: tuple[AuditEventDetail, ...] = ()


class AuditEventDetail(Element, frozen=True, kw_only=True):
    """`AuditEvent`: one detail."""

    type: str | None = None
    value_string: str | None = None
    value_base64_binary: str | None = None
