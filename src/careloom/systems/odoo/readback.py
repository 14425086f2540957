"""Asking Odoo what it has, after an answer was lost: did what we sent happen?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from careloom.systems.odoo.cells import FieldInfo
from careloom.systems.odoo.connection import Connection
from careloom.systems.odoo.external_ids import split
from careloom.systems.odoo.faults import OdooAccessRefused, OdooContractBroken, OdooFault, make
from careloom.systems.odoo.schema import Schema
from careloom.systems.odoo.wire import Call

_DATA = "ir.model.data"
_LOOKUP = "check_object_reference"


class Reference(NamedTuple):
    """The record an external id stands for."""

    model: str
    record_id: int


@dataclass(frozen=True, slots=True)
class Row:
    """One record to load: its external id and the cells, in the order of the call's columns.

    `more` are the rows of its lines after the first, whose cells of the record itself are empty.
    """

    external_id: str
    cells: tuple[str, ...]
    more: tuple[tuple[str, ...], ...] = ()

    def table(self) -> list[list[str]]:
        """The rows as `load()` takes them: the external id first, empty where the record goes on."""
        return [[self.external_id, *self.cells], *(["", *cells] for cells in self.more)]


class ReadBack:
    """Finds records by external id, with the rights of a normal user, and compares them with what was asked."""

    def __init__(self, connection: Connection, schema: Schema) -> None:
        self._connection = connection
        self._schema = schema

    async def find(self, external_id: str, *, strict: bool = False) -> Reference | None:
        """The record with this external id, archived ones too; None when there is none that the user may see.

        Odoo says the same of a record that is hidden from the user and of one that a refused load() had made for a
        moment (measured on 19.0: the worker's cache of external ids outlives the rollback). With `strict` that raises
        AccessRefused, for callers that would do wrong by taking a hidden record for none.
        """
        module, name = split(external_id)
        arguments = {"module": module, "xml_id": name}
        # The lookup searches, and a search does not see archived records without this.
        context = {"active_test": False}
        try:
            found = await self._connection.call(_DATA, _LOOKUP, arguments, context=context, repeatable=True)
        except OdooFault as error:
            if error.name == "builtins.ValueError":
                return None
            raise
        if not isinstance(found, list) or len(found) != 2:
            fault = Call(_DATA, _LOOKUP, {}).fault("unexpected answer")
            raise make(OdooContractBroken, fault, "it must give a model and an id; is the method overridden?")
        model, record_id = found
        if not record_id and not strict:
            return None
        if not record_id:
            fault = Call(model, _LOOKUP, {}).fault("hidden record")
            raise make(OdooAccessRefused, fault, "the record exists; give the API user rights on it and its company")
        return Reference(model, record_id)

    async def settled(self, model: str, columns: Sequence[str], rows: Sequence[Row]) -> list[int] | None:
        """The record ids when every row is in Odoo exactly as asked; None when one is missing or differs.

        One call of load() is one transaction, so the first row that is not there settles it for all, and the lines of a
        record are there when the record is; they are not compared.
        """
        infos = await self._schema.fields(model)
        ids: list[int] = []
        for row in rows:
            found = await self.find(row.external_id)
            if found is None or found.model != model:
                return None
            ids.append(found.record_id)
            if len(ids) == 1 and not await self._equal(model, infos, columns, rows[:1], ids):
                return None
        return ids if await self._equal(model, infos, columns, rows, ids) else None

    async def _equal(
        self, model: str, infos: Mapping[str, FieldInfo], columns: Sequence[str], rows: Sequence[Row], ids: list[int]
    ) -> bool:
        names = sorted({base for column in columns if infos[base := column.partition("/")[0]].type != "one2many"})
        records = await self._connection.call(model, "read", {"fields": names}, ids=tuple(ids), repeatable=True)
        by_id = {record["id"]: record for record in records}
        for row, record_id in zip(rows, ids, strict=True):
            record = by_id.get(record_id)
            if record is None or not await self._same(infos, columns, row, record):
                return False
        return True

    async def _same(
        self, infos: Mapping[str, FieldInfo], columns: Sequence[str], row: Row, record: Mapping[str, Any]
    ) -> bool:
        for column, cell in zip(columns, row.cells, strict=True):
            base, _, suffix = column.partition("/")
            if infos[base].type == "one2many":
                continue
            actual = record.get(base)
            if suffix:
                if await self._linked(cell, suffix) != _ids_of(infos[base], actual):
                    return False
            elif not same_value(infos[base], cell, actual):
                return False
        return True

    async def _linked(self, cell: str, suffix: str) -> set[int]:
        parts = [part for part in cell.split(",") if part]
        if suffix == ".id":
            return {int(part) for part in parts}
        found = [await self.find(part) for part in parts]
        return {reference.record_id if reference else 0 for reference in found}


def _ids_of(info: FieldInfo, actual: Any) -> set[int]:
    if not actual:
        return set()
    return {actual[0]} if info.type == "many2one" else set(actual)


def same_value(info: FieldInfo, cell: str, actual: Any) -> bool:
    """Whether a field read from Odoo holds what the cell asked for. Not provable (HTML, files) counts as no."""
    if info.type in ("html", "json", "binary"):
        return cell == "" and not actual
    if info.type == "boolean":
        return bool(actual) == (cell == "1")
    if info.type in ("integer", "float", "monetary", "many2one_reference"):
        return math.isclose(float(cell or 0), float(actual or 0), rel_tol=1e-9, abs_tol=1e-9)
    return (actual or "") == cell
