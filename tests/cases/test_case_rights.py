"""Four eyes, roles and limits."""

from __future__ import annotations

from decimal import Decimal

import pytest

from careloom.cases.rights import (
    Actor,
    AmountLimits,
    NotAllowed,
    limit_of,
    must_be_another,
    must_be_assigned,
    must_be_within,
    must_have_role,
    person,
)

LIMITS = {"buyer": Decimal("500"), "head": Decimal("10000"), "director": None}
BUYER = Actor("Robin Okafor", frozenset({"buyer"}))
HEAD = Actor("Sam Lindqvist", frozenset({"buyer", "head"}))
DIRECTOR = Actor("A. Weaver", frozenset({"director"}))
CLERK = Actor("Kim Duarte", frozenset({"clerk"}))
OPERATOR = Actor("cli")


def test_an_actor_has_the_roles_that_were_given_and_an_operator_all() -> None:
    must_have_role(HEAD, "buyer")
    must_have_role(OPERATOR, "whatever")
    with pytest.raises(NotAllowed, match="for the role buyer"):
        must_have_role(CLERK, "buyer")


@pytest.mark.parametrize("asked_by", ["Robin Okafor", " robin  okafor ", "ROBIN OKAFOR"])
def test_whoever_asked_may_not_approve_however_the_name_is_typed(asked_by: str) -> None:
    with pytest.raises(NotAllowed, match="somebody else must"):
        must_be_another(BUYER, asked_by)


def test_somebody_else_may_and_where_nobody_asked_anybody_may() -> None:
    must_be_another(BUYER, "Sam Lindqvist")
    must_be_another(BUYER, "")


@pytest.mark.parametrize(
    ("actor", "limit"), [(BUYER, 500), (HEAD, 10_000), (DIRECTOR, None), (CLERK, 0), (OPERATOR, None)]
)
def test_the_highest_limit_of_all_roles_counts(actor: Actor, limit: int | None) -> None:
    assert limit_of(actor, LIMITS) == limit


@pytest.mark.parametrize(
    ("actor", "amount", "allowed"),
    [
        (BUYER, "500.00", True),
        (BUYER, "500.01", False),
        (BUYER, "-500.01", False),
        (HEAD, "500.01", True),
        (HEAD, "10000.01", False),
        (DIRECTOR, "1e9", True),
        (CLERK, "0.01", False),
        (CLERK, "0", True),
    ],
)
def test_the_bound_belongs_to_the_limit_and_a_refund_has_no_other(actor: Actor, amount: str, allowed: bool) -> None:
    if allowed:
        must_be_within(actor, Decimal(amount), LIMITS)
    else:
        with pytest.raises(NotAllowed, match="above your limit"):
            must_be_within(actor, Decimal(amount), LIMITS)


def test_the_refusal_names_who_may() -> None:
    with pytest.raises(NotAllowed, match="director, head"):
        must_be_within(BUYER, Decimal(600), LIMITS)
    with pytest.raises(NotAllowed, match="nobody"):
        must_be_within(BUYER, Decimal(600), {"buyer": Decimal(1)})


def test_limits_are_of_one_currency_and_who_has_none_is_bound_by_no_currency() -> None:
    limits = AmountLimits(LIMITS, "USD")
    limits.must_allow(BUYER, Decimal(500), "USD")
    limits.must_allow(DIRECTOR, Decimal(10**9), "EUR")
    with pytest.raises(NotAllowed, match="in USD, not in EUR"):
        limits.must_allow(BUYER, Decimal(1), "EUR")
    with pytest.raises(NotAllowed, match="above your limit"):
        limits.must_allow(BUYER, Decimal(501), "USD")


def test_without_any_limits_amounts_are_not_looked_at() -> None:
    AmountLimits().must_allow(CLERK, Decimal(10**9), "EUR")


def test_a_key_without_roles_is_not_assigned_and_an_operator_is() -> None:
    must_be_assigned(OPERATOR)
    with pytest.raises(NotAllowed, match="careloom key assign"):
        must_be_assigned(Actor("a key", None, assigned=False))


@pytest.mark.parametrize("typed", ["Zoë Brandt", "ZOE\u0308 BRANDT", " zoë\tbrandt ", "zoë brandt"])
def test_a_person_is_one_however_the_name_is_typed(typed: str) -> None:
    assert person(typed) == person("Zoë Brandt")
