"""res.partner: customers, suppliers, patients' accounts and their contacts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal, get_args

from careloom.mapping.catalogue import Mapping as Family
from careloom.mapping.odoo.change import Change
from careloom.mapping.odoo.deleted import deleted
from careloom.mapping.odoo.node import Node
from careloom.mapping.odoo.parts import partner_numbers, record_of, reference
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings
from careloom.model import Address, ContactPoint, Partner, PartnerChanged

_DEFAULTS: Final = Settings()
Use = Literal["contact", "invoice", "delivery", "other"]

DROPPED: Mapping[str, str] = {
    "comment": "notes about a person may be clinical, and no consumer needs them",
    "category_id": "tags are each house's own",
    "user_id": "who looks after a partner is Odoo's own business",
    "bank_ids": "account numbers go to the bank, not to consumers of events",
    "credit_limit": "a limit is checked in Odoo",
    "image_1920": "a picture of a person",
    "function": "what a contact does at the partner's",
    "write_date": "stands in the event as `occurred`",
}


def translate(change: Change, settings: Settings = _DEFAULTS) -> Translation:
    """One `partner.changed` with all that consumers may know of the partner, or `record.deleted`."""
    if change.operation == "unlink":
        return deleted(change, settings, "partner")
    partner = record_of(change)
    event = PartnerChanged(
        trigger=change.model,
        occurred=change.at,
        record=reference(change, settings),
        partner=_partner(partner),
    )
    return Translation(events=(event,))


def _partner(partner: Node) -> Partner:
    parent, address = partner.one("parent_id"), _address(partner)
    kind = partner.text("type")
    return Partner(
        identifier=partner_numbers(partner),
        kind="organization" if partner.flag("is_company") else "person",
        role=tuple(_roles(partner)),
        name=partner.text("name"),
        use=next((use for use in get_args(Use) if use == kind), None),
        address=(address,) if address else (),
        telecom=tuple(_telecom(partner)),
        language=partner.text("lang"),
        part_of=partner_numbers(parent)[0] if parent else None,
        active=partner.flag("active", True),
    )


def _roles(partner: Node) -> Iterator[Literal["customer", "supplier"]]:
    if partner.number("customer_rank"):
        yield "customer"
    if partner.number("supplier_rank"):
        yield "supplier"


def _address(partner: Node) -> Address | None:
    country, state = partner.one("country_id"), partner.one("state_id")
    made = Address(
        line=tuple(line for line in (partner.text("street"), partner.text("street2")) if line),
        city=partner.text("city"),
        state=state.text("code") if state else None,
        postal_code=partner.text("zip"),
        country=country.text("code") if country else None,
    )
    return None if made == Address() else made


def _telecom(partner: Node) -> Iterator[ContactPoint]:
    use: Literal["work", "home"] = "work" if partner.flag("is_company") else "home"
    if phone := partner.text("phone"):
        yield ContactPoint(system="phone", value=phone, use=use)
    if mobile := partner.text("mobile"):  # gone in 19.0
        yield ContactPoint(system="phone", value=mobile, use="mobile")
    if email := partner.text("email"):
        yield ContactPoint(system="email", value=email, use=use)
    if website := partner.text("website"):
        yield ContactPoint(system="url", value=website, use=use)


MAPPINGS = (Family("odoo", ("res.partner",), translate),)
