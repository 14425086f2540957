"""SIU and SRR messages as appointments and bookable time (HL7 v2.5.1 chapter 10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from careloom.formats.hl7v2 import Message
from careloom.mapping.catalogue import Mapping as Mapped
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings, Source
from careloom.mapping.v2.about import DEFAULTS, About, Events, all_of, one, translated
from careloom.mapping.v2.appointment import Kind, appointment, status_of
from careloom.mapping.v2.blocks import schedules
from careloom.mapping.v2.dropped import PATIENT, VISIT
from careloom.model import (
    AppointmentArrived,
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentConfirmed,
    AppointmentEvent,
    AppointmentNoShow,
    AppointmentUpdated,
)

_EVENTS: Final[Mapping[Kind, type[AppointmentEvent]]] = {
    "booked": AppointmentBooked,
    "updated": AppointmentUpdated,
    "confirmed": AppointmentConfirmed,
    "arrived": AppointmentArrived,
    "cancelled": AppointmentCancelled,
    "noshow": AppointmentNoShow,
}
# Chapter 10.4: what each trigger means; SCH-25 may say more of those that only tell of a change.
TRIGGERS: Final[Mapping[str, Kind]] = {
    "S12": "booked", "S13": "updated", "S14": "updated", "S15": "cancelled", "S16": "cancelled", "S17": "cancelled",
    "S18": "updated", "S19": "updated", "S20": "updated", "S21": "updated", "S22": "updated", "S26": "noshow",
}  # fmt: skip
_ANSWERS: Final[Mapping[str, str]] = {
    "S01": "S12", "S02": "S13", "S03": "S14", "S04": "S15", "S05": "S16", "S06": "S17", "S07": "S18", "S08": "S19",
    "S09": "S20", "S10": "S21", "S11": "S22",
}  # fmt: skip
_BLOCKS: Final = ("S23", "S24")

DROPPED: Final[Mapping[str, str]] = {
    **PATIENT,
    **VISIT,
    "SCH-7": "why the patient comes may be a complaint; billing takes the service (AIS-3)",
    "SCH-12": "who asked for it by telephone is no part of the bill",
    "SCH-13": "as SCH-12",
    "SCH-14": "as SCH-12",
    "SCH-16": "who keeps the schedule is no part of the bill",
    "SCH-17": "as SCH-16",
    "SCH-18": "as SCH-16",
    "SCH-19": "as SCH-16",
    "SCH-20": "who typed it is no part of the bill",
    "NTE": "notes are free text and may hold anything",
    "OBX": "clinical values never leave the message",
    "DG1": "a diagnosis is not needed to keep an appointment",
    "AIG-5": "the group of a resource is the scheduling system's own",
    "AIL-5": "as AIG-5",
    "AIP-5": "as AIG-5",
}


def translate(message: Message, settings: Settings = DEFAULTS) -> Translation:
    """The canonical events of an SIU, or of an SRR that grants what was asked for.

    Raises MappingError without a patient (`PID`, `PID-3`) or a number of the appointment (`SCH-2`).
    """
    code, event, _ = message.type
    if code == "SRR":
        if message.get("MSA-1") not in ("AA", "CA", ""):
            return Translation(filtered=f"SRR^{event} declines a request: nothing was booked or changed")
        event = _ANSWERS.get(event, "")
    if event in _BLOCKS:
        return translated(message, settings, lambda source: schedules(source, all_of(source), event), _NO_SLOT)
    kind = TRIGGERS.get(event)
    if kind is None:
        return Translation(filtered=f"no mapping for {code} with this trigger event (MSH-9.2)")
    return translated(message, settings, lambda source: _events(source, kind, event), "holds no appointment (SCH)")


_NO_SLOT: Final = "names no resource with a time (AIG, AIL, AIP)"


def _events(source: Source, kind: Kind, event: str) -> Events:
    segments = all_of(source)
    sch = one(segments, "SCH")
    if sch is None:
        return
    about = About(source, segments)
    kind, status = status_of(source, sch, kind, event)
    yield _EVENTS[kind](
        appointment=appointment(source, segments, sch, status, moved=event == "S13"),
        occurred=about.occurred(),
        **about.parts,
    )


MAPPINGS: Sequence[Mapped] = (Mapped("hl7v2", ("SIU", "SRR"), translate),)
