"""PID, PV1, GT1, IN1 and IN2 of a patient's event (HL7 v2.5.1 chapters 3.4 and 6.5)."""

from __future__ import annotations

from typing import Any, Final

from careloom.formats.hl7v2 import NULL, Builder
from careloom.mapping.tables import CLEARS, LANGUAGE, MARITAL, PATIENT_CLASS, RELATIONSHIP, SEX
from careloom.mapping.v2.writing.parts import (
    address,
    cleared,
    clinician,
    extended,
    inverse,
    moment,
    name,
    place,
    reach,
    required,
    segment,
)
from careloom.model import Coverage, Encounter, Identifier, Patient, PatientEvent, RelatedPerson

SEX_CODE: Final = inverse(SEX)
_MARITAL: Final = inverse(MARITAL)
_LANGUAGE: Final = inverse(LANGUAGE)
_CLASS: Final = inverse(PATIENT_CLASS)
_RELATIONSHIP: Final = inverse(RELATIONSHIP)


def pid(builder: Builder, patient: Patient, paths: tuple[str, ...] = (), *, account: Identifier | None = None) -> None:
    """The patient; `paths` are what the event asks to delete, `account` the one it is about where the patient's own are
    not told."""
    accounts = patient.account or ((account,) if account is not None else ())
    usual = [one for one in patient.identifier if one.use != "secondary" and one.type != "SS"]
    others = [one for one in patient.identifier if one.use == "secondary"]
    state = next((one for one in patient.identifier if one.type == "SS"), None)
    dead = None if patient.deceased_boolean is None else ("Y" if patient.deceased_boolean else "N")
    values: dict[int, Any] = {
        1: 1,
        3: [extended(one) for one in usual],
        4: [extended(one) for one in others],
        5: [name(one) for one in patient.name],
        7: moment(patient.birth_date),
        8: SEX_CODE.get(patient.gender or ""),
        11: [address(one) for one in patient.address],
        13: reach(patient.telecom, work=False),
        14: reach(patient.telecom, work=True),
        15: _LANGUAGE.get(patient.language or "", patient.language),
        16: _MARITAL.get(patient.marital_status or ""),
        18: extended(accounts[0]) if accounts else None,
        19: state.value if state is not None else None,
        29: moment(patient.deceased_date_time),
        30: "Y" if patient.deceased_date_time else dead,
    }
    segment(builder, "PID", cleared(values, paths, CLEARS["PID"]))


def pv1(builder: Builder, visit: Encounter | None, paths: tuple[str, ...] = ()) -> None:
    """The visit; a segment that says of none (class N) where there is none."""
    if visit is None:
        segment(builder, "PV1", cleared({1: 1, 2: "N"}, paths, CLEARS["PV1"]))
        return
    values: dict[int, Any] = {
        1: 1,
        2: _CLASS.get(visit.class_ or "", "N"),
        3: place(visit.location),
        7: clinician(visit.attending),
        8: clinician(visit.referring),
        10: visit.service_type,
        17: clinician(visit.admitting),
        19: extended(visit.identifier[0]) if visit.identifier else None,
        44: moment(visit.period.start) if visit.period else None,
        45: moment(visit.period.end) if visit.period else None,
    }
    segment(builder, "PV1", cleared(values, paths, CLEARS["PV1"]))


def gt1(builder: Builder, payer: RelatedPerson | None, paths: tuple[str, ...] = ()) -> None:
    """The guarantor, or that there is none any more."""
    if payer is None:
        if "guarantor" in paths:
            segment(builder, "GT1", {1: 1, 3: NULL})
        return
    values = {
        1: 1,
        2: [extended(one) for one in payer.identifier],
        3: required([name(one) for one in payer.name if one.family or one.given]),
        5: [address(one) for one in payer.address],
        6: reach(payer.telecom, work=False),
        7: reach(payer.telecom, work=True),
        8: moment(payer.birth_date),
        9: SEX_CODE.get(payer.gender or ""),
        11: _RELATIONSHIP.get(payer.relationship or ""),
        21: [(one.text,) for one in payer.name if one.text and not one.family],
    }
    segment(builder, "GT1", values)


def in1(builder: Builder, coverages: tuple[Coverage, ...], paths: tuple[str, ...] = ()) -> None:
    """Each insurance with its IN2, or that there is none any more."""
    for number, one in enumerate(coverages, 1):
        segment(builder, "IN1", _policy(number, one))
        if one.member_number is not None:
            segment(builder, "IN2", {61: (one.member_number,)})
    if not coverages and "coverage" in paths:
        segment(builder, "IN1", {1: 1, 2: NULL, 3: NULL})


def _policy(number: int, one: Coverage) -> dict[int, Any]:
    payor, holder = one.payor, one.policy_holder
    return {
        1: number,
        2: required((one.plan.value, one.plan.name) if one.plan else None),
        3: required([extended(each) for each in payor.identifier] if payor else None),
        4: (payor.name,) if payor and payor.name else None,
        5: [address(each) for each in payor.address] if payor else None,
        7: reach(payor.telecom, work=True) if payor else None,
        8: one.group.value if one.group else None,
        9: (one.group.name,) if one.group and one.group.name else None,
        12: moment(one.period.start) if one.period else None,
        13: moment(one.period.end) if one.period else None,
        15: one.type,
        16: [name(each) for each in holder.name] if holder else None,
        17: _RELATIONSHIP.get(one.relationship or ""),
        18: moment(holder.birth_date) if holder else None,
        19: [address(each) for each in holder.address] if holder else None,
        22: one.order,
        36: one.policy_number,
        43: SEX_CODE.get(holder.gender or "") if holder else None,
        49: (one.subscriber_id,) if one.subscriber_id else None,
    }


def money_side(builder: Builder, event: PatientEvent) -> None:
    """GT1, IN1 and IN2."""
    gt1(builder, event.guarantor, event.cleared)
    in1(builder, event.coverage, event.cleared)
