"""What a schema cannot say: invariants, the calendar, references, bundles. Each rule is broken once, and once kept."""

from __future__ import annotations

import copy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from careloom.formats import fhir
from careloom.formats.fhir import identifiers
from careloom.formats.inspection import Finding

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "fhir"


def sample(name: str) -> dict[str, Any]:
    return fhir.parse((SAMPLES / f"{name}.json").read_bytes())


def changed(name: str, /, **members: Any) -> dict[str, Any]:
    """The sample with these members; None takes one out."""
    made = {**sample(name), **members}
    return {key: value for key, value in made.items() if value is not None}


def found(resource: dict[str, Any], *, strict: bool = False) -> list[tuple[str, str]]:
    return [(one.code, one.place) for one in fhir.check(resource, strict=strict)]


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_the_samples_break_no_rule_even_strictly(path: Path) -> None:
    assert fhir.check(fhir.parse(path.read_bytes()), strict=True) == []


def managed(**reference: str) -> dict[str, Any]:
    return changed("Patient", managingOrganization=reference)


MANAGED = "Patient.managingOrganization"
SLOT = fhir.parse((SAMPLES / "Slot.json").read_bytes())
BASIC = {"resourceType": "Basic", "code": {"text": "x"}}
PERIOD = {"start": "2026-03-09", "end": "2026-03-08"}
CAPABILITY = {"mode": "server", "resource": [{"type": "Patient"}, {"type": "Patient"}]}


@pytest.mark.parametrize(
    ("resource", "code", "place"),
    [
        (changed("Patient", contact=[{"gender": "male"}]), "pat-1", "Patient.contact[0]"),
        (changed("Encounter", period=PERIOD), "per-1", "Encounter.period.end"),
        (changed("Appointment", end=None, status="proposed"), "app-2", "Appointment"),
        (changed("Appointment", start=None, end=None), "app-3", "Appointment"),
        (changed("Appointment", cancelationReason={"text": "x"}), "app-4", "Appointment.cancelationReason"),
        (changed("Appointment", participant=[{"status": "accepted"}]), "app-1", "Appointment.participant[0]"),
        (changed("Organization", identifier=None, name=None), "org-1", "Organization"),
        (changed("Organization", address=[{"use": "home"}]), "org-2", "Organization.address"),
        (changed("Organization", telecom=[{"system": "phone", "use": "home"}]), "org-3", "Organization.telecom"),
        (
            changed("Observation", valueString="x", dataAbsentReason={"text": "x"}),
            "obs-6",
            "Observation.dataAbsentReason",
        ),
        (changed("Observation", referenceRange=[{"type": {"text": "x"}}]), "obs-3", "Observation.referenceRange[0]"),
        (changed("MedicationDispense", whenPrepared="2026-03-10"), "mdd-1", "MedicationDispense.whenHandedOver"),
        (changed("ServiceRequest", code=None, orderDetail=[{"text": "x"}]), "prr-1", "ServiceRequest.code"),
        (changed("Consent", patient=None), "ppc-2", "Consent.patient"),
        (changed("Consent", policyRule=None), "ppc-1", "Consent"),
        (changed("AuditEvent", entity=[{"name": "a", "query": "Yg=="}]), "sev-1", "AuditEvent.entity[0]"),
        (changed("CapabilityStatement", rest=None), "cpb-1", "CapabilityStatement"),
        (changed("CapabilityStatement", implementation=None), "cpb-14", "CapabilityStatement"),
        (changed("CapabilityStatement", rest=[CAPABILITY]), "cpb-9", "CapabilityStatement.rest[0].resource"),
        (changed("Parameters", parameter=[{"name": "a"}]), "inv-1", "Parameters.parameter[0]"),
        (changed("Patient", birthDate="1984-02-30"), "value-malformed", "Patient.birthDate"),
        (changed("Patient", birthDate="0000"), "value-malformed", "Patient.birthDate"),
        (changed("Slot", start="2026-02-29T09:00:00Z"), "value-malformed", "Slot.start"),
        (changed("Appointment", priority=Decimal("5.0")), "value-malformed", "Appointment.priority"),
        (
            changed("Patient", photo=[{"contentType": "image/png", "data": "QQ="}]),
            "value-malformed",
            "Patient.photo[0].data",
        ),
        (changed("Patient", photo=[{"data": "QQ=="}]), "att-1", "Patient.photo[0].contentType"),
        (changed("Patient", text={"status": "empty", "div": "x"}), "value-malformed", "Patient.text.div"),
        (changed("Patient", telecom=[{"value": "x"}]), "cpt-2", "Patient.telecom[0].system"),
        (changed("Patient", extension=[{"url": "u"}]), "ext-1", "Patient.extension[0]"),
        (
            changed("Patient", extension=[{"url": "u", "valueCode": "a", "valueId": "b"}]),
            "ext-1",
            "Patient.extension[0]",
        ),
        (changed("ChargeItem", quantity={"value": 1, "code": "d"}), "qty-3", "ChargeItem.quantity.system"),
        (managed(reference="a b"), "reference-malformed", f"{MANAGED}.reference"),
        (managed(reference="#x"), "ref-1", f"{MANAGED}.reference"),
        (managed(reference="Patient/1"), "reference-type", f"{MANAGED}.reference"),
        (
            managed(reference="Organization/1", type="Location"),
            "reference-type",
            f"{MANAGED}.type",
        ),
        (
            changed("Patient", modifierExtension=[{"url": "https://example.org/x", "valueBoolean": True}]),
            "modifier-extension-unknown",
            "Patient.modifierExtension[0]",
        ),
    ],
)
def test_a_broken_rule_is_found_at_its_place(resource: dict[str, Any], code: str, place: str) -> None:
    assert found(resource) == [(code, place)]


