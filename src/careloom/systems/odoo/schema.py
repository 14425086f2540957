"""The fields of the models of this Odoo, as its API user sees them; read once and kept."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from careloom.systems.odoo.cells import FieldInfo, Value, cell, check_written
from careloom.systems.odoo.connection import Connection
from careloom.systems.odoo.faults import Fault, OdooContractBroken, make
from careloom.systems.odoo.guard import refuse_field

_ATTRIBUTES = ["type", "readonly", "required", "store", "relation", "selection"]


class Schema:
    """Checks columns and values before they are sent."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._models: dict[str, Mapping[str, FieldInfo]] = {}
        self._asking: dict[str, asyncio.Task[Mapping[str, FieldInfo]]] = {}

    async def fields(self, model: str) -> Mapping[str, FieldInfo]:
        """Every field of `model`. Raises ContractBroken or Rejected when there is no such model."""
        known = self._models.get(model)
        if known is not None:
            return known
        asking = self._asking.get(model)
        if asking is None:
            # One question for all who ask meanwhile; shielded, since the first of them may give up.
            asking = self._asking[model] = asyncio.create_task(self._ask(model), name="odoo fields")
            asking.add_done_callback(lambda done: self._answered(model, done))
        return await asyncio.shield(asking)

    def _answered(self, model: str, done: asyncio.Task[Mapping[str, FieldInfo]]) -> None:
        del self._asking[model]
        if not done.cancelled():
            done.exception()  # whoever still waits gets it; if nobody does, it is no bug

    async def _ask(self, model: str) -> Mapping[str, FieldInfo]:
        raw = await self._connection.call(model, "fields_get", {"attributes": _ATTRIBUTES}, repeatable=True)
        known = self._models[model] = {name: _info(attributes) for name, attributes in raw.items()}
        return known

    def known(self, model: str) -> Mapping[str, FieldInfo] | None:
        """The fields if they were read before."""
        return self._models.get(model)

    def forget(self) -> None:
        """Read the fields anew from now on: modules may have been installed or upgraded."""
        self._models.clear()

    async def written(self, model: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values as `write` takes them. Raises MappingError or ContractBroken, naming the field."""
        infos = await self.fields(model)
        return {column: check_written(column, _find(infos, model, column), value) for column, value in values.items()}


def to_cells(infos: Mapping[str, FieldInfo], model: str, values: Mapping[str, Value]) -> dict[str, str]:
    """The values as cells of `load()`, by column. Raises MappingError or ContractBroken, naming the column."""
    return {column: cell(column, _find(infos, model, column), value) for column, value in values.items()}


def _find(infos: Mapping[str, FieldInfo], model: str, column: str) -> FieldInfo:
    base = column.partition("/")[0]
    info = infos.get(base)
    if info is None:
        fault = Fault("no such field", model, "fields_get", field=column)
        raise make(OdooContractBroken, fault, "this Odoo version or user lacks the field: correct the mapping")
    refuse_field(model, column)
    return info


def _info(attributes: Mapping[str, Any]) -> FieldInfo:
    selection = attributes.get("selection")
    options = frozenset(str(option[0]) for option in selection) if isinstance(selection, list) else None
    return FieldInfo(
        type=str(attributes.get("type", "")),
        readonly=bool(attributes.get("readonly")),
        required=bool(attributes.get("required")),
        stored=bool(attributes.get("store", True)),
        relation=str(attributes.get("relation") or ""),
        options=options,
    )
