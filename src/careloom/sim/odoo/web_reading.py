"""`web_read` and `web_search_read`: records with the fields of linked records, as a specification asks for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from careloom.sim.odoo import reading
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import X2MANY, Field, Row

Specification = Mapping[str, Mapping[str, Any]]


def web_read(env: Environment, model: str, ids: Sequence[int], specification: Specification) -> list[Row]:
    """The records; a link without `fields` is a bare id or a list of ids."""
    rows = reading.read(env, model, ids, ["id", *specification], load=None)
    fields = env.models[model].fields
    for row in rows:
        for name, wanted in specification.items():
            row[name] = _shown(env, fields[name], row[name], wanted)
    return rows


def _shown(env: Environment, field: Field, value: Any, wanted: Mapping[str, Any]) -> Any:
    if "fields" not in wanted or not field.relation:
        return value
    if field.type in X2MANY:
        ids = value[: wanted["limit"]] if wanted.get("limit") else value
        return web_read(env, field.relation, ids, wanted["fields"])
    if not value:
        return False
    return next(iter(web_read(env, field.relation, [value], wanted["fields"])), False)


def web_search_read(
    env: Environment,
    model: str,
    domain: Sequence[Any],
    specification: Specification,
    offset: int = 0,
    limit: int | None = None,
    order: str | None = None,
    count_limit: int | None = None,
) -> Row:
    """The records of a domain, and how many there are in all."""
    every = reading.search(env, model, domain, order=order)
    page = every[offset : offset + limit if limit else None]
    length = min(len(every), count_limit) if count_limit else len(every)
    return {"length": length, "records": web_read(env, model, page, specification)}