def test_a_component_with_the_code_of_the_whole_holds_the_value() -> None:
    resource = sample("Observation")
    resource["component"][0]["code"] = resource["code"]
    assert found(resource) == []
    assert found({**resource, "valueString": "x"}) == [("obs-7", "Observation")]


@pytest.mark.parametrize(
    ("repeat", "code"),
    [
        ({"duration": 1}, "tim-1"),
        ({"period": 1}, "tim-2"),
        ({"duration": -1, "durationUnit": "h"}, "tim-4"),
        ({"period": -1, "periodUnit": "h"}, "tim-5"),
        ({"periodMax": 1}, "tim-6"),
        ({"durationMax": 1}, "tim-7"),
        ({"countMax": 1}, "tim-8"),
        ({"offset": 1}, "tim-9"),
        ({"when": ["MORN"], "timeOfDay": ["08:00:00"]}, "tim-10"),
    ],
)
def test_timings(repeat: dict[str, Any], code: str) -> None:
    resource = changed("MedicationDispense", dosageInstruction=[{"timing": {"repeat": repeat}}])
    assert [one for one, _ in found(resource)] == [code]


def test_ranges_and_ratios() -> None:
    high_first = {"low": {"value": 7, "unit": "mg"}, "high": {"value": Decimal("6.5"), "unit": "mg"}}
    assert found(changed("Observation", component=None, valueRange=high_first)) == [
        ("rng-2", "Observation.valueRange.high")
    ]
    assert found(changed("Observation", component=None, valueRatio={"numerator": {"value": 1}})) == [
        ("rat-1", "Observation.valueRatio")
    ]


def test_a_period_known_to_the_month_is_not_backwards() -> None:
    assert found(changed("Encounter", period={"start": "2026-03-09T10:00:00Z", "end": "2026-03"})) == []


def test_warnings_are_errors_when_strict() -> None:
    resource = changed("Patient", managingOrganization={"reference": "Patient/1"})
    severities = [one.severity for strict in (False, True) for one in fhir.check(resource, strict=strict)]
    assert severities == ["warning", "error"]


def test_rules_are_not_asked_of_a_broken_structure() -> None:
    assert found(changed("Encounter", period={"start": "2026-03-09", "end": 7})) == [
        ("type-wrong", "Encounter.period.end")
    ]


def contained(**inner: Any) -> dict[str, Any]:
    member = {"resourceType": "Organization", "id": "o", "name": "Northshore", **inner}
    return changed("Patient", managingOrganization={"reference": "#o"}, contained=[member])


def test_contained_resources() -> None:
    assert found(contained()) == []
    assert found({**contained(), "managingOrganization": {"display": "x"}}) == [("dom-3", "Patient.contained[0]")]
    assert found(contained(meta={"versionId": "1"})) == [("dom-4", "Patient.contained[0].meta.versionId")]
    assert found(contained(meta={"security": [{"code": "R"}]})) == [("dom-5", "Patient.contained[0].meta.security")]
    inner = [{"resourceType": "Location", "id": "l", "partOf": {"reference": "#o"}}]
    assert ("dom-2", "Patient.contained[0].contained") in found(contained(contained=inner))
    assert found({**contained(), "generalPractitioner": [{"reference": "#o"}]}) == []


def test_a_contained_resource_may_refer_to_its_container_and_its_neighbours() -> None:
    resource = contained(partOf={"reference": "#p"})
    resource["contained"].append({"resourceType": "Organization", "id": "p", "name": "Parent"})
    assert found(resource) == []
    device = {"resourceType": "Device", "id": "d", "patient": {"reference": "#"}}
    assert found(changed("Patient", contained=[device])) == []


def bundle(name: str, /, **members: Any) -> dict[str, Any]:
    return changed(f"Bundle-{name}" if name else "Bundle", **members)


def without(resource: dict[str, Any], number: int, member: str) -> dict[str, Any]:
    made = copy.deepcopy(resource)
    del made["entry"][number][member]
    return made


