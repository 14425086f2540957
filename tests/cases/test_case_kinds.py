"""Kinds are declared whole or not at all; what they ask for is read strictly and never quoted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from careloom.cases.catalogue import shipped
from careloom.cases.kinds import ENDS, PRIORITIES, UNDECLARED, Action, CaseKind, CaseKinds
from careloom.cases.states import MOVES, State
from careloom.cases.supplies import PayerData
from careloom.core.errors import ConfigurationError, FormatError

NAMED = {
    "missing-payer-data", "authorization-gap", "authorization-denied", "stock-shortage", "invoice-mismatch",
    "duplicate-service", "delayed-payment", "unmatched-record", "rejected-posting", "mapping", "delivery",
    "ambiguous-outcome", "silence", "duplicate-person",
}  # fmt: skip
KINDS = list(shipped())
WHOLE = CaseKind(
    name="lost-key", meaning="a key is lost", owner="facilities", sla=timedelta(hours=1), runbook="case-lost-key",
    actions=(Action.RESOLVE,),
)  # fmt: skip
GOOD = {
    ("missing-payer-data", Action.SUPPLY): {"payer": "60054", "member": "NHP884213"},
    ("authorization-gap", Action.SUPPLY): {"number": "A-77", "valid_from": "2026-03-01", "units": 3},
    ("authorization-denied", Action.APPROVE): {"number": "A-78", "decided": "2026-03-04"},
    ("stock-shortage", Action.SUPPLY): {"product": "GAUZE-10", "quantity": "40", "location": "WH/2"},
    ("invoice-mismatch", Action.APPROVE): {"amount": "-12.40", "currency": "USD", "account": "658000"},
    ("invoice-mismatch", Action.SUPPLY): {"invoice": "HMS-88124", "total": "812.00", "currency": "USD"},
    ("duplicate-service", Action.REJECT): {"charge": "CH-9"},
    ("delayed-payment", Action.SUPPLY): {"expected": "2026-04-01"},
    ("unmatched-record", Action.SUPPLY): {"record": "patient", "number": "N-1", "assigner": "NORTH"},
    ("unknown-code", Action.SUPPLY): {
        "canonical": "NORTHWIND",
        "label": "as it was called before",
        "valid_from": "2026-01-01",
    },
    ("duplicate-person", Action.APPROVE): {"survivor": "N-1"},
}


def test_the_kinds_that_processes_need_are_there() -> None:
    assert {kind.name for kind in KINDS} >= NAMED
    assert all(kind.runbook == f"case-{kind.name}" for kind in KINDS)


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"owner": " "}, "an owner"),
        ({"sla": timedelta(0)}, "an SLA"),
        ({"runbook": ""}, "a runbook"),
        ({"meaning": ""}, "a meaning"),
        ({"actions": ()}, "an action"),
        ({"name": "Lost Key"}, "a name"),
        ({"criticality": "vital"}, "a criticality"),
        ({"data": {Action.SUPPLY: PayerData}}, "the actions that it has data for"),
    ],
)
def test_a_kind_that_is_not_whole_is_refused(change: dict[str, Any], missing: str) -> None:
    with pytest.raises(ConfigurationError, match=missing):
        CaseKinds([replace(WHOLE, **change)])


def test_everything_that_is_missing_is_said_at_once() -> None:
    with pytest.raises(ConfigurationError, match=r"an owner.*a runbook"):
        replace(WHOLE, owner="", runbook="").must_be_whole()


def test_a_deployment_adds_kinds_but_takes_no_name_twice() -> None:
    kinds = shipped()
    kinds.register(WHOLE)
    assert kinds.of("lost-key") is WHOLE
    with pytest.raises(ConfigurationError, match="two kinds of case are named 'lost-key'"):
        kinds.register(WHOLE)


def test_a_kind_that_nobody_declared_still_has_an_owner_and_a_time() -> None:
    assert shipped().of("nobody-knows") is UNDECLARED
    UNDECLARED.must_be_whole()


def test_every_action_ends_a_case_in_a_state_that_is_an_end() -> None:
    assert set(ENDS) == set(Action)
    assert {MOVES[state] for state in ENDS.values()} == {frozenset()}
    assert (ENDS[Action.WAIVE], ENDS[Action.DISCARD]) == (State.WAIVED, State.DISCARDED)


def test_there_is_a_good_example_of_all_data() -> None:
    assert {(kind.name, action) for kind in KINDS for action in kind.data} == set(GOOD)


@pytest.mark.parametrize(("kind", "action"), GOOD)
def test_data_is_read_as_its_schema_says(kind: str, action: Action) -> None:
    found = shipped().of(kind)
    data = GOOD[kind, action]
    assert found.read(action, msgspec.json.encode(data)) is not None
    schema = found.schemas[action.value]
    assert jsonschema_rs.validator_for(schema).is_valid(data)
    for short in ({}, {**data, "Okonjo": "Maribel"}):
        assert not jsonschema_rs.validator_for(schema).is_valid(short)
        with pytest.raises(FormatError) as refused:
            found.read(action, msgspec.json.encode(short))
        assert "Okonjo" not in str(refused.value) and "Maribel" not in str(refused.value)


def test_a_wrong_value_is_told_by_its_place_alone() -> None:
    with pytest.raises(FormatError) as refused:
        shipped().of("authorization-gap").read(Action.SUPPLY, b'{"number": "A-1", "units": "Maribel"}')
    assert refused.value.location == "$.units" and "Maribel" not in str(refused.value)


@pytest.mark.parametrize("data", [b"{", b"\xff", b"null", b"[]"])
def test_what_is_no_object_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        shipped().of("missing-payer-data").read(Action.SUPPLY, data)


@pytest.mark.parametrize("quantity", ["0", "-1", "NaN", "Infinity"])
def test_an_amount_that_is_none_is_refused(quantity: str) -> None:
    with pytest.raises(FormatError):
        shipped().of("stock-shortage").read(Action.SUPPLY, json_of({"product": "GAUZE-10", "quantity": quantity}))


def json_of(data: object) -> bytes:
    return msgspec.json.encode(data)


def test_an_action_without_data_takes_none() -> None:
    kind = shipped().of("silence")
    assert kind.read(Action.RESOLVE, b"") is None is kind.read(Action.RESOLVE, b" {} ")
    with pytest.raises(FormatError, match="takes no data"):
        kind.read(Action.RESOLVE, b'{"a": 1}')


def test_the_most_critical_comes_first() -> None:
    assert sorted(PRIORITIES, key=PRIORITIES.__getitem__) == ["critical", "high", "normal", "low"]
