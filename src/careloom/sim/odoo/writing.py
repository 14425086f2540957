"""The methods that change records: create, write, unlink and message_post, with the database's checks behind them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, NamedTuple

from careloom.sim.odoo import errors
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import X2MANY, Field, Row, stored_value
from careloom.sim.odoo.models import Model
from careloom.sim.odoo.partner import refuse_nameless

_KEPT_BY_THE_SERVER = {"id", "create_date", "write_date", "create_uid", "write_uid", "display_name"}


class Records(NamedTuple):
    """Records as a result: JSON-2 always shows a list, the legacy transports a bare id for a single record."""

    ids: list[int]
    single: bool = False


def create(env: Environment, model: str, vals_list: Any) -> Records:
    """New records, all or none [e60]."""
    single = isinstance(vals_list, dict)
    return Records(insert_all(env, model, [vals_list] if single else vals_list), single)


def insert(env: Environment, model: str, values: Row) -> int:
    """One new record; the defaults of the model fill what `values` leaves out."""
    return insert_all(env, model, [values])[0]


def insert_all(env: Environment, model: str, rows: Sequence[Row]) -> list[int]:
    """New records, and then once what the model does after a create."""
    about = env.model(model, "create")
    ids = [_inserted(env, about, values) for values in rows]
    for hooks in about.hooks:
        if hooks.created is not None:
            hooks.created(env, ids)
    return ids


def _inserted(env: Environment, about: Model, values: Row) -> int:
    row = dict(about.blank)
    values = {**_context_defaults(env, about), **values}
    for hooks in about.hooks:
        if hooks.complete is not None:
            values = hooks.complete(env, values)
    given, children = _converted(env, about, values, row)
    now, uid = env.tx.now, env.user.uid
    stamp = {"create_date": now, "write_date": now, "create_uid": uid, "write_uid": uid}
    if about.name == "res.users":
        given = _with_partner(env, {**row, **given})
    row |= given | stamp
    record = env.tx.insert(about.name, row)
    _check(env, about, env.store.tables[about.name][record])
    with env.working_on(about.name, record):
        _link_children(env, about, record, children)
    return record


def _context_defaults(env: Environment, model: Model) -> Row:
    named = {key.removeprefix("default_"): value for key, value in env.context.items() if key.startswith("default_")}
    return {key: value for key, value in named.items() if key in model.fields}


def _with_partner(env: Environment, row: Row) -> Row:
    partner = row["partner_id"] or insert(env, "res.partner", {"name": row["name"] or row["login"]})
    return row | {"partner_id": partner, "company_id": row["company_id"] or env.companies[0]}


def write(env: Environment, model: str, ids: Sequence[int], vals: Row) -> bool:
    """Change the records; every one of them gets the transaction's write_date, changed or not."""
    about = env.model(model, "write")
    rows = env.existing(model, ids)
    for hooks in about.hooks:
        if hooks.changing is not None:
            vals = hooks.changing(env, rows, vals)
    for row in rows:
        changes, children = _converted(env, about, vals, row)
        stamp = {"write_date": env.tx.now, "write_uid": env.user.uid}
        env.tx.update(model, row["id"], {**changes, **stamp})
        _check(env, about, env.store.tables[model][row["id"]])
        with env.working_on(model, row["id"]):
            _link_children(env, about, row["id"], children)
    for hooks in about.hooks:
        if hooks.written is not None:
            hooks.written(env, list(ids), vals)
    return True


def unlink(env: Environment, model: str, ids: Sequence[int]) -> bool:
    """Delete the records, and with them their external ids, messages and attachments."""
    about = env.model(model, "unlink")
    rows = env.existing(model, ids)
    for hooks in about.hooks:
        if hooks.unlinking is not None:
            hooks.unlinking(env, rows)
    for row in rows:
        if model == "res.partner" and env.store.find("res.users", ("partner_id",), (row["id"],)):
            raise errors.validation_error("This contact belongs to a user and cannot be deleted; archive it instead.")
        _delete(env, model, row["id"])
    for hooks in about.hooks:
        if hooks.deleted is not None:
            hooks.deleted(env, rows)
    return True


