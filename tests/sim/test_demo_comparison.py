"""Odoo against the morning: every way in which it can be wrong is found, and no value is quoted."""

from __future__ import annotations

import random
from itertools import islice
from typing import Any, cast

import pytest

from careloom.sim.comparison import accounts_in, differences
from careloom.sim.morning import Account
from careloom.sim.odoo import SimulatedOdoo
from careloom.sim.people import people

STATES = {"WA": 11, "OR": 12, "ID": 13, "MT": 14}


class Database:
    """What `differences` asks of a simulated Odoo."""

    def __init__(self, accounts: dict[str, Account]) -> None:
        self.partners: list[dict[str, Any]] = [{"id": 1, "ref": False, "name": "My Company", "active": True}]
        self.names: dict[str, tuple[str, int]] = {"base.us": ("res.country", 7)}
        for number, account in enumerate(accounts.values(), 10):
            self.add(number, account)

    def add(self, number: int, account: Account) -> None:
        person = account.person
        self.partners.append({
            "id": number, "name": person.full_name, "ref": person.mrn, "phone": person.phone,
            "email": person.email or False, "street": person.street, "street2": False, "city": person.city,
            "zip": person.zip, "state_id": STATES[person.state], "country_id": 7, "active": account.active,
        })  # fmt: skip
        self.names[f"careloom.patient_LOOMHOSP_{person.mrn}"] = ("res.partner", number)

    def records(self, model: str) -> list[dict[str, Any]]:
        if model == "res.country":
            return [{"id": 7, "code": "US"}]
        if model == "res.country.state":
            return [{"id": number, "code": code} for code, number in STATES.items()]
        return self.partners

    def external_ids(self) -> dict[str, tuple[str, int]]:
        return self.names


@pytest.fixture
def accounts() -> dict[str, Account]:
    found = islice(people(random.Random(2)), 3)
    return {person.mrn: Account(person, active=number != 1) for number, person in enumerate(found)}


@pytest.fixture
def database(accounts: dict[str, Account]) -> Database:
    return Database(accounts)


def _differences(accounts: dict[str, Account], database: Database) -> list[str]:
    found = differences(accounts, cast(SimulatedOdoo, database))
    quoted = [account.person.mrn for account in accounts.values()]
    quoted += [account.person.family for account in accounts.values()]
    assert not any(value in problem for value in quoted for problem in found)
    return found


def test_what_is_as_it_must_be_has_no_differences(accounts: dict[str, Account], database: Database) -> None:
    assert _differences(accounts, database) == []
    assert accounts_in(cast(SimulatedOdoo, database)) == 3


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Somebody Else"), ("ref", "CLM1"), ("phone", False), ("email", "other@example.org"),
        ("street", "1 Other Row"), ("street2", "behind"), ("city", "Elsewhere"), ("zip", "00000"), ("state_id", 99),
        ("country_id", False), ("active", False),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(accounts: dict[str, Account], database: Database, field: str, value: object) -> None:
    database.partners[1][field] = value
    assert _differences(accounts, database) == [f"res.partner/10: {field} is wrong"]


def test_a_merged_record_must_be_archived(accounts: dict[str, Account], database: Database) -> None:
    database.partners[2]["active"] = True
    assert _differences(accounts, database) == ["res.partner/11: active is wrong"]


def test_a_missing_account_is_told(accounts: dict[str, Account], database: Database) -> None:
    mrn = list(accounts)[2]
    del database.names[f"careloom.patient_LOOMHOSP_{mrn}"]
    assert _differences(accounts, database) == ["account 3 of 3 is missing"]


def test_an_account_of_nobody_is_told(accounts: dict[str, Account], database: Database) -> None:
    mrn = next(iter(accounts))
    assert _differences({key: one for key, one in accounts.items() if key != mrn}, database) == [
        "res.partner/10 is nobody's account"
    ]


def test_doubles_are_told(accounts: dict[str, Account], database: Database) -> None:
    database.partners.append({**database.partners[1], "id": 77})
    assert _differences(accounts, database) == [
        "res.partner/10 is not the only contact of its patient",
        "res.partner/77 is not the only contact of its patient",
    ]
