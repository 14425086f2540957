"""Invoices and credit notes to patients and customers: drafted by key, posted once, compared with what was asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date as Date
from decimal import Decimal
from typing import Any, Final

from careloom.core.errors import Rejected
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
from careloom.systems.odoo.documents.outcome import compared, reference
from careloom.systems.odoo.documents.steps import once, read_one, record_of
from careloom.systems.odoo.documents.submission import POST, Action

FIELDS: Final[Mapping[str, str]] = {
    "customer": "account.move.partner_id",
    "date": "account.move.invoice_date",
    "due": "account.move.invoice_date_due",
    "reference": "account.move.ref",
    "source": "account.move.invoice_origin",
    "journal": "account.move.journal_id",
    "currency": "account.move.currency_id",
    "company": "account.move.company_id",
    "total": "account.move.amount_total",
    "reverses": "account.move.reversed_entry_id",
    "lines.text": "account.move.line.name",
    "lines.quantity": "account.move.line.quantity",
    "lines.price": "account.move.line.price_unit",
    "lines.discount": "account.move.line.discount",
    "lines.taxes": "account.move.line.tax_ids",
    "lines.product": "account.move.line.product_id",
    "lines.account": "account.move.line.account_id",
    "lines.analytic": "account.move.line.analytic_distribution",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Invoice:
    """What a customer owes. `reference` is the source's own number, `total` with taxes where it is known: then it must
    come out. Without `due` the payment terms of the customer decide."""

    key: str
    customer: int
    lines: Sequence[MoveLine]
    date: Date
    due: Date | None = None
    reference: str = ""
    source: str = ""
    journal: int | None = None
    currency: int | None = None
    total: Decimal | None = None
    company: int | None = None
    correlation: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CreditNote:
    """What is taken back of a posted invoice: `reverses` is its record. It is set off against that invoice when it is
    posted, as far as the invoice is not paid."""

    key: str
    reverses: int
    customer: int
    lines: Sequence[MoveLine]
    date: Date
    reference: str = ""
    source: str = ""
    journal: int | None = None
    currency: int | None = None
    total: Decimal | None = None
    company: int | None = None
    correlation: str = ""
    due: Date | None = field(default=None, init=False)


class Invoices:
    """Brings customer invoices in."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def draft(self, invoice: Invoice) -> HeldMove:
        """Have it in Odoo for a person to look at. One that is there, posted or not, stays as it is."""
        return await self._bring(invoice, "out_invoice", None)

    async def issue(self, invoice: Invoice) -> HeldMove:
        """Have it in Odoo and posted. Raises HeldOtherwise for each difference; the invoice stays posted then."""
        return await self._bring(invoice, "out_invoice", POST)

    async def credit(self, note: CreditNote) -> HeldMove:
        """Have the credit note in Odoo, posted and set off. Raises Rejected when the invoice is not posted."""
        await self._must_be_posted(note)
        return await self._bring(note, "out_refund", POST)

    async def cancel(self, key: str, company: int | None = None, reason: str = "") -> HeldMove:
        """Cancel it; the number is kept. Nothing happens when it is cancelled. `reason` goes into its history, once.

        Raises Rejected when anything was paid or credited: then a credit note is due, and money may go back.
        """
        record = await record_of(self._access, MODEL, key, "invoice")
        held = await self._read(record, company)
        if held.state == "posted" and held.payment_state not in ("not_paid", ""):
            told = f"{MODEL}/{record} is {held.payment_state}: credit it, and refund what was paid"
            raise Rejected(told, "payment_state")

        async def done() -> bool:
            return (await self._read(record, company)).state == "cancel"

        async def act() -> None:
            await self._draft_again(record, company)
            await self._access.call(MODEL, "button_cancel", ids=[record], company=company)

        await once(self._access, done, act)
        held = await self._read(record, company)
        refuse(record, compared("state", "state", "cancel", held.state))
        if reason:
            await self._access.records.message_post(MODEL, record, reason, "cancelled")
        return held

    async def held(self, key: str, company: int | None = None) -> HeldMove:
        """What Odoo holds of it now. Raises Rejected when there is none."""
        return await self._read(await record_of(self._access, MODEL, key, "invoice"), company)

    async def _bring(self, asked: Invoice | CreditNote, sort: str, action: Action | None) -> HeldMove:
        draft = Draft(
            asked.key, _values(asked, sort), columns(asked.lines), "invoice_line_ids", asked.company, asked.correlation
        )
        held = await self._access.submissions.submit(MODEL, draft, action, READ)
        differences = [*move_differences(asked.lines, asked.total, held.values), *_differences(asked, held.values)]
        if action is not None:
            differences += compared("state", "state", "posted", held.values["state"], "it was cancelled by hand?")
        refuse(held.record_id, differences)
        return held_move(held.record_id, held.values, created=held.created)

    async def _draft_again(self, record: int, company: int | None) -> None:
        if (await self._read(record, company)).state == "posted":
            await self._access.call(MODEL, "button_draft", ids=[record], company=company)

    async def _must_be_posted(self, note: CreditNote) -> None:
        held = await self._read(note.reverses, note.company)
        if held.state != "posted":
            told = f"{MODEL}/{note.reverses} is {held.state or 'gone'}: only a posted invoice is credited"
            raise Rejected(told, "reverses")

    async def _read(self, record: int, company: int | None) -> HeldMove:
        return held_move(record, await read_one(self._access, MODEL, record, READ, company), created=False)


def _values(asked: Invoice | CreditNote, sort: str) -> dict[str, Value]:
    optional: dict[str, Value] = {
        "invoice_date_due": asked.due,
        "journal_id/.id": asked.journal,
        "currency_id/.id": asked.currency,
        "reversed_entry_id/.id": asked.reverses if isinstance(asked, CreditNote) else None,
    }
    values: dict[str, Value] = {"move_type": sort, "partner_id/.id": asked.customer, "invoice_date": asked.date}
    values |= {"ref": asked.reference, "invoice_origin": asked.source}
    return values | {column: value for column, value in optional.items() if value is not None}


def _differences(asked: Invoice | CreditNote, held: Mapping[str, Any]) -> Iterable[Any]:
    yield from compared("customer", "partner_id", asked.customer, reference(held["partner_id"]))
    yield from compared("invoice-date", "invoice_date", asked.date, held["invoice_date"])
    yield from compared("due-date", "invoice_date_due", asked.due, held["invoice_date_due"])
    yield from compared(
        "locked-period", "date", asked.date, held["date"], "the period is locked: Odoo booked it on another day"
    )
    yield from compared("currency", "currency_id", asked.currency, reference(held["currency_id"]))
    yield from compared("company", "company_id", asked.company, reference(held["company_id"]))
    if isinstance(asked, CreditNote):
        yield from compared("reverses", "reversed_entry_id", asked.reverses, reference(held["reversed_entry_id"]))
