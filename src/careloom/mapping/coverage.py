"""IN1 and IN2 as Coverage (HL7 v2.5.1 chapters 6.5.6 and 6.5.7)."""

from __future__ import annotations

from careloom.mapping.contacts import contacts
from careloom.mapping.identifiers import numbers
from careloom.mapping.names import human_name
from careloom.mapping.patient import gender, relationship
from careloom.mapping.places import address
from careloom.mapping.source import Fields, Remembered, Source
from careloom.model import Coverage, CoverageClass, Organization, Period, RelatedPerson

_KNOWN: dict[Remembered, Organization | None] = {}


def coverages(source: Source) -> tuple[Coverage, ...]:
    """The insurances of a message in their order of benefits; an IN1 that names neither payer nor policy is none."""
    found: list[Coverage] = []
    for place, (in1, in2) in enumerate(_pairs(source), 1):
        one = _coverage(source, in1, in2, place)
        if one is not None:
            found.append(one)
    if len(found) > 1:
        found.sort(key=lambda one: one.order or 0)
    return tuple(found)


def _pairs(source: Source) -> list[tuple[Fields, Fields | None]]:
    """Each IN1 with the IN2 that follows it."""
    policies = source.every("IN1")
    additions = source.every("IN2") if policies else []
    if not additions:
        return [(in1, None) for in1 in policies]
    ends = [in1.line for in1 in policies[1:]] + [additions[-1].line + 1]
    return [
        (in1, next((in2 for in2 in additions if in1.line < in2.line < end), None))
        for in1, end in zip(policies, ends, strict=True)
    ]


def _coverage(source: Source, in1: Fields, in2: Fields | None, place: int) -> Coverage | None:
    policy, insured = source.first(in1, 36), source.first(in1, 49)
    member = source.first(in2, 61) if in2 is not None else None
    payor = _payor(source, in1)
    if payor is None and not (policy or insured or member):
        return None
    return Coverage(
        order=_order(source, in1, place),
        payor=payor,
        subscriber_id=insured or member or policy,
        policy_number=policy,
        member_number=member,
        type=source.first(in1, 15),
        plan=_plan(source, in1),
        group=_group(source, in1),
        period=_period(source, in1),
        relationship=relationship(source, in1, 17),
        policy_holder=_policy_holder(source, in1),
    )


def _order(source: Source, in1: Fields, place: int) -> int:
    """IN1-22 (coordination of benefits priority) where it is filled, else IN1-1, else the place in the message."""
    for field in (22, 1):
        text = source.first(in1, field)
        if text and text.isascii() and text.isdigit() and (order := int(text[:9])):
            return order
    return place


def _payor(source: Source, in1: Fields) -> Organization | None:
    said = "\x00".join((in1[3], in1[4], in1[5], in1[7]))
    return source.remembered(_KNOWN, said, lambda: _organization(source, in1))


def _organization(source: Source, in1: Fields) -> Organization | None:
    identifiers, name = numbers(source, in1, 3), source.first(in1, 4)
    if not identifiers and not name:
        return None
    return Organization(
        identifier=identifiers,
        name=name,
        address=source.each(in1, 5, address),
        telecom=contacts(source, in1, 7, "work"),
    )


def _plan(source: Source, in1: Fields) -> CoverageClass | None:
    if not in1[2]:
        return None
    value, name, *_ = source.components(in1[2].partition(source.repetition)[0], 2)
    return _named(value or None, name or None)


def _group(source: Source, in1: Fields) -> CoverageClass | None:
    return _named(source.first(in1, 8), source.first(in1, 9))


def _named(value: str | None, name: str | None) -> CoverageClass | None:
    return CoverageClass(value=value, name=name) if value or name else None


def _period(source: Source, in1: Fields) -> Period | None:
    start, end = source.day(in1, 12), source.day(in1, 13)
    return Period(start=start, end=end) if start or end else None


def _policy_holder(source: Source, in1: Fields) -> RelatedPerson | None:
    names = source.each(in1, 16, human_name)
    if not names:
        return None
    return RelatedPerson(
        name=names,
        birth_date=source.day(in1, 18),
        gender=gender(source, in1, 43),
        address=source.each(in1, 19, address),
    )
