"""SIU^S23 and S24: time that was blocked or opened (HL7 v2.5.1 chapters 10.4.12 and 10.4.13)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from careloom.mapping.names import practitioner
from careloom.mapping.places import location
from careloom.mapping.source import Fields, Source
from careloom.mapping.v2.about import Events, occurred, trigger
from careloom.mapping.v2.appointment import of_resource
from careloom.mapping.v2.values import entity, place_number
from careloom.model import Identifier, Schedule, ScheduleUpdated, Slot


def schedules(source: Source, segments: Sequence[Fields], event: str) -> Events:
    """One event for each clinician, room or machine whose time it names. Blocked (S23) is `busy-unavailable`, opened
    (S24) `free`."""
    for fields in segments:
        if fields.name not in ("AIG", "AIL", "AIP"):
            continue
        whose = _whose(source, fields)
        slot = _slot(source, fields, event)
        if whose is None or slot is None:
            source.drop(fields.place, "names no resource, or no time from when to when; dropped")
            continue
        yield ScheduleUpdated(
            schedule=Schedule(slot=(slot,), **whose),
            trigger=trigger(source.message),
            occurred=occurred(source),
            facility=source.assigner,
        )


def _slot(source: Source, fields: Fields, event: str) -> Slot | None:
    timing = of_resource(source, fields)
    if timing.start is None or timing.end is None:
        return None
    return Slot(
        start=datetime.fromisoformat(timing.start),
        end=datetime.fromisoformat(timing.end),
        status="busy-unavailable" if event == "S23" else "free",
    )


def _whose(source: Source, fields: Fields) -> dict[str, Any] | None:
    """The members of a Schedule that say whose time it is; its number is that of the resource."""
    if fields.name == "AIP":
        person = practitioner(source, fields, 3)
        return {"identifier": person.identifier, "practitioner": person} if person and person.identifier else None
    if fields.name == "AIL":
        place = location(source, fields, 3)
        number = place_number(source, fields[3])
        return {"identifier": (number,), "location": place} if place and number else None
    machine = entity(source, fields, 3)
    if machine is None:
        return None
    number = Identifier(value=machine.value, assigner=source.assigner)
    return {"identifier": (number,), "resource": number}
