"""Documents, consent, and what passes between the house and people: contacts, messages, tickets."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from careloom.model.datatypes import (
    Address,
    Coding,
    ContactPoint,
    Date,
    DateTime,
    Element,
    HumanName,
    Identifier,
    Identifiers,
    Period,
    Reference,
    Text,
)
from careloom.model.entities import Organization, Practitioner


class DocumentReference(Element, frozen=True, kw_only=True):
    """That a document exists and where it lies; its contents stay there.

    `size` is in octets, `hash` is SHA-256 in hexadecimal, of the contents. `replaces` is the version before it.
    """

    personal: ClassVar[tuple[str, ...]] = ("title", "url")

    identifier: Identifiers
    status: Literal["current", "superseded", "entered-in-error"] = "current"
    doc_status: Literal["preliminary", "final", "amended", "entered-in-error"] | None = None
    type: Coding | None = None
    title: Text | None = None
    date: DateTime | None = None
    author: Practitioner | None = None
    custodian: Organization | None = None
    content_type: Text | None = None
    url: Text | None = None
    size: Annotated[int, Meta(ge=0)] | None = None
    hash: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")] | None = None
    language: Text | None = None
    confidentiality: Text | None = None
    related: tuple[Reference, ...] = ()
    replaces: Identifier | None = None


class Consent(Element, frozen=True, kw_only=True):
    """What a person allows or forbids. `scope` is what it is about (`marketing`, `reminders`, `research`,
    `data-sharing`); `channel` the ways to reach the person that it covers, all where none is named."""

    identifier: Identifiers
    status: Literal["active", "withdrawn", "rejected", "proposed", "inactive", "entered-in-error"]
    decision: Literal["permit", "deny"]
    scope: Text
    channel: tuple[Literal["phone", "sms", "email", "mail", "portal", "chat"], ...] = ()
    recorded: DateTime | None = None
    period: Period | None = None
    source: Text | None = None
    document: Identifier | None = None


class Contact(Element, frozen=True, kw_only=True):
    """A person or an organization as a CRM knows it. `patient` is the number of the patient that it is."""

    personal: ClassVar[tuple[str, ...]] = ("name", "telecom", "address", "patient")

    identifier: Identifiers
    name: HumanName | None = None
    organization: Organization | None = None
    telecom: tuple[ContactPoint, ...] = ()
    address: tuple[Address, ...] = ()
    language: Text | None = None
    patient: Identifier | None = None
    stage: Text | None = None
    owner: Text | None = None
    source: Text | None = None
    tag: tuple[Text, ...] = ()
    active: bool = True


class Communication(Element, frozen=True, kw_only=True):
    """A message to or from a person: when, how, about what; never its text. `template` names what was said."""

    personal: ClassVar[tuple[str, ...]] = ("recipient", "address")

    identifier: Identifiers
    status: Literal["queued", "sent", "delivered", "read", "failed", "stopped"]
    direction: Literal["outbound", "inbound"] = "outbound"
    medium: Literal["phone", "sms", "email", "mail", "portal", "chat", "push"]
    category: Text | None = None
    template: Text | None = None
    recipient: Identifier | None = None
    address: ContactPoint | None = None
    sent: DateTime | None = None
    regarding: Reference | None = None
    reason: Text | None = None


class Ticket(Element, frozen=True, kw_only=True):
    """A request to a service desk or a contact centre (FHIR: Task). `summary` may name people; it is masked."""

    personal: ClassVar[tuple[str, ...]] = ("summary", "requester")

    identifier: Identifiers
    status: Literal["open", "pending", "on-hold", "resolved", "closed", "cancelled"]
    category: Text | None = None
    priority: Literal["low", "normal", "high", "urgent"] = "normal"
    summary: Text | None = None
    requester: Contact | None = None
    assignee: Text | None = None
    team: Text | None = None
    opened: DateTime | None = None
    due: DateTime | None = None
    resolved: DateTime | None = None
    resolution: Text | None = None
    regarding: Reference | None = None


class Employee(Element, frozen=True, kw_only=True):
    """A person who works for the house, as HR knows one. `practitioner` is the number by which clinical systems do."""

    personal: ClassVar[tuple[str, ...]] = ("name", "telecom", "address", "birth_date")

    identifier: Identifiers
    status: Literal["active", "on-leave", "terminated", "planned"] = "active"
    name: HumanName | None = None
    telecom: tuple[ContactPoint, ...] = ()
    address: tuple[Address, ...] = ()
    birth_date: Date | None = None
    job: Text | None = None
    department: Text | None = None
    organization: Organization | None = None
    manager: Identifier | None = None
    practitioner: Identifier | None = None
    cost_centre: Text | None = None
    employment: Period | None = None
