"""What others read of the catalogue: every schema means what the code does, every reference leads somewhere."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from careloom import model
from careloom.core.errors import FormatError
from careloom.model.publication import asyncapi, schemas

NAMES = sorted(model.EVENTS)
SCHEMAS = schemas()
DOCUMENT = asyncapi()
STRUCTURE = json.loads((Path(__file__).parent / "asyncapi_structure.json").read_text())


def validator(name: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(SCHEMAS[name])


def example(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(model.encode(model.examples()[name]))
    return found


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for one in node.values():
            yield from references(one)
    elif isinstance(node, list):
        for one in node:
            yield from references(one)


def target(reference: str) -> Any:
    node: Any = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        node = node[step]
    return node


def test_there_is_a_schema_of_every_event_and_each_is_a_schema() -> None:
    assert sorted(SCHEMAS) == NAMES
    for name, one in SCHEMAS.items():
        assert jsonschema_rs.meta.is_valid(one), name
        assert one["$id"] == f"urn:careloom:event:{name}"


@pytest.mark.parametrize("name", NAMES)
def test_an_example_keeps_its_schema(name: str) -> None:
    validator(name).validate(example(name))


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_refuses_what_the_contract_does(name: str) -> None:
    """Of each member: another type; of each required one: its absence. Whatever is refused by one is by the other."""
    check = validator(name)
    for member in example(name):
        broken = example(name) | {member: 17.5}
        assert not check.is_valid(broken), member
        with pytest.raises(FormatError):
            model.decode(name, json.dumps(broken).encode())
    for member in SCHEMAS[name]["$defs"][model.EVENTS[name].__name__]["required"]:
        short = {key: one for key, one in example(name).items() if key != member}
        assert not check.is_valid(short), member
        with pytest.raises(FormatError):
            model.decode(name, json.dumps(short).encode())


@pytest.mark.parametrize("amount", [40, 40.0, "forty", "4O.00", "", "+1", "01", "1.", ".5", "NaN", "1,000.00", None])
def test_an_amount_is_a_string_of_digits(amount: object) -> None:
    event = example("payment.received.v1")
    event["payment"]["amount"]["value"] = amount
    assert not validator("payment.received.v1").is_valid(event)


@pytest.mark.parametrize("amount", ["0", "-0.5", "40.00", "999999999999999999", "1E-7"])
def test_an_amount_may_be_any_decimal_of_fhir(amount: str) -> None:
    event = example("payment.received.v1")
    event["payment"]["amount"]["value"] = amount
    validator("payment.received.v1").validate(event)


def test_members_of_a_later_version_are_allowed() -> None:
    event = example("invoice.issued.v1") | {"later": {"version": 2}}
    validator("invoice.issued.v1").validate(event)


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_says_what_the_contract_promises(name: str) -> None:
    contract, found = model.CONTRACTS[name], SCHEMAS[name]
    assert found["description"] == contract.meaning
    assert found["x-owner"] == contract.owner
    assert found["x-source-of-truth"] == contract.source_of_truth
    assert found["x-personal"] == list(contract.personal)
    assert found["x-sunset"] is None
    assert found["x-subject"][0]["kind"] == contract.event.about[0].kind


def test_the_asyncapi_document_has_the_structure_of_asyncapi_3() -> None:
    jsonschema_rs.Draft202012Validator(STRUCTURE).validate(DOCUMENT)


@pytest.mark.parametrize(
    "break_", [{"asyncapi": "2.6.0"}, {"channels": {"a": {"subscribe": {}}}}, {"operations": {"a": {"action": "send"}}}]
)
def test_the_structure_test_can_fail(break_: dict[str, Any]) -> None:
    assert not jsonschema_rs.Draft202012Validator(STRUCTURE).is_valid(copy.deepcopy(DOCUMENT) | break_)


def test_every_reference_of_the_document_leads_somewhere() -> None:
    found = set(references(DOCUMENT))
    assert len(found) > len(NAMES) * 3
    for reference in found:
        assert isinstance(target(reference), dict)


@pytest.mark.parametrize("name", NAMES)
def test_each_event_has_a_channel_a_message_and_an_operation(name: str) -> None:
    operation = DOCUMENT["operations"][f"send.{name}"]
    channel = target(operation["channel"]["$ref"])
    message = target(target(operation["messages"][0]["$ref"])["$ref"])
    assert channel["address"] == message["name"] == name
    payload = target(message["payload"]["$ref"])
    assert payload["title"] == model.EVENTS[name].__name__
    assert message["examples"][0]["payload"] == example(name)


def test_the_schemas_of_the_document_are_good_for_readers_of_the_older_draft() -> None:
    """AsyncAPI's own schema language is a superset of JSON Schema draft 7."""
    for name in ("claim.adjudicated.v1", "registration.created.v1"):
        message = DOCUMENT["components"]["messages"][name]
        whole = {"$ref": message["payload"]["$ref"], "components": {"schemas": DOCUMENT["components"]["schemas"]}}
        jsonschema_rs.Draft7Validator(whole).validate(example(name))
        assert not jsonschema_rs.Draft7Validator(whole).is_valid({})


def test_descriptions_are_not_indented() -> None:
    assert r"\n    " not in json.dumps([DOCUMENT, dict(SCHEMAS)])
