"""Typed resources: the same as the table of definitions says, and the same after writing."""

from __future__ import annotations

import inspect
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
import pytest

from careloom.core.errors import FormatError
from careloom.formats import fhir
from careloom.formats.fhir import resources
from careloom.formats.fhir.definitions import PRIMITIVES, definition
from careloom.formats.fhir.resources import Bundle, Claim, Encounter, Parameters, Patient
from careloom.formats.fhir.resources.bases import Element, Resource
from careloom.formats.fhir.resources.datatypes import Coding, Extension, HumanName, Identifier

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "fhir"
TYPES = [getattr(resources, name) for name in resources.__all__]
WHOLE = {"integer": int, "positiveInt": int, "unsignedInt": int, "boolean": bool, "decimal": Decimal}


def refused(data: bytes, kind: type[Resource]) -> FormatError:
    with pytest.raises(FormatError) as caught:
        fhir.decode(data, kind)
    return caught.value


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_a_sample_is_the_same_typed_either_way_and_after_writing(path: Path) -> None:
    data = path.read_bytes()
    plain = fhir.parse(data)
    kind = getattr(resources, plain["resourceType"])
    found = fhir.decode(data, kind)
    assert found == fhir.typed(plain, kind)
    assert fhir.decode(fhir.encode(found), kind) == found
    assert fhir.typed(fhir.plain(found), kind) == found


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_what_is_written_typed_is_a_part_of_what_was_read(path: Path) -> None:
    plain = fhir.parse(path.read_bytes())
    written = fhir.parse(fhir.encode(fhir.typed(plain, getattr(resources, plain["resourceType"]))))
    assert_part(written, plain)


def assert_part(part: Any, whole: Any) -> None:
    if isinstance(part, dict):
        for name, value in part.items():
            assert_part(value, whole[name])
    elif isinstance(part, list):
        assert len(part) == len(whole)
        for one, other in zip(part, whole, strict=True):
            assert_part(one, other)
    else:
        assert part == whole
        assert str(part) == str(whole)


def table_name(kind: type[Element]) -> str:
    """Parts are named after their resource: `ClaimItem` is `Claim_Item` of the table."""
    if definition(kind.__name__):
        return kind.__name__
    renamed = kind.__name__.replace("AddItemSubDetail", "SubDetail1").replace("AddItemDetail", "Detail1")
    owners = [*resources.__all__, "Timing", "Dosage"]
    found = [f"{owner}_{renamed[len(owner) :]}" for owner in owners if renamed.startswith(owner)]
    (name,) = [one for one in found if definition(one)]
    return name


def elements() -> list[type[Element]]:
    modules = [module for _, module in inspect.getmembers(resources, inspect.ismodule) if module.__name__ != "bases"]
    found = {kind for module in modules for _, kind in inspect.getmembers(module, inspect.isclass)}
    return sorted(
        (k for k in found if issubclass(k, Element) and k not in (Element, Resource)), key=lambda k: k.__name__
    )


def test_there_are_as_many_types_as_the_integration_uses() -> None:
    assert len(TYPES) == 37
    assert len(elements()) > 150


@pytest.mark.parametrize("kind", elements(), ids=lambda kind: kind.__name__)
def test_every_field_is_an_element_of_the_table_with_its_type_and_number(kind: type[Element]) -> None:
    defined = definition(table_name(kind))
    assert defined
    hints = get_type_hints(kind)
    for field in msgspec.structs.fields(kind):
        member = defined.by_name[field.encode_name]
        many = get_origin(hints[field.name]) is tuple
        assert many == member.many, field.name
        inner = [one for one in get_args(hints[field.name]) if one not in (type(None), ...)]
        leaf = get_args(inner[0])[0] if many and member.use.type in PRIMITIVES else inner[0]
        if member.use.type in PRIMITIVES:
            assert leaf is WHOLE.get(member.use.type, str), field.name
        elif member.use.type != "Resource":
            assert issubclass(leaf, Element), field.name
        assert field.default == (() if many else None)


def test_choices_and_python_words_are_fields_of_their_own() -> None:
    encounter = fhir.decode((SAMPLES / "Encounter.json").read_bytes(), Encounter)
    assert encounter.class_ == Coding(system="http://terminology.hl7.org/CodeSystem/v3-ActCode", code="AMB")
    claim = fhir.decode((SAMPLES / "Claim.json").read_bytes(), Claim)
    assert claim.item[0].serviced_date == "2026-03-09"
    assert claim.item[0].serviced_period is None
    assert claim.total
    assert str(claim.total.value) == "212.50"


def test_what_is_absent_is_not_written() -> None:
    patient = Patient(name=(HumanName(family="Quill", given=("Tamsin",)),), active=False)
    assert fhir.encode(patient) == (
        b'{"resourceType":"Patient","active":false,"name":[{"family":"Quill","given":["Tamsin"]}]}'
    )
    assert fhir.plain(Patient()) == {"resourceType": "Patient"}


def test_money_keeps_its_digits_in_the_plain_form() -> None:
    claim = fhir.decode((SAMPLES / "Claim.json").read_bytes(), Claim)
    assert str(fhir.plain(claim)["total"]["value"]) == "212.50"


def test_resources_inside_stay_plain_and_keep_their_digits() -> None:
    data = b'{"resourceType":"Bundle","type":"batch","entry":[{"resource":{"resourceType":"Basic","x":1.50}}]}'
    (entry,) = fhir.decode(data, Bundle).entry
    assert entry.resource == {"resourceType": "Basic", "x": Decimal("1.50")}
    assert str(entry.resource["x"]) == "1.50"


def test_elements_it_has_not_are_no_error() -> None:
    data = (
        b'{"resourceType":"Patient","text":{"status":"empty"},"other":[1],"_birthDate":{"id":"a"},"birthDate":"1984"}'
    )
    assert fhir.decode(data, Patient).birth_date == "1984"


def test_a_list_may_hold_null_for_a_value_that_is_an_extension_alone() -> None:
    data = b'{"resourceType":"Patient","name":[{"given":["Tamsin",null],"_given":[null,{"id":"a"}]}]}'
    assert fhir.decode(data, Patient).name[0].given == ("Tamsin", None)


def test_extensions_nest() -> None:
    found = Extension(url="u", extension=(Extension(url="v", value_identifier=Identifier(value="x")),))
    assert msgspec.json.decode(fhir.encode(found), type=Extension) == found


def test_another_type_is_refused() -> None:
    error = refused(b'{"resourceType":"Practitioner"}', Patient)
    assert error.location == "resourceType"
    assert "Patient" in error.reason


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b'{"resourceType":"Patient","name":{"family":"Quill"}}', "Patient.name"),
        (b'{"resourceType":"Patient","name":[{"family":["Quill"]}]}', "Patient.name[0].family"),
        (b'{"resourceType":"Patient","name":[{"given":["Tamsin",7]}]}', "Patient.name[0].given[1]"),
        (b'{"resourceType":"Patient","active":"yes"}', "Patient.active"),
        (b'{"resourceType":"Patient"', "by line 1, column 26"),
        (b'{"resourceType":"Patient","id":"\xff"}', "line 1, column 33"),
    ],
)
def test_a_wrong_type_is_refused_at_its_place_without_its_value(data: bytes, place: str) -> None:
    error = refused(data, Patient)
    assert error.location == place
    assert "Quill" not in str(error)
    assert "Tamsin" not in str(error)


def test_a_byte_order_mark_is_no_matter() -> None:
    assert fhir.decode(b'\xef\xbb\xbf{"resourceType":"Parameters"}', Parameters) == Parameters()
