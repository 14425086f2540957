"""Bills of suppliers, with the guard that Odoo lacks: it takes the same number of the same supplier twice."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date as Date
from decimal import Decimal
from typing import Any, Final, Literal, TypeAlias

from careloom.core.errors import MappingError
from careloom.systems.odoo.cells import Value
from careloom.systems.odoo.documents.access import Access
from careloom.systems.odoo.documents.drafts import Draft
from careloom.systems.odoo.documents.moves_held import (
    MODEL,
    READ,
    HeldMove,
    MoveLine,
    columns,
    held_move,
    move_differences,
    refuse,
)
from careloom.systems.odoo.documents.outcome import Duplicate, compared, reference
from careloom.systems.odoo.documents.submission import POST, Action

Sort: TypeAlias = Literal["in_invoice", "in_refund"]

FIELDS: Final[Mapping[str, str]] = {
    "vendor": "account.move.partner_id",
    "reference": "account.move.ref",
    "date": "account.move.invoice_date",
    "booked": "account.move.date",
    "due": "account.move.invoice_date_due",
    "source": "account.move.invoice_origin",
    "journal": "account.move.journal_id",
    "currency": "account.move.currency_id",
    "company": "account.move.company_id",
    "total": "account.move.amount_total",
    "lines.text": "account.move.line.name",
    "lines.quantity": "account.move.line.quantity",
    "lines.price": "account.move.line.price_unit",
    "lines.taxes": "account.move.line.tax_ids",
    "lines.account": "account.move.line.account_id",
    "lines.analytic": "account.move.line.analytic_distribution",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Bill:
    """What we owe a supplier, or, as `in_refund`, what the supplier credits. `reference` is the supplier's number.

    `booked` is the day in the books, the day of the bill where it is not given. `total` with taxes must come out where
    it is given.
    """

    key: str
    vendor: int
    reference: str
    lines: Sequence[MoveLine]
    date: Date
    sort: Sort = "in_invoice"
    booked: Date | None = None
    due: Date | None = None
    source: str = ""
    journal: int | None = None
    currency: int | None = None
    total: Decimal | None = None
    company: int | None = None
    correlation: str = ""


class Bills:
    """Brings supplier bills in. Two bills of one supplier and number wait for each other here.

    Another process, or a person, may still be as fast. So the others are looked for again when the bill is in, at each
    repeat too, and told by Duplicate: of two that came at once, both may be.
    """

    def __init__(self, access: Access) -> None:
        self._access = access
        self._locks: dict[tuple[int, str], asyncio.Lock] = {}

    async def draft(self, bill: Bill) -> HeldMove:
        """Have it in Odoo, unposted. Raises Duplicate for a number that this supplier used."""
        return await self._bring(bill, None)

    async def post(self, bill: Bill) -> HeldMove:
        """Have it in Odoo and posted. Raises Duplicate, or HeldOtherwise for each difference."""
        return await self._bring(bill, POST)

    async def _bring(self, bill: Bill, action: Action | None) -> HeldMove:
        if not normalised(bill.reference):
            raise MappingError("a bill needs the supplier's number: it is what tells doubled bills", "reference")
        draft = Draft(bill.key, _values(bill), columns(bill.lines), "invoice_line_ids", bill.company, bill.correlation)
        supplier = await self._commercial(bill)
        async with self._alone(bill):
            own = await self._access.record(bill.key, MODEL)
            others = [one for one in await self._same(bill, supplier) if one != own]
            if others and own is None:
                raise _duplicate(others[0])
            held = await self._access.submissions.submit(MODEL, draft, action, READ)
        others = [one for one in await self._same(bill, supplier) if one != held.record_id]
        if others:
            raise _duplicate(others[0], held.record_id)
        differences = [*move_differences(bill.lines, bill.total, held.values), *_differences(bill, held.values)]
        if action is not None:
            differences += compared("state", "state", "posted", held.values["state"], "it was cancelled by hand?")
        refuse(held.record_id, differences)
        return held_move(held.record_id, held.values, created=held.created)

    @asynccontextmanager
    async def _alone(self, bill: Bill) -> AsyncIterator[None]:
        known = (bill.vendor, normalised(bill.reference))
        lock = self._locks.setdefault(known, asyncio.Lock())
        try:
            async with lock:
                yield
        finally:
            if not lock.locked() and self._locks.get(known) is lock:
                del self._locks[known]

    async def _same(self, bill: Bill, supplier: int) -> list[int]:
        """The documents of this sort with this supplier's number, oldest first; cancelled ones do not count."""
        domain: list[Any] = [
            ["move_type", "=", bill.sort],
            ["commercial_partner_id", "=", supplier],
            ["state", "!=", "cancel"],
            ["ref", "=ilike", f"%{'%'.join(_groups(bill.reference))}%"],
        ]
        found = await self._access.call(
            MODEL,
            "search_read",
            {"domain": domain, "fields": ["ref"], "order": "id"},
            company=bill.company,
            repeatable=True,
        )
        wanted = normalised(bill.reference)
        return [row["id"] for row in found if normalised(str(row["ref"])) == wanted]

    async def _commercial(self, bill: Bill) -> int:
        """Who the bill is of when its vendor is a person or an address of a company."""
        rows = await self._access.call(
            "res.partner",
            "read",
            {"fields": ["commercial_partner_id"]},
            ids=[bill.vendor],
            company=bill.company,
            repeatable=True,
        )
        return (reference(rows[0]["commercial_partner_id"]) if rows else None) or bill.vendor


def normalised(reference: str) -> str:
    """What is the same number however it is typed: `INV-0012 / a` and `inv 12A`; empty when there is nothing in it."""
    return "".join(_groups(reference))


def _groups(reference: str) -> list[str]:
    found = re.findall(r"[0-9]+|[^\W\d_]+", reference.casefold())
    return [group.lstrip("0") or "0" if group.isdigit() else group for group in found]


def _duplicate(first: int, second: int | None = None) -> Duplicate:
    told = f"{MODEL}/{second} is in Odoo too: cancel one of them" if second else "nothing was sent"
    return Duplicate(MODEL, first, "ref", f"it is a bill of the same supplier; {told}")


def _values(bill: Bill) -> dict[str, Value]:
    optional: dict[str, Value] = {
        "invoice_date_due": bill.due,
        "journal_id/.id": bill.journal,
        "currency_id/.id": bill.currency,
    }
    values: dict[str, Value] = {"move_type": bill.sort, "partner_id/.id": bill.vendor, "ref": bill.reference}
    # Left to itself, Odoo books a bill on the day it arrives.
    values |= {"invoice_date": bill.date, "date": bill.booked or bill.date, "invoice_origin": bill.source}
    return values | {column: value for column, value in optional.items() if value is not None}


def _differences(bill: Bill, held: Mapping[str, Any]) -> Iterable[Any]:
    yield from compared("vendor", "partner_id", bill.vendor, reference(held["partner_id"]))
    yield from compared("reference", "ref", bill.reference, held["ref"])
    yield from compared("invoice-date", "invoice_date", bill.date, held["invoice_date"])
    yield from compared("due-date", "invoice_date_due", bill.due, held["invoice_date_due"])
    advice = "the period is locked: Odoo booked it on another day"
    yield from compared("locked-period", "date", bill.booked or bill.date, held["date"], advice)
    yield from compared("currency", "currency_id", bill.currency, reference(held["currency_id"]))
    yield from compared("company", "company_id", bill.company, reference(held["company_id"]))
