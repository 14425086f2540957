"""834 (005010X220A1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from careloom.core.errors import MappingError
from careloom.formats.x12 import BuiltSet, Draft, DraftLoop, build, loop, segment
from careloom.mapping.x12.codes import RELATION_CODE
from careloom.mapping.x12.sending.drafts import (
    addressed,
    chosen,
    contacted,
    day,
    demographics,
    need,
    own_number,
    person,
    qualifier_of,
)
from careloom.mapping.x12.sending.envelope import Envelope, written
from careloom.model import Coverage, Enrollment, EnrollmentChanged, Organization

VERSION: Final = "005010X220A1"
_ACTION: Final = {
    "added": "021", "changed": "001", "terminated": "024", "reinstated": "025", "audit": "030", "cancelled": "002",
}  # fmt: skip
_CHANGES, _VERIFIES = "2", "4"


def to_834(events: Sequence[EnrollmentChanged], envelope: Envelope, *, reference: str = "") -> bytes:
    """The members of one plan as an interchange with one set; subscribers must come before their dependents.
    `reference` is BGN02, the number of the file.

    Raises MappingError without sponsor or insurer, or where they differ within the file; FormatError for values the
    guide does not take.
    """
    return written([enrollment_set(events, envelope, reference=reference)], envelope)


def enrollment_set(events: Sequence[EnrollmentChanged], envelope: Envelope, *, reference: str = "") -> BuiltSet:
    """The set alone."""
    first = events[0].enrollment
    for number, event in enumerate(events):
        if (event.enrollment.sponsor, event.enrollment.insurer) != (first.sponsor, first.insurer):
            raise MappingError(
                "members of several sponsors or plans; send them apart", f"[{number}].enrollment.sponsor"
            )
    made = events[0].occurred or envelope.time
    purpose = _VERIFIES if all(one.enrollment.action == "audit" for one in events) else _CHANGES
    clock = made.time().replace(second=0, microsecond=0)
    content: list[Draft | DraftLoop] = [
        segment("BGN", "00", reference or str(envelope.control), made.date(), clock, *[None] * 3, purpose),
        loop("1000A", _party("P5", first.sponsor, "enrollment.sponsor")),
        loop("1000B", _party("IN", first.insurer, "enrollment.insurer")),
        *[_member(event, f"[{number}]") for number, event in enumerate(events)],
    ]
    return build("834", VERSION, content)


def _party(code: str, party: Organization | None, field: str) -> Draft:
    number = own_number(party.identifier) if party is not None else None
    if party is None or number is None:
        raise MappingError("the organization or its number is missing, and the guide needs it; give it", field)
    return segment("N1", code, party.name, qualifier_of(number), number.value)


def _member(event: EnrollmentChanged, field: str) -> DraftLoop:
    found, who = event.enrollment, event.member
    holds = found.relationship == "self"
    family = found.subscriber or chosen(found.identifier, "MB", "SN")
    own = next((one for one in found.identifier if one.type == "MB" and one != family), None)
    effective, action = day(found.effective), _ACTION[found.action]
    code = need(RELATION_CODE.get(found.relationship or ""), "the relationship", f"{field}.enrollment.relationship")
    name = person("IL", who.name[0] if who.name else None, None, f"{field}.member")
    known = [contacted("IP", None, who.telecom), *addressed(who.address), demographics(who)]
    return loop(
        "2000",
        segment("INS", "Y" if holds else "N", code, action, found.reason, "A", None, None, found.employment_status),
        segment("REF", "0F", need(family.value if family else None, "the subscriber's number", f"{field}.enrollment")),
        _policy(found),
        segment("REF", "17", own.value) if own is not None and (family is None or own.value != family.value) else None,
        segment("DTP", "303", "D8", effective) if effective else None,
        loop("2100A", name, *known),
        *[_coverage(one, found, action, first=number == 0) for number, one in enumerate(found.coverage)],
    )


def _policy(found: Enrollment) -> Draft | None:
    group = next((one.group.value for one in found.coverage if one.group is not None and one.group.value), None)
    return segment("REF", "1L", group) if group else None


def _coverage(coverage: Coverage, found: Enrollment, action: str, *, first: bool) -> DraftLoop:
    period = coverage.period
    start, end = (day(period.start), day(period.end)) if period is not None else (None, None)
    effective = day(found.effective)
    plan = coverage.plan.value if coverage.plan is not None else None
    nothing_said = start is None and end is None
    premium = found.premium if first else None
    return loop(
        "2300",
        segment("HD", action, None, coverage.type, plan),
        segment("DTP", "348", "D8", start or effective) if start or nothing_said else None,
        segment("DTP", "349", "D8", end) if end else None,
        segment("AMT", "P3", premium.value) if premium is not None else None,
    )
