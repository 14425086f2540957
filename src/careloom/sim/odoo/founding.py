"""A fresh database: companies, users, countries, states, and the external ids Odoo brings along."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime

from careloom.core.clock import Clock
from careloom.sim.odoo.areas import AREAS
from careloom.sim.odoo.areas import RIGHTS as AREA_RIGHTS
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Row
from careloom.sim.odoo.geography import countries, states
from careloom.sim.odoo.models import Model
from careloom.sim.odoo.store import Store, Transaction
from careloom.sim.odoo.users import Key, Rights, User, connector_rights
from careloom.sim.odoo.writing import insert

CONNECTOR_LOGIN = "svc-connector"
_COMPANIES = ("My Company", "Riverside Pharmacy", "South Campus")
"""The second one keeps no books and is closed to the integration user; the third is open to it."""

FIRST_OWN_EXTERNAL_ID = 40_000


def found(store: Store, models: Mapping[str, Model], clock: Clock, can_write_ir_model_data: bool) -> list[User]:
    """Fill `store` and give the users who can log in: an administrator and the integration user."""
    now = clock.now().astimezone(UTC).replace(tzinfo=None)
    tx = Transaction(store, now)
    founder = User(1, "__system__", secrets.token_hex(16), 1, None)
    major = 18 if "res.partner.title" in models else 19
    env = Environment(models, tx, founder, {}, major)
    people = _people(env, major, can_write_ir_model_data)
    _places(env, now)
    for area in AREAS:
        area.found(env)
    tx.commit()
    store.reserve("ir.model.data", FIRST_OWN_EXTERNAL_ID)
    return people


def _people(env: Environment, major: int, can_write_ir_model_data: bool) -> list[User]:
    for name in _COMPANIES:
        partner = insert(env, "res.partner", {"name": name, "is_company": True})
        insert(env, "res.company", {"name": name, "partner_id": partner})
    names = {2: ("admin", "Administrator"), 6 if major == 18 else 5: (CONNECTOR_LOGIN, "Connector Service")}
    people = []
    for uid, (login, name) in names.items():
        partner = insert(env, "res.partner", {"name": name, "email": f"{login}@example.test"})
        env.store.reserve("res.users", uid)
        reach = (1, 2, 3) if login == "admin" else (1, 3)
        insert(env, "res.users", {"login": login, "name": name, "partner_id": partner, "company_ids": reach})
        rights = None if login == "admin" else _rights(can_write_ir_model_data)
        key = Key(secrets.token_hex(20))
        people.append(User(uid, login, secrets.token_urlsafe(12), partner, rights, reach, [key]))
    return people


def _places(env: Environment, now: datetime) -> None:
    by_code = {}
    for country in countries():
        by_code[country.code] = insert(env, "res.country", {"name": country.name, "code": country.code})
        _name(env, country.external_id, "res.country", by_code[country.code], now)
    for state in states():
        values = {"country_id": by_code[state.country], "name": state.name, "code": state.code}
        _name(env, state.external_id, "res.country.state", insert(env, "res.country.state", values), now)


def _name(env: Environment, name: str, model: str, record: int, now: datetime) -> None:
    about: Row = {"module": "base", "name": name, "model": model, "res_id": record, "noupdate": True}
    stamp = {"create_date": now, "write_date": now, "create_uid": 1, "write_uid": 1}
    env.tx.insert("ir.model.data", about | stamp)


def _rights(can_write_ir_model_data: bool) -> dict[str, Rights]:
    return {**connector_rights(writes_external_ids=can_write_ir_model_data), **AREA_RIGHTS}
