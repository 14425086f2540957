"""Mistakes in rules are found when they are loaded, each with its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from careloom.core.errors import ConfigurationError
from careloom.mapping.declared import Outgoing, Rules

ID = {"contact.identifier[0].value": "/id"}


def problem(event: str = "contact.updated.v1", **rule: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        Rules.load({"rules": [{"event": event, **rule}]})
    return str(caught.value)


def of_field(target: str, source: Any) -> str:
    return problem(fields={**ID, target: source})


@pytest.mark.parametrize(
    ("target", "source", "told"),
    [
        ("contact.nam.family", "/n", "rules.0.fields.contact.nam.family: Contact holds no nam; it holds active, addr"),
        ("contact.identifier.value", "/n", "a list stands before value; say which item, [0]"),
        ("contact.name[0].family", "/n", "HumanName is no list"),
        ("contact.tag", "/tags", "of kind list and takes no single value; write [0], or { each"),
        ("contact.organization", "/org", "of kind object"),
        ("contact.name", "/name", 'a person\'s name needs split = "given family"'),
        ("contact..x", "/n", "is no path into an event"),
        ("contact.telecom[x].value", "/n", "an index from 0"),
        ("contact.telecom[system=email].value", "/n", "only a source may be selected"),
        ("contact.stage", "stage", "'stage' is no JSON Pointer: write /stage, or { constant = ... }"),
        ("contact.stage", "", "a source is a JSON Pointer"),
        ("contact.stage", "../x", "goes out of the document"),
        ("contact.stage", ["/a"], "write a JSON Pointer, or a table"),
        ("contact.stage", {"from": "/a", "constant": "b"}, "by one of: from, join, constant, count, each"),
        ("contact.stage", {"default": "b"}, "by one of: from, join, constant, count, each"),
        ("contact.stage", {"from": "/a", "formatt": "x"}, "formatt: there is no such key"),
        ("contact.stage", {"from": "/a", "format": "%d"}, "format fits date, datetime, instant"),
        ("contact.stage", {"from": "/a", "currency": "USD"}, "currency fits money; this target is of kind text"),
        ("contact.stage", {"from": "/a", "decimals": 2}, "decimals fits decimal, money, quantity"),
        ("contact.stage", {"from": "/a", "true": "x"}, "true fits boolean"),
        ("contact.stage", {"from": "/a", "table": "none"}, "there is no table 'none'; there are none"),
        ("contact.stage", {"constant": ""}, "an empty constant says nothing"),
        ("contact.active", {"constant": "maybe"}, "the constant 'maybe' is neither of the texts"),
        ("contact.active", {"from": "/a", "default": "maybe"}, "the constant 'maybe' is neither"),
        (
            "contact.telecom[0].system",
            {"from": "/a", "table": {"x": "fone"}},
            "table.x: the constant 'fone' is none of",
        ),
        ("contact.tag", {"each": "/tags"}, "each needs either fields, or a value"),
        ("contact.tag", {"each": "/tags", "fields": {"a": "/b"}}, "holds no a"),
        ("contact.stage", {"each": "/tags", "value": "."}, "of kind text and no list"),
        ("contact.address", {"each": "/a", "fields": {"city": "../../c"}}, "goes out of the document"),
        ("contact.telecom", {"each": "/a", "fields": {"system": "/kind"}}, "ContactPoint must have it, and no source"),
        ("contact.telecom[0].value", "/phone", "fields.contact.telecom[0].system: ContactPoint must have it"),
        ("contact", "/x", "twice, as a whole and in parts"),
        ("occurred", {"from": "/at", "zone": "Mars/Base"}, "there is no such time zone"),
        ("occurred", {"from": "/at", "format": "%H:%M"}, "it needs a year, a month and a day"),
        ("occurred", {"from": "/at", "format": "DD.MM.YYYY"}, "says no whole date"),
    ],
)
def test_a_field_that_cannot_be_is_told_with_its_place(target: str, source: Any, told: str) -> None:
    text = of_field(target, source)

    assert told in text
    assert text.startswith(f"rules.0.fields.{target.partition('[')[0]}")


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"fields": {}}, "rules.0.fields.contact: ContactUpdated must have it, and no source is given"),
        ({"fields": {"contact.stage": "/x"}}, "rules.0.fields.contact.identifier: Contact must have it"),
        ({"event": "contact.changed.v1"}, "there is no event contact.changed.v1"),
        ({"skip": "why it is none"}, "a rule has either `event`, or `skip`"),
        ({"event": None}, "a rule has either `event`, or `skip`"),
        ({"event": None, "skip": "why", "fields": ID}, "a rule that skips has no fields"),
        ({"when": {"type": "x"}, "fields": ID}, "rules.0.when.type: 'type' is no JSON Pointer"),
        ({"each": "rows", "fields": ID}, "rules.0: 'rows' is no JSON Pointer"),
        ({"fieldz": ID}, "rules.0.fieldz: there is no such key"),
    ],
)
def test_a_rule_that_cannot_be_is_told_with_its_place(rule: Mapping[str, Any], told: str) -> None:
    assert told in problem(**{"event": "contact.updated.v1", **rule})


def test_a_rule_with_a_name_is_told_by_it() -> None:
    assert problem(name="people", fields={}).startswith("rules.people.fields.contact: ")


def test_all_mistakes_are_told_at_once() -> None:
    text = problem(fields={"contact.stage": "a", "contact.active": {"constant": "b"}, "occurred": {"from": "c"}})

    assert len(text.splitlines()) == 3


def test_what_an_event_demands_beside_its_schema_counts_too() -> None:
    assert "practitioner.identifier" in problem("practitioner.updated.v1", fields={"practitioner.active": "/a"})


def test_what_is_no_toml_is_told() -> None:
    with pytest.raises(ConfigurationError, match="the rules are no TOML"):
        Rules.load("[[rules]")


@pytest.mark.parametrize(
    ("body", "events", "told"),
    [
        ({"id": "contact.owner"}, ["contact.updated.v1"], "'id' is no JSON Pointer: write /id"),
        ({"/id": "contact.nam"}, ["contact.updated.v1"], "body./id: Contact holds no nam"),
        ({"/id": "contact.owner", "/id/a": "contact.stage"}, ["contact.updated.v1"], "/id stands there already"),
        ({"/a/0": "contact.owner", "/a/b": "contact.stage"}, ["contact.updated.v1"], "makes a list or an object"),
        ({"/id": {"from": "contact.owner", "as": "int"}}, ["contact.updated.v1"], "body./id.as"),
        ({"/id": {"from": "contact.owner", "constant": 1}}, ["contact.updated.v1"], "by one of: from, join"),
        ({"/id": {"from": "contact.owner", "table": "t"}}, ["contact.updated.v1"], "there is no table 't'"),
        ({"/id": {"each": "contact.owner", "body": {"/a": "b"}}}, ["contact.updated.v1"], "each needs a list"),
        ({"/id": "contact.telecom.value"}, ["contact.updated.v1"], "say which item"),
        ({"/id": "contact.owner"}, ["contact.updated.v1", "ticket.opened.v1"], "holds no contact"),
        ({"/id": "contact.owner"}, ["contact.v1"], "there is no event contact.v1"),
    ],
)
def test_mistakes_in_outgoing_documents_are_told_with_their_place(
    body: Mapping[str, Any], events: list[str], told: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Outgoing.load(body, events)

    assert told in str(caught.value)
