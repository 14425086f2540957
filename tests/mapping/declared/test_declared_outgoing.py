"""Events become documents of other systems by rules."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from careloom.core.errors import ConfigurationError, MappingError
from careloom.mapping.declared import Outgoing, Rules
from careloom.model import CONTRACTS, encode, examples

TICKET = {
    "trigger": "t",
    "ticket": {
        "identifier": [{"value": "T-1"}],
        "status": "on-hold",
        "summary": "Printer",
        "due": "2026-03-05T09:00:00-06:00",
        "requester": {
            "identifier": [{"value": "C1"}],
            "telecom": [{"system": "phone", "value": "555-0101"}, {"system": "email", "value": "a@example.org"}],
            "tag": ["a", "b"],
        },
    },
}
ORDER = {
    "trigger": "t",
    "order": {
        "identifier": [{"value": "P1"}],
        "line": [
            {"identifier": "1", "item": [{"value": "A"}], "quantity": {"value": "2.50"}},
            {"identifier": "2", "item": [{"value": "B"}], "quantity": {"value": "1"}},
        ],
    },
}


def document(body: Mapping[str, Any], event: Any = TICKET, type: str = "ticket.opened.v1", **tables: Any) -> Any:
    outgoing = Outgoing.load(body, [type], tables)
    return json.loads(outgoing.make(json.dumps(event).encode(), type))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("ticket.summary", "Printer"),
        ("ticket.requester.telecom[1].value", "a@example.org"),
        ("ticket.requester.telecom[system=email].value", "a@example.org"),
        ({"from": ["ticket.team", "ticket.summary"]}, "Printer"),
        ({"join": ["ticket.summary", "ticket.status"], "separator": ": "}, "Printer: on-hold"),
        ({"constant": {"nested": [1]}}, {"nested": [1]}),
        (7, 7),
        ({"from": "ticket.status", "table": {"on-hold": 4}}, 4),
        ({"from": "ticket.status", "table": "status"}, "waiting"),
        ({"from": "ticket.priority", "default": "normal"}, "normal"),
        ({"from": "ticket.due", "format": "%d.%m.%Y %H:%M"}, "05.03.2026 15:00"),
        ({"from": "ticket.due", "format": "%H:%M", "zone": "America/Chicago"}, "09:00"),
        ({"from": "ticket.due", "format": "epoch"}, 1772722800),
        ({"from": "ticket.requester.tag[0]", "as": "list"}, ["a"]),
        ({"from": "ticket.requester.tag", "as": "list"}, ["a", "b"]),
    ],
)
def test_a_value_is_taken_as_declared(source: Any, expected: Any) -> None:
    assert document({"/v": source}, status={"on-hold": "waiting"}) == {"v": expected}


def test_what_an_event_leaves_out_because_it_is_usual_is_said() -> None:
    assert document({"/p": "ticket.priority", "/a": "ticket.requester.active"}) == {"p": "normal", "a": True}
    assert document({"/k": "ticket.regarding.identifier.use"}) == {}


def test_what_the_event_does_not_say_is_left_out() -> None:
    assert document({"/a": "ticket.team", "/b": "ticket.summary"}) == {"b": "Printer"}


def test_what_the_document_needs_names_the_place_in_the_event() -> None:
    with pytest.raises(MappingError) as caught:
        document({"/a": {"from": "ticket.team", "required": True}})

    assert caught.value.field == "ticket.team"


def test_objects_and_lists_grow_from_their_pointers() -> None:
    body = {
        "/f/0/k": {"constant": "x"},
        "/f/0/v": "ticket.summary",
        "/f/1/k": {"constant": "y"},
        "/a/b": "ticket.status",
    }

    assert document(body) == {"f": [{"k": "x", "v": "Printer"}, {"k": "y"}], "a": {"b": "on-hold"}}


def test_items_of_a_list_become_items_and_numbers_keep_their_digits() -> None:
    body = {
        "/lines": {
            "each": "order.line",
            "body": {"/sku": "item[0].value", "/qty": {"from": "quantity.value", "as": "number"}},
        }
    }
    outgoing = Outgoing.load(body, ["purchase_order.placed.v1"])

    made = outgoing.make(json.dumps(ORDER).encode(), "purchase_order.placed.v1")

    assert made == b'{"lines":[{"sku":"A","qty":2.50},{"sku":"B","qty":1}]}'


def test_a_value_of_another_kind_names_its_place() -> None:
    with pytest.raises(MappingError) as caught:
        document({"/a": {"from": "ticket.summary", "as": "number"}})

    assert caught.value.field == "ticket.summary"
    assert "Printer" not in str(caught.value)


def test_other_events_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"contact\.updated\.v1"):
        Outgoing.load({"/a": "ticket.summary"}, ["ticket.opened.v1"]).make(b"{}", "contact.updated.v1")


def test_a_file_may_hold_both_ways() -> None:
    rules = Rules.load(
        """
        [tables.status]
        open = "new"
        [outgoing.ticket]
        events = ["ticket.opened.v1", "ticket.updated.v1"]
        [outgoing.ticket.body]
        "/state" = { from = "ticket.status", table = "status" }
        """
    )

    made = rules.outgoing["ticket"].make(encode(examples()["ticket.opened.v1"]), "ticket.opened.v1")

    assert json.loads(made) == {"state": "new"}


@pytest.mark.parametrize("type", sorted(CONTRACTS))
def test_every_event_can_be_sent(type: str) -> None:
    assert document({"/trigger": "trigger"}, json.loads(encode(examples()[type])), type)["trigger"]
