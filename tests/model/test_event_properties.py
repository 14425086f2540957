"""What holds of every possible instance of every event, not of the examples alone."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.model.generated import instances

from careloom import model
from careloom.core.errors import FormatError
from careloom.mapping import subjects_of
from careloom.model.publication import schemas

NAMES = sorted(model.EVENTS)
EXAMPLES = {name: model.encode(one) for name, one in model.examples().items()}
_PATIENT = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
FEW = settings(max_examples=12, deadline=None, suppress_health_check=_PATIENT)


@cache
def validators() -> dict[str, jsonschema_rs.Draft202012Validator]:
    return {name: jsonschema_rs.Draft202012Validator(one, validate_formats=False) for name, one in schemas().items()}


@pytest.mark.parametrize("name", NAMES)
@settings(FEW, max_examples=10)
@given(data=st.data())
def test_any_event_survives_writing_and_reading_keeps_its_schema_and_has_a_subject(
    name: str, data: st.DataObject
) -> None:
    event = data.draw(instances(model.EVENTS[name]))
    written = model.encode(event)
    read = model.decode(name, written)
    assert read == event
    assert model.encode(read) == written
    validators()[name].validate(as_json(written))
    subject, others = subjects_of(event)
    kinds = {one.kind for one in (*event.about, *event.also)} | {"Person"}
    assert all(one.count("/") == 2 and one.partition("/")[0] in kinds for one in (subject, *others))
    assert len({subject, *others}) == 1 + len(others)
    assert subjects_of(read) == (subject, others)


@pytest.mark.parametrize("name", NAMES)
@settings(FEW, max_examples=5)
@given(data=st.data(), junk=st.sampled_from(["SECRET", 7.5, {"SECRET": 1}, ["SECRET"], True]))
def test_reading_anything_else_never_quotes_it(name: str, data: st.DataObject, junk: object) -> None:
    written = as_json(EXAMPLES[name])
    member = data.draw(st.sampled_from(sorted(written)))
    try:
        model.decode(name, json.dumps(written | {member: junk}).encode())
    except FormatError as error:
        assert "SECRET" not in str(error)
        assert error.location == "$" or error.location.startswith(f"$.{member}")


@pytest.mark.parametrize("name", NAMES)
def test_no_value_of_an_example_is_quoted_when_another_is_wrong(name: str) -> None:
    """Each text of an example in turn becomes a number: the error names where, and holds no text of the example."""
    whole = as_json(EXAMPLES[name])
    for place, _ in leaves(whole):
        broken = copy.deepcopy(whole)
        replaced(broken, place, {"unexpected": 1})
        with pytest.raises(FormatError) as caught:
            model.decode(name, json.dumps(broken).encode())
        assert caught.value.location.startswith("$")
        assert not any(text in caught.value.reason for _, text in leaves(whole) if len(text) > 5 and text not in name)
        assert not validators()[name].is_valid(broken)


def leaves(node: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(node, str):
        yield place, node
    elif isinstance(node, dict | list):
        for key, one in node.items() if isinstance(node, dict) else enumerate(node):
            yield from leaves(one, (*place, key))


def replaced(node: Any, place: tuple[str | int, ...], value: object) -> None:
    for step in place[:-1]:
        node = node[step]
    node[place[-1]] = value


def as_json(written: bytes) -> dict[str, object]:
    found: dict[str, object] = json.loads(written)
    return found
