"""Who we deal with (`res.partner`): patient accounts, payers, suppliers, providers, and people who stand for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from careloom.core.errors import MappingError, Rejected
from careloom.systems.odoo.cells import Value
from careloom.systems.odoo.documents.access import Access
from careloom.systems.odoo.documents.outcome import Difference, HeldOtherwise, reference
from careloom.systems.odoo.partner import Issue
from careloom.systems.odoo.places import Places

MODEL: Final = "res.partner"
Role: TypeAlias = Literal["patient", "payer", "supplier", "provider", "contact"]
Use: TypeAlias = Literal["contact", "invoice", "delivery", "other"]
_RANKS: Final[Mapping[Role, tuple[str, ...]]] = {
    "patient": ("customer_rank",),
    "payer": ("customer_rank",),
    "supplier": ("supplier_rank",),
    "provider": (),
    "contact": (),
}
_TEXTS: Final = ("ref", "vat", "street", "street2", "city", "zip", "phone", "email", "website", "comment")

FIELDS: Final[Mapping[str, str]] = {
    "name": "res.partner.name",
    "role": "res.partner.customer_rank, res.partner.supplier_rank",
    "company_like": "res.partner.is_company",
    "parent": "res.partner.parent_id",
    "use": "res.partner.type",
    "country": "res.partner.country_id",
    "state": "res.partner.state_id",
    "company": "res.partner.company_id",
    "active": "res.partner.active",
    **{name: f"res.partner.{name}" for name in _TEXTS},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Party:
    """A person or an organisation. None leaves a field as it is, "" clears it.

    `ref` is the number staff search by, `vat` the tax number. `parent` is the record that it belongs to, and `use` says
    what for: its invoices, deliveries, or as a person to talk to. `company` keeps it from all other companies of Odoo.
    """

    key: str
    name: str
    role: Role
    company_like: bool = True
    parent: int | None = None
    use: Use = "contact"
    company: int | None = None
    ref: str | None = None
    vat: str | None = None
    street: str | None = None
    street2: str | None = None
    city: str | None = None
    zip: str | None = None
    state: str | None = None
    country: str | None = None
    phone: str | None = None
    email: str | None = None
    website: str | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class HeldParty:
    """The record, and what could not be carried over."""

    record_id: int
    changed: bool
    issues: tuple[Issue, ...]


class Parties:
    """Brings them in. Merging is `Odoo.merge_partners`."""

    def __init__(self, access: Access, places: Places) -> None:
        self._access = access
        self._places = places

    async def keep(self, party: Party) -> HeldParty:
        """Create or update it. Raises HeldOtherwise when Odoo keeps it for another company than asked."""
        if not party.name.strip():
            raise MappingError("a contact needs a name", "name")
        place = await self._places.find(party.country, party.state)
        values = _values(party)
        if place.country_id is not None:
            values |= {"country_id/.id": place.country_id, "state_id/.id": place.state_id}
        kept = await self._access.upsert(MODEL, party.key, values)
        if kept.changed and party.parent is not None:
            await self._same_company(party, kept.record_id)
        issues = [Issue(name, f"no such {name} in Odoo; the contact is sent without it") for name in place.unknown]
        return HeldParty(kept.record_id, kept.changed, tuple(issues))

    async def archive(self, key: str) -> bool:
        """Take it out of use; False when it is. Raises Rejected when there is none."""
        record = await self._access.record(key, MODEL)
        if record is None:
            raise Rejected(f"{MODEL}: there is no contact with this key", "key")
        return bool(await self._access.records.archive(MODEL, [record]))

    async def _same_company(self, party: Party, record: int) -> None:
        """A child takes the company of its parent, whatever is asked."""
        [held] = await self._access.records.read(MODEL, [record], ["company_id"])
        company = reference(held["company_id"])
        if company != party.company:
            asked, found = str(party.company or ""), str(company or "")
            advice = "a contact has the company of its parent"
            raise HeldOtherwise(MODEL, record, [Difference("company", "company_id", asked, found, advice)])


def _values(party: Party) -> dict[str, Value]:
    values: dict[str, Value] = {"name": party.name, "is_company": party.company_like, "type": party.use}
    values |= {"parent_id/.id": party.parent} if party.parent is not None else {}
    values |= {"company_id/.id": party.company} if party.company is not None else {}
    values |= dict.fromkeys(_RANKS[party.role], 1)
    return values | {name: given for name in _TEXTS if (given := getattr(party, name)) is not None}
