"""ADT messages as canonical events: the entry point of the mapping."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from careloom.core.errors import MappingError
from careloom.formats.hl7v2 import NULL, Message
from careloom.mapping.catalogue import Mapping as Mapped
from careloom.mapping.coverage import coverages
from careloom.mapping.encounter import encounter
from careloom.mapping.merge import merges
from careloom.mapping.patient import guarantor, patient
from careloom.mapping.result import Translation
from careloom.mapping.source import Fields, Settings, Source
from careloom.mapping.tables import CLEARS
from careloom.mapping.triggers import FILTERED, MERGES, RENUMBERED, RENUMBERS, RULES, Rule
from careloom.mapping.v2.dropped import PATIENT, VISIT
from careloom.model import CanonicalEvent, PatientEvent

_DEFAULTS = Settings()


def translate(message: Message, settings: Settings = _DEFAULTS) -> Translation:
    """The canonical events of an ADT message.

    Raises MappingError, its field named, where billing cannot do without what is missing: the patient's number
    (`PID-3`) or name (`PID-5`, registrations only), a possible date of birth (`PID-7`), who was merged (`MRG-1`).
    Everything else that is wrong is left out and listed in `issues`.
    """
    source = Source(message, settings)
    code, event = _trigger(source)
    name = f"{code}^{event}" if event else code
    if code != "ADT":
        return Translation(filtered=f"no mapping for {name}" if code.isalnum() else "no mapping for its type (MSH-9)")
    rule = RULES.get(event)
    if rule is None and event not in MERGES:
        return Translation(filtered=_reason(event))
    occurred = _occurred(source)
    if rule is not None:
        told = _event(source, rule, name, occurred)
        return Translation(events=(told,), issues=tuple(source.issues))
    events: tuple[CanonicalEvent, ...] = merges(source, event, name, occurred)
    if not events and event in RENUMBERS:
        events = (_event(source, RENUMBERED, name, occurred),)
    reason = None if events else f"{name} merges external numbers only: no prior patient in MRG-1"
    return Translation(events=events, filtered=reason, issues=tuple(source.issues))


def _trigger(source: Source) -> tuple[str, str]:
    """Message code and trigger event; before v2.3.1 the event may stand in EVN-1 alone."""
    code, event = _plain_type(source) or source.message.type[:2]
    if code == "ADT" and not event:
        event = source.message.get("EVN-1")
    return code, event


def _plain_type(source: Source) -> tuple[str, str] | None:
    """MSH-9 of nearly every message: letters and digits between the component separators."""
    # The separator after the name is MSH-1, so each field stands one place further left than its number.
    parts = source.header[8].split(source.component, 2) if source.header is not None else []
    if len(parts) > 1 and parts[0].isalnum() and parts[1].isalnum():
        return parts[0], parts[1]
    return None


def _reason(event: str) -> str:
    why = FILTERED.get(event)
    if why:
        return f"ADT^{event} carries nothing that Odoo needs: {why}"
    if len(event) == 3 and event.isalnum():
        return f"no mapping for ADT^{event}"
    return "no mapping for ADT without a known trigger event (MSH-9.2)"


def _event(source: Source, rule: Rule, name: str, occurred: datetime | None) -> PatientEvent:
    pid = source.fields("PID")
    if pid is None:
        raise MappingError("the message has no PID segment, so it names no patient", "PID")
    person = patient(source, pid)
    if rule.named and not person.name:
        raise MappingError("no name: a registration must name the patient", "PID-5")
    pv1 = source.fields("PV1")
    visit = encounter(source, pv1, person.account, rule.status)
    insurances = coverages(source)
    payer = guarantor(source, source.fields("GT1"))
    event = rule.event(
        patient=person,
        coverage=insurances,
        encounter=visit,
        guarantor=payer,
        trigger=name,
        occurred=occurred,
        facility=source.assigner,
    )
    return _with_cleared(source, event, pid, pv1)


def _with_cleared(source: Source, event: PatientEvent, pid: Fields, pv1: Fields | None) -> PatientEvent:
    if source.plain:  # so nothing in it is a null
        return event
    cleared = [*_cleared(pid), *(_cleared(pv1) if pv1 is not None else ())]
    cleared += _whole(source, event)
    uses = {f"patient.telecom.{contact.use}" for contact in event.patient.telecom}
    kept = tuple([path for path in cleared if path not in uses])
    return msgspec.structs.replace(event, cleared=kept) if kept else event


def _cleared(fields: Fields) -> list[str]:
    return [path for field, path in CLEARS[fields.name].items() if fields[field] == NULL]


def _whole(source: Source, event: PatientEvent) -> list[str]:
    """Insurance and guarantor are stated whole: a null in what names them, and no other, deletes them."""
    paths = []
    if not event.coverage and any(NULL in (in1[2], in1[3]) for in1 in source.every("IN1")):
        paths.append("coverage")
    gt1 = source.fields("GT1")
    if gt1 is not None and event.guarantor is None and gt1[3] == NULL:
        paths.append("guarantor")
    return paths


def _occurred(source: Source) -> datetime | None:
    """EVN-2 (recorded by the sender), else MSH-7 (sent)."""
    evn = source.fields("EVN")
    recorded = source.instant(evn, 2) if evn is not None else None
    return recorded or source.sent


DROPPED: Final[Mapping[str, str]] = {
    **PATIENT,
    **VISIT,
    "DG1": "diagnoses are clinical; charges and accounts carry the codes that are billed",
    "DRG": "as DG1",
    "PR1": "procedures are told by their charges",
    "OBX": "clinical values never leave the message",
    "PDA": "a death is told by PID-29 and PID-30",
    "UB1": "what a paper claim needs is told by the claim",
    "UB2": "as UB1",
    "IN3": "certification of a stay is told by the payer",
    "CON": "consents are told by the system that records them",
    "NTE": "notes are free text and may hold anything",
}

MAPPINGS = (Mapped("hl7v2", ("ADT",), translate),)
