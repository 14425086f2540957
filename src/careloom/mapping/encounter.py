"""PV1 as an Encounter (HL7 v2.5.1 chapter 3.4.3): where, when, with whom; never why."""

from __future__ import annotations

from typing import Literal, TypeAlias

from careloom.mapping.identifiers import numbers
from careloom.mapping.names import practitioner
from careloom.mapping.places import location
from careloom.mapping.source import Fields, Source
from careloom.mapping.tables import PATIENT_CLASS, PATIENT_CLASS_NONE, EncounterClass
from careloom.model import Encounter, Identifier, Period

Status: TypeAlias = Literal["planned", "arrived", "in-progress", "finished", "cancelled", "unknown"]


def encounter(source: Source, pv1: Fields | None, account: tuple[Identifier, ...], status: Status) -> Encounter | None:
    """The visit of a PV1, or None where the segment is missing or says nothing of one (`PV1|1|N` of an A28).

    `status` is what the trigger event means; a discharge time in PV1-45 says `finished` where the event leaves it
    open, and class P (pre-admission) says `planned`. `account` is PID-18.
    """
    if pv1 is None:
        return None
    kind, period = _class(source, pv1), _period(source, pv1)
    visit = Encounter(
        class_=kind,
        status=_status(status, kind, period),
        identifier=numbers(source, pv1, 19, "VN"),
        location=location(source, pv1, 3),
        attending=practitioner(source, pv1, 7),
        referring=practitioner(source, pv1, 8),
        admitting=practitioner(source, pv1, 17),
        service_type=source.first(pv1, 10),
        period=period,
        account=account,
    )
    return visit if _says_something(visit) else None


def _says_something(visit: Encounter) -> bool:
    people = visit.attending or visit.referring or visit.admitting
    return bool(visit.class_ or visit.identifier or visit.location or people or visit.period)


def _status(status: Status, kind: EncounterClass | None, period: Period | None) -> Status:
    if status == "unknown" and period is not None and period.end is not None:
        return "finished"
    if status == "in-progress" and kind == "PRENC":
        return "planned"
    return status


def _class(source: Source, pv1: Fields) -> EncounterClass | None:
    code = source.first(pv1, 2)
    if code is None or code.upper() in PATIENT_CLASS_NONE:
        return None
    found = PATIENT_CLASS.get(code.upper())
    if found is None:
        source.drop("PV1-2", "is no code of table 0004 (patient class) with a meaning in FHIR; dropped")
    return found


def _period(source: Source, pv1: Fields) -> Period | None:
    start, end = source.moment(pv1, 44), source.moment(pv1, 45)
    return Period(start=start, end=end) if start or end else None
