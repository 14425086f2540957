"""Cells of `load`: text to values, and links by external id, database id or display name."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from careloom.sim.odoo import errors
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Field, Row, stored_value

_TRUE = ("1", "true", "yes")
_FALSE = ("0", "false", "no")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one cell. A warning does not stop the call."""

    column: Field
    said: str
    severity: str = "error"
    more: Any = None
    path: tuple[str, ...] = ()
    top: str = ""

    def message(self, where: Row) -> Row:
        """The entry of `messages` for this cell of the record that stands `where`."""
        about = {"rows": where["rows"], "type": self.severity, "record": where["record"]}
        label = "/".join((*self.path, self.column.string))
        named = {"field": self.top or self.column.name, "message": f"{self.said}{self.word} field '{label}'"}
        more = {"moreinfo": self.more} if self.more else {}
        return about | named | more | {"field_name": self.path[0] if self.path else self.column.string}

    @property
    def word(self) -> str:
        """What leads from the complaint to the field's label."""
        if self.column.type == "selection":
            return ""
        return " for" if "does not seem to be" in self.said else " in"

    def within(self, lines: Field) -> Problem:
        """The same problem as seen from the record that has these lines."""
        return replace(self, path=(lines.string, *self.path), top=lines.name)


class Unknown(Problem):
    """A `.id` cell that names no record."""

    def message(self, where: Row) -> Row:
        """The entry of `messages`, which names no label."""
        about = {"rows": where["rows"], "record": where["record"], "type": "error"}
        return about | {"field": self.top or ".id", "message": self.said}


def cell_value(env: Environment, model: str, field: Field, how: str, cell: Any, problems: list[Problem]) -> Any:
    """The value of one cell; an empty one clears the field. Problems are added to `problems`."""
    if cell is None or cell is False or cell == "":
        return False
    if field.type in ("char", "text", "html"):
        return str(cell)
    if field.type == "many2one":
        return _linked(env, field, how, str(cell), problems)
    if field.type == "many2many":
        links = [_linked(env, field, how, part.strip(), problems) for part in str(cell).split(",")]
        return [[6, 0, [link for link in links if link]]]
    if field.type == "boolean":
        return _boolean(field, str(cell), problems)
    if field.type == "selection":
        return _selection(field, str(cell), problems)
    if field.type == "json":
        return json.loads(cell) if isinstance(cell, str) else cell
    return _scalar(model, field, cell, problems)


def _scalar(model: str, field: Field, cell: Any, problems: list[Problem]) -> Any:
    kinds = {"integer": "an integer", "float": "a number", "monetary": "a number"}
    try:
        value = stored_value(model, field, cell)
    except errors.OdooError:
        said = f"'{cell}' does not seem to be {kinds.get(field.type, f'a valid {field.type}')}"
        form = {"date": "2012-12-31", "datetime": "2012-12-31 23:59:59"}.get(field.type)
        problems.append(Problem(field, said, more=f"Use the format '{form}'" if form else None))
        return False
    return cell if field.type in ("date", "datetime") else value


def _boolean(field: Field, cell: str, problems: list[Problem]) -> bool:
    if cell.lower() not in (*_TRUE, *_FALSE):
        problems.append(Problem(field, f"Unknown value '{cell}' is taken as true", "warning"))
    return cell.lower() not in _FALSE


def _selection(field: Field, cell: str, problems: list[Problem]) -> Any:
    for code, label in field.selection:
        if cell in (code, label):
            return code
    possible = [label for _, label in field.selection]
    problems.append(Problem(field, f"Value '{cell}' not found in selection", more=possible))
    return False


def _linked(env: Environment, field: Field, how: str, cell: str, problems: list[Problem]) -> int | bool:
    if how == "id":
        found, kind = _by_external_id(env, field.relation, cell), "external id"
    elif how == ".id":
        known = cell.isdecimal() and int(cell) in env.store.tables[field.relation]
        found, kind = [int(cell)] if known else [], "database id"
    else:
        found, kind = _by_name(env, field.relation, cell), "name"
    if not found:
        problems.append(Problem(field, f"No matching record found for {kind} '{cell}'", more=_possible(field, how)))
        return False
    if len(found) > 1:
        problems.append(Problem(field, f"Found multiple matches for value '{cell}' ({len(found)} matches)", "warning"))
    return found[0]


def _by_external_id(env: Environment, model: str, external: str) -> list[int]:
    if (model, external) not in env.resolved:
        found = _named(env, model, external)
        if not found:
            return found
        env.resolved[model, external] = found
    return env.resolved[model, external]


def _named(env: Environment, model: str, external: str) -> list[int]:
    module, _, name = (external if "." in external else f"__import__.{external}").partition(".")
    table = env.store.tables["ir.model.data"]
    rows = [table[number] for number in env.store.find("ir.model.data", ("module", "name"), (module, name))]
    return [row["res_id"] for row in rows if row["model"] == model]


def _by_name(env: Environment, model: str, name: str) -> list[int]:
    return [record for record, _ in env.name_search(model, name, "=", limit=2)]


def _possible(field: Field, how: str) -> Row:
    """The window that a person would be offered to choose from."""
    window = {
        "name": "Possible Values",
        "type": "ir.actions.act_window",
        "target": "new",
        "view_mode": "list,form",
        "views": [[False, "list"], [False, "form"]],
        "context": {"create": False},
        "help": "See all possible values",
    }
    if how:
        return window | {"res_model": "ir.model.data", "domain": [["model", "=", field.relation]]}
    return window | {"res_model": field.relation}
