"""Units of UCUM: which there are, what is so much of another, and bounds on what is tried."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careloom.core.errors import FormatError
from careloom.identity.codes.ucum import convert, prepare, same_kind, unit


@pytest.fixture(scope="module", autouse=True)
def _loaded() -> None:
    prepare()


@pytest.mark.parametrize(
    ("amount", "source", "target", "result"),
    [
        ("5", "mg/dL", "g/L", "0.05"),
        ("37", "Cel", "[degF]", "98.6"),
        ("98.6", "[degF]", "Cel", "37"),
        ("2", "10*3/uL", "10*9/L", "2"),
        ("1", "[lb_av]", "kg", "0.45359237"),
        ("90", "min", "h", "1.5"),
        ("3", "{tablet}", "{tablet}", "3"),
        ("12", "mL", "mL", "12"),
    ],
)
def test_so_much_of_one_unit_is_so_much_of_another(amount: str, source: str, target: str, result: str) -> None:
    assert convert(Decimal(amount), source, target) == Decimal(result)
    assert same_kind(source, target)


@pytest.mark.parametrize(
    ("source", "target"),
    [("m", "s"), ("mmol/L", "mg/dL"), ("{tablet}", "{vial}"), ("[iU]", "mg"), ("{tablet}", "1")],
)
def test_what_measures_something_else_is_not_converted(source: str, target: str) -> None:
    with pytest.raises(FormatError, match="unit"):
        convert(Decimal(1), source, target)


@pytest.mark.parametrize("text", ["[pH]", "m[H2O]", "mm[Hg]", "%{vol}", "{tablet}", "mL/(kg.h)", "100/{cells}"])
def test_these_are_units(text: str) -> None:
    assert unit(text) == text


def test_a_unit_that_nothing_is_known_of_says_so() -> None:
    with pytest.raises(FormatError, match="nothing is known to convert it"):
        convert(Decimal(7), "[pH]", "mol/L")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "it is empty"),
        ("m" * 61, "61 characters, more than 60"),
        ("mg dL", "unit character 3: it may not stand in a unit"),
        ("(" * 7 + "m" + ")" * 7, "more than 6 parentheses"),
        ("m99999", "a number is too long"),
        ("10000000", "a number is too long"),
        ("tablet", "no such unit"),
    ],
)
def test_what_is_no_unit_or_too_much_to_try(text: str, complaint: str) -> None:
    with pytest.raises(FormatError, match=complaint):
        unit(text)


@pytest.mark.parametrize("amount", ["NaN", "Infinity"])
def test_an_amount_is_a_number(amount: str) -> None:
    with pytest.raises(FormatError, match="no number"):
        convert(Decimal(amount), "km", "m")


def test_an_amount_beyond_all_measure() -> None:
    with pytest.raises(FormatError, match="too large or too small"):
        convert(Decimal("9E999999"), "km", "m")


@settings(deadline=None)
@given(st.decimals(-(10**9), 10**9, places=3), st.sampled_from([("mg", "g"), ("[in_i]", "cm"), ("Cel", "K")]))
def test_there_and_back_is_the_same_to_its_digits(amount: Decimal, units: tuple[str, str]) -> None:
    one, other = units
    assert abs(convert(convert(amount, one, other), other, one) - amount) <= Decimal("0.00001")