def _delete(env: Environment, model: str, record: int) -> None:
    env.tx.delete(model, record)
    for other, columns in (("ir.model.data", ("model", "res_id")), ("mail.message", ("model", "res_id"))):
        for one in env.store.find(other, columns, (model, record)):
            env.tx.delete(other, one)
    for one in env.store.find("ir.attachment", ("res_model", "res_id"), (model, record)):
        env.tx.delete("ir.attachment", one)
    _forget_parent(env, model, record)


def _forget_parent(env: Environment, model: str, record: int) -> None:
    if "parent_id" in env.models[model].fields:
        for child in env.store.find(model, ("parent_id",), (record,)):
            env.tx.update(model, child, {"parent_id": False})


def _converted(env: Environment, model: Model, values: Row, row: Row) -> tuple[Row, list[tuple[Field, Any]]]:
    """`values` as the row holds them, and the commands for the records that point at it."""
    changes: Row = {}
    children: list[tuple[Field, Any]] = []
    for name, value in values.items():
        field = model.fields.get(name)
        if field is None:
            raise errors.value_error(_invalid_field(env, model, name))
        if name == "company_type":
            changes["is_company"] = stored_value(model.name, field, value) == "company"
        elif field.type == "one2many":
            children.append((field, value))
        elif field.type == "many2many":
            changes[name] = _commanded(row[name], value)
        elif field.compute is None and name not in _KEPT_BY_THE_SERVER:
            changes[name] = stored_value(model.name, field, value)
    return changes, children


def _invalid_field(env: Environment, model: Model, name: str) -> str:
    return f"Invalid field {name!r} {'on model' if env.major == 18 else 'in'} {model.name!r}"


def _commanded(links: tuple[int, ...], value: Any) -> tuple[int, ...]:
    """Links after the x2many commands 3 (unlink), 4 (link), 5 (clear) and 6 (set); a plain list of ids sets them."""
    commands = value or []
    if all(isinstance(one, int) for one in commands):
        commands = [[6, 0, commands]]
    held = list(links)
    for code, *rest in commands:
        if code == 3:
            held = [one for one in held if one != rest[0]]
        elif code == 4:
            held.append(rest[0])
        elif code in (5, 6):
            held = list(rest[1]) if code == 6 else []
        else:
            raise errors.value_error(f"Unsupported command {code} for a list of links")
    return tuple(dict.fromkeys(held))


def _link_children(env: Environment, model: Model, record: int, children: list[tuple[Field, Any]]) -> None:
    """The x2many commands on records that point here: 0 create, 1 write, 2, 3 delete, 4 link, 5 clear, 6 set."""
    for field, commands in children:
        fresh: list[Row] = []
        for code, child, *rest in commands or []:
            if code == 0:
                fresh.append({**rest[0], field.inverse: record})
            elif code == 1:
                write(env, field.relation, [child], rest[0])
            elif code in (2, 3):
                unlink(env, field.relation, [child])
            elif code == 4:
                write(env, field.relation, [child], {field.inverse: record})
            elif code in (5, 6):
                _keep_children(env, field, record, set(rest[1]) if code == 6 else set())
            else:
                raise errors.value_error(f"Unsupported command {code} for {model.name}.{field.name}")
        if fresh:
            insert_all(env, field.relation, fresh)


def _keep_children(env: Environment, field: Field, record: int, kept: set[int]) -> None:
    held = env.holding(field.relation, field.inverse, record)
    unlink(env, field.relation, [one for one in held if one not in kept])
    for one in kept - set(held):
        write(env, field.relation, [one], {field.inverse: record})


