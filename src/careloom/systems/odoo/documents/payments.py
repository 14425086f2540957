"""Payments by the path that may be repeated, and never by the wizard, which pays again each time.

A payment is drafted by its key, posted once, and set off against invoices by their open items.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Date
from decimal import Decimal
from typing import Any, Final, Literal, TypeAlias

from careloom.core.errors import Rejected
from careloom.systems.odoo.cells import Value
from careloom.systems.odoo.documents.access import Access
from careloom.systems.odoo.documents.drafts import Draft
from careloom.systems.odoo.documents.outcome import Difference, compared, money, reference, refuse
from careloom.systems.odoo.documents.steps import once
from careloom.systems.odoo.documents.submission import POST

MODEL: Final = "account.payment"
_MOVE: Final = "account.move"
_PARTIAL: Final = "account.partial.reconcile"
_ITEM: Final = "account.move.line"
_OPEN: Final = ("asset_receivable", "liability_payable")
_READ: Final = (
    *("name", "state", "date", "amount", "payment_type", "partner_type", "partner_id", "journal_id", "company_id"),
    *("currency_id", "move_id"),
)
Sort: TypeAlias = Literal["received", "refunded", "paid", "returned"]
_SORTS: Final[Mapping[Sort, tuple[str, str]]] = {
    "received": ("inbound", "customer"),
    "refunded": ("outbound", "customer"),
    "paid": ("outbound", "supplier"),
    "returned": ("inbound", "supplier"),
}

FIELDS: Final[Mapping[str, str]] = {
    "sort": "account.payment.payment_type",
    "partner": "account.payment.partner_id",
    "amount": "account.payment.amount",
    "date": "account.payment.date",
    "journal": "account.payment.journal_id",
    "method": "account.payment.payment_method_line_id",
    "currency": "account.payment.currency_id",
    "memo": "account.payment.memo",
    "company": "account.payment.company_id",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Payment:
    """Money that came from a customer (`received`) or went back (`refunded`), that went to a supplier (`paid`) or came
    back (`returned`). `amount` is not negative. `memo` is the payer's or the bank's reference, and no name."""

    key: str
    sort: Sort
    partner: int
    amount: Decimal
    date: Date
    journal: int
    method: int | None = None
    currency: int | None = None
    memo: str = ""
    company: int | None = None
    correlation: str = ""


@dataclass(frozen=True, slots=True)
class HeldPayment:
    """What Odoo holds. `move` is its journal entry, `unallocated` what no invoice took yet."""

    record_id: int
    number: str
    state: str
    date: Date
    amount: Decimal
    move: int
    unallocated: Decimal
    allocated: Mapping[int, Decimal]
    created: bool


@dataclass(frozen=True, slots=True)
class _OpenItem:
    record_id: int
    residual: Decimal


class Payments:
    """Brings payments in."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def register(self, payment: Payment, invoices: Sequence[int] = ()) -> HeldPayment:
        """Have it in Odoo, posted, and set off against these documents, in order, as far as it goes.

        Documents are records of account.move: invoices for what came in, credit notes for what went back, bills for
        what we paid. Raises HeldOtherwise for each difference, and when the payment made no journal entry, because the
        journal's payment method has no outstanding account.
        """
        held = await self._access.submissions.submit(
            MODEL,
            Draft(payment.key, _values(payment), company=payment.company, correlation=payment.correlation),
            POST,
            _READ,
        )
        refuse(MODEL, held.record_id, _differences(payment, held.values))
        move = reference(held.values["move_id"])
        assert move is not None, "a payment without one was refused"
        items = await self._set_off(move, invoices, payment.company)
        item = items[move]
        return HeldPayment(
            record_id=held.record_id,
            number=str(held.values["name"] or ""),
            state=str(held.values["state"]),
            date=Date.fromisoformat(held.values["date"]),
            amount=money(held.values["amount"]),
            move=move,
            unallocated=abs(item.residual),
            allocated=await self._allocated(item, payment.company),
            created=held.created,
        )

    async def _set_off(self, move: int, invoices: Sequence[int], company: int | None) -> Mapping[int, _OpenItem]:
        """Set the payment off against each, once; nothing happens where one of the two has nothing open."""
        items = await self._items([move, *invoices], company)
        for invoice in invoices:
            if items[move].residual and items[invoice].residual:
                await self._allocate(items[move], move, invoice, company)
                items = await self._items([move, *invoices], company)
        return items

    async def _allocate(self, item: _OpenItem, move: int, invoice: int, company: int | None) -> None:
        async def done() -> bool:
            now = await self._items([move, invoice], company)
            return not (now[move].residual and now[invoice].residual)

        async def act() -> None:
            arguments = {"line_id": item.record_id}
            await self._access.call(_MOVE, "js_assign_outstanding_line", arguments, ids=[invoice], company=company)

        await once(self._access, done, act, looked=True)

    async def _items(self, moves: Sequence[int], company: int | None) -> dict[int, _OpenItem]:
        """The receivable or payable item of each entry."""
        domain = [["move_id", "in", list(moves)], ["account_id.account_type", "in", list(_OPEN)]]
        rows = await self._search(_ITEM, domain, ["move_id", "amount_residual"], company)
        found = {}
        for move in moves:
            mine = [row for row in rows if reference(row["move_id"]) == move]
            if not mine:
                told = f"{_MOVE}/{move} has no open item: is it a posted invoice, bill or payment?"
                raise Rejected(told, "move_id")
            # Payment terms make several; the first that is open is the next to be paid.
            first = next((row for row in mine if money(row["amount_residual"])), mine[0])
            residual = sum((money(row["amount_residual"]) for row in mine), Decimal(0))
            found[move] = _OpenItem(first["id"], residual)
        return found

    async def _allocated(self, item: _OpenItem, company: int | None) -> dict[int, Decimal]:
        """What documents took of it, by their records."""
        domain = ["|", ["debit_move_id", "=", item.record_id], ["credit_move_id", "=", item.record_id]]
        rows = await self._search(_PARTIAL, domain, ["debit_move_id", "credit_move_id", "amount"], company)
        taken: dict[int, Decimal] = {}
        for row in rows:
            ends = {row["debit_move_id"][0], row["credit_move_id"][0]} - {item.record_id}
            other = int(ends.pop())
            taken[other] = taken.get(other, Decimal(0)) + money(row["amount"])
        if not taken:
            return {}
        found: dict[int, Decimal] = {}
        for one in await self._search(_ITEM, [["id", "in", list(taken)]], ["move_id"], company):
            document = one["move_id"][0]
            found[document] = found.get(document, Decimal(0)) + taken[one["id"]]
        return found

    async def _search(
        self, model: str, domain: Sequence[Any], fields: Sequence[str], company: int | None
    ) -> list[dict[str, Any]]:
        arguments = {"domain": list(domain), "fields": list(fields), "order": "id"}
        return list(await self._access.call(model, "search_read", arguments, company=company, repeatable=True))


