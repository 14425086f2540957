"""Looking external ids up, in the two ways that need no rights on ir.model.data (`odoo/CONTRACT.md` section 4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from careloom.sim.odoo import errors
from careloom.sim.odoo.environment import Environment


def check_object_reference(
    env: Environment, module: str, xml_id: str, raise_on_access_error: bool = False
) -> list[Any]:
    """`[model, id]` of an external id. The id is false for a record the user does not see, an archived one included."""
    found = env.store.find("ir.model.data", ("module", "name"), (module, xml_id))
    if not found:
        raise errors.value_error(f"External ID not found in the system: {module}.{xml_id}")
    row = env.store.tables["ir.model.data"][found[0]]
    if env.user.may(row["model"], "read") and env.search(row["model"], [["id", "=", row["res_id"]]]):
        return [row["model"], row["res_id"]]
    if raise_on_access_error:
        raise errors.access_error(f"Not enough access rights on the external ID: {module}.{xml_id}")
    return [row["model"], False]


def get_external_id(env: Environment, model: str, ids: Sequence[int]) -> dict[str, str]:
    """The external id of each record, the oldest if it has several, empty if it has none."""
    table = env.store.tables["ir.model.data"]
    named = {}
    for record in ids:
        found = env.store.find("ir.model.data", ("model", "res_id"), (model, record))
        named[str(record)] = f"{table[found[0]]['module']}.{table[found[0]]['name']}" if found else ""
    return named
