"""mail.activity: tasks for people on a record, and what 18.0 and 19.0 leave of them when they are done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from html import escape
from typing import Any

from careloom.sim.odoo import errors
from careloom.sim.odoo.bookkeeping import named, put, touch
from careloom.sim.odoo.columns import char, choice, day, flag, link, text, whole
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Field, Reader, Row
from careloom.sim.odoo.models import Area, Hooks, Model, define
from careloom.sim.odoo.writing import Records, insert, message_post, unlink

ACTIVITY = "mail.activity"
TYPES = (
    ("mail_activity_data_email", "Email", "default", 0),
    ("mail_activity_data_call", "Call", "phonecall", 2),
    ("mail_activity_data_meeting", "Meeting", "default", 0),
    ("mail_activity_data_todo", "To-Do", "default", 5),
    ("mail_activity_data_upload_document", "Upload Document", "upload_file", 5),
)
_DUE = (("overdue", "Overdue"), ("today", "Today"), ("planned", "Planned"))
_OWNERS = {"res": "base", "ir": "base"}
_ON = ("res.partner", "account.move", "account.payment", "purchase.order", "sale.order", "stock.picking")


def _label(reader: Reader, row: Row) -> str:
    kind = reader.row("mail.activity.type", row["activity_type_id"] or 0)
    return str(row["summary"] or (kind["name"] if kind else "Activity"))


def _state(reader: Reader, row: Row) -> str:
    assert isinstance(reader, Environment)
    if not row["active"]:
        return "done"
    today = reader.tx.now.date()
    due = row["date_deadline"]
    return "overdue" if due < today else "today" if due == today else "planned"


def _models(major: int) -> list[Model]:
    kind = [
        char("name", "Name", required=True),
        char("category", "Action", default="default"),
        char("res_model", "Model"),
        whole("delay_count", "Schedule"),
        flag("active", "Active", default=True),
    ]
    fields = [
        link("res_model_id", "Document Model", "ir.model", required=True),
        char("res_model", "Related Document Model"),
        Field(name="res_id", type="many2one_reference", string="Related Document ID"),
        char("res_name", "Document Name"),
        link("activity_type_id", "Activity Type", "mail.activity.type"),
        char("summary", "Summary"),
        text("note", "Note"),
        text("feedback", "Feedback"),
        link("user_id", "Assigned to", "res.users"),
        day("date_deadline", "Due Date", required=True),
        day("date_done", "Done Date"),
        flag("active", "Active", default=True),
        choice("state", "State", *_DUE, ("done", "Done"), store=False, compute=_state),
    ]
    group = "Administration/Access Rights" if major == 18 else "Access Rights"
    named = [char("name", "Model Description"), char("model", "Model", required=True)]
    options: dict[str, Any] = {
        "indexes": (("res_model", "res_id"),),
        "label": _label,
        "order": "date_deadline ASC, id ASC",
    }
    return [
        define("ir.model", "Models", named, indexes=(("model",),), found_by=("name", "model"), group=group),
        define("mail.activity.type", "Activity Type", kind, order="id"),
        define(ACTIVITY, "Activity", fields, found_by=("summary",), **options),
    ]


def _fields(_: int) -> dict[str, list[Field]]:
    def of(model: str) -> list[Field]:
        def activities(reader: Reader, row: Row) -> tuple[int, ...]:
            assert isinstance(reader, Environment)
            found = reader.store.find(ACTIVITY, ("res_model", "res_id"), (model, row["id"]))
            return tuple(one for one in found if reader.store.tables[ACTIVITY][one]["active"])

        def state(reader: Reader, row: Row) -> str | bool:
            assert isinstance(reader, Environment)
            table = reader.store.tables[ACTIVITY]
            states = {_state(reader, table[one]) for one in activities(reader, row)}
            return next((one for one in ("overdue", "today", "planned") if one in states), False)

        shown = choice("activity_state", "Activity State", *_DUE, compute=state, store=False, readonly=True)
        many: dict[str, Any] = {"type": "many2many", "string": "Activities", "relation": ACTIVITY}
        return [Field(name="activity_ids", compute=activities, store=False, readonly=True, **many), shown]

    return {model: of(model) for model in _ON}


def _complete(env: Environment, values: Row) -> Row:
    if not values.get("res_model_id"):
        return {"date_deadline": env.tx.now.date().isoformat(), **values}
    about = env.existing("ir.model", [values["res_model_id"]])[0]
    record = env.existing(about["model"], [values.get("res_id") or 0])[0]
    defaults: Row = {
        "date_deadline": env.tx.now.date().isoformat(),
        "res_name": env.label(about["model"], record["id"]),
    }
    if env.major == 18:
        defaults["user_id"] = env.user.uid
    else:
        defaults["activity_type_id"] = _todo(env)
    return {**defaults, **values, "res_model": about["model"]}


def _todo(env: Environment) -> int:
    rows = env.store.tables["mail.activity.type"].values()
    return next(int(row["id"]) for row in rows if row["name"] == "To-Do")


def action_feedback(env: Environment, ids: Sequence[int], feedback: Any = False, attachment_ids: Any = None) -> int:  # noqa: ARG001
    """Done: a note in the chatter, and the activity is deleted in 18.0, archived in 19.0. The id of the note."""
    env.model(ACTIVITY, "write")
    message = 0
    for row in env.existing(ACTIVITY, ids):
        kind = env.label("mail.activity.type", row["activity_type_id"] or 0) or "Activity"
        told = f"<p>{escape(kind)} done: {escape(str(row['summary'] or ''))}</p>{row['note'] or ''}"
        body = told + escape(str(feedback or ""))
        posted = message_post(env, row["res_model"], [row["res_id"]], body=body, body_is_html=True)
        message = posted.ids[0]
        if env.major == 18:
            unlink(env, ACTIVITY, [row["id"]])
        else:
            done = {"active": False, "date_done": env.tx.now.date(), "feedback": feedback or False}
            touch(env, ACTIVITY, row["id"], done)
    return message


def action_done(env: Environment, ids: Sequence[int]) -> int:
    return action_feedback(env, ids)


def _schedule(model: str) -> Callable[..., Any]:
    def activity_schedule(
        env: Environment,
        ids: Sequence[int],
        act_type_xmlid: str = "",
        date_deadline: Any = None,
        summary: str = "",
        note: str = "",
        user_id: Any = None,
    ) -> Any:
        """One activity per record. The only way for a user without rights on ir.model."""
        kind = _type(env, act_type_xmlid)
        about = env.store.find("ir.model", ("model",), (model,))[0]
        due = date_deadline or (env.tx.now.date() + timedelta(days=kind["delay_count"] if kind else 0)).isoformat()
        values: Row = {"res_model_id": about, "activity_type_id": kind["id"] if kind else False, "summary": summary}
        values |= {"note": note, "date_deadline": due, "user_id": user_id or env.user.uid}
        made = [insert(env, ACTIVITY, {**values, "res_id": row["id"]}) for row in env.existing(model, ids)]
        return f"mail.activity({', '.join(map(str, made))},)" if env.major == 18 else Records(made)

    return activity_schedule


def _type(env: Environment, external: str) -> Row | None:
    if not external:
        return None
    module, _, name = external.partition(".")
    found = env.store.find("ir.model.data", ("module", "name"), (module, name))
    if not found:
        raise errors.value_error(f"External ID not found in the system: {external}")
    return env.row("mail.activity.type", env.store.tables["ir.model.data"][found[0]]["res_id"])


def _found(env: Environment) -> None:
    for model in env.models.values():
        record = put(env, "ir.model", {"name": model.title, "model": model.name})
        owner = model.name.partition(".")[0]
        named(env, _OWNERS.get(owner, owner), f"model_{model.name.replace('.', '_')}", "ir.model", record)
    for external, name, category, delay in TYPES:
        kind = insert(env, "mail.activity.type", {"name": name, "category": category, "delay_count": delay})
        named(env, "mail", external, "mail.activity.type", kind)


ACTIVITIES = Area(
    name="activities",
    models=_models,
    fields=_fields,
    methods={
        (ACTIVITY, "action_feedback"): action_feedback,
        (ACTIVITY, "action_done"): action_done,
        **{(model, "activity_schedule"): _schedule(model) for model in _ON},
    },
    hooks={ACTIVITY: Hooks(complete=_complete)},
    rights={ACTIVITY: frozenset({"read", "write", "create", "unlink"}), "mail.activity.type": frozenset({"read"})},
    found=_found,
)
