"""Fields: what `fields_get` tells about them, and how a value given in a call becomes a stored one.

Odoo coerces silently where a client would want an error (`odoo/CONTRACT.md` section 3): a number or a list given for a
text is stored as text, and any text is true for a boolean.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from careloom.sim.odoo import errors

Row = dict[str, Any]
X2MANY = ("one2many", "many2many")
DATE_FORMAT = "%Y-%m-%d"
DATETIME_FORMAT = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One column of a model, stored or computed. `hidden` fields refuse to be read by anyone but an administrator;
    numbers are rounded to their `digits` without a word."""

    name: str
    type: str
    string: str
    relation: str = ""
    inverse: str = ""
    selection: tuple[tuple[str, str], ...] = ()
    required: bool = False
    readonly: bool = False
    store: bool = True
    searchable: bool = True
    translate: bool = False
    help: str = ""
    default: Any = False
    compute: Callable[[Reader, Row], Any] | None = None
    hidden: bool = False
    digits: int | None = None


class Reader(Protocol):
    """What a computed field may ask for: a row of another model, or the rows that point at one."""

    def row(self, model: str, record: int) -> Row | None: ...

    def pointing(self, model: str, column: str, record: int) -> list[int]: ...


def _text(_: str, __: Field, value: Any) -> Any:
    return False if value is None or value is False else str(value)


def _integer(_: str, __: Field, value: Any) -> int:
    try:
        return int(value or 0)
    except (TypeError, ValueError) as problem:
        raise errors.value_error(str(problem)) from problem


def _float(_: str, field: Field, value: Any) -> float:
    try:
        number = float(value or 0.0)
        return number if field.digits is None else round(number, field.digits)
    except (TypeError, ValueError) as problem:
        raise errors.value_error(str(problem)) from problem


def _boolean(_: str, __: Field, value: Any) -> bool:
    return bool(value)


def _date(_: str, __: Field, value: Any) -> Any:
    return _moment(value, DATE_FORMAT).date() if value else False


def _datetime(_: str, __: Field, value: Any) -> Any:
    if not value:
        return False
    return _moment(value, DATETIME_FORMAT if len(str(value)) > 10 else DATE_FORMAT)


def _moment(value: Any, form: str) -> datetime:
    try:
        return datetime.strptime(str(value), form)
    except ValueError as problem:
        raise errors.value_error(f"time data {str(value)!r} does not match format {form!r}") from problem


def _selection(model: str, field: Field, value: Any) -> Any:
    if value is None or value is False or value == "":
        return False
    if value not in [code for code, _ in field.selection]:
        raise errors.value_error(f"Wrong value for {model}.{field.name}: {value!r}")
    return value


def _many2one(_: str, field: Field, value: Any) -> Any:
    if not value:
        return False
    if isinstance(value, int):
        return int(value)
    raise errors.invalid_integer(field.name, str(value))


def _json(_: str, __: Field, value: Any) -> Any:
    return (json.loads(value) if isinstance(value, str) else value) or False


_CONVERTERS: Mapping[str, Callable[[str, Field, Any], Any]] = {
    "char": _text,
    "text": _text,
    "html": _text,
    "binary": _text,
    "integer": _integer,
    "many2one_reference": _integer,
    "float": _float,
    "monetary": _float,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    "selection": _selection,
    "many2one": _many2one,
    "json": _json,
}


def stored_value(model: str, field: Field, value: Any) -> Any:
    """`value` as the database holds it. Raises `OdooError` (ValueError and its kin) exactly where Odoo does."""
    return _CONVERTERS[field.type](model, field, value)


def empty_value(field: Field) -> Any:
    """What an unset field holds: 0 for numbers, no links for lists, false for everything else."""
    if field.type in X2MANY:
        return ()
    return {"integer": 0, "float": 0.0, "monetary": 0.0, "many2one_reference": 0}.get(field.type, False)


def shown_value(field: Field, value: Any) -> Any:
    """`value` as the API shows it, many2one left to the caller: seconds only for times, lists for links."""
    if isinstance(value, datetime):
        return value.strftime(DATETIME_FORMAT)
    if isinstance(value, date):
        return value.strftime(DATE_FORMAT)
    if field.type in X2MANY:
        return list(value)
    return False if value is None else value


def description(field: Field) -> dict[str, Any]:
    """All attributes that `fields_get` answers for `field`."""
    about: dict[str, Any] = {
        "change_default": False,
        "company_dependent": False,
        "depends": [],
        "exportable": True,
        "groupable": field.store and field.type not in ("html", "binary"),
        "manual": False,
        "name": field.name,
        "readonly": field.readonly,
        "required": field.required,
        "searchable": field.searchable,
        "sortable": field.store,
        "store": field.store,
        "string": field.string,
        "type": field.type,
    }
    return about | _typed_description(field)


def _typed_description(field: Field) -> dict[str, Any]:
    about: dict[str, Any] = {"help": field.help} if field.help else {}
    if field.type in ("char", "text", "html"):
        about |= {"translate": field.translate, "trim": True}
    if field.relation:
        about |= {"relation": field.relation, "domain": [], "context": {}}
    if field.inverse:
        about["relation_field"] = field.inverse
    if field.type == "selection":
        about["selection"] = [list(choice) for choice in field.selection]
    return about
