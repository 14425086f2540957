"""JSON numbers come through with the digits that they were sent with, also where a document is cut out of an array."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom.mapping.declared import Rules, from_document
from careloom.mapping.reading import Unit, Unread, reader
from careloom.mapping.source import JsonShape, Settings
from careloom.model import encode

RULES = Rules.load(
    """
    [[rules]]
    event = "product.changed.v1"
    [rules.fields]
    "product.identifier[0].value" = "/sku"
    "product.price" = "/price"
    """
)


def settings(items: str | None = None) -> Settings:
    return Settings(json=JsonShape(dialect="shop", key="/sku", items=items), rules=RULES, currency="EUR")


def priced(body: bytes, shape: Settings) -> list[str]:
    """The prices of the products that a payload becomes, as the events write them."""
    found = []
    for unit in reader("json").units(body, shape):
        assert isinstance(unit, Unit)
        [event] = from_document(reader("json").parse(unit.body, shape), shape).events
        assert encode(event).count(b'"price":{"value":"') == 1
        found.append(encode(event).partition(b'"price":{"value":"')[2].partition(b'"')[0].decode())
    return found


@pytest.mark.parametrize("number", ["12.10", "0.1", "0.30", "12", "1234567890.12345", "-0.05", "0.10000000000000001"])
def test_an_amount_keeps_its_digits(number: str) -> None:
    document = f'{{"sku":"GLV","price":{number}}}'.encode()
    assert priced(document, settings()) == [number]
    assert priced(b'{"list":[' + document + b"," + document + b"]}", settings("/list")) == [number] * 2


@pytest.mark.parametrize("number", ["12345678901234567", "0.12345678901234567", "9007199254740993", "1.10"])
def test_a_number_of_many_digits_is_read_exactly(number: str) -> None:
    [unit] = reader("json").units(f'[{{"sku":"GLV","n":{number}}}]'.encode(), settings(""))
    assert isinstance(unit, Unit)
    assert unit.body == f'{{"sku":"GLV","n":{number}}}'.encode()
    assert str(reader("json").parse(unit.body, settings())["n"]) == number


def test_a_whole_number_of_any_size_may_be_a_key() -> None:
    [unit] = reader("json").units(b'{"sku":12345678901234567890123}', settings())
    assert isinstance(unit, Unit) and unit.key == "12345678901234567890123"


def test_a_broken_number_is_no_key() -> None:
    [unread] = reader("json").units(b'{"sku":12.5}', settings())
    assert isinstance(unread, Unread) and unread.error.location == "/sku"


def test_each_item_is_its_own_message_with_its_place() -> None:
    data = b'{"list":[{"sku":"A","price":0.1,"text":"\\u00fc"},{"sku":"B","price":12.10,"more":[1,{"x":null}]}]}'
    found: list[Any] = list(reader("json").units(data, settings("/list")))
    assert [one.place for one in found] == ["/list/0", "/list/1"]
    assert found[1].body == b'{"sku":"B","price":12.10,"more":[1,{"x":null}]}'
    assert [one.key for one in found] == ["A", "B"]


@given(st.lists(st.decimals(-(10**12), 10**12, allow_nan=False, places=4), min_size=1, max_size=5))
def test_any_amounts_come_through_items_as_they_were_sent(numbers: list[Decimal]) -> None:
    listed = ",".join(f'{{"sku":"{index}","price":{number}}}' for index, number in enumerate(numbers))
    found = [
        reader("json").parse(one.body, settings()) for one in reader("json").units(f"[{listed}]".encode(), settings(""))
    ]
    assert [str(one["price"]) for one in found] == [str(number) for number in numbers]
