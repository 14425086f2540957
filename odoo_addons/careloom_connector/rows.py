# Copyright 2026 The Careloom founders
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from typing import NamedTuple

from odoo import fields
from odoo.tools import SQL


class Row(NamedTuple):
    """A row as it stands in the table: its version, its company and the chosen columns as `read` gives them."""

    version: str
    company: int | None
    values: dict


def as_read(field, value):
    """A raw column value in the form that `read` over the API has (references as bare ids)."""
    if field.type in ("integer", "many2one_reference"):
        return value or 0
    if field.type in ("float", "monetary"):
        return float(value or 0.0)
    if value is None:
        return False
    if field.type == "datetime":
        return fields.Datetime.to_string(value)
    if field.type == "date":
        return fields.Date.to_string(value)
    if field.translate:
        return value.get("en_US") or next(iter(value.values()), False)
    return value


def fetch(cr, model, ids, names, company=False):
    """The rows of `ids` that exist, read past the cache and without a flush: {id: Row}."""
    extra = [*names, "company_id"] if company else names
    columns = SQL("").join(SQL(", %s", SQL.identifier(name)) for name in extra)
    query = SQL("SELECT id, ctid::text%s FROM %s WHERE id = ANY(%s)", columns, SQL.identifier(model._table), list(ids))
    cr.execute(query)
    found = {}
    for identity, version, *raw in cr.fetchall():
        owner = raw.pop() if company else None
        values = {name: as_read(model._fields[name], value) for name, value in zip(names, raw)}
        found[identity] = Row(version, owner, values)
    return found
