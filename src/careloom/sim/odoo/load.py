"""`load(fields, data)`: the only upsert of Odoo's API that two callers may race (`odoo/CONTRACT.md` section 4).

All rows or none: one bad row rolls the whole call back, and the answer (no error) lists one message per bad row.
Conversion problems come first, since rows are only written after the batch has been converted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from careloom.sim.odoo import errors
from careloom.sim.odoo.convert import Problem, cell_value
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import X2MANY, Field, Row
from careloom.sim.odoo.writing import insert, write

_DEFAULT_MODULE = "__import__"
_ENOUGH_ERRORS = 10

Prepared = tuple[int, str, int | None, Row]


def load(env: Environment, model: str, fields: Sequence[str], data: Sequence[Sequence[Any]]) -> Row:
    """Create or update one record per row. `{"ids": [...]}` in the order of the rows, or `ids` false and `messages`."""
    columns = [_column(env, model, path) for path in fields]
    loading = Loading(env, model, columns)
    for index, cells in enumerate(data):
        loading.take(index, cells)
    loading.flush()
    failed = any(message["type"] == "error" for message in loading.messages)
    if failed:
        env.tx.rollback()
    return {"ids": False if failed else loading.ids, "messages": loading.messages, "nextrow": 0}


class Column(NamedTuple):
    """A field and how its cells name records: `id` by external id, `.id` by database id, nothing by name."""

    name: str
    how: str
    field: Field


def _column(env: Environment, model: str, path: str) -> Column:
    name, _, how = path.partition("/")
    if name == ".id":
        return Column(name, how, env.models[model].fields["id"])
    field = env.models[model].fields.get(name)
    if field is None:
        raise errors.value_error(f"Invalid field name {name!r}")
    if how and (how not in ("id", ".id") or not field.relation or field.type == "one2many"):
        raise errors.value_error(f"Invalid field name {how!r}")
    if field.type in X2MANY and field.type != "many2many":
        raise errors.value_error(f"The simulated server does not load the rows of {name!r}; load their own model")
    return Column(name, how, field)


class Loading:
    """One call's state: what has been converted but not written, and what has been said."""

    def __init__(self, env: Environment, model: str, columns: list[Column]) -> None:
        self.messages: list[Row] = []
        self.ids: list[int | bool] = []
        self._env = env
        self._model = model
        self._columns = columns
        self._batch: list[Prepared] = []
        self._batched: set[str] = set()

    def take(self, index: int, cells: Sequence[Any]) -> None:
        """Convert one row; it is written with its batch."""
        external = ""
        record: int | None = None
        values: Row = {}
        problems: list[Problem] = []
        for column, cell in zip(self._columns, cells, strict=False):
            if column.name == "id":
                external = _qualified(str(cell or ""))
            elif column.name == ".id":
                record = self._database_id(index, cell)
            else:
                values[column.name] = self._cell(column, cell, problems)
        self.messages += [problem.message(index) for problem in problems]
        if record == 0 or any(problem.severity == "error" for problem in problems):
            return
        if external in self._batched:
            self.flush()
        self._batched |= {external} - {""}
        self._batch.append((index, external, record, values))

    def _cell(self, column: Column, cell: Any, problems: list[Problem]) -> Any:
        if column.how == "id" and self._batched:
            named = {_qualified(part) for part in str(cell or "").split(",")}
            if not self._batched.isdisjoint(named):
                self.flush()
        return cell_value(self._env, self._model, column.field, column.how, cell, problems)

    def _database_id(self, index: int, cell: Any) -> int | None:
        """The record a `.id` cell names: None for an empty cell, 0 for one that does not exist."""
        if not cell:
            return None
        if str(cell).isdecimal() and int(cell) in self._env.store.tables[self._model]:
            return int(cell)
        said = f"Unknown database identifier '{cell}'"
        self.messages.append({**_row(index), "type": "error", "field": ".id", "message": said})
        return 0

    def flush(self) -> None:
        """Write the batch at once; if that fails, row by row, to say which rows are at fault."""
        batch, self._batch, self._batched = self._batch, [], set()
        tx = self._env.tx
        mark, known = tx.mark(), len(self.ids)
        try:
            self.ids += [self._write(*prepared) for prepared in batch]
        except errors.OdooError:
            tx.rollback(mark)
            del self.ids[known:]
            self._write_each(batch)

    def _write_each(self, batch: list[Prepared]) -> None:
        failures = 0
        for done, prepared in enumerate(batch):
            mark = self._env.tx.mark()
            try:
                self.ids.append(self._write(*prepared))
            except errors.OdooError as problem:
                self._env.tx.rollback(mark)
                failures += 1
                said = {"type": "error", "message": problem.row_message(self._env.major)}
                self.messages.append({**_row(prepared[0]), **said})
            if failures >= _ENOUGH_ERRORS and failures >= done / 10:
                self.messages.append({"type": "warning", "message": "Too many rows failed: the rest was not tried."})
                return

    def _write(self, index: int, external: str, record: int | None, values: Row) -> int:  # noqa: ARG002
        record = record or (self._known(external) if external else None)
        if record:
            self._refuse_conflict((self._model, record))
            write(self._env, self._model, [record], values)
            return record
        self._refuse_conflict(("external id", external))
        record = insert(self._env, self._model, values)
        if external:
            self._name(external, record)
        return record

    def _known(self, external: str) -> int | None:
        """The record that bears the external id, refused when it is of another model [i12]."""
        module, _, name = external.partition(".")
        for number in self._env.store.find("ir.model.data", ("module", "name"), (module, name)):
            row = self._env.store.tables["ir.model.data"][number]
            if row["model"] != self._model:
                other = f"found record of different model {row['model']} ({number})"
                wanted = f"when trying to create/update a record of model {self._model}"
                raise errors.validation_error(f"For external id {external} {wanted} {other}")
            return int(row["res_id"])
        return None

    def _refuse_conflict(self, key: tuple[Any, ...]) -> None:
        if self._env.tx.conflicts(key):
            raise errors.serialization_failure()

    def _name(self, external: str, record: int) -> None:
        """Give the record its external id; no rights on ir.model.data are needed for that."""
        module, _, name = external.partition(".")
        now = self._env.tx.now
        about = {"module": module, "name": name, "model": self._model, "res_id": record, "noupdate": False}
        stamp = {"create_date": now, "write_date": now, "create_uid": 1, "write_uid": 1}
        self._env.tx.insert("ir.model.data", {**about, **stamp})
        self._env.tx.writes(("external id", external))


def _row(index: int) -> Row:
    return {"rows": {"from": index, "to": index}, "record": index}


def _qualified(external: str) -> str:
    return external if "." in external or not external else f"{_DEFAULT_MODULE}.{external}"
