"""Independent readers judge what we write, and independent generators what we take."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from careloom.formats import fhir
from careloom.formats.fhir import resources

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "fhir"
PATHS = sorted(SAMPLES.glob("*.json"))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_fhir_resources_reads_what_we_write(path: Path) -> None:
    from fhir.resources.R4B import get_fhir_model_class

    plain = fhir.parse(path.read_bytes())
    kind = plain["resourceType"]
    typed = fhir.encode(fhir.typed(plain, getattr(resources, kind)))
    for written in (fhir.encode(plain), typed):
        get_fhir_model_class(kind).model_validate_json(written)


# It checks no codes; those are held against the table alone.
WRONG: list[tuple[str, dict[str, Any]]] = [
    ("Patient", {"surname": "Quill"}),
    ("Patient", {"name": {"family": "Quill"}}),
    ("Patient", {"birthDate": "17/02/1984"}),
    ("Patient", {"deceasedBoolean": True, "deceasedDateTime": "2026"}),
    ("Appointment", {"participant": None}),
    ("Slot", {"status": None}),
    ("Coverage", {"payor": None}),
    ("MedicationDispense", {"medicationReference": None}),
]


@pytest.mark.parametrize(("name", "members"), WRONG)
def test_fhir_resources_refuses_what_we_refuse(name: str, members: dict[str, Any]) -> None:
    from fhir.resources.R4B import get_fhir_model_class

    made = {**fhir.parse((SAMPLES / f"{name}.json").read_bytes()), **members}
    resource = {key: value for key, value in made.items() if value is not None}
    assert not fhir.is_valid(resource)
    with pytest.raises(ValueError, match="validation error"):
        get_fhir_model_class(name).model_validate_json(fhir.encode(resource))


# Errors this reader reports of what R4 allows, by place: it takes elements named as their type's own for unknown, wants
# a resource in a deletion or a read, holds MIME types against a list, and knows no guide but the base.
FALSE_ALARMS = re.compile(
    r"Patient\.communication\[\d+\]\.language|MedicationDispense\.dosageInstruction\[\d+\]\.text"
    r"|Subscription\.(channel\._payload|criteria\.extension\[\d+\])|Bundle\.entry\[[45]\]\.resource"
    r"|CapabilityStatement\.format\[\d+\]"
)


@pytest.fixture(scope="module")
def validator() -> Any:
    from pyrofile_validator import Validator

    return Validator()


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_pyrofile_finds_no_error_in_what_we_write(path: Path, validator: Any) -> None:
    plain = fhir.parse(path.read_bytes())
    typed = fhir.typed(plain, getattr(resources, plain["resourceType"]))
    for written in (fhir.encode(plain), fhir.encode(typed)):
        issues = validator.validate_resource(json.loads(written)).issues
        errors = [one.path for one in issues if one.severity.value in ("error", "fatal")]
        assert [place for place in errors if not FALSE_ALARMS.fullmatch(place)] == []


def test_pyrofile_finds_errors_where_we_do(validator: Any) -> None:
    wrong = {"resourceType": "Patient", "gender": "F", "birthDate": "17/02/1984", "contact": [{"gender": "male"}]}
    ours = {one.place for one in fhir.check({**wrong, "contact": [{"name": {"text": "x"}}]})}
    theirs = {one.path for one in validator.validate_resource(wrong).issues}
    assert ours == {"Patient.gender", "Patient.birthDate"}
    assert ours <= theirs


SIMPLE = {
    "Slot": {"status": st.sampled_from(["busy", "free"]), "overbooked": st.booleans(), "comment": st.text(min_size=1)},
    "Patient": {
        "gender": st.sampled_from(["male", "female"]),
        "active": st.booleans(),
        "birthDate": st.dates().map(str),
    },
}


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data(), st.sampled_from(sorted(SIMPLE)))
def test_both_agree_on_samples_with_parts_left_out(data: st.DataObject, name: str) -> None:
    from fhir.resources.R4B import get_fhir_model_class

    resource = json.loads((SAMPLES / f"{name}.json").read_bytes())
    for member in data.draw(st.lists(st.sampled_from(sorted(set(resource) - {"resourceType"})), unique=True)):
        del resource[member]
    for member, values in SIMPLE[name].items():
        if data.draw(st.booleans()):
            resource[member] = data.draw(values)
    try:
        get_fhir_model_class(name).model_validate_json(json.dumps(resource))
        expected = True
    except ValueError:
        expected = False
    assert fhir.is_valid(fhir.parse(json.dumps(resource).encode())) == expected