@pytest.mark.parametrize(
    ("resource", "code", "place"),
    [
        (bundle("", total=2), "bdl-1", "Bundle.total"),
        (bundle("", entry=[{"resource": BASIC, "search": {"mode": "match"}}]), "bdl-2", "Bundle.entry[0].search"),
        (without(bundle("transaction"), 0, "request"), "bdl-3", "Bundle.entry[0].request"),
        (bundle("", entry=[{"response": {"status": "200"}}]), "bdl-4", "Bundle.entry[0].response"),
        (without(bundle("notification"), 1, "response"), "bdl-4", "Bundle.entry[1].response"),
        (bundle("", entry=[{"fullUrl": "https://example.org/x"}]), "bdl-5", "Bundle.entry[0].resource"),
        (
            bundle("", entry=[{"fullUrl": "https://example.org/Basic/1/_history/2", "resource": SLOT}]),
            "bdl-8",
            "Bundle.entry[0].fullUrl",
        ),
        (
            bundle("", entry=[{"fullUrl": "https://example.org/Slot/1", "resource": SLOT}]),
            "full-url-differs",
            "Bundle.entry[0].fullUrl",
        ),
        (bundle("message", entry=bundle("message")["entry"][1:]), "bdl-12", "Bundle.entry[0]"),
    ],
)
def test_a_bundle_that_breaks_a_rule(resource: dict[str, Any], code: str, place: str) -> None:
    assert found(resource) == [(code, place)]


def test_a_history_without_responses_is_read_with_a_warning() -> None:
    (one,) = fhir.check(without(bundle("notification"), 1, "response"))
    assert one.severity == "warning"


def test_documents() -> None:
    resource = {"resourceType": "Bundle", "type": "document", "entry": [{"resource": sample("Patient")}]}
    assert [code for code, _ in found(resource)] == ["bdl-9", "bdl-10", "bdl-11"]


def test_two_entries_of_one_full_url() -> None:
    resource = bundle("")
    resource["entry"].append(resource["entry"][1])
    assert found(resource) == [("bdl-7", "Bundle.entry[2].fullUrl")]
    newer = copy.deepcopy(resource["entry"][1])
    newer["resource"]["meta"] = {"versionId": "2"}
    resource["entry"][2] = newer
    assert found(resource) == []


@pytest.mark.parametrize(("kind", "severity"), [("transaction", "error"), ("collection", "warning")])
def test_a_urn_that_no_entry_has(kind: str, severity: str) -> None:
    resource = bundle("transaction")
    del resource["entry"][0]
    resource["type"] = kind
    unresolved = [one for one in fhir.check(resource) if one.code == "reference-unresolved"]
    assert len(unresolved) == 4
    assert unresolved[0].place == "Bundle.entry[0].resource.policyHolder.reference"
    assert {one.severity for one in unresolved} == {severity}


def test_a_reference_is_held_against_what_it_leads_to() -> None:
    resource = bundle("transaction")
    resource["entry"][0]["resource"] = {"resourceType": "Practitioner", "name": [{"family": "Okafor"}]}
    resource["entry"][0]["request"]["url"] = "Practitioner"
    types = {place for code, place in found(resource) if code == "reference-type"}
    assert "Bundle.entry[1].resource.beneficiary.reference" in types


def test_findings_quote_nothing() -> None:
    resource = changed("Patient", managingOrganization={"reference": "Tamsin Quill"}, birthDate="1984-02-30")
    findings: list[Finding] = fhir.check(resource)
    assert findings
    assert all("Tamsin" not in one.text + one.place and "1984" not in one.text for one in findings)


@pytest.mark.parametrize(("text", "right"), [
    ("1999999992", True), ("1999999984", True), ("1999999993", False), ("2999999991", False), ("199999999", False),
    ("3999999999", False), ("١٩٩٩٩٩٩٩٩٢", False),
])  # fmt: skip
def test_the_check_digit_of_an_npi(text: str, right: bool) -> None:
    assert identifiers.is_npi(text) is right


def test_identifiers_of_us_core() -> None:
    listed = sample("Patient")["identifier"]
    assert list(identifiers.medical_record_numbers(listed)) == [("urn:oid:2.999.1.1", "NS55012")]
    assert identifiers.by_system(listed, identifiers.SSN) == "900-55-0120"
    assert identifiers.by_system(listed, identifiers.NPI) == ""
    assert identifiers.is_ssn("900-55-0120")
    assert not identifiers.is_ssn("900-55-012")
    assert identifiers.oid_system("2.999.1") == identifiers.oid_system("urn:oid:2.999.1") == "urn:oid:2.999.1"
    old = {"use": "old", "type": {"coding": [{"code": "MR"}]}, "value": "0"}
    assert [one["value"] for one in identifiers.by_type([old, *listed], "MR")] == ["NS55012", "0"]
