"""REF messages as referrals (HL7 v2.5.1 chapter 11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from careloom.core.errors import MappingError
from careloom.formats.hl7v2 import Message
from careloom.mapping.catalogue import Mapping as Mapped
from careloom.mapping.contacts import contacts
from careloom.mapping.identifiers import numbers
from careloom.mapping.names import human_name
from careloom.mapping.places import address
from careloom.mapping.result import Translation
from careloom.mapping.source import Fields, Settings, Source
from careloom.mapping.v2.about import DEFAULTS, About, Events, all_of, one, translated
from careloom.mapping.v2.control import Status
from careloom.mapping.v2.dropped import PATIENT, VISIT
from careloom.mapping.v2.request import distinct
from careloom.mapping.v2.timing import priority
from careloom.mapping.v2.values import code_in, coding, concept_in, entity, given, period
from careloom.model import Identifier, Practitioner, ReferralReceived, ReferralUpdated, ServiceRequest

# Table 0283.
_STATUS: Final[Mapping[str, Status]] = {"A": "active", "P": "active", "R": "revoked", "E": "completed"}

DROPPED: Final[Mapping[str, str]] = {
    **PATIENT,
    **VISIT,
    "RF1-10": "why the patient is referred is told by the diagnosis codes",
    "AUT-4": "what an authorization is worth is told by the payer",
    "OBR": "what was found before is clinical",
    "OBX": "clinical values never leave the message",
    "NTE": "notes are free text and may hold anything",
    "DG1-4": "a diagnosis is carried as its code alone",
    "CTD": "contacts of a referral are not needed for billing",
}


def translate(message: Message, settings: Settings = DEFAULTS) -> Translation:
    """`referral.received` for a new one (I12), `referral.updated` for a change (I13), a cancellation (I14) and a status
    (I15). Raises MappingError without a patient (`PID`, `PID-3`) or a number of the referral (`RF1-6`)."""
    event = message.type.event
    if event not in ("I12", "I13", "I14", "I15"):
        return Translation(filtered="no mapping for REF with this trigger event (MSH-9.2)")
    return translated(message, settings, lambda source: _events(source, event), "holds no referral (RF1)")


def _events(source: Source, event: str) -> Events:
    segments = all_of(source)
    rf1 = one(segments, "RF1")
    if rf1 is None:
        return
    about = About(source, segments)
    kind = ReferralReceived if event == "I12" else ReferralUpdated
    yield kind(order=_referral(source, segments, rf1, event), occurred=about.occurred(), **about.parts)


def _referral(source: Source, segments: Sequence[Fields], rf1: Fields, event: str) -> ServiceRequest:
    found = given(entity(source, rf1, 6, "PLAC"), entity(source, rf1, 11, "FILL"))
    if not found:
        raise MappingError("no number of the referral; the sender must give one", "RF1-6")
    status = _STATUS.get((source.first(rf1, 1) or "").upper(), "active")
    procedure = one(segments, "PR1")
    return ServiceRequest(
        identifier=found,
        status="revoked" if event == "I14" else status,
        category="referral",
        code=concept_in(source, procedure, 3) or concept_in(source, rf1, 3),
        priority=priority(code_in(source, rf1, 2)),
        occurrence=period(source.moment(rf1, 7), source.moment(rf1, 8)),
        authored_on=source.moment(rf1, 9),
        requester=_provider(source, segments, "RP"),
        performer=_provider(source, segments, "RT"),
        reason=distinct([coding(source, dg1[3]) for dg1 in segments if dg1.name == "DG1" and dg1[3]]),
        authorization=_authorization(source, one(segments, "AUT")),
    )


def _authorization(source: Source, aut: Fields | None) -> Identifier | None:
    return entity(source, aut, 6)


def _provider(source: Source, segments: Sequence[Fields], role: str) -> Practitioner | None:
    """The PRD of a role of table 0286: RP refers, RT is referred to."""
    for prd in segments:
        if prd.name == "PRD" and role in [source.components(raw, 1)[0].upper() for raw in source.repetitions(prd, 1)]:
            names = source.each(prd, 2, human_name)
            known = numbers(source, prd, 7)
            if names or known:
                return Practitioner(
                    identifier=known,
                    name=names[0] if names else None,
                    address=source.each(prd, 3, address),
                    telecom=contacts(source, prd, 5, "work"),
                )
    return None


MAPPINGS: Sequence[Mapped] = (Mapped("hl7v2", ("REF",), translate),)