def _check(env: Environment, model: Model, row: Row) -> None:
    """The rules that only hold or fail for the whole row."""
    for field in model.required:
        if row[field.name] is False:
            raise _missing_value(env, model, field)
    for field in model.links:
        if row[field.name]:
            _check_links(env, model, field, row[field.name])
    if model.name == "res.partner":
        refuse_nameless(row)
        _check_barcode(env, row)
        _check_family(env, row)
    elif model.name == "res.users":
        _check_unique(env, model, ("login",), row, "You can not have two users with the same login!")
    elif model.name == "ir.model.data":
        _check_unique(env, model, ("module", "name"), row, "An external id must be unique in its module!")


def _missing_value(env: Environment, model: Model, field: Field) -> errors.OdooError:
    """A required field without a value; `load` says it in fewer words in 18.0."""
    what = f"Missing required value for the field '{field.string}' ({field.name})"
    if env.major == 18:
        where = f"Model: {model.title} ({model.name})\nField: {field.string} ({field.name})"
        reasons = "- Create/update: a mandatory field is not set.\n- Delete: another model requires the record being "
        reasons += "deleted. If possible, archive it instead."
        problem = errors.validation_error(f"The operation cannot be completed:\n{reasons}\n\n{where}\n")
        problem.row = what
    else:
        reasons = "- create/update: a mandatory field is not set\n- delete: another model requires the record being "
        reasons += "deleted, you can archive it instead"
        problem = errors.constraint_error(f"{what}.\nModel: '{model.title}' ({model.name})\n{reasons}\n")
    problem.column = field.name
    return problem


def _check_links(env: Environment, model: Model, field: Field, value: Any) -> None:
    links = value if field.type in X2MANY else (value,)
    if all(link in env.store.tables[field.relation] for link in links):
        return
    if env.major == 18:
        where = f"Model: {model.title} ({model.name})\nConstraint: {model.name.replace('.', '_')}_{field.name}_fkey\n"
        raise errors.constraint_error(f"another model requires the record being deleted.\n\n{where}")
    where = f"'{model.title}' ({model.name}), '{field.string}' ({field.name})"
    raise errors.constraint_error(f"Another model is using the record you are trying to delete: {where}")


def _check_unique(env: Environment, model: Model, columns: tuple[str, ...], row: Row, message: str) -> None:
    if env.store.find(model.name, columns, tuple(row[column] for column in columns)) != [row["id"]]:
        raise errors.constraint_error(message)


def _check_barcode(env: Environment, row: Row) -> None:
    if row["barcode"] and len(env.store.find("res.partner", ("barcode",), (row["barcode"],))) > 1:
        raise errors.validation_error("Another partner already has this barcode")


def _check_family(env: Environment, row: Row) -> None:
    seen, parent = {row["id"]}, row["parent_id"]
    while parent:
        if parent in seen:
            raise errors.validation_error("You cannot create recursive Partner hierarchies.")
        seen.add(parent)
        parent = env.store.tables["res.partner"][parent]["parent_id"]


def message_post(
    env: Environment,
    model: str,
    ids: Sequence[int],
    body: Any = "",
    subject: Any = False,
    message_type: str = "notification",
    body_is_html: bool = False,
    **_: Any,
) -> Records:
    """A note in the record's chatter; plain text is escaped. One record at a time, as in Odoo."""
    [row] = env.existing(model, ids[:1]) if len(ids) == 1 else [None]
    if row is None:
        raise errors.value_error(f"Expected singleton: {model}{tuple(ids)}")
    author = env.store.tables["res.partner"][env.user.partner]
    values = {
        "model": model,
        "res_id": row["id"],
        "subject": subject,
        "body": str(body) if body_is_html else f"<p>{escape(str(body), quote=False)}</p>",
        "author_id": env.user.partner,
        "email_from": author["email"],
        "message_type": message_type,
    }
    message = insert(env, "mail.message", values)
    env.tx.update("mail.message", message, {"date": env.tx.now})
    return Records([message], single=True)
