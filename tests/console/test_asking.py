"""Forms made of JSON Schema: each field of every kind of case, and what comes of what is typed."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest

from careloom.cases.catalogue import shipped
from careloom.cases.kinds import Action
from careloom.cases.supplies import Authorization, RecordMatch, Replenishment
from careloom.console.asking import data_of, fields_of
from careloom.console.visiting import Form
from careloom.core.errors import FormatError

KINDS = shipped()
ASKED = [(kind, action) for kind in KINDS for action in kind.data]


def typed(**values: str) -> Form:
    return Form([(f"data.{name}", value) for name, value in values.items()])


def test_a_field_knows_what_its_schema_says() -> None:
    fields = {one.member: one for one in fields_of(KINDS.of("authorization-gap").schemas["supply"])}
    assert [(name, one.control, one.required) for name, one in fields.items()] == [
        ("number", "text", True), ("valid_from", "date", False), ("valid_until", "date", False),
        ("units", "whole", False)
    ]  # fmt: skip
    assert (fields["number"].longest, fields["number"].hint) == (64, "as the other side wrote it")
    match = {one.member: one for one in fields_of(KINDS.of("unmatched-record").schemas["supply"])}
    assert match["record"].control == "choice" and "patient" in match["record"].choices
    money = {one.member: one for one in fields_of(KINDS.of("invoice-mismatch").schemas["approve"])}
    assert (money["amount"].control, money["currency"].pattern) == ("decimal", "[A-Z]{3}")
    assert [
        one.control for one in fields_of(KINDS.of("missing-payer-data").schemas["supply"]) if one.member == "plan"
    ] == ["note"]
    assert fields_of(None) == ()


def test_a_schema_of_other_tools_has_fields_too() -> None:
    properties = {"many": {"type": "number"}, "sure": {"type": "boolean"}, "list": {"type": "array"}}
    assert [one.control for one in fields_of({"properties": properties})] == ["decimal", "tick", "text"]
    form = typed(sure="yes", many="1.5")
    assert json.loads(data_of(fields_of({"properties": properties}), form)) == {"many": "1.5", "sure": True}


def test_what_is_filled_in_is_read_by_the_kind() -> None:
    kind = KINDS.of("authorization-gap")
    form = typed(number="A-1", valid_from="2026-03-14", valid_until="", units="3")
    data = data_of(fields_of(kind.schemas["supply"]), form)
    assert kind.read(Action.SUPPLY, data) == Authorization(number="A-1", valid_from=date(2026, 3, 14), units=3)
    stock = KINDS.of("stock-shortage")
    data = data_of(fields_of(stock.schemas["supply"]), typed(product="P", quantity="2.50"))
    assert stock.read(Action.SUPPLY, data) == Replenishment(product="P", quantity=Decimal("2.50"))
    record = KINDS.of("unmatched-record")
    data = data_of(fields_of(record.schemas["supply"]), typed(record="order", number="7"))
    assert record.read(Action.SUPPLY, data) == RecordMatch(record="order", number="7")
    assert data_of((), typed(x="1")) == b""


@pytest.mark.parametrize("units", ["x", "1.5", "-1", "٣", "9" * 400, "1e9"])
def test_what_is_no_number_is_refused_by_its_place(units: str) -> None:
    kind = KINDS.of("authorization-gap")
    data = data_of(fields_of(kind.schemas["supply"]), typed(number="A", units=units))
    with pytest.raises(FormatError) as refused:
        kind.read(Action.SUPPLY, data)
    assert refused.value.location == "$.units" and units not in str(refused.value)


@pytest.mark.parametrize(("kind", "action"), ASKED, ids=lambda one: getattr(one, "name", str(one)))
def test_every_kind_can_be_filled_in(kind: object, action: Action) -> None:
    assert kind in list(KINDS)
    schema = KINDS.of(kind.name).schemas[action]  # type: ignore[attr-defined]
    fields = fields_of(schema)
    sample = {"date": "2026-03-14", "decimal": "1", "whole": "1", "text": "USD", "note": "n", "tick": "yes"}
    values = {one.member: one.choices[0] if one.choices else sample[one.control] for one in fields}
    assert KINDS.of(kind.name).read(action, data_of(fields, typed(**values))) is not None  # type: ignore[attr-defined]
    with pytest.raises(FormatError):
        KINDS.of(kind.name).read(action, data_of(fields, typed()))  # type: ignore[attr-defined]
