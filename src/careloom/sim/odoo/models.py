"""What a model is, the models of the base, and the seam by which an area of business adds its own.

Labels and attributes follow `fields_get` of a server with base, contacts, mail and account. A field that exists in only
one version is only there in that version (`odoo/fields_diff_18_19.json`).

An area (accounting, logistics) is one `Area`, listed in `AREAS` of `areas.py`, and needs no other central edit:

- `models(major)`: its models, made with `define`. Stored values live in the row; a `Field.compute` is worked out when
  read. A one2many with `inverse` needs no compute: it reads the rows that point back.
- `fields(major)`: more fields for models of others, such as what accounting adds to res.partner or product.product.
- `methods`: `{(model, method): function}`. `function(env, ids, **named)` works on records; without a parameter `ids` it
  is a method of the model. It overrides a general method of that name (create, read...) for this model only.
  All of them count as changes for the serialization fault.
- `hooks`: `{model: Hooks}`, called by create, write and unlink (see `Hooks`), several areas in the order of `AREAS`.
- `rights`: what the integration user may do per model.
- `found(env)`: the records a fresh database has, with all companies, users and countries already there.

Accounting owns account.*, res.currency and mail.activity; logistics owns product.*, uom.*, stock.*, purchase.*, sale.*.
Accounting reads of a product: name, lst_price, standard_price, uom_id, and its own extension fields taxes_id and
supplier_taxes_id. Across areas, call `writing.create/insert/write/unlink` and the other area's functions.
Columns that are searched for equality are named in `Model.indexes`, as `(("partner_id",), ("move_id",))`.
For every model there are also web_read, read_group, formatted_read_group, and `load` with one2many lines
(`order_line/id`, `order_line/product_id/.id`), which goes through the same hooks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from careloom.sim.odoo.fields import Field, Reader, Row, empty_value
from careloom.sim.odoo.partner import partner_fields, partner_label

if TYPE_CHECKING:
    from careloom.sim.odoo.environment import Environment

ALL = frozenset({"read", "write", "create", "unlink"})
LANGUAGES = (("en_US", "English (US)"), ("fr_FR", "French / Français"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What a model does around the changes of its records. Each may raise an `OdooError`, which rolls the call back."""

    complete: Callable[[Environment, Row], Row] | None = None
    """Before a new record: the values given in the call, and back those with what the server fills in."""
    changing: Callable[[Environment, list[Row], Row], Row] | None = None
    """Before a write: the rows as they are and the values given; back the values to write."""
    created: Callable[[Environment, list[int]], None] | None = None
    """After a create, x2many children included; one call for all the records of a `create`."""
    written: Callable[[Environment, list[int], Row], None] | None = None
    """After a write of these values, x2many children included."""
    unlinking: Callable[[Environment, list[Row]], None] | None = None
    """Before the records are deleted: refuse, or delete what hangs on them."""
    deleted: Callable[[Environment, list[Row]], None] | None = None
    """After the records are gone, with the rows as they were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """What an area of business adds to the simulated server; see the head of this module."""

    name: str
    models: Callable[[int], list[Model]] = lambda _: []
    fields: Callable[[int], Mapping[str, list[Field]]] = lambda _: {}
    methods: Mapping[tuple[str, str], Callable[..., Any]] = field(default_factory=dict)
    hooks: Mapping[str, Hooks] = field(default_factory=dict)
    rights: Mapping[str, frozenset[str]] = field(default_factory=dict)
    found: Callable[[Environment], None] = lambda _: None


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
    indexes: tuple[tuple[str, ...], ...] = ()
    hooks: tuple[Hooks, ...] = ()

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


def define(name: str, title: str, fields: list[Field], **options: Any) -> Model:
    """A model with the columns every model has; `options` are those of `Model`."""
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
        define("res.country", "Country", country, order="name", found_by=("name", "code")),
        define(
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
        define("res.users", "User", users, order="name, login", found_by=("login", "name"), group=group),
        define("res.company", "Companies", company, order="name", group=group),
    ]


def _labels() -> list[Model]:
    def named(name: str, title: str, *more: Field) -> Model:
        return define(name, title, [_char("name", "Name", required=True, translate=True), *more], order="name")

    color = Field(name="color", type="integer", string="Color")
    active = Field(name="active", type="boolean", string="Active", default=True)
    return [named("res.partner.category", "Partner Tags", color, active)]


def _titles() -> Model:
    fields = [_char("name", "Title", required=True, translate=True), _char("shortcut", "Abbreviation")]
    return define("res.partner.title", "Partner Title", fields, order="name")


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
    return define("mail.message", "Message", fields, order="id desc", label=_message_label, found_by=("subject",))


def _attachments() -> Model:
    fields = [
        _char("name", "Name", required=True),
        _char("res_model", "Resource Model"),
        Field(name="res_id", type="many2one_reference", string="Resource ID"),
        Field(name="type", type="selection", string="Type", selection=(("url", "URL"), ("binary", "File"))),
        Field(name="datas", type="binary", string="File Content (base64)"),
        _char("mimetype", "Mime Type"),
    ]
    return define("ir.attachment", "Attachment", fields, order="id desc")


def _external_ids(group: str) -> Model:
    fields = [
        _char("module", "Module", required=True),
        _char("name", "External Identifier", required=True),
        _char("model", "Model Name", required=True),
        Field(name="res_id", type="many2one_reference", string="Record ID"),
        Field(name="noupdate", type="boolean", string="Non Updatable"),
    ]
    return define("ir.model.data", "Model Data", fields, order="module, model, name", group=group)


def models(major: int) -> dict[str, Model]:
    """Every model of Odoo `major` (18 or 19) by name."""
    group = "Administration/Access Rights" if major == 18 else "Access Rights"
    partner = define(
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
