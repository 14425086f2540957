"""Amounts are exact, finite, and written with the digits that they were given."""

from __future__ import annotations

import re
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom import model
from careloom.core.errors import FormatError
from careloom.model.amounts import Money, Quantity

PATTERN = r"-?(0|[1-9]\d{0,17})(\.\d{1,17})?([eE]-?\d{1,2})?"


@pytest.mark.parametrize(
    ("given_", "written"),
    [
        ("12.50", "12.50"),
        ("12.5", "12.5"),
        ("-0.00", "-0.00"),
        ("1E+2", "100"),
        ("-2.5E+3", "-2500"),
        ("0E+4", "0"),
        ("0.0000001", "1E-7"),
        ("999999999999999999", "999999999999999999"),
        ("999999999999999999.99999999999999999", "999999999999999999.99999999999999999"),
    ],
)
def test_digits_stay(given_: str, written: str) -> None:
    found = msgspec.json.encode(Money(value=Decimal(given_), currency="USD"))
    assert found == f'{{"value":"{written}","currency":"USD"}}'.encode()
    assert re.fullmatch(PATTERN, written)
    assert msgspec.json.encode(msgspec.json.decode(found, type=Money)) == found


@pytest.mark.parametrize("text", ["NaN", "sNaN", "NaN123", "Infinity", "-Infinity", "1E+18", "1E+999999", "1E-18"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="at most 18 digits"):
        Quantity(value=Decimal(text))
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(f'{{"value":"{text}"}}', type=Quantity)


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_an_amount_is_kept_exactly_or_refused(value: Decimal) -> None:
    try:
        amount = Quantity(value=value)
    except ValueError:
        return
    read = msgspec.json.decode(msgspec.json.encode(amount), type=Quantity)
    assert read.value == value
    assert re.fullmatch(PATTERN, str(read.value))


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_a_json_number_keeps_its_text(number: float) -> None:
    """A partner may write numbers: what is read is the decimal text, not the nearest binary fraction."""
    text = repr(number)
    try:
        wanted = Quantity(value=Decimal(text))
    except ValueError:
        return
    assert msgspec.json.decode(f'{{"value":{text}}}', type=Quantity) == wanted


@pytest.mark.parametrize("currency", ["usd", "US", "DOLLAR", ""])
def test_a_currency_is_three_capitals(currency: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(f'{{"value":"1","currency":"{currency}"}}', type=Money)


def test_the_error_names_the_place_and_not_the_amount() -> None:
    data = model.encode(model.examples()["payment.received.v1"]).replace(b'"40.00"', b'"Infinity"')
    with pytest.raises(FormatError) as caught:
        model.decode("payment.received.v1", data)
    assert caught.value.location == "$.payment.amount"
    assert "Infinity" not in str(caught.value)
    assert "18 digits" in str(caught.value)
