"""Minor units and back."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom.mapping.currencies import EXPONENTS, from_minor, to_minor
from careloom.model import Money


@pytest.mark.parametrize(
    ("minor", "currency", "value"),
    [
        (1250, "usd", "12.50"),
        (500, "JPY", "500"),
        (1234, "KWD", "1.234"),
        (1, "CLF", "0.0001"),
        (-15, "EUR", "-0.15"),
        (0, "USD", "0.00"),
    ],
)
def test_an_amount_has_the_digits_of_its_currency(minor: int, currency: str, value: str) -> None:
    found = from_minor(minor, currency)
    assert str(found.value) == value
    assert found.currency == currency.upper()


@given(st.integers(-(10**16), 10**16), st.sampled_from(sorted(EXPONENTS)))
def test_an_amount_comes_back_to_the_last_digit(minor: int, currency: str) -> None:
    assert to_minor(from_minor(minor, currency)) == minor


@pytest.mark.parametrize(("minor", "currency"), [(1, "XXX"), (1, ""), (1, "US"), (10**17, "USD"), (-(10**40), "JPY")])
def test_what_is_no_amount_is_refused(minor: int, currency: str) -> None:
    with pytest.raises(ValueError, match=r"currency|digits"):
        from_minor(minor, currency)


def test_nothing_is_rounded_on_the_way_out() -> None:
    with pytest.raises(ValueError, match="no unit that small"):
        to_minor(Money(value=Decimal("0.005"), currency="USD"))
    assert to_minor(Money(value=Decimal("5.00"), currency="JPY")) == 5


def test_a_gateway_may_count_otherwise() -> None:
    assert str(from_minor(500, "ISK", {"ISK": 2}).value) == "5.00"
    assert to_minor(Money(value=Decimal("5"), currency="ISK"), {"ISK": 2}) == 500