def _values(payment: Payment) -> dict[str, Value]:
    direction, partner_type = _SORTS[payment.sort]
    optional: dict[str, Value] = {
        "payment_method_line_id/.id": payment.method,
        "currency_id/.id": payment.currency,
    }
    values: dict[str, Value] = {
        "payment_type": direction,
        "partner_type": partner_type,
        "partner_id/.id": payment.partner,
        "amount": payment.amount,
        "date": payment.date,
        "journal_id/.id": payment.journal,
        "memo": payment.memo,
    }
    return values | {column: value for column, value in optional.items() if value is not None}


def _differences(payment: Payment, held: Mapping[str, Any]) -> Iterable[Difference]:
    direction, partner_type = _SORTS[payment.sort]
    yield from compared("sort", "payment_type", direction, held["payment_type"])
    yield from compared("sort", "partner_type", partner_type, held["partner_type"])
    yield from compared("partner", "partner_id", payment.partner, reference(held["partner_id"]))
    yield from compared("amount", "amount", money(payment.amount), money(held["amount"]))
    yield from compared("date", "date", payment.date, held["date"], "the period is locked?")
    yield from compared("journal", "journal_id", payment.journal, reference(held["journal_id"]))
    yield from compared("currency", "currency_id", payment.currency, reference(held["currency_id"]))
    yield from compared("company", "company_id", payment.company, reference(held["company_id"]))
    if held["state"] not in ("in_process", "paid"):
        yield Difference("state", "state", "in_process", str(held["state"]))
    if not held["move_id"]:
        advice = "give the journal's payment method an outstanding account; then cancel this payment and send it anew"
        yield Difference("no-journal-entry", "move_id", "an entry", "", advice)
