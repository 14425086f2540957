"""Values to the text cells of `load()`, checked against the field's type first.

Odoo takes wrong types without a word: a list given for a name is stored as "['a', 'b']", "no" given for a boolean is
true. So types are checked here, by what `fields_get` says. An error names the field, never the value.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

import msgspec

from careloom.core.errors import MappingError

Value: TypeAlias = str | bool | int | float | Decimal | date | datetime | Collection[str] | Collection[int] | None
"""What a column may be given. None and "" clear the field; a column that is not given stays as it is."""


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """What `fields_get` says of a field. `options` are the keys of a selection, None where there are none."""

    type: str
    readonly: bool = False
    required: bool = False
    stored: bool = True
    relation: str = ""
    options: frozenset[str] | None = None


def cell(column: str, info: FieldInfo, value: Value) -> str:
    """The text for one cell; "" clears. Raises MappingError when the value is not of the field's type."""
    base, _, suffix = column.partition("/")
    if info.type in _RELATIONS:
        return _relation_cell(column, info, suffix, value)
    convert = _CONVERTERS.get(info.type)
    if convert is None or suffix:
        raise MappingError(f"a {info.type} field cannot be loaded as this column", column)
    if value is None or value == "":
        return ""
    text = convert(info, value)
    if text is None:
        raise MappingError(f"a {info.type} field was given {_article(value)}; correct the mapping of {base}", column)
    if "\x00" in text:
        raise MappingError("the text contains a NUL character, which PostgreSQL cannot store", column)
    return text


def _article(value: object) -> str:
    return f"a value of type {type(value).__name__} that does not fit"


def _text(_: FieldInfo, value: object) -> str | None:
    return value if isinstance(value, str) else None


def _boolean(_: FieldInfo, value: object) -> str | None:
    # load() compares with 1/true/yes in the user's language and takes anything else for true.
    return ("1" if value else "0") if isinstance(value, bool) else None


def _integer(_: FieldInfo, value: object) -> str | None:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _number(_: FieldInfo, value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not math.isfinite(value):
        return None
    return format(value, "f") if isinstance(value, Decimal) else repr(value)


def _date(_: FieldInfo, value: object) -> str | None:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, str) and _parses(value, date.fromisoformat) and len(value) == 10 else None


def _datetime(_: FieldInfo, value: object) -> str | None:
    if not isinstance(value, datetime) or value.tzinfo is None:
        return None
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _selection(info: FieldInfo, value: object) -> str | None:
    if not isinstance(value, str):
        return None
    return value if info.options is None or value in info.options else None


def _json(_: FieldInfo, value: object) -> str | None:
    return msgspec.json.encode(value, order="sorted").decode() if isinstance(value, Mapping) else None


def _binary(_: FieldInfo, value: object) -> str | None:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else None


def _parses(text: str, parse: Callable[[str], object]) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


_CONVERTERS: Mapping[str, Callable[[FieldInfo, object], str | None]] = {
    "char": _text,
    "text": _text,
    "html": _text,
    "boolean": _boolean,
    "integer": _integer,
    "many2one_reference": _integer,
    "float": _number,
    "monetary": _number,
    "date": _date,
    "datetime": _datetime,
    "selection": _selection,
    "json": _json,
    "binary": _binary,
}
_RELATIONS = ("many2one", "many2many", "one2many")


def _relation_cell(column: str, info: FieldInfo, suffix: str, value: Value) -> str:
    if info.type == "one2many" or suffix not in ("id", ".id"):
        base = column.partition("/")[0]
        raise MappingError(f"a {info.type} is given as {base}/id (external id) or {base}/.id (database id)", column)
    if value is None or value == "":
        return ""
    many = info.type == "many2many" and isinstance(value, Sequence) and not isinstance(value, str)
    parts: Sequence[object] = value if many and isinstance(value, Sequence) else [value]
    if not all(_is_link(part, suffix) for part in parts):
        wanted = "external ids, module.name" if suffix == "id" else "database ids, whole numbers"
        raise MappingError(f"{column} takes {wanted}", column)
    return ",".join(str(part) for part in parts)


def _is_link(part: object, suffix: str) -> bool:
    if suffix == ".id":
        return isinstance(part, int) and not isinstance(part, bool) and part > 0
    return isinstance(part, str) and "." in part and "," not in part and not any(map(str.isspace, part))


def check_written(column: str, info: FieldInfo, value: Any) -> Any:
    """The same check for `write`, which takes JSON values: returns what to send, `false` for empty.

    many2one takes a database id or None, x2many takes Odoo's list of commands.
    """
    if info.type in ("one2many", "many2many"):
        if isinstance(value, list):
            return value
        raise MappingError(f"a {info.type} is written as a list of commands", column)
    if value is None or value is False or value == "":
        return False
    if info.type == "many2one":
        return int(_relation_cell(f"{column}/.id", info, ".id", value))
    text = cell(column, info, value)
    if info.type in ("float", "monetary"):
        return float(text)
    return value if info.type in ("boolean", "integer", "many2one_reference") else text
