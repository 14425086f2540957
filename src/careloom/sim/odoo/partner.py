"""The fields and rules of res.partner, the model that patients, payers and suppliers become."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from careloom.sim.odoo import errors
from careloom.sim.odoo.fields import Field, Reader, Row

_TYPES = (("contact", "Contact"), ("invoice", "Invoice"), ("delivery", "Delivery"), ("other", "Other"))
_COMPANY_TYPES = (("person", "Person"), ("company", "Company"))


def partner_label(reader: Reader, row: Row) -> str:
    """The display name: a contact of a company carries the company's name in front."""
    name = str(row["name"] or dict(_TYPES).get(row["type"], ""))
    parent = reader.row("res.partner", row["parent_id"] or 0)
    return f"{parent['name']}, {name}" if parent and not row["is_company"] else name


def commercial_entity(reader: Reader, row: Row) -> int:
    """The partner that is billed: the nearest company above, or the top of the chain."""
    seen: set[int] = set()
    while row["parent_id"] and not row["is_company"] and row["id"] not in seen:
        seen.add(row["id"])
        row = reader.row("res.partner", row["parent_id"]) or row
    return int(row["id"])


def _company_type(_: Reader, row: Row) -> str:
    return "company" if row["is_company"] else "person"


def _formatted_email(_: Reader, row: Row) -> Any:
    return f'"{row["name"]}" <{row["email"]}>' if row["email"] else False


def _address(reader: Reader, row: Row) -> str:
    country = reader.row("res.country", row["country_id"] or 0)
    place = " ".join(str(part) for part in (row["city"], row["zip"]) if part)
    lines = [partner_label(reader, row), row["street"], row["street2"], place, country["name"] if country else False]
    return "\n".join(str(line) for line in lines if line)


def _children(reader: Reader, row: Row) -> tuple[int, ...]:
    return tuple(reader.pointing("res.partner", "parent_id", row["id"]))


def _users(reader: Reader, row: Row) -> tuple[int, ...]:
    return tuple(reader.pointing("res.users", "partner_id", row["id"]))


def _zero(_: Reader, __: Row) -> float:
    return 0.0


def _char(name: str, string: str, **options: Any) -> Field:
    return Field(name=name, type="char", string=string, **options)


def _shown(name: str, string: str, compute: Callable[[Reader, Row], Any]) -> Field:
    return _char(name, string, readonly=True, store=False, searchable=False, compute=compute)


def _link(name: str, string: str, relation: str, **options: Any) -> Field:
    return Field(name=name, type="many2one", string=string, relation=relation, **options)


def _flag(name: str, string: str, **options: Any) -> Field:
    return Field(name=name, type="boolean", string=string, **options)


def _identity(languages: tuple[tuple[str, str], ...]) -> list[Field]:
    kind = {"type": "selection", "string": "Company Type", "selection": _COMPANY_TYPES}
    return [
        _char("name", "Name"),
        _char("ref", "Reference"),
        _char("vat", "Tax ID"),
        _char("company_registry", "Company ID"),
        _char("barcode", "Barcode", help="Use a barcode to identify this contact."),
        _char("function", "Job Position"),
        _flag("active", "Active", default=True),
        _flag("is_company", "Is a Company"),
        _flag("employee", "Employee"),
        Field(name="company_type", store=False, searchable=False, compute=_company_type, **kind),  # type: ignore[arg-type]
        Field(name="type", type="selection", string="Address Type", selection=_TYPES, default="contact"),
        Field(name="lang", type="selection", string="Language", selection=languages, default="en_US"),
        _char("tz", "Timezone"),
        Field(name="color", type="integer", string="Color Index"),
        Field(name="comment", type="html", string="Notes"),
        Field(name="date", type="date", string="Date"),
    ]


def _reach() -> list[Field]:
    return [
        _char("email", "Email"),
        _shown("email_formatted", "Formatted Email", _formatted_email),
        _char("phone", "Phone"),
        _char("website", "Website Link"),
        _char("street", "Street"),
        _char("street2", "Street2"),
        _char("city", "City"),
        _char("zip", "Zip"),
        _link("state_id", "State", "res.country.state"),
        _link("country_id", "Country", "res.country"),
        _shown("contact_address", "Complete Address", _address),
    ]


def _relations() -> list[Field]:
    def many(name: str, string: str, relation: str, inverse: str, compute: Any) -> Field:
        return Field(
            name=name, type="one2many", string=string, relation=relation, inverse=inverse, store=False, compute=compute
        )

    tags = Field(name="category_id", type="many2many", string="Tags", relation="res.partner.category")
    return [
        tags,
        _link("parent_id", "Related Company", "res.partner"),
        _link("company_id", "Company", "res.company"),
        _link("user_id", "Salesperson", "res.users"),
        _link(
            "commercial_partner_id",
            "Commercial Entity",
            "res.partner",
            readonly=True,
            store=False,
            compute=commercial_entity,
        ),
        many("child_ids", "Contact", "res.partner", "parent_id", _children),
        many("user_ids", "Users", "res.users", "partner_id", _users),
    ]


def _accounting() -> list[Field]:
    money = {"type": "monetary", "readonly": True, "store": False, "compute": _zero}
    return [
        Field(name="customer_rank", type="integer", string="Customer Rank"),
        Field(name="supplier_rank", type="integer", string="Supplier Rank"),
        Field(name="credit_limit", type="float", string="Credit Limit"),
        Field(name="credit", string="Total Receivable", **money),  # type: ignore[arg-type]
        Field(name="debit", string="Total Payable", **money),  # type: ignore[arg-type]
        Field(name="total_invoiced", string="Total Invoiced", searchable=False, **money),  # type: ignore[arg-type]
    ]


def _of_version(major: int) -> list[Field]:
    if major == 18:
        return [_char("mobile", "Mobile"), _link("title", "Title", "res.partner.title")]
    calls = Field(
        name="rtc_session_ids",
        type="one2many",
        string="Rtc Session",
        relation="discuss.channel.rtc.session",
        store=False,
        hidden=True,
    )
    return [calls]


def partner_fields(major: int, languages: tuple[tuple[str, str], ...]) -> list[Field]:
    """The fields of res.partner in Odoo `major`: 19 has neither `mobile` nor `title`."""
    return [*_identity(languages), *_reach(), *_relations(), *_accounting(), *_of_version(major)]


def refuse_nameless(row: Row) -> None:
    """The database's own check: an ordinary contact has a name."""
    if row["type"] == "contact" and row["name"] is False:
        raise errors.constraint_error("Contacts require a name")
