"""The methods that read: search, read, fields_get and their kin. Each takes the environment and a model's name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from careloom.sim.odoo import errors
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Field, Row, description, shown_value

_READ_OPTIONS = {"load"}


def search(
    env: Environment, model: str, domain: Sequence[Any], offset: int = 0, limit: int | None = None, order: Any = None
) -> list[int]:
    env.model(model, "read")
    return [row["id"] for row in _window(env.search(model, domain, order), offset, limit)]


def search_count(env: Environment, model: str, domain: Sequence[Any], limit: int | None = None) -> int:
    env.model(model, "read")
    return len(_window(env.search(model, domain, "id"), 0, limit))


def _window(rows: list[Row], offset: int, limit: int | None) -> list[Row]:
    return rows[offset : offset + limit if limit else None]


def search_read(
    env: Environment,
    model: str,
    domain: Sequence[Any] | None = None,
    fields: Sequence[str] | None = None,
    offset: int = 0,
    limit: int | None = None,
    order: str | None = None,
    **read_options: Any,
) -> list[Row]:
    """Rows that match, as dicts. A misspelled option is only noticed when the rows are read, as a TypeError [e56]."""
    env.model(model, "read")
    wanted = _wanted(env, model, fields)
    rows = _window(env.search(model, domain or [], order), offset or 0, limit)
    unknown = read_options.keys() - _READ_OPTIONS
    if unknown:
        name = sorted(unknown)[0]
        raise errors.type_error(f"BaseModel._read_format() got an unexpected keyword argument {name!r}")
    return _shown(env, rows, wanted, read_options.get("load", "_classic_read"))


def read(
    env: Environment, model: str, ids: Sequence[int], fields: Sequence[str] | None = None, load: Any = "_classic_read"
) -> list[Row]:
    """The rows of `ids` as dicts; ids that do not exist are left out without a word [c07]."""
    env.model(model, "read")
    table = env.store.tables[model]
    rows = [table[record] for record in ids if record in table]
    env.refuse_other_companies(model, rows, "read")
    return _shown(env, rows, _wanted(env, model, fields), load)


def _wanted(env: Environment, model: str, names: Sequence[str] | None) -> list[Field]:
    """The fields to show; none named means all, which trips over those only an administrator may read [a47]."""
    known = env.models[model].fields
    wanted = list(known) if not names else list(dict.fromkeys(["id", *names]))
    for name in wanted:
        if name not in known:
            raise errors.value_error(f"Invalid field {name!r} on {'model ' if env.major == 18 else ''}{model!r}")
        if known[name].hidden and env.user.rights is not None:
            raise _unreadable(model, known[name])
    return [known[name] for name in wanted]


def _unreadable(model: str, field: Field) -> errors.OdooError:
    first = f"Failed to read field {model}.{field.name}\n"
    what = f"You are not allowed to access 'Mail RTC session' ({field.relation}) records."
    groups = "This operation is allowed for the following groups:\n\t- Role / Administrator"
    last = "Contact your administrator to request access if necessary."
    return errors.access_error(f"{first}{what}\n\n{groups}\n\n{last}")


def _shown(env: Environment, rows: list[Row], fields: list[Field], load: Any) -> list[Row]:
    return [{field.name: _cell(env, field, row, load) for field in fields} for row in rows]


def _cell(env: Environment, field: Field, row: Row, load: Any) -> Any:
    value = env.raw(field, row)
    if field.type == "many2one" and value and load == "_classic_read":
        return [value, env.label(field.relation, value)]
    return shown_value(field, value)


def fields_get(
    env: Environment, model: str, allfields: Sequence[str] | None = None, attributes: Sequence[str] | None = None
) -> dict[str, dict[str, Any]]:
    """What each field is; both arguments empty mean everything. Unknown names are left out."""
    known = env.models[model].fields
    names = [name for name in known if not allfields or name in allfields]
    about = {name: description(known[name]) for name in names}
    if not attributes:
        return about
    return {name: {key: what[key] for key in sorted(attributes) if key in what} for name, what in about.items()}


def name_search(
    env: Environment, model: str, name: str = "", domain: Any = None, operator: str = "ilike", limit: int | None = 100
) -> list[list[Any]]:
    env.model(model, "read")
    return [list(pair) for pair in env.name_search(model, name, operator, domain or [], limit)]


def has_access(env: Environment, model: str, operation: str) -> bool:
    return env.user.may(model, operation)


def check_access_rights(env: Environment, model: str, operation: str, raise_exception: bool = True) -> bool:
    if raise_exception:
        env.model(model, operation)
    return env.user.may(model, operation)


def exists(env: Environment, model: str, ids: Sequence[int]) -> list[int]:
    return [record for record in ids if record in env.store.tables[model]]


def context_get(env: Environment) -> dict[str, Any]:
    """Who am I: the user's language, time zone and id [a51]."""
    row = env.store.tables["res.users"][env.user.uid]
    return {"lang": row["lang"], "tz": row["tz"], "uid": env.user.uid}
