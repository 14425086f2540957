"""Events of documents, consent, contacts, messages and tickets."""

from __future__ import annotations

from typing import ClassVar

from careloom.model.contract import Contract, Terms
from careloom.model.engagement import Communication, Consent, Contact, DocumentReference, Ticket
from careloom.model.entities import Encounter, Patient
from careloom.model.events import CanonicalEvent
from careloom.model.subject import About


class DocumentPublished(CanonicalEvent, frozen=True, kw_only=True):
    """A document was published, replaced or withdrawn."""

    type: ClassVar[str] = "document.published.v1"
    about: ClassVar[tuple[About, ...]] = (
        About("Patient", "patient.identifier"),
        About("Document", "document.identifier"),
    )

    document: DocumentReference
    patient: Patient | None = None
    encounter: Encounter | None = None


class ConsentRecorded(CanonicalEvent, frozen=True, kw_only=True):
    """A person allowed or forbade something, or took that back."""

    type: ClassVar[str] = "consent.recorded.v1"
    about: ClassVar[tuple[About, ...]] = (
        About("Patient", "patient.identifier"),
        About("Contact", "contact.identifier"),
        About("Consent", "consent.identifier"),
    )

    consent: Consent
    patient: Patient | None = None
    contact: Contact | None = None


class ContactUpdated(CanonicalEvent, frozen=True, kw_only=True):
    """A person or an organization was added to the CRM, or what it knows of them changed."""

    type: ClassVar[str] = "contact.updated.v1"
    about: ClassVar[tuple[About, ...]] = (About("Contact", "contact.identifier"),)

    contact: Contact


class MessageSent(CanonicalEvent, frozen=True, kw_only=True):
    """A message went to a person, or what became of it is known.

    `message.status` says which.
    """

    type: ClassVar[str] = "message.sent.v1"
    about: ClassVar[tuple[About, ...]] = (
        About("Patient", "patient.identifier"),
        About("Communication", "message.identifier"),
    )

    message: Communication
    patient: Patient | None = None


class MessageReceived(CanonicalEvent, frozen=True, kw_only=True):
    """A person wrote, called or answered."""

    type: ClassVar[str] = "message.received.v1"
    about: ClassVar[tuple[About, ...]] = (
        About("Patient", "patient.identifier"),
        About("Communication", "message.identifier"),
    )

    message: Communication
    patient: Patient | None = None


class TicketEvent(CanonicalEvent, frozen=True, kw_only=True):
    """A fact about one request to a service desk or a contact centre."""

    about: ClassVar[tuple[About, ...]] = (About("Ticket", "ticket.identifier"),)

    ticket: Ticket
    patient: Patient | None = None


class TicketOpened(TicketEvent, frozen=True, kw_only=True):
    """A request was made to a service desk or a contact centre."""

    type: ClassVar[str] = "ticket.opened.v1"


class TicketUpdated(TicketEvent, frozen=True, kw_only=True):
    """A request was taken up, escalated, answered or closed."""

    type: ClassVar[str] = "ticket.updated.v1"


_DOCUMENTS = Terms(
    owner="health-information",
    source_of_truth="the system that keeps the document",
    publishers=("ehr", "laboratory", "documents", "careloom"),
    data_classes=("phi",),
    retention_years=6,
)
_CONSENT = Terms(
    owner="privacy",
    source_of_truth="the system that the person told",
    publishers=("ehr", "engagement", "crm", "careloom"),
    data_classes=("phi",),
    retention_years=7,
    retry="urgent",
)
_CONTACTS = Terms(
    owner="patient-engagement",
    source_of_truth="the CRM",
    publishers=("crm", "engagement", "careloom"),
    data_classes=("phi",),
    retention_years=6,
)
_TICKETS = Terms(
    owner="service-desk",
    source_of_truth="the service desk",
    publishers=("service-desk", "crm", "careloom"),
    data_classes=("phi", "operational"),
    retention_years=3,
)

CONTRACTS: tuple[Contract, ...] = (
    _DOCUMENTS.contract(DocumentPublished),
    _CONSENT.contract(ConsentRecorded),
    _CONTACTS.contract(ContactUpdated),
    _CONTACTS.contract(MessageSent),
    _CONTACTS.contract(MessageReceived),
    _TICKETS.contract(TicketOpened, retry="urgent"),
    _TICKETS.contract(TicketUpdated),
)
