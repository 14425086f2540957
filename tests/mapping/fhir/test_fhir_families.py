"""Each family of resources as events: what is carried, what is not, and by which status which event."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from careloom.core.errors import MappingError
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings
from careloom.model import (
    AppointmentEvent,
    AuthorizationEvent,
    ChargePosted,
    ClaimAdjudicated,
    ClaimStatusChanged,
    ClaimSubmitted,
    EligibilityAnswered,
    GoodsReceived,
    InvoiceIssued,
    MedicationDispensed,
    PatientDischarged,
    PatientMerged,
    PatientUpdated,
    PaymentReceived,
    RegistrationCreated,
    RemittanceReceived,
    ServiceCompleted,
    encode,
)

Sample = Callable[[str], dict[str, Any]]
Translate = Callable[..., Translation]
WHO = {"reference": "Patient/tamsin-quill"}


def types(made: Translation) -> list[str]:
    return [event.type for event in made.events]


def test_a_patient_is_carried_without_the_states_number(sample: Sample, translate: Translate) -> None:
    (event,) = translate(sample("Patient")).events
    assert isinstance(event, PatientUpdated)
    patient = event.patient
    assert [(one.value, one.type, one.assigner) for one in patient.identifier] == [
        ("NS55012", "MR", "Northshore"),
        ("tamsin-quill", "RI", None),
    ]
    assert patient.name[0].family == "Quill"
    assert patient.name[0].given == ("Tamsin", "Rae")
    assert (patient.birth_date, patient.gender, patient.marital_status) == ("1984-02-17", "female", "M")
    assert patient.deceased_boolean is False
    assert patient.address[0].postal_code == "55999"
    assert event.occurred is not None
    assert b"900-55" not in encode(event)


def test_the_house_of_a_patient_is_where_it_happened(sample: Sample, translate: Translate) -> None:
    (event,) = translate(sample("Patient") | {"managingOrganization": {"display": "Northshore"}}).events
    assert event.facility == "Northshore"


def test_the_social_security_number_comes_where_it_is_asked_for(sample: Sample, translate: Translate) -> None:
    (event,) = translate(sample("Patient"), Settings(social_security=True)).events
    assert ("900550120", "SS") in [(one.value, one.type) for one in event.patient.identifier]


def test_a_patient_without_any_number_is_for_a_person(translate: Translate) -> None:
    with pytest.raises(MappingError) as caught:
        translate({"resourceType": "Patient", "name": [{"family": "Ashdown"}]})
    assert caught.value.field == "Patient.identifier"
    assert "Ashdown" not in str(caught.value)


@pytest.mark.parametrize("born", ["0203-01-01", "1840-06-01"])
def test_an_impossible_birth_is_for_a_person(sample: Sample, translate: Translate, born: str) -> None:
    with pytest.raises(MappingError, match=r"^Patient\.birthDate"):
        translate(sample("Patient") | {"birthDate": born})


def test_a_replaced_patient_is_a_merge(sample: Sample, translate: Translate) -> None:
    link = [{"other": {"reference": "Patient/other", "identifier": {"value": "NS1"}}, "type": "replaced-by"}]
    (event,) = translate(sample("Patient") | {"link": link}).events
    assert isinstance(event, PatientMerged)
    assert event.retired[0].value == "NS55012"
    assert event.survivor.identifier[0].value == "NS1"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("planned", "registration.created.v1"),
        ("in-progress", "registration.created.v1"),
        ("triaged", "registration.created.v1"),
        ("finished", "patient.discharged.v1"),
        ("cancelled", "registration.cancelled.v1"),
        ("entered-in-error", "registration.cancelled.v1"),
        ("unknown", "patient.updated.v1"),
    ],
)
def test_a_visit_tells_by_its_status(sample: Sample, translate: Translate, status: str, expected: str) -> None:
    made = translate(sample("Encounter") | {"status": status})
    assert types(made) == [expected]


def test_a_visit_in_a_transaction_registers_its_patient_once(sample: Sample, translate: Translate) -> None:
    uuid = "urn:uuid:6a1c2b3d-0000-4000-8000-00000000000{}"
    resources = [
        sample("Encounter") | {"status": "in-progress", "subject": {"reference": uuid.format(1)}},
        sample("Patient"),
        {"resourceType": "Coverage", "status": "active", "beneficiary": {"reference": uuid.format(1)},
         "payor": [{"display": "Northern Health Plan"}], "subscriberId": "NHP1"},
    ]  # fmt: skip
    entries = [
        {"fullUrl": uuid.format(number), "resource": one, "request": {"method": "POST", "url": one["resourceType"]}}
        for number, one in enumerate(resources)
    ]
    made = translate({"resourceType": "Bundle", "type": "transaction", "entry": entries})
    (event,) = made.events
    assert isinstance(event, RegistrationCreated)
    assert event.patient.identifier[0].value == "NS55012"
    assert event.coverage[0].subscriber_id == "NHP1"
    assert event.trigger == "Bundle/transaction"


def test_a_message_tells_its_parties_first(sample: Sample, translate: Translate) -> None:
    made = translate(sample("Bundle-message"))
    assert types(made) == ["organization.updated.v1", "patient.updated.v1", "patient.discharged.v1"]
    discharged = made.events[2]
    assert isinstance(discharged, PatientDischarged)
    assert discharged.trigger.startswith("Bundle/message")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("booked", "booked"), ("pending", "booked"), ("arrived", "arrived"), ("checked-in", "arrived"),
        ("cancelled", "cancelled"), ("noshow", "no_show"), ("fulfilled", "updated"), ("entered-in-error", "cancelled"),
    ],
)  # fmt: skip
def test_an_appointment_tells_by_its_status(sample: Sample, translate: Translate, status: str, expected: str) -> None:
    (event,) = translate(sample("Appointment") | {"status": status}).events
    assert isinstance(event, AppointmentEvent)
    assert event.type == f"appointment.{expected}.v1"
    assert event.appointment.identifier[0].value == "AP4471"
    assert event.appointment.start == "2026-03-09T09:30:00-06:00"
    assert b"M25.561" not in encode(event), "why the patient comes is clinical"


def test_a_later_version_of_a_booking_is_an_update(sample: Sample, translate: Translate) -> None:
    assert types(translate(sample("Appointment") | {"meta": {"versionId": "2"}})) == ["appointment.updated.v1"]


def test_a_charge_keeps_its_digits(sample: Sample, translate: Translate) -> None:
    (event,) = translate(sample("ChargeItem")).events
    assert isinstance(event, ChargePosted)
    assert event.charge.total is not None
    assert str(event.charge.total.value) == "72.50"
    assert event.charge.encounter is not None
    assert event.charge.encounter.value == "v881"


@pytest.mark.parametrize(
    ("status", "expected"),
    [("billable", ["charge.posted.v1"]), ("entered-in-error", ["charge.voided.v1"]), ("planned", [])],
)
def test_a_charge_tells_by_its_status(sample: Sample, translate: Translate, status: str, expected: list[str]) -> None:
    made = translate(sample("ChargeItem") | {"status": status})
    assert types(made) == expected
    assert bool(made.filtered) == (not expected)


def test_an_invoice_adds_up(sample: Sample, translate: Translate) -> None:
    (event,) = translate(sample("Invoice")).events
    assert isinstance(event, InvoiceIssued)
    assert event.invoice.identifier[0].value == "INV/2026/0119"
    assert sum((line.net.value for line in event.invoice.line), Decimal(0)) == event.invoice.total_gross.value


def test_money_that_came_in(sample: Sample, translate: Translate) -> None:
    (notice,) = translate(sample("PaymentNotice")).events
    (paid,) = translate(sample("PaymentReconciliation")).events
    assert isinstance(notice, PaymentReceived)
    assert isinstance(paid, RemittanceReceived)
    assert paid.remittance.identifier[0].value == "EFT500127"


def test_a_claim_and_what_became_of_it(sample: Sample, translate: Translate) -> None:
    (claim,) = translate(sample("Claim")).events
    (status,) = translate(sample("ClaimResponse")).events
    (paid,) = translate(sample("ExplanationOfBenefit")).events
    assert isinstance(claim, ClaimSubmitted)
    assert claim.claim.identifier[0].value == "CL3002"
    assert claim.claim.total.value == sum((one.net.value for one in claim.claim.item), Decimal(0))
    assert isinstance(status, ClaimStatusChanged)
    assert status.response.claim.value == "cl-3002"
    assert status.response.state[0].category == "F0"
    assert isinstance(paid, ClaimAdjudicated)
    assert paid.explanation.charged.value >= paid.explanation.paid.value > 0


@pytest.mark.parametrize(
    ("outcome", "number", "expected"),
    [("complete", "A-1", "granted"), ("complete", "", "denied"), ("queued", "", "pended"), ("error", "", "denied")],
)
def test_leave_is_granted_denied_or_pended(
    sample: Sample, translate: Translate, outcome: str, number: str, expected: str
) -> None:
    answer = sample("ClaimResponse") | {"use": "preauthorization", "outcome": outcome}
    answer |= {"preAuthRef": number} if number else {}
    answer.pop("item", None)
    (event,) = translate(answer).events
    assert isinstance(event, AuthorizationEvent)
    assert event.type == f"authorization.{expected}.v1"


def test_a_request_for_leave_is_no_claim(sample: Sample, translate: Translate) -> None:
    assert types(translate(sample("Claim") | {"use": "preauthorization"})) == ["authorization.requested.v1"]
    assert types(translate(sample("Claim") | {"use": "predetermination"})) == []


def test_an_answer_about_cover(sample: Sample, translate: Translate) -> None:
    (event,) = translate(sample("CoverageEligibilityResponse")).events
    assert isinstance(event, EligibilityAnswered)
    assert event.response.active is True
    assert event.response.request


def test_values_stay_behind(sample: Sample, translate: Translate) -> None:
    (event,) = translate(sample("DiagnosticReport") | {"conclusion": "a finding"}).events
    assert isinstance(event, ServiceCompleted)
    assert b"finding" not in encode(event)
    assert translate(sample("DiagnosticReport") | {"status": "preliminary"}).filtered
    assert translate(sample("Observation")).filtered == "a clinical value that no order asked for"


def test_drugs_and_goods_move_the_stock(sample: Sample, translate: Translate) -> None:
    (drug,) = translate(sample("MedicationDispense")).events
    (goods,) = translate(sample("SupplyDelivery")).events
    assert isinstance(drug, MedicationDispensed)
    assert drug.dispense.quantity.value > 0
    assert isinstance(goods, GoodsReceived)
    assert goods.delivery.item[0].item


@pytest.mark.parametrize("kind", ["AuditEvent", "RelatedPerson", "OperationOutcome", "CapabilityStatement"])
def test_what_nobody_needs_says_so(sample: Sample, translate: Translate, kind: str) -> None:
    made = translate(sample(kind))
    assert not made.events
    assert made.filtered


def test_a_conditional_reference_names_its_number(sample: Sample, translate: Translate) -> None:
    who = {"reference": "Patient?identifier=urn:oid:2.999.1.1|NS55012"}
    (event,) = translate(sample("Encounter") | {"subject": who}).events
    assert event.patient.identifier[0].value == "NS55012"


def test_who_is_contained_is_known(sample: Sample, translate: Translate) -> None:
    inside = {"resourceType": "Patient", "id": "p", "identifier": [{"system": "urn:x:y", "value": "K7"}]}
    charge = sample("ChargeItem") | {"contained": [inside], "subject": {"reference": "#p"}}
    (event,) = translate(charge).events
    assert [(one.value, one.assigner) for one in event.patient.identifier] == [("K7", "urn:x:y")]
