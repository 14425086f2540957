"""Bundles: in which order their events come, what is passed over, and where a fault is said to be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from careloom.core.errors import FormatError, MappingError
from careloom.formats import fhir
from careloom.mapping.result import Translation

Translate = Callable[..., Translation]
NUMBER = [{"system": "urn:oid:2.999.7.1", "value": "K1"}]
URN = "urn:uuid:6a1c2b3d-0000-4000-8000-00000000000"
PATIENT = {"resourceType": "Patient", "identifier": NUMBER}
CHARGE = {
    "resourceType": "ChargeItem",
    "status": "billable",
    "identifier": [{"value": "C1"}],
    "code": {"coding": [{"code": "99213"}]},
    "subject": {"reference": f"{URN}1"},
}


def transaction(*resources: dict[str, Any], method: str = "POST", kind: str = "transaction") -> dict[str, Any]:
    entries = [
        {"fullUrl": f"{URN}{number}", "resource": one, "request": {"method": method, "url": one["resourceType"]}}
        for number, one in enumerate(resources)
    ]
    return fhir.bundle(kind, entries)


@pytest.mark.parametrize("kind", ["transaction", "batch"])
def test_who_comes_before_what_is_about_them(translate: Translate, kind: str) -> None:
    made = translate(transaction(CHARGE, PATIENT, kind=kind))
    assert [one.type for one in made.events] == ["patient.updated.v1", "charge.posted.v1"]
    charge: Any = made.events[1]
    assert charge.patient.identifier[0].value == "K1"
    assert {one.trigger for one in made.events} == {f"Bundle/{kind}"}


def test_a_fault_is_said_to_be_at_its_entry(translate: Translate) -> None:
    with pytest.raises(MappingError) as caught:
        translate(transaction(PATIENT, {**CHARGE, "subject": {"display": "somebody"}}))
    assert caught.value.field == "Bundle.entry[1].resource.subject"


def test_deletions_and_reads_are_passed_over_and_told(translate: Translate) -> None:
    bundle = transaction(PATIENT)
    bundle["entry"] += [
        fhir.delete("Patient/7"),
        {"resource": CHARGE, "request": {"method": "GET", "url": "ChargeItem"}},
    ]
    made = translate(bundle)
    assert [one.type for one in made.events] == ["patient.updated.v1"]
    assert [one.field for one in made.issues] == ["Bundle.entry[2].resource.request"]


@pytest.mark.parametrize("kind", ["document", "transaction-response", "batch-response", "subscription"])
def test_other_bundles_have_a_reason(translate: Translate, kind: str) -> None:
    made = translate(transaction(PATIENT, kind=kind))
    assert not made.events
    assert made.filtered


def test_a_message_without_a_header_is_no_message(translate: Translate) -> None:
    with pytest.raises(FormatError, match="MessageHeader"):
        translate(transaction(PATIENT, kind="message"))


def test_an_empty_transaction_says_so(translate: Translate) -> None:
    assert translate(fhir.bundle("transaction")).filtered == "a Bundle without entries that tell anything"


def test_a_house_without_a_number_holds_nothing_up(translate: Translate) -> None:
    made = translate(transaction({"resourceType": "Organization", "name": "Northshore"}, PATIENT))
    assert [one.type for one in made.events] == ["patient.updated.v1"]


def test_alone_it_is_for_a_person(translate: Translate) -> None:
    with pytest.raises(MappingError, match=r"^Organization\.identifier"):
        translate({"resourceType": "Organization", "name": "Northshore"})


def test_the_slots_of_a_schedule_come_with_it(translate: Translate) -> None:
    schedule = {"resourceType": "Schedule", "identifier": [{"value": "S1"}], "actor": [{"display": "Room 3"}]}
    slot = {"resourceType": "Slot", "schedule": {"reference": f"{URN}0"}, "status": "free",
            "start": "2026-03-02T08:00:00Z", "end": "2026-03-02T08:30:00Z"}  # fmt: skip
    (event,) = translate(transaction(schedule, slot)).events
    told: Any = event
    assert [one.status for one in told.schedule.slot] == ["free"]
