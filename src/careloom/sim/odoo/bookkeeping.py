"""Rows that the server itself writes: with its stamps, but without the caller's rights and without hooks."""

from __future__ import annotations

from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Row

_PLACES = 6


def put(env: Environment, model: str, values: Row) -> int:
    """A new row with the model's defaults."""
    now, uid = env.tx.now, env.user.uid
    stamp = {"create_date": now, "write_date": now, "create_uid": uid, "write_uid": uid}
    return env.tx.insert(model, {**env.models[model].blank, **values, **stamp})


def change(env: Environment, model: str, record: int, values: Row) -> None:
    """Write `values` if they differ, and then the stamps too: a computed column that stays the same bumps nothing."""
    row = env.store.tables[model][record]
    if any(row[name] != value for name, value in values.items()):
        touch(env, model, record, values)


def touch(env: Environment, model: str, record: int, values: Row | None = None) -> None:
    """Write `values` and the stamps, changed or not."""
    env.tx.update(model, record, {**(values or {}), "write_date": env.tx.now, "write_uid": env.user.uid})


def next_name(env: Environment, prefix: str, digits: int = 5) -> str:
    """The next number of the sequence `prefix`; like a sequence of the database it is not given back."""
    return f"{prefix}{env.store.next_id(f'sequence {prefix}'):0{digits}d}"


def announce(env: Environment, model: str, ids: list[int], values: Row) -> None:
    """Let the hooks of `model` know of a change that was written past them."""
    for hooks in env.models[model].hooks:
        if hooks.written is not None:
            hooks.written(env, ids, values)


def named(env: Environment, module: str, name: str, model: str, record: int) -> None:
    """Give a record of a fresh database the external id it has in every Odoo."""
    about = {"module": module, "name": name, "model": model, "res_id": record, "noupdate": True}
    put(env, "ir.model.data", about)


def known(env: Environment, external: str) -> int:
    """The record behind an external id of a fresh database."""
    module, _, name = external.partition(".")
    [found] = env.store.find("ir.model.data", ("module", "name"), (module, name))
    return int(env.store.tables["ir.model.data"][found]["res_id"])


def rounded(quantity: float) -> float:
    """`quantity` without the noise of binary fractions."""
    return round(quantity, _PLACES) + 0.0
