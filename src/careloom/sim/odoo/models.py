"""The models a partner connector meets, with the fields it needs, as 18.0 and 19.0 have them.

Labels and attributes follow `fields_get` of a server with base, contacts, mail and account. A field that exists in only
one version is only there in that version (`odoo/fields_diff_18_19.json`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from careloom.sim.odoo.fields import Field, Reader, Row, empty_value
from careloom.sim.odoo.partner import partner_fields, partner_label

ALL = frozenset({"read", "write", "create", "unlink"})
LANGUAGES = (("en_US", "English (US)"), ("fr_FR", "French / Français"))


@dataclass(frozen=True)
class Model:
    """A model: its fields, how its rows are ordered and named, and which group may touch it."""

    name: str
    title: str
    fields: dict[str, Field]
    order: str = "id"
    label: Callable[[Reader, Row], str] = lambda _, row: str(row["name"])
    found_by: tuple[str, ...] = ("name",)
    group: str = ""

    @property
    def archives(self) -> bool:
        return "active" in self.fields

    @cached_property
    def blank(self) -> Row:
        """A new row before anything is known: defaults and empty values, without an id."""
        stored = [field for field in self.fields.values() if field.compute is None and field.name != "id"]
        return {field.name: empty_value(field) if field.default is False else field.default for field in stored}

    @cached_property
    def required(self) -> tuple[Field, ...]:
        return tuple(field for field in self.fields.values() if field.required)

    @cached_property
    def links(self) -> tuple[Field, ...]:
        """The fields whose values must be ids of existing records."""
        kinds = ("many2one", "many2many")
        own = [field for field in self.fields.values() if field.type in kinds and not field.readonly]
        return tuple(field for field in own if field.compute is None)


def _display_name(model_label: Callable[[Reader, Row], str]) -> Field:
    return Field(
        name="display_name", type="char", string="Display Name", readonly=True, store=False, compute=model_label
    )


def _bookkeeping() -> list[Field]:
    def user(name: str, string: str) -> Field:
        return Field(name=name, type="many2one", string=string, relation="res.users", readonly=True)

    return [
        Field(name="id", type="integer", string="ID", readonly=True),
        Field(name="create_date", type="datetime", string="Created on", readonly=True),
        Field(name="write_date", type="datetime", string="Last Updated on", readonly=True),
        user("create_uid", "Created by"),
        user("write_uid", "Last Updated by"),
    ]


def _model(name: str, title: str, fields: list[Field], **options: Any) -> Model:
    label = options.get("label", lambda _, row: str(row["name"]))
    every = [*_bookkeeping(), _display_name(label), *fields]
    return Model(name, title, {one.name: one for one in every}, **options)


def _char(name: str, string: str, **options: Any) -> Field:
    return Field(name=name, type="char", string=string, **options)


def _link(name: str, string: str, relation: str, **options: Any) -> Field:
    return Field(name=name, type="many2one", string=string, relation=relation, **options)


def _state_label(reader: Reader, row: Row) -> str:
    country = reader.row("res.country", row["country_id"] or 0)
    return f"{row['name']} ({country['code']})" if country else str(row["name"])


def _places() -> list[Model]:
    country = [
        _char("name", "Country Name", required=True, translate=True),
        _char("code", "Country Code", required=True),
        Field(name="state_ids", type="one2many", string="States", relation="res.country.state", inverse="country_id"),
    ]
    state = [
        _link("country_id", "Country", "res.country", required=True),
        _char("name", "State Name", required=True),
        _char("code", "State Code", required=True),
    ]
    return [
        _model("res.country", "Country", country, order="name", found_by=("name", "code")),
        _model(
            "res.country.state", "Country state", state, order="code", label=_state_label, found_by=("name", "code")
        ),
    ]


def _people(group: str) -> list[Model]:
    users = [
        _char("login", "Login", required=True),
        _char("name", "Name"),
        _link("partner_id", "Related Partner", "res.partner", required=True),
        _link("company_id", "Company", "res.company", required=True),
        Field(name="company_ids", type="many2many", string="Companies", relation="res.company"),
        Field(name="active", type="boolean", string="Active", default=True),
        Field(name="lang", type="selection", string="Language", selection=LANGUAGES, default="en_US"),
        _char("tz", "Timezone"),
    ]
    company = [
        _char("name", "Company Name", required=True),
        _link("partner_id", "Partner", "res.partner", required=True),
        Field(name="active", type="boolean", string="Active", default=True),
    ]
    return [
        _model("res.users", "User", users, order="name, login", found_by=("login", "name"), group=group),
        _model("res.company", "Companies", company, order="name", group=group),
    ]


def _labels() -> list[Model]:
    def named(name: str, title: str, *more: Field) -> Model:
        return _model(name, title, [_char("name", "Name", required=True, translate=True), *more], order="name")

    color = Field(name="color", type="integer", string="Color")
    active = Field(name="active", type="boolean", string="Active", default=True)
    return [named("res.partner.category", "Partner Tags", color, active)]


def _titles() -> Model:
    fields = [_char("name", "Title", required=True, translate=True), _char("shortcut", "Abbreviation")]
    return _model("res.partner.title", "Partner Title", fields, order="name")


def _records() -> list[Field]:
    return [
        _char("model", "Related Document Model"),
        Field(name="res_id", type="many2one_reference", string="Related Document ID"),
    ]


def _message_label(_: Reader, row: Row) -> str:
    return str(row["subject"] or f"mail.message,{row['id']}")


def _messages() -> Model:
    kinds = (("comment", "Comment"), ("notification", "System notification"), ("email", "Incoming Email"))
    fields = [
        *_records(),
        _char("subject", "Subject"),
        Field(name="body", type="html", string="Contents"),
        Field(name="date", type="datetime", string="Date"),
        _link("author_id", "Author", "res.partner"),
        _char("email_from", "From"),
        Field(name="message_type", type="selection", string="Type", selection=kinds, required=True),
        Field(name="attachment_ids", type="many2many", string="Attachments", relation="ir.attachment"),
    ]
    return _model("mail.message", "Message", fields, order="id desc", label=_message_label, found_by=("subject",))


def _attachments() -> Model:
    fields = [
        _char("name", "Name", required=True),
        _char("res_model", "Resource Model"),
        Field(name="res_id", type="many2one_reference", string="Resource ID"),
        Field(name="type", type="selection", string="Type", selection=(("url", "URL"), ("binary", "File"))),
        Field(name="datas", type="binary", string="File Content (base64)"),
        _char("mimetype", "Mime Type"),
    ]
    return _model("ir.attachment", "Attachment", fields, order="id desc")


def _external_ids(group: str) -> Model:
    fields = [
        _char("module", "Module", required=True),
        _char("name", "External Identifier", required=True),
        _char("model", "Model Name", required=True),
        Field(name="res_id", type="many2one_reference", string="Record ID"),
        Field(name="noupdate", type="boolean", string="Non Updatable"),
    ]
    return _model("ir.model.data", "Model Data", fields, order="module, model, name", group=group)


def models(major: int) -> dict[str, Model]:
    """Every model of Odoo `major` (18 or 19) by name."""
    group = "Administration/Access Rights" if major == 18 else "Access Rights"
    partner = _model(
        "res.partner",
        "Contact",
        partner_fields(major, LANGUAGES),
        order="display_name, id desc",
        label=partner_label,
        found_by=("name", "email", "ref", "vat"),
    )
    every = [partner, *_places(), *_people(group), *_labels(), _messages(), _attachments(), _external_ids(group)]
    if major == 18:
        every.append(_titles())
    return {model.name: model for model in every}
