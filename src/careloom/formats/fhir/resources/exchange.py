"""What carries other resources, or speaks of the exchange itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from careloom.formats.fhir.resources.bases import Element, Resource
from careloom.formats.fhir.resources.datatypes import (
    Address,
    Annotation,
    Attachment,
    CodeableConcept,
    Coding,
    ContactPoint,
    Extension,
    HumanName,
    Identifier,
    Meta,
    Money,
    Period,
    Quantity,
    Reference,
    Signature,
)


class Bundle(Resource, frozen=True, kw_only=True):
    """Resources carried together (2.36). `BundleEntry.resource` stays a plain dict."""

    id: str | None = None
    meta: Meta | None = None
    identifier: Identifier | None = None
    type: str | None = None
    timestamp: str | None = None
    total: int | None = None
    link: tuple[BundleLink, ...] = ()
    entry: tuple[BundleEntry, ...] = ()
    signature: Signature | None = None


class BundleLink(Element, frozen=True, kw_only=True):
    """`Bundle`: one link."""

    relation: str | None = None
    url: str | None = None


class BundleEntry(Element, frozen=True, kw_only=True):
    """`Bundle`: one entry."""

    link: tuple[BundleLink, ...] = ()
    full_url: str | None = None
    resource: dict[str, Any] | None = None
    search: BundleSearch | None = None
    request: BundleRequest | None = None
    response: BundleResponse | None = None


class BundleSearch(Element, frozen=True, kw_only=True):
    """`Bundle`: one search."""

    mode: str | None = None
    score: Decimal | None = None


class BundleRequest(Element, frozen=True, kw_only=True):
    """`Bundle`: one request."""

    method: str | None = None
    url: str | None = None
    if_none_match: str | None = None
    if_modified_since: str | None = None
    if_match: str | None = None
    if_none_exist: str | None = None


class BundleResponse(Element, frozen=True, kw_only=True):
    """`Bundle`: one response."""

    status: str | None = None
    location: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    outcome: dict[str, Any] | None = None


class OperationOutcome(Resource, frozen=True, kw_only=True):
    """What went wrong, or right (2.30)."""

    id: str | None = None
    meta: Meta | None = None
    contained: tuple[dict[str, Any], ...] = ()
    extension: tuple[Extension, ...] = ()
    issue: tuple[OperationOutcomeIssue, ...] = ()


class OperationOutcomeIssue(Element, frozen=True, kw_only=True):
    """`OperationOutcome`: one issue."""

    severity: str | None = None
    code: str | None = None
    details: CodeableConcept | None = None
    diagnostics: str | None = None
    location: tuple[str | None, ...] = ()
    expression: tuple[str | None, ...] = ()


class Parameters(Resource, frozen=True, kw_only=True):
    """The arguments or results of an operation (2.35)."""

    id: str | None = None
    meta: Meta | None = None
    parameter: tuple[ParametersParameter, ...] = ()


class ParametersParameter(Element, frozen=True, kw_only=True):
    """`Parameters`: one parameter."""

    name: str | None = None
    value_base64_binary: str | None = None
    value_boolean: bool | None = None
    value_canonical: str | None = None
    value_code: str | None = None
    value_date: str | None = None
    value_date_time: str | None = None
    value_decimal: Decimal | None = None
    value_instant: str | None = None
    value_integer: int | None = None
    value_string: str | None = None
    value_uri: str | None = None
    value_url: str | None = None
    value_address: Address | None = None
    value_annotation: Annotation | None = None
    value_attachment: Attachment | None = None
    value_codeable_concept: CodeableConcept | None = None
    value_coding: Coding | None = None
    value_contact_point: ContactPoint | None = None
    value_human_name: HumanName | None = None
    value_identifier: Identifier | None = None
    value_money: Money | None = None
    value_period: Period | None = None
    value_quantity: Quantity | None = None
    value_reference: Reference | None = None
    resource: dict[str, Any] | None = None
    part: tuple[ParametersParameter, ...] = ()


class MessageHeader(Resource, frozen=True, kw_only=True):
    """The head of a message bundle (2.42)."""

    id: str | None = None
    meta: Meta | None = None
    contained: tuple[dict[str, Any], ...] = ()
    extension: tuple[Extension, ...] = ()
    event_coding: Coding | None = None
    event_uri: str | None = None
    destination: tuple[MessageHeaderDestination, ...] = ()
    sender: Reference | None = None
    enterer: Reference | None = None
    author: Reference | None = None
    source: MessageHeaderSource | None = None
    responsible: Reference | None = None
    reason: CodeableConcept | None = None
    response: MessageHeaderResponse | None = None
    focus: tuple[Reference, ...] = ()
    definition: str | None = None


class MessageHeaderDestination(Element, frozen=True, kw_only=True):
    """`MessageHeader`: one destination."""

    name: str | None = None
    target: Reference | None = None
    endpoint: str | None = None
    receiver: Reference | None = None


class MessageHeaderSource(Element, frozen=True, kw_only=True):
    """`MessageHeader`: one source."""

    name: str | None = None
    software: str | None = None
    version: str | None = None
    contact: ContactPoint | None = None
    endpoint: str | None = None


class MessageHeaderResponse(Element, frozen=True, kw_only=True):
    """`MessageHeader`: one response."""

    identifier: str | None = None
    code: str | None = None
    details: Reference | None = None


class Subscription(Resource, frozen=True, kw_only=True):
    """A wish to be told (2.46)."""

    id: str | None = None
    meta: Meta | None = None
    contained: tuple[dict[str, Any], ...] = ()
    extension: tuple[Extension, ...] = ()
    status: str | None = None
    contact: tuple[ContactPoint, ...] = ()
    end: str | None = None
    reason: str | None = None
    criteria: str | None = None
    error: str | None = None
    channel: SubscriptionChannel | None = None


class SubscriptionChannel(Element, frozen=True, kw_only=True):
    """`Subscription`: one channel."""

    type: str | None = None
    endpoint: str | None = None
    payload: str | None = None
    header: tuple[str | None, ...] = ()


class CapabilityStatement(Resource, frozen=True, kw_only=True):
    """What a server or client can do (2.32)."""

    id: str | None = None
    meta: Meta | None = None
    contained: tuple[dict[str, Any], ...] = ()
    extension: tuple[Extension, ...] = ()
    url: str | None = None
    version: str | None = None
    name: str | None = None
    title: str | None = None
    status: str | None = None
    experimental: bool | None = None
    date: str | None = None
    publisher: str | None = None
    description: str | None = None
    purpose: str | None = None
    copyright: str | None = None
    kind: str | None = None
    instantiates: tuple[str | None, ...] = ()
    imports: tuple[str | None, ...] = ()
    software: CapabilityStatementSoftware | None = None
    implementation: CapabilityStatementImplementation | None = None
    fhir_version: str | None = None
    format: tuple[str | None, ...] = ()
    patch_format: tuple[str | None, ...] = ()
    implementation_guide: tuple[str | None, ...] = ()
    rest: tuple[CapabilityStatementRest, ...] = ()


class CapabilityStatementSoftware(Element, frozen=True, kw_only=True):
    """`CapabilityStatement`: one software."""

    name: str | None = None
    version: str | None = None
    release_date: str | None = None


class CapabilityStatementImplementation(Element, frozen=True, kw_only=True):
    """`CapabilityStatement`: one implementation."""

    description: str | None = None
    url: str | None = None
    custodian: Reference | None = None


class CapabilityStatementRest(Element, frozen=True, kw_only=True):
    """`CapabilityStatement`: one rest."""

    mode: str | None = None
    documentation: str | None = None
    security: CapabilityStatementSecurity | None = None
    resource: tuple[CapabilityStatementResource, ...] = ()
    interaction: tuple[CapabilityStatementInteraction1, ...] = ()
    search_param: tuple[CapabilityStatementSearchParam, ...] = ()
    operation: tuple[CapabilityStatementOperation, ...] = ()
    compartment: tuple[str | None, ...] = ()


class CapabilityStatementSecurity(Element, frozen=True, kw_only=True):
    """`CapabilityStatement`: one security."""

    cors: bool | None = None
    service: tuple[CodeableConcept, ...] = ()
    description: str | None = None


class CapabilityStatementResource(Element, frozen=True, kw_only=True):
    """`CapabilityStatement`: one resource."""

    type: str | None = None
    profile: str | None = None
    supported_profile: tuple[str | None, ...] = ()
    documentation: str | None = None
    interaction: tuple[CapabilityStatementInteraction, ...] = ()
    versioning: str | None = None
    read_history: bool | None = None
    update_create: bool | None = None
    conditional_create: bool | None = None
    conditional_read: str | None = None
    conditional_update: bool | None = None
    conditional_delete: str | None = None
    reference_policy: tuple[str | None, ...] = ()
    search_include: tuple[str | None, ...] = ()
    search_rev_include: tuple[str | None, ...] = ()
    search_param: tuple[CapabilityStatementSearchParam, ...] = ()
    operation: tuple[CapabilityStatementOperation, ...] = ()


class CapabilityStatementInteraction(Element, frozen=True, kw_only=True):
    """`CapabilityStatement`: one interaction."""

    code: str | None = None
    documentation: str | None = None


class CapabilityStatementSearchParam(Element, frozen=True, kw_only=True):
    """`CapabilityStatement`: one search param."""

    name: str | None = None
    definition: str | None = None
    type: str | None = None
    documentation: str | None = None


class CapabilityStatementOperation(Element, frozen=True, kw_only=True):
    """`CapabilityStatement`: one operation."""

    name: str | None = None
    definition: str | None = None
    documentation: str | None = None


class CapabilityStatementInteraction1(Element, frozen=True, kw_only=True):
    """`CapabilityStatement`: one interaction."""

    code: str | None = None
    documentation: str | None = None
