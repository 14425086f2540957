"""What is said of a FHIR file, whatever it holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom.formats.fhir import encode, parse
from careloom.formats.fhir.inspecting import inspect, recognises
from careloom.formats.inspection import Inspector

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "fhir"


def raw(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def test_the_module_is_an_inspector() -> None:
    from careloom.formats.fhir import inspecting

    inspector: Inspector = inspecting
    assert inspector.recognises(b'{"resourceType":"Basic"}', "x")


@pytest.mark.parametrize("path", sorted(SAMPLES.iterdir()), ids=lambda path: path.name)
def test_the_samples_are_recognised_and_right(path: Path) -> None:
    data = path.read_bytes()
    assert recognises(data, "a.json")
    found = inspect(data, strict=True)
    assert (found.format, found.version, found.identical) == ("fhir", "4.0.1", True)
    assert found.valid
    assert found.findings == ()


def test_a_bundle_is_counted() -> None:
    found = inspect(raw("Bundle-transaction.json"))
    assert found.type == "Bundle"
    assert found.counts == {"resources": 5, "entries": 6}


def test_ndjson_is_counted_and_its_bad_lines_are_found() -> None:
    good = raw("Patient.ndjson")
    assert inspect(good).counts == {"resources": 4, "lines": 4}
    found = inspect(good + b'{"resourceType":"Slot"}\n{"resourceType"\n')
    assert found.type == "Patient,Slot"
    assert found.identical is None
    assert [one.place for one in found.findings if one.code == "element-missing"] == [
        "line 5, Slot.schedule", "line 5, Slot.status", "line 5, Slot.start", "line 5, Slot.end",
    ]  # fmt: skip
    assert found.findings[-1].place == "line 6, column 16"


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (b' \n{"id":"x","resourceType" : "Patient"}', "x", True),
        (b"\xef\xbb\xbf[", "export.fhir.json", True),
        (b'{"a":1}', "x.json", False),
        (b'{"a":1}', "x.ndjson", True),
        (b"MSH|^~\\&|", "adt.hl7", False),
        (b'<Patient xmlns="http://hl7.org/fhir">', "x.xml", True),
        (b"<ClinicalDocument xmlns='urn:hl7-org:v3'>", "x.xml", False),
        (b"", "fhir.json", False),
        (b"ISA*00*", "x", False),
    ],
)
def test_what_is_recognised(data: bytes, name: str, expected: bool) -> None:
    assert recognises(data, name) is expected


@pytest.mark.parametrize(
    ("data", "place", "word"),
    [
        (b"", "line 1, column 1", "empty"),
        (b'<Patient xmlns="http://hl7.org/fhir"/>', "line 1", "XML"),
        (b'{"resourceType":"Patient"', "by line 1, column 26", "JSON"),
        (b'{"a":1}', "resourceType", "type"),
        (b'{"resourceType":"A","a":1,"a":2}', "a, line 1, column 27", "twice"),
    ],
)
def test_what_cannot_be_read_is_a_finding(data: bytes, place: str, word: str) -> None:
    found = inspect(data)
    (one,) = found.findings
    assert (one.code, one.place, found.valid, found.identical) == ("malformed", place, False, None)
    assert word in one.text


def version(**members: Any) -> str:
    return inspect(encode(members)).version


def test_other_versions_are_told_where_they_can_be() -> None:
    assert version(resourceType="DeviceUsage") == "R5"
    assert version(resourceType="ProcedureRequest") == "STU3"
    statement = parse(raw("CapabilityStatement.json"))
    assert version(**{**statement, "fhirVersion": "5.0.0"}) == "5.0.0"
    assert version(**{**statement, "fhirVersion": "five"}) == ""
    inner = {"resource": {"resourceType": "SubscriptionStatus"}}
    assert version(resourceType="Bundle", type="history", entry=[inner]) == "R4B or R5"


def test_values_at_paths_in_order_and_over_all_lines() -> None:
    found = inspect(raw("Patient.ndjson"), paths=["Patient.name.family", "gender"])
    assert list(found.values) == ["Patient.name.family", "gender"]
    assert found.values["Patient.name.family"] == ["Vale", "Lund", "Marsh", "Brook"]


def test_a_path_that_is_none_is_a_finding() -> None:
    found = inspect(raw("Patient.json"), paths=["name..", "birthDate"])
    assert [(one.code, one.place) for one in found.findings] == [("path-unknown", "name..")]
    assert found.values == {"birthDate": ["1984-02-17"]}


def test_strict_makes_warnings_errors() -> None:
    data = encode({"resourceType": "Patient", "telecom": [{"value": "x"}]})
    assert inspect(data).valid
    assert not inspect(data, strict=True).valid


@given(st.binary(max_size=80) | st.text(max_size=80).map(str.encode), st.text(max_size=10))
def test_no_bytes_make_it_raise(data: bytes, name: str) -> None:
    recognises(data, name)
    found = inspect(data, paths=["Patient.name"])
    assert found.valid == (found.findings == ())


@given(st.data())
def test_no_damage_to_a_sample_makes_it_raise(data: st.DataObject) -> None:
    body = bytearray(raw(data.draw(st.sampled_from(["Patient.json", "Bundle-transaction.json", "Patient.ndjson"]))))
    start = data.draw(st.integers(0, len(body) - 1))
    body[start : start + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=5))
    found = inspect(bytes(body))
    assert all(one.place for one in found.findings)
