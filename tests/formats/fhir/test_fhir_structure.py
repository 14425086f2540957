"""The structure of resources against the table: what R4 has passes, what it has not is found at its place."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from careloom.formats import fhir
from careloom.formats.fhir.definitions import Use, definition
from careloom.formats.fhir.schema import schema
from careloom.formats.fhir.structure import MOST_FINDINGS

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "fhir"
NAME = {"name": [{"family": "Quill"}]}


def found(resource: dict[str, Any], *, strict: bool = False) -> list[tuple[str, str]]:
    return [(one.code, one.place) for one in fhir.structure(resource, strict=strict)]


def patient(**members: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **members}


def sample(name: str) -> dict[str, Any]:
    return fhir.parse((SAMPLES / f"{name}.json").read_bytes())


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_the_samples_are_right(path: Path) -> None:
    resource = fhir.parse(path.read_bytes())
    assert found(resource) == []
    assert fhir.is_valid(resource)


def test_r4_has_146_resource_types_and_each_has_a_schema() -> None:
    assert len(fhir.resource_types()) == 146
    for name in fhir.resource_types():
        assert jsonschema_rs.meta.is_valid(schema(name))


def test_the_table_tells_types_numbers_choices_codes_and_targets() -> None:
    defined = definition("MedicationDispense")
    assert defined
    assert defined.is_resource
    assert defined.by_name["status"].required
    assert defined.by_name["receiver"].many
    assert defined.chosen["medication"] == ("medicationCodeableConcept", "medicationReference")
    assert defined.choices["medication"]
    assert not defined.choices["statusReason"]
    assert defined.by_name["subject"].use == Use("Reference", targets=("Patient", "Group"))
    contact = definition("Patient_Contact")
    assert contact
    assert contact.by_name["gender"].use.codes == ("male", "female", "other", "unknown")
    assert definition("Nothing") is None


@pytest.mark.parametrize(
    ("members", "code", "place"),
    [
        ({"Name": "x"}, "element-unknown", "Patient.Name"),
        ({"contact": [{}, {"name": "Quill"}]}, "type-wrong", "Patient.contact[1].name"),
        ({"name": {"family": "Quill"}}, "type-wrong", "Patient.name"),
        ({"active": "true"}, "type-wrong", "Patient.active"),
        ({"gender": "F"}, "code-unknown", "Patient.gender"),
        ({"birthDate": "02/17/1984"}, "value-malformed", "Patient.birthDate"),
        ({"birthDate": "19840217"}, "value-malformed", "Patient.birthDate"),
        ({"deceasedDateTime": "2026-03-01T10:15:00"}, "value-malformed", "Patient.deceasedDateTime"),
        ({"id": "not an id"}, "value-malformed", "Patient.id"),
        ({"id": "x" * 65}, "value-malformed", "Patient.id"),
        ({"language": " en"}, "value-malformed", "Patient.language"),
        ({"implicitRules": "a b"}, "value-malformed", "Patient.implicitRules"),
        ({"name": [{"family": ""}]}, "value-empty", "Patient.name[0].family"),
        ({"name": []}, "value-empty", "Patient.name"),
        ({"name": [{}]}, "value-empty", "Patient.name[0]"),
        ({"multipleBirthInteger": 2**31}, "number-outside", "Patient.multipleBirthInteger"),
        ({"multipleBirthInteger": -(2**31) - 1}, "number-outside", "Patient.multipleBirthInteger"),
        ({"multipleBirthInteger": Decimal("2.5")}, "type-wrong", "Patient.multipleBirthInteger"),
        ({"telecom": [{"system": "phone", "rank": 0}]}, "number-outside", "Patient.telecom[0].rank"),
        ({"communication": [{"preferred": True}]}, "element-missing", "Patient.communication[0].language"),
        ({"deceasedBoolean": True, "deceasedDateTime": "2026"}, "choice-twice", "Patient.deceasedBoolean"),
        ({"_birthDate": {"value": "1984"}}, "element-unknown", "Patient._birthDate.value"),
        ({"name": [{"given": ["a"], "_given": [7]}]}, "type-wrong", "Patient.name[0]._given[0]"),
        ({"extension": [{"valueString": "x"}]}, "element-missing", "Patient.extension[0].url"),
        ({"contained": ["x"]}, "type-wrong", "Patient.contained[0]"),
        ({"contained": [{"id": "x"}]}, "element-missing", "Patient.contained[0].resourceType"),
        ({"photo": [{"data": "?!"}]}, "value-malformed", "Patient.photo[0].data"),
    ],
)
def test_what_r4_has_not_is_found_at_its_place(members: dict[str, Any], code: str, place: str) -> None:
    resource = (
        patient(**{**members, "contact": [{"name": {"text": "x"}}, *members["contact"][1:]]})
        if ("contact" in members)
        else patient(**members)
    )
    assert (code, place) in found(resource)
    assert not fhir.is_valid(resource)


def test_no_value_of_the_file_is_in_a_finding() -> None:
    resource = patient(gender="Tamsin", birthDate="Tamsin", name="Tamsin", active="Tamsin", **{"Tamsin Quill": 1})
    for one in fhir.structure(resource):
        assert "Tamsin" not in one.text + one.place


def test_null_is_no_value_except_beside_an_extension() -> None:
    assert ("type-wrong", "Patient.birthDate") in found(patient(birthDate=None))
    assert found(patient(name=[{"given": ["Tamsin", None], "_given": [None, {"id": "a"}]}])) == []


def test_an_element_may_be_an_extension_alone() -> None:
    absent = {
        "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]
    }
    observation = {"resourceType": "Observation", "_status": absent, "code": {"text": "x"}}
    assert found(observation) == []
    assert fhir.is_valid(observation)
    assert found({"resourceType": "Observation", "code": {"text": "x"}}) == [("element-missing", "Observation.status")]


def test_one_of_a_required_choice_must_be_there() -> None:
    dispense = sample("MedicationDispense")
    del dispense["medicationReference"]
    assert found(dispense) == [("choice-missing", "MedicationDispense")]
    dispense["medicationCodeableConcept"] = {"text": "Ibuprofen"}
    assert found(dispense) == []


def test_resources_inside_are_checked_by_their_own_type() -> None:
    bundle = sample("Bundle-transaction")
    bundle["entry"][0]["resource"]["gender"] = "F"
    bundle["entry"][1]["resource"]["contained"] = [{"resourceType": "Medication", "id": "m", "stat": 1}]
    bundle["entry"][2]["resource"]["resourceType"] = "Meeting"
    assert found(bundle) == [
        ("code-unknown", "Bundle.entry[0].resource.gender"),
        ("element-unknown", "Bundle.entry[1].resource.contained[0].stat"),
        ("type-unknown", "Bundle.entry[2].resource.resourceType"),
    ]
    assert not fhir.is_valid(bundle)


def test_resources_in_parameters_and_outcomes_are_checked() -> None:
    bad = patient(gender="F")
    parameters = {"resourceType": "Parameters", "parameter": [{"name": "a", "part": [{"name": "b", "resource": bad}]}]}
    assert found(parameters) == [("code-unknown", "Parameters.parameter[0].part[0].resource.gender")]
    entry = {"response": {"status": "400", "outcome": {"resourceType": "OperationOutcome"}}}
    bundle = {"resourceType": "Bundle", "type": "batch-response", "entry": [entry]}
    assert found(bundle) == [("element-missing", "Bundle.entry[0].response.outcome.issue")]


@pytest.mark.parametrize(
    ("kind", "said"), [("DeviceUsage", "R5"), ("ProcedureRequest", "STU3"), ("SubscriptionTopic", "R5"), ("Foo", "no ")]
)
def test_types_of_other_versions_are_named(kind: str, said: str) -> None:
    (one,) = fhir.structure({"resourceType": kind})
    assert (one.code, one.place.rpartition(".")[2]) == ("type-unknown", "resourceType")
    assert said in one.text


def test_a_type_that_is_no_name_is_not_repeated() -> None:
    (one,) = fhir.structure({"resourceType": "Tamsin Quill"})
    assert "Tamsin" not in one.text + one.place


def test_a_narrative_without_text_is_a_warning_unless_strict() -> None:
    resource = patient(text={"status": "generated"})
    (lenient,), (strict,) = fhir.structure(resource), fhir.structure(resource, strict=True)
    assert (lenient.severity, strict.severity) == ("warning", "error")
    assert lenient.place == "Patient.text.div"


def test_findings_are_bounded() -> None:
    assert len(fhir.structure(patient(name=[{"x": 1}] * 5000))) == MOST_FINDINGS


def test_malformed_bundles_do_not_stop_the_check() -> None:
    for entry in (7, [7], [{"resource": 7}], [{"response": 7}], [None]):
        assert found({"resourceType": "Bundle", "type": "batch", "entry": entry})
    for parameter in (7, [7], [{"name": "a", "part": 7}], [{"name": "a", "resource": 7}]):
        assert found({"resourceType": "Parameters", "parameter": parameter})


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        ("date", ["1984", "1984-02", "1984-02-17"], ["84", "1984-2", "1984-02-17T10:00:00Z", 1984]),
        ("dateTime", ["1984", "2026-03-01T10:15:00Z", "2026-03-01T10:15:00.1-06:00"], ["2026-03-01T10:15", "2026-13"]),
        ("instant", ["2026-03-01T10:15:00.000Z"], ["2026-03-01", "2026-03-01T10:15:00"]),
        ("time", ["08:00:00"], ["8:00:00", "08:00", "24:00:00"]),
        ("id", ["a", "A-1.b"], ["", "a b", "a_b"]),
        ("oid", ["urn:oid:2.999.1"], ["2.999.1", "urn:oid:3.1", "urn:oid:2.01"]),
        ("uuid", ["urn:uuid:0f3e3a54-6f5d-4c0a-9a66-0d5c6a7b1101"], ["0f3e3a54-6f5d-4c0a-9a66-0d5c6a7b1101"]),
        ("uri", ["http://example.org", "urn:x"], ["a b", ""]),
        ("decimal", [1, Decimal("72.50"), Decimal("1E+3")], ["1", True]),
        ("positiveInt", [1], [0, -1, Decimal("1.0"), 2**31]),
        ("unsignedInt", [0], [-1]),
        ("boolean", [True, False], ["true", 1]),
        ("base64Binary", ["QUJD", "QU JD"], ["Ä"]),
        ("HumanName", [{"family": "Quill"}], [{"surname": "Quill"}, "Quill", {}]),
    ],
)
def test_values_of_a_data_type(kind: str, right: list[Any], wrong: list[Any]) -> None:
    assert [one for value in right for one in fhir.check_value(kind, value)] == []
    assert all(fhir.check_value(kind, value) for value in wrong)


def test_an_unknown_data_type_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        fhir.check_value("Nothing", 1)


def test_the_schema_of_a_type_holds_only_what_it_reaches() -> None:
    made = schema("Slot")
    assert "Slot" in made["$defs"]
    assert "Claim_Item" not in made["$defs"]
    assert len(json.dumps(made)) < 50_000
