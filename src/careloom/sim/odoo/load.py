"""`load(fields, data)`: the only upsert of Odoo's API that two callers may race (`odoo/CONTRACT.md` section 4).

All rows or none: one bad row rolls the whole call back, and the answer (no error) lists one message per bad row.
Conversion problems come first, since rows are only written after the batch has been converted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from careloom.sim.odoo import errors
from careloom.sim.odoo.convert import Problem, Unknown, cell_value
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Field, Row
from careloom.sim.odoo.writing import insert, write

_DEFAULT_MODULE = "__import__"
_ENOUGH_ERRORS = 10


def load(env: Environment, model: str, fields: Sequence[str], data: Sequence[Sequence[Any]]) -> Row:
    """Create or update one record per row. `{"ids": [...]}` in the order of the rows, or `ids` false and `messages`."""
    columns = [_column(env, model, path) for path in fields]
    loading = Loading(env, model, columns)
    for index, (first, rows) in enumerate(_records(columns, data)):
        loading.take(Span(index, first, first + len(rows) - 1), rows)
    loading.flush()
    failed = any(message["type"] == "error" for message in loading.messages)
    if failed:
        env.tx.rollback()
    return {"ids": False if failed else loading.ids, "messages": loading.messages, "nextrow": 0}


class Column(NamedTuple):
    """A field and how its cells name records: `id` by external id, `.id` by database id, nothing by name.

    A column of lines (`order_line/name`) is the one2many field with the column of its model in `below`.
    """

    name: str
    how: str
    field: Field
    below: Column | None = None


class Span(NamedTuple):
    """Where a record stands: its number among the records, its first and its last row."""

    record: int
    first: int
    last: int

    @property
    def message(self) -> Row:
        return {"rows": {"from": self.first, "to": self.last}, "record": self.record}


class Prepared(NamedTuple):
    """A converted record; `named` holds per one2many field the external ids of the lines that are new."""

    span: Span
    external: str
    record: int | None
    values: Row
    named: list[tuple[Field, list[str]]]


def _column(env: Environment, model: str, path: str) -> Column:
    name, _, how = path.partition("/")
    if name == ".id":
        return Column(name, how, env.models[model].fields["id"])
    field = env.models[model].fields.get(name)
    if field is None:
        raise errors.value_error(f"Invalid field name {name!r}")
    if field.type == "one2many" and how:
        return Column(name, "", field, _column(env, field.relation, how))
    if field.type == "one2many":
        raise errors.value_error(f"Invalid field name {name!r}: name a field of its lines too")
    if how and (how not in ("id", ".id") or not field.relation):
        raise errors.value_error(f"Invalid field name {how!r}")
    return Column(name, how, field)


def _records(columns: Sequence[Column], data: Sequence[Sequence[Any]]) -> Iterator[tuple[int, list[Sequence[Any]]]]:
    """The rows of each record and the number of the first; rows of nothing but lines go with the one above."""
    lined = [place for place, column in enumerate(columns) if column.below is not None]
    own = [place for place, column in enumerate(columns) if column.below is None]
    start = 0
    while start < len(data):
        end = start + 1
        while lined and end < len(data) and _only_lines(data[end], lined, own):
            end += 1
        yield start, list(data[start:end])
        start = end


def _only_lines(cells: Sequence[Any], lined: list[int], own: list[int]) -> bool:
    return any(cells[place] for place in lined) and not any(cells[place] for place in own)


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

    def take(self, span: Span, rows: Sequence[Sequence[Any]]) -> None:
        """Convert one record; it is written with its batch."""
        problems: list[Problem] = []
        external, record, values, named = self._converted(self._columns, rows, problems)
        self.messages += [problem.message(span.message) for problem in problems]
        if any(problem.severity == "error" for problem in problems):
            return
        if external in self._batched:
            self.flush()
        self._batched |= {external} - {""}
        self._batch.append(Prepared(span, external, record, values, named))

    def _converted(
        self, columns: Sequence[Column], rows: Sequence[Sequence[Any]], problems: list[Problem]
    ) -> tuple[str, int | None, Row, list[tuple[Field, list[str]]]]:
        """External id, database id and values of the record in these rows, and the lines that get names."""
        external, record, values = "", None, Row()
        own = [pair for pair in zip(columns, rows[0], strict=False) if pair[0].below is None]
        for column, cell in [pair for pair in own if not pair[0].how] + [pair for pair in own if pair[0].how]:
            if column.name == "id":
                external = _qualified(str(cell or ""))
            elif column.name == ".id":
                record = self._database_id(column, cell, problems)
            else:
                values[column.name] = self._cell(column, cell, problems)
        named = []
        for field in dict.fromkeys(column.field for column in columns if column.below is not None):
            values[field.name], names = self._lines(field, columns, rows, problems)
            named.append((field, names))
        return external, record, values, named

    def _lines(
        self, field: Field, columns: Sequence[Column], rows: Sequence[Sequence[Any]], problems: list[Problem]
    ) -> tuple[list[Any], list[str]]:
        """The commands for the lines of one field, and the external ids of the new ones in order."""
        places = [place for place, column in enumerate(columns) if column.below and column.field is field]
        below = [column.below for column in columns if column.below and column.field is field]
        cells = [[row[place] for place in places] for row in rows]
        known, new, names = [], [], []
        for _, group in _records(below, [row for row in cells if any(row)]):
            found: list[Problem] = []
            external, record, values, _ = self._converted(below, group, found)
            problems += [problem.within(field) for problem in found]
            record = record or (self._known(external, field.relation) if external else None)
            if record:
                known.append([1, record, values])
            else:
                new.append([0, 0, values])
                names.append(external)
        return [*known, *new], names

    def _cell(self, column: Column, cell: Any, problems: list[Problem]) -> Any:
        if column.how == "id" and self._batched:
            named = {_qualified(part) for part in str(cell or "").split(",")}
            if not self._batched.isdisjoint(named):
                self.flush()
        return cell_value(self._env, self._model, column.field, column.how, cell, problems)

    def _database_id(self, column: Column, cell: Any, problems: list[Problem]) -> int | None:
        """The record a `.id` cell names, None for an empty cell."""
        if not cell:
            return None
        if str(cell).isdecimal() and int(cell) in self._env.store.tables[self._model]:
            return int(cell)
        problems.append(Unknown(column.field, f"Unknown database identifier '{cell}'"))
        return None

    def flush(self) -> None:
        """Write the batch at once; if that fails, row by row, to say which rows are at fault."""
        batch, self._batch, self._batched = self._batch, [], set()
        tx = self._env.tx
        mark, known = tx.mark(), len(self.ids)
        try:
            self.ids += [self._write(prepared) for prepared in batch]
        except errors.OdooError:
            tx.rollback(mark)
            del self.ids[known:]
            self._write_each(batch)

    def _write_each(self, batch: list[Prepared]) -> None:
        failures = 0
        for done, prepared in enumerate(batch):
            mark = self._env.tx.mark()
            try:
                self.ids.append(self._write(prepared))
            except errors.OdooError as problem:
                self._env.tx.rollback(mark)
                failures += 1
                said = {"type": "error", "message": problem.row_message(self._env.major)}
                about = {"field": problem.column} if problem.column else {}
                self.messages.append({**prepared.span.message, **said, **about})
            if failures >= _ENOUGH_ERRORS and failures >= done / 10:
                self.messages.append({"type": "warning", "message": "Too many rows failed: the rest was not tried."})
                return

    def _write(self, prepared: Prepared) -> int:
        env, external = self._env, prepared.external
        record = prepared.record or (self._known(external, self._model) if external else None)
        before = {field.relation: env.store.peek(field.relation) for field, names in prepared.named if names}
        if record:
            self._refuse_conflict((self._model, record))
            write(env, self._model, [record], prepared.values)
        else:
            self._refuse_conflict(("external id", external))
            record = insert(env, self._model, prepared.values)
            if external:
                self._name(external, self._model, record)
        for field, names in prepared.named:
            for place, name in enumerate(names):
                if name:
                    self._name(name, field.relation, before[field.relation] + place)
        return record

    def _known(self, external: str, model: str) -> int | None:
        """The record that bears the external id, refused when it is of another model [i12]."""
        module, _, name = external.partition(".")
        for number in self._env.store.find("ir.model.data", ("module", "name"), (module, name)):
            row = self._env.store.tables["ir.model.data"][number]
            if row["model"] != model:
                other = f"found record of different model {row['model']} ({number})"
                wanted = f"when trying to create/update a record of model {model}"
                raise errors.validation_error(f"For external id {external} {wanted} {other}")
            return int(row["res_id"])
        return None

    def _refuse_conflict(self, key: tuple[Any, ...]) -> None:
        if self._env.tx.conflicts(key):
            raise errors.serialization_failure()

    def _name(self, external: str, model: str, record: int) -> None:
        """Give the record its external id; no rights on ir.model.data are needed for that."""
        module, _, name = external.partition(".")
        now = self._env.tx.now
        about = {"module": module, "name": name, "model": model, "res_id": record, "noupdate": False}
        stamp = {"create_date": now, "write_date": now, "create_uid": 1, "write_uid": 1}
        self._env.tx.insert("ir.model.data", {**about, **stamp})
        self._env.tx.writes(("external id", external))


def _qualified(external: str) -> str:
    return external if "." in external or not external else f"{_DEFAULT_MODULE}.{external}"
