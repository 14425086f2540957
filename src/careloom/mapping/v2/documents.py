"""MDM messages: that a document exists, was replaced or withdrawn; never what it says (HL7 v2.5.1 chapter 9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeAlias

from careloom.core.errors import MappingError
from careloom.formats.hl7v2 import Message
from careloom.mapping.catalogue import Mapping as Mapped
from careloom.mapping.names import practitioner
from careloom.mapping.result import Translation
from careloom.mapping.source import Fields, Settings, Source
from careloom.mapping.v2.about import DEFAULTS, About, Events, all_of, translated
from careloom.mapping.v2.codes import COMPLETION, CONFIDENTIALITY, CONTENT_TYPE, DocumentState
from careloom.mapping.v2.dropped import PATIENT, VISIT
from careloom.mapping.v2.values import code_in, coding, entity, given
from careloom.model import DocumentPublished, DocumentReference, Reference

Status: TypeAlias = Literal["current", "superseded", "entered-in-error"]
TRIGGERS: Final = frozenset(f"T{number:02}" for number in range(1, 12))
_ADDENDUM: Final = ("T05", "T06")
_EDITED: Final = ("T07", "T08")
_REPLACED: Final = ("T09", "T10")
_CANCELLED: Final = "T11"

DROPPED: Final[Mapping[str, str]] = {
    **PATIENT,
    **VISIT,
    "OBX": "the contents of a document never leave the message",
    "OBR": "what was ordered is told by its own message",
    "ORC": "as OBR",
    "TXA-10": "who has to sign is no part of what is published",
    "TXA-11": "who typed it is no part of what is published",
    "TXA-20": "how it is stored is the sender's own",
    "TXA-21": "as TXA-20",
    "TXA-22": "who signed it stands in the document",
    "TXA-23": "who gets a copy is the sender's own",
    "CON": "consents are told by the system that records them",
    "NTE": "notes are free text and may hold anything",
}


def translate(message: Message, settings: Settings = DEFAULTS) -> Translation:
    """A `document.published` for each TXA.

    Raises MappingError without a patient (`PID`, `PID-3`) or a number of the document (`TXA-12`).
    """
    event = message.type.event
    if event not in TRIGGERS:
        return Translation(filtered="no mapping for MDM with this trigger event (MSH-9.2)")
    return translated(message, settings, lambda source: _events(source, event), "names no document (TXA)")


def _events(source: Source, event: str) -> Events:
    segments = all_of(source)
    headers = [fields for fields in segments if fields.name == "TXA"]
    if not headers:
        return
    about = About(source, segments)
    parts = {name: value for name, value in about.parts.items() if name not in ("coverage", "guarantor")}
    for txa in headers:
        yield DocumentPublished(document=_document(source, txa, event), occurred=about.occurred(), **parts)


def _document(source: Source, txa: Fields, event: str) -> DocumentReference:
    number, parent = entity(source, txa, 12), entity(source, txa, 13)
    if number is None:
        raise MappingError("no number of the document; the sender must give one", f"{txa.place}-12")
    orders = given(entity(source, txa, 14, "PLAC"), entity(source, txa, 15, "FILL"))
    related = [Reference(type="ServiceRequest", identifier=one) for one in orders]
    if parent is not None and event in _ADDENDUM:
        related.append(Reference(type="DocumentReference", identifier=parent))
    confidentiality = code_in(source, txa, 18)
    return DocumentReference(
        identifier=(number,),
        status=_status(source, txa, event),
        doc_status=_state(source, txa, event),
        type=coding(source, txa[2]) if txa[2] else None,
        title=code_in(source, txa, 16),
        date=source.moment(txa, 6) or source.moment(txa, 7) or source.moment(txa, 4),
        author=practitioner(source, txa, 9) or practitioner(source, txa, 5),
        content_type=CONTENT_TYPE.get((source.first(txa, 3) or "").upper()),
        confidentiality=CONFIDENTIALITY.get(confidentiality, confidentiality) if confidentiality else None,
        related=tuple(related),
        replaces=parent if event in _REPLACED else None,
    )


def _status(source: Source, txa: Fields, event: str) -> Status:
    """T11 takes a document back; so does TXA-19 (table 0273) with `CA`, and `OB` says that another took its place."""
    availability = (source.first(txa, 19) or "").upper()
    if event == _CANCELLED or availability == "CA":
        return "entered-in-error"
    return "superseded" if availability == "OB" else "current"


def _state(source: Source, txa: Fields, event: str) -> DocumentState | None:
    if event == _CANCELLED:
        return "entered-in-error"
    state = COMPLETION.get((source.first(txa, 17) or "").upper())
    return "amended" if state == "final" and event in (*_ADDENDUM, *_EDITED) else state


MAPPINGS: Sequence[Mapped] = (Mapped("hl7v2", ("MDM",), translate),)
