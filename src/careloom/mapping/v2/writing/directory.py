"""Clinicians, places and the price list as MFN messages, one entry each."""

from __future__ import annotations

from typing import Any

from careloom.formats.hl7v2 import Builder, Content
from careloom.mapping.v2.codes import REVENUE, name_of
from careloom.mapping.v2.writing.parts import address, coded, extended, moment, name, place, price, reach, segment
from careloom.mapping.v2.writing.people import SEX_CODE
from careloom.model import (
    CanonicalEvent,
    ChargeItemDefinition,
    ChargeItemDefinitionUpdated,
    Location,
    LocationUpdated,
    PractitionerUpdated,
)


def _entry(builder: Builder, file: str, key: Content, type: str, *, active: bool) -> None:
    """MFI and MFE: one record, updated or deactivated."""
    segment(builder, "MFI", {1: (file, None, "HL70175"), 3: "UPD", 6: "NE"})
    segment(builder, "MFE", {1: "MUP" if active else "MDC", 4: key, 5: type})


def write_staff(builder: Builder, event: CanonicalEvent) -> None:
    """STF, and PRA where a role or a specialty is told."""
    assert isinstance(event, PractitionerUpdated)
    told = event.practitioner
    key = (told.identifier[0].value, None, told.identifier[0].assigner or "L")
    role = event.role[0] if event.role else None
    _entry(builder, "PRA", key, "CE", active=told.active)
    worked = role.period if role else None
    segment(builder, "STF", {
        1: key, 2: [extended(one) for one in told.identifier], 3: name(told.name) if told.name else None,
        5: SEX_CODE.get(told.gender or ""), 7: "A" if told.active else "I", 10: reach(told.telecom, work=True),
        11: [address(one) for one in told.address], 12: (moment(worked.start),) if worked and worked.start else None,
        13: (moment(worked.end),) if worked and worked.end else None,
    })  # fmt: skip
    group = role.organization if role else None
    code = group.identifier[0].value if group and group.identifier else None
    if role is not None or told.specialty:
        segment(builder, "PRA", {
            1: key, 2: (code, group.name) if group else None, 3: role.code if role else None,
            5: [(one.code,) for one in told.specialty],
        })  # fmt: skip


def write_place(builder: Builder, event: CanonicalEvent) -> None:
    """LOC, and LDP for the department."""
    assert isinstance(event, LocationUpdated)
    told = event.location
    active = told.status != "inactive"
    key = place(told) if told.point_of_care or told.room or told.bed else _named(told)
    _entry(builder, "LOC", key, "PL", active=active)
    segment(builder, "LOC", {
        1: key, 2: told.name, 3: told.type, 5: [address(told.address)] if told.address else None,
        6: reach(told.telecom, work=True),
    })  # fmt: skip
    if told.cost_centre:
        segment(builder, "LDP", {1: key, 2: (told.cost_centre,), 6: "A" if active else "I"})


def _named(told: Location) -> tuple[Any, ...]:
    """A place that is known by a number of no ward."""
    one = told.identifier[0]
    return (one.value, None, None, (one.assigner,) if one.assigner else None)


def write_price(builder: Builder, event: CanonicalEvent) -> None:
    """CDM, and PRC with the price."""
    assert isinstance(event, ChargeItemDefinitionUpdated)
    told = event.definition
    key = (told.identifier[0].value, None, "L")
    active = told.status != "retired"
    _entry(builder, "CDM", key, "CE", active=active)
    segment(builder, "CDM", {
        1: key, 3: told.title, 4: told.title, 7: _codes(told), 8: "A" if active else "I",
        9: [(one.value,) for one in told.item],
    })  # fmt: skip
    if told.price is not None or told.effective is not None:
        period = told.effective
        listed = [price(told.price)] if told.price else None
        segment(builder, "PRC", {
            1: key, 3: [(told.department,)] if told.department else None, 5: listed,
            11: moment(period.start) if period else None, 12: moment(period.end) if period else None,
        })  # fmt: skip


def _codes(told: ChargeItemDefinition) -> list[Any]:
    codes: list[Any] = [coded(one) for one in told.code.coding] if told.code else []
    if told.revenue_code:
        codes.append((told.revenue_code, None, name_of(REVENUE)))
    return codes
