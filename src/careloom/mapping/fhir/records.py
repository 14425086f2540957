"""DocumentReference, Consent and AuditEvent (FHIR R4 2.40, 6.2, 6.4); and what no event is made of."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final, cast

from careloom.mapping.fhir.datatypes import codes, codings, identifier, moment, period
from careloom.mapping.fhir.elements import Node, child, first, text, whole
from careloom.mapping.fhir.family import Made, Reader, mappings
from careloom.mapping.fhir.parties import organization, practitioner
from careloom.mapping.fhir.patient import some_patient
from careloom.mapping.fhir.source import Source
from careloom.model import Consent, ConsentRecorded, DocumentPublished, DocumentReference, Identifier

DROPPED: Mapping[str, str] = {
    "DocumentReference.content.attachment.data": "contents stay where they lie",
    "DocumentReference.description": "free text may be clinical",
    "DocumentReference.category": "the type is carried",
    "DocumentReference.context": "clinical",
    "DocumentReference.authenticator": "who signed it stands in the document",
    "Consent.sourceAttachment": "contents stay where they lie",
    "Consent.performer": "who signed it stands in the document",
    "Consent.verification": "how it was checked stays with who recorded it",
    "Consent.policy": "the sender's policy",
    "Consent.provision.provision": "exceptions to it must be looked at where it is kept",
    "AuditEvent": "the sender's own audit",
}
_STATUS: Final = frozenset(("current", "superseded", "entered-in-error"))
_DOC_STATUS: Final = frozenset(("preliminary", "final", "amended", "entered-in-error"))
_CONSENT: Final = frozenset(("active", "rejected", "proposed", "inactive", "entered-in-error"))
_SHA256: Final = 32


def _published(source: Source) -> Made:
    master = identifier(source.child("masterIdentifier"))
    numbers = tuple(dict.fromkeys([*([master] if master else ()), *source.numbers()]))
    if not numbers and source.in_bundle:
        return "a document without a number, told with what refers to it"
    if not numbers:
        raise source.error("masterIdentifier", "a document needs a number, so that it can be replaced")
    status, phase = source.text("status"), source.text("docStatus")
    attachment = child(first(source.resource, "content"), "attachment")
    types, labels = codings([source.child("type")]), codes(source.children("securityLabel"))
    document = DocumentReference(
        identifier=numbers,
        status=cast(Any, status if status in _STATUS else "current"),
        doc_status=cast(Any, phase if phase in _DOC_STATUS else None),
        type=types[0] if types else None,
        title=text(attachment, "title"),
        date=moment(source.text("date")),
        author=_author(source),
        custodian=organization(source, source.child("custodian")),
        content_type=text(attachment, "contentType"),
        url=text(attachment, "url"),
        size=whole(attachment, "size"),
        hash=_hash(text(attachment, "hash")),
        language=text(attachment, "language"),
        confidentiality=labels[0] if labels else None,
        replaces=_replaced(source),
    )
    return [source.event(DocumentPublished, document=document, patient=_patient(source, "subject"))]


def _patient(source: Source, path: str) -> Any:
    return some_patient(source, path) if source.kind_at(source.child(path)) in ("Patient", "") else None


def _author(source: Source) -> Any:
    who = source.first_at(source.children("author"), "Practitioner", "PractitionerRole")
    return practitioner(source, who) if who else None


def _hash(said: str | None) -> str | None:
    """SHA-256 in hexadecimal; FHIR's own is SHA-1 in Base64, of which senders make SHA-256 where they can."""
    try:
        found = base64.b64decode(said or "", validate=True)
    except (binascii.Error, ValueError):
        return None
    return found.hex() if len(found) == _SHA256 else None


def _replaced(source: Source) -> Identifier | None:
    for one in source.children("relatesTo"):
        if text(one, "code") == "replaces":
            return source.number_at(child(one, "target"))
    return None


def _consented(source: Source) -> Made:
    numbers, status = source.numbers(), source.text("status")
    if not numbers:
        raise source.error("identifier", "a consent needs a number, so that it can be taken back")
    if status == "draft":
        return "a draft of a consent: nothing is allowed or forbidden yet"
    provision, scopes = source.child("provision"), codes([source.child("scope")])
    topics = codes(source.children("category"))
    consent = Consent(
        identifier=numbers,
        status=cast(Any, status if status in _CONSENT else "inactive"),
        decision="deny" if _denies(source, provision) else "permit",
        scope=next(iter((*scopes, *topics)), "data-sharing"),
        recorded=moment(source.text("dateTime")),
        period=period(child(provision, "period")),
        document=source.number_at(source.child("sourceReference")),
    )
    return [source.event(ConsentRecorded, consent=consent, patient=_patient(source, "patient"))]


def _denies(source: Source, provision: Node) -> bool:
    """What the root provision says; where it says nothing, the rule it is made under (OPTOUT, OPTOUTE)."""
    said = text(provision, "type")
    rule = (codes([source.child("policyRule")]) or ("",))[0].upper()
    return said == "deny" or (said is None and rule.startswith("OPTOUT")) or source.text("status") == "rejected"


def _audited(source: Source) -> Made:  # noqa: ARG001
    return "the sender's own audit; it changes nothing here"


def unmapped(source: Source) -> Made:
    """Whatever no family reads."""
    kind = source.type
    return f"{kind} says nothing of what is billed, bought or planned" if kind != "Resource" else "of no known type"


READERS: Final[Mapping[str, Reader]] = {
    "DocumentReference": _published,
    "Consent": _consented,
    "AuditEvent": _audited,
}
MAPPINGS = mappings(READERS)
