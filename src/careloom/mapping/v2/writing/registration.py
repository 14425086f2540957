"""Events of registration as ADT messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from careloom.formats.hl7v2 import Builder
from careloom.mapping.triggers import RULES
from careloom.mapping.v2.writing.parts import extended, segment
from careloom.mapping.v2.writing.people import money_side, pid, pv1
from careloom.model import (
    CanonicalEvent,
    DischargeCancelled,
    PatientDischarged,
    PatientEvent,
    PatientMerged,
    PatientUpdated,
    RegistrationCancelled,
    RegistrationCreated,
)

_USUAL: Final[Mapping[type[CanonicalEvent], str]] = {
    PatientUpdated: "A08",
    PatientDischarged: "A03",
    RegistrationCancelled: "A11",
    DischargeCancelled: "A13",
}
# In these structures insurances have a place; the others tell of the patient and the visit alone.
_INSURED: Final = frozenset({"A01", "A03", "A04", "A05", "A06", "A07", "A08", "A13", "A28", "A31"})


def trigger(event: CanonicalEvent) -> str:
    """The one that the event came from where it means the same, else the usual one."""
    if isinstance(event, PatientMerged):
        return "ADT^A40"
    code, _, stated = event.trigger.partition("^")
    rule = RULES.get(stated) if code == "ADT" else None
    if rule is not None and rule.event is type(event):
        return event.trigger
    if isinstance(event, RegistrationCreated):
        return f"ADT^{_created(event)}"
    return f"ADT^{_USUAL[type(event)]}"


def _created(event: RegistrationCreated) -> str:
    visit = event.encounter
    if visit is None:
        return "A28"
    if visit.status == "planned":
        return "A05"
    return "A01" if visit.class_ == "IMP" else "A04"


def write(builder: Builder, event: CanonicalEvent) -> None:
    """PID with what the event says of the visit and of who pays; or PID with MRG."""
    if isinstance(event, PatientMerged):
        pid(builder, event.survivor)
        segment(builder, "MRG", {1: [extended(one) for one in event.retired]})
        return
    assert isinstance(event, PatientEvent)
    pid(builder, event.patient, event.cleared)
    pv1(builder, event.encounter, event.cleared)
    if trigger(event).partition("^")[2] in _INSURED:
        money_side(builder, event)
