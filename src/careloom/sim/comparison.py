"""Compares what Odoo holds with what the morning must have left there, and quotes no value in doing so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from careloom.sim.morning import Account
from careloom.sim.odoo import SimulatedOdoo
from careloom.sim.people import NUMBERS, Person
from careloom.sim.writing import FACILITY
from careloom.systems.odoo.external_ids import external_id

_PARTNER = "res.partner"
_PATIENT = "careloom.patient_"
_PLAIN = ("name", "ref", "phone", "email", "street", "street2", "city", "zip")


def accounts_in(odoo: SimulatedOdoo) -> int:
    """How many patient accounts there are now, archived ones too."""
    return sum(1 for row in odoo.records(_PARTNER) if str(row["ref"]).startswith(NUMBERS))


def differences(expected: Mapping[str, Account], odoo: SimulatedOdoo) -> list[str]:
    """Everything that is not as it must be, by record id and field: missing, unwanted, doubled and wrong contacts."""
    rows = {row["id"]: row for row in odoo.records(_PARTNER)}
    ours = {name: record for name, (model, record) in odoo.external_ids().items() if model == _PARTNER}
    wanted = {external_id("patient", FACILITY, mrn): account for mrn, account in expected.items()}
    problems = [f"{_PARTNER}/{ours[name]} is nobody's account" for name in ours if _is_extra(name, wanted)]
    problems += _doubles(rows.values())
    for number, (name, account) in enumerate(wanted.items(), 1):
        if name not in ours:
            problems.append(f"account {number} of {len(wanted)} is missing")
        else:
            row = rows[ours[name]]
            problems += [f"{_PARTNER}/{row['id']}: {field} is wrong" for field in _wrong(row, account, odoo)]
    return problems


def _is_extra(name: str, wanted: Mapping[str, Account]) -> bool:
    return name.startswith(_PATIENT) and name not in wanted


def _doubles(rows: Collection[Mapping[str, Any]]) -> Iterator[str]:
    counted = Counter(row["ref"] for row in rows if row["ref"])
    for row in rows:
        if counted[row["ref"]] > 1:
            yield f"{_PARTNER}/{row['id']} is not the only contact of its patient"


def _wrong(row: Mapping[str, Any], account: Account, odoo: SimulatedOdoo) -> Iterator[str]:
    person = account.person
    for field, value in zip(_PLAIN, _values(person), strict=True):
        if (row[field] or "") != value:
            yield field
    if _code(odoo, "res.country.state", row["state_id"]) != person.state:
        yield "state_id"
    if _code(odoo, "res.country", row["country_id"]) != "US":
        yield "country_id"
    if row["active"] is not account.active:
        yield "active"


def _values(person: Person) -> tuple[str, ...]:
    return (person.full_name, person.mrn, person.phone, person.email, person.street, "", person.city, person.zip)


def _code(odoo: SimulatedOdoo, model: str, record: int) -> str:
    return next((str(row["code"]) for row in odoo.records(model) if row["id"] == record), "")
