"""The script of the day: the same for a seed, and its sums hold by construction."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom.flows.steps.packages import packages
from careloom.sim import expected, house
from careloom.sim.cast import OPENING, PACKAGES, REAGENT, VALVE, Cast, Cover, Plan, cast
from careloom.sim.morning import morning

NOW = datetime(2026, 5, 4, 10, 20, tzinfo=UTC)


def test_a_seed_fixes_everybody_and_every_amount() -> None:
    assert cast(7, NOW) == cast(7, NOW)
    first, other = cast(7, NOW), cast(8, NOW)
    assert first.prices != other.prices
    assert [one.person for one in first.patients] != [one.person for one in other.patients]


def test_nobody_of_the_day_came_in_the_morning_and_no_number_is_used_twice() -> None:
    made = cast(19, NOW)
    numbers = [one.mrn for one in made.everybody]
    assert len(set(numbers)) == len(numbers)
    assert not {*numbers} & morning(200, 19).accounts.keys()
    visits = [*(one.visit for one in made.patients), *(one.number for one in made.bookings)]
    assert len(set(visits)) == len(visits) and not {*visits} & morning(200, 19).visits


@given(seed=st.integers(0, 10_000))
def test_the_ledger_sums_to_nothing_and_the_stock_is_enough(seed: int) -> None:
    made = cast(seed, NOW)
    held = expected.ledger(made)
    assert sum(held.values()) == 0
    assert held[expected.RECEIVABLE] == expected.billed(made) - expected.paid(made) > 0
    there, kept = expected.stock(made), expected.reserved(made)
    assert all(there[product] >= kept.get(product, 0) for product in there)
    assert there[REAGENT] < OPENING[REAGENT]


@given(seed=st.integers(0, 10_000))
def test_the_purchase_takes_two_people_and_no_chief(seed: int) -> None:
    made = cast(seed, NOW)
    assert Decimal(5000) < expected.bought(made) <= Decimal(50000)
    assert expected.short() == 3 and expected.stock(made)[VALVE] == 4


def test_every_story_is_told() -> None:
    made = cast(1, NOW)
    assert {one.cover for one in made.patients} == {*Cover}
    assert {one.plan for one in made.bookings} == {*Plan}
    assert all(one.start > NOW for one in made.bookings), "an operation of the past would be over at once"
    assert [len(one.versions) for one in made.services].count(2) == 1
    assert [one.paid for one in made.services] == [not one.insured for one in made.services]


def test_the_deployment_has_the_packages_that_the_script_counts_with() -> None:
    assert house.__all__, "it declares them"
    for code, supplies in PACKAGES.items():
        assert {one.product: one.quantity for one in packages.of([code])} == supplies


@pytest.fixture
def made() -> Cast:
    return cast(19, NOW)


def test_what_is_left_open_is_what_runs_wait_with(made: Cast) -> None:
    assert expected.left_open(made) == Counter(
        {"authorization-denied": 1, "missing-payer-data": 1, "unmatched-record": 1}
    )
    waiting = Counter({name: states["waiting"] for name, states in expected.runs(made).items() if states["waiting"]})
    kept = len(made.bookings) - 1
    assert waiting == Counter({
        "intake.admit": 2, "authorizations.follow": 1, "appointments.supply": kept, "appointments.clear": kept,
        "payment-confirmation.confirm": 1,
    })  # fmt: skip
