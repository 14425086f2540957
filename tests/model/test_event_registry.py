"""The registry of canonical events: names, contracts, schemas, examples, and reading back what was written."""

from __future__ import annotations

import dataclasses
import json
import re

import msgspec
import pytest

from careloom import model
from careloom.core.errors import FormatError

NAMES = sorted(model.EVENTS)


def test_every_event_class_is_registered_under_its_name() -> None:
    def concrete(cls: type[model.CanonicalEvent]) -> set[type[model.CanonicalEvent]]:
        below = {one for sub in cls.__subclasses__() for one in concrete(sub)}
        return below | ({cls} if "type" in vars(cls) else set())

    ours = {one for one in concrete(model.CanonicalEvent) if one.__module__.startswith("careloom.")}
    assert set(model.EVENTS.values()) == ours
    assert all(event.type == name for name, event in model.EVENTS.items())


@pytest.mark.parametrize("name", NAMES)
def test_names_are_dotted_past_tense_with_a_major_version(name: str) -> None:
    irregular = ("paid", "sent", "no_show", "below_threshold", "split")
    found = re.fullmatch(r"[a-z]+(_[a-z]+)*\.([a-z]+(_[a-z]+)*)\.v[1-9]\d*", name)
    assert found
    assert found[2].endswith("ed") or found[2] in irregular


@pytest.mark.parametrize("name", NAMES)
def test_contracts_have_an_owner_and_one_sentence(name: str) -> None:
    contract = model.CONTRACTS[name]
    assert contract.type == name
    assert re.fullmatch(r"[a-z-]+", contract.owner)
    assert re.fullmatch(r"[A-Z][^.]*\.", contract.meaning)


def test_there_is_an_example_of_every_event_and_they_do_not_change() -> None:
    assert sorted(model.examples()) == NAMES
    assert model.examples() == model.examples()


@pytest.mark.parametrize("name", NAMES)
def test_an_event_survives_writing_and_reading(name: str) -> None:
    example = model.examples()[name]
    data = model.encode(example)
    assert model.decode(name, data) == example
    assert model.encode(model.decode(name, data)) == data


@pytest.mark.parametrize("name", NAMES)
def test_the_schema_names_what_an_example_holds(name: str) -> None:
    schema = model.schema(name)
    assert json.loads(json.dumps(schema)) == schema
    properties = schema["$defs"][model.EVENTS[name].__name__]["properties"]
    assert set(json.loads(model.encode(model.examples()[name]))) <= set(properties)


def test_wire_names_are_fhirs() -> None:
    text = model.encode(model.examples()["registration.created.v1"]).decode()
    for word in ("birthDate", "postalCode", "maritalStatus", "subscriberId", "pointOfCare", '"class":"AMB"'):
        assert word in text
    assert "_" not in re.sub(r'"[^"]*":', lambda found: found[0], "".join(re.findall(r'"([^"]*)":', text)))


def test_absent_values_are_left_out() -> None:
    event = model.PatientUpdated(patient=model.Patient(identifier=(model.Identifier(value="1"),)), trigger="ADT^A08")
    assert model.encode(event) == b'{"trigger":"ADT^A08","patient":{"identifier":[{"value":"1"}]}}'


def test_fields_of_a_later_version_are_ignored() -> None:
    data = b'{"trigger":"ADT^A08","patient":{"identifier":[{"value":"1"}],"shoeSize":9},"mood":"good"}'
    assert isinstance(model.decode("patient.updated.v1", data), model.PatientUpdated)


@pytest.mark.parametrize(
    ("data", "path"),
    [
        (b'{"trigger":"T","patient":{"identifier":[]}}', "$.patient.identifier"),
        (b'{"trigger":"T","patient":{"identifier":[{"value":""}]}}', "$.patient.identifier[0].value"),
        (b'{"trigger":"T","patient":{"identifier":[{"value":"1"}],"gender":"SECRET"}}', "$.patient.gender"),
        (b'{"trigger":"T","patient":{"identifier":[{"value":"1"}],"birthDate":"SECRET"}}', "$.patient.birthDate"),
        (b'{"trigger":"T","patient":{"identifier":[{"value":"1"}]},"occurred":"SECRET"}', "$.occurred"),
        (b'{"trigger":"T","patient":{"identifier":[{"value":"1"}]},"occurred":"2026-01-01T00:00:00"}', "$.occurred"),
        (b'{"trigger":"T","patient":"SECRET"}', "$.patient"),
        (b'{"trigger":"T"}', "$"),
        (b"SECRET", "$"),
        (b"\xff\xfe", "$"),
        (b"", "$"),
    ],
)
def test_a_breach_of_contract_names_the_path_and_never_the_value(data: bytes, path: str) -> None:
    with pytest.raises(FormatError) as caught:
        model.decode("patient.updated.v1", data)
    assert caught.value.location == path
    assert "SECRET" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_unknown_name_is_an_error_that_says_so() -> None:
    with pytest.raises(FormatError, match="not the name of a canonical event"):
        model.decode("patient.deleted.v1", b"{}")
    with pytest.raises(KeyError):
        model.schema("patient.deleted.v1")


def test_entities_cannot_be_changed() -> None:
    name = model.HumanName(family="Okonjo")
    with pytest.raises(AttributeError):
        name.family = "Other"  # type: ignore[misc]
    assert msgspec.structs.replace(name, family="Other").family == "Other"
    assert not dataclasses.is_dataclass(name)
