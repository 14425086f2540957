"""SCH and its resources (AIS, AIG, AIL, AIP) as an Appointment (HL7 v2.5.1 chapters 10.6.2 to 10.6.7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, Literal, NamedTuple, TypeAlias, TypeVar

from careloom.core.errors import MappingError
from careloom.mapping.names import practitioner
from careloom.mapping.places import location
from careloom.mapping.source import Fields, Source
from careloom.mapping.v2.about import one
from careloom.mapping.v2.codes import APPOINTMENT_STATUS, AppointmentStatus
from careloom.mapping.v2.timing import Timing, after, minutes, of_tq, of_tq1
from careloom.mapping.v2.values import concept_in, entity, given
from careloom.model import Appointment, Period

_Part = TypeVar("_Part")
Kind: TypeAlias = Literal["booked", "updated", "confirmed", "arrived", "cancelled", "noshow"]


class Places(NamedTuple):
    """Where a resource segment keeps its start, its duration with the unit, and its status."""

    start: int
    duration: int
    status: int


RESOURCES: Final[dict[str, Places]] = {
    "AIS": Places(4, 7, 10),
    "AIG": Places(8, 11, 14),
    "AIL": Places(6, 9, 12),
    "AIP": Places(6, 9, 12),
}
_FIXED: Final[dict[str, AppointmentStatus]] = {
    "S15": "cancelled", "S16": "cancelled", "S17": "entered-in-error", "S26": "noshow",
}  # fmt: skip
# What SCH-25 says beyond the trigger; SCH-25 of a new appointment (S12) may say so too.
_KINDS: Final[dict[AppointmentStatus, Kind]] = {
    "arrived": "arrived", "cancelled": "cancelled", "entered-in-error": "cancelled", "noshow": "noshow",
}  # fmt: skip


def status_of(source: Source, sch: Fields, kind: Kind, event: str) -> tuple[Kind, AppointmentStatus]:
    """Which event it is and where the appointment stands: by trigger, and by SCH-25 where that leaves it open."""
    fixed = _FIXED.get(event)
    if fixed is not None:
        return kind, fixed
    word = _word(source.first(sch, 25))
    status = APPOINTMENT_STATUS.get(word)
    if status is None:
        if word:
            source.drop("SCH-25", "is no code of table 0278 (filler status); taken as booked")
        return kind, "booked"
    if word == "CONFIRMED" and kind == "updated":
        return "confirmed", status
    return _KINDS.get(status, kind), status


def _word(text: str | None) -> str:
    return "".join(one for one in (text or "").upper() if one.isalpha())


def appointment(
    source: Source, segments: Sequence[Fields], sch: Fields, status: AppointmentStatus, *, moved: bool
) -> Appointment:
    """The appointment. Raises MappingError without any number of it (`SCH-2`).

    The time is that of TQ1, else SCH-11, else of the first resource. Resources taken away (action code D) are left
    out while others stay; of a move they say when it was before.
    """
    numbers = given(entity(source, sch, 2, "FILL"), entity(source, sch, 1, "PLAC"))
    if not numbers:
        raise MappingError("no number of the appointment; the sender must give one", "SCH-2")
    resources = [fields for fields in segments if fields.name in RESOURCES]
    kept = [fields for fields in resources if not _removed(source, fields)] or resources
    timing = _timing(source, segments, sch, kept)
    return Appointment(
        identifier=numbers,
        status=status,
        start=timing.start,
        end=timing.end,
        minutes_duration=timing.minutes,
        previous=_previous(source, resources, timing.start) if moved else None,
        type=source.first(sch, 8),
        service=_several(kept, "AIS", lambda fields: concept_in(source, fields, 3)),
        reason=concept_in(source, sch, 6),
        practitioner=_several(kept, "AIP", lambda fields: practitioner(source, fields, 3)),
        location=_several(kept, "AIL", lambda fields: location(source, fields, 3)),
        resource=_several(kept, "AIG", lambda fields: concept_in(source, fields, 3)),
        order=given(entity(source, sch, 26, "PLAC"), entity(source, sch, 27, "FILL")),
    )


def _several(fields: Sequence[Fields], name: str, read: Callable[[Fields], _Part | None]) -> tuple[_Part, ...]:
    """What `read` makes of each segment of that name; the same thing once."""
    found = [read(one) for one in fields if one.name == name]
    return tuple([one for at, one in enumerate(found) if one is not None and one not in found[:at]])


def _removed(source: Source, fields: Fields) -> bool:
    return (source.first(fields, 2) or "").upper() in ("D", "DELETE")


def _timing(source: Source, segments: Sequence[Fields], sch: Fields, resources: Sequence[Fields]) -> Timing:
    length = minutes(source, sch, 9, 10)
    for found in _timings(source, segments, sch, resources):
        if found.start is not None:
            length = length if length is not None else found.minutes
            return Timing(found.start, found.end or after(found.start, found.minutes or length), length)
    return Timing(minutes=length)


def _timings(source: Source, segments: Sequence[Fields], sch: Fields, resources: Sequence[Fields]) -> Iterator[Timing]:
    yield of_tq1(source, one(segments, "TQ1"))
    yield of_tq(source, sch, 11)
    for fields in resources:
        yield of_resource(source, fields)


def of_resource(source: Source, fields: Fields) -> Timing:
    """When a resource is taken, and for how long."""
    places = RESOURCES[fields.name]
    start, length = source.moment(fields, places.start), minutes(source, fields, places.duration, places.duration + 1)
    return Timing(start, after(start, length), length)


def _previous(source: Source, resources: Sequence[Fields], start: str | None) -> Period | None:
    for fields in resources:
        before = of_resource(source, fields) if _removed(source, fields) else Timing()
        if before.start is not None and before.start != start:
            return before.period
    return None
