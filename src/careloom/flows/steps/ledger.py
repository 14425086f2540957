"""What is looked up in Odoo's books, and taken back there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

from careloom.core.errors import MappingError, Rejected
from careloom.systems.odoo.connector import Odoo
from careloom.systems.odoo.documents.outcome import money, reference
from careloom.systems.odoo.documents.steps import once, state_of

MOVE: Final = "account.move"
PAYMENT: Final = "account.payment"


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A posted invoice or bill: its record, who owes or is owed, what is open of it."""

    record: int
    partner: int
    company: int
    residual: Decimal


async def posted_document(erp: Odoo, number: str, sort: Literal["out_invoice", "in_invoice"]) -> Document | None:
    """The one posted document of that sort with this number of Odoo's."""
    domain = [["name", "=", number], ["move_type", "=", sort], ["state", "=", "posted"]]
    rows = await erp.search_read(MOVE, domain, ["partner_id", "company_id", "amount_residual"], limit=2)
    if len(rows) != 1:
        return None
    [row] = rows
    return Document(
        record=row["id"],
        partner=reference(row["partner_id"]) or 0,
        company=reference(row["company_id"]) or 0,
        residual=money(row["amount_residual"]),
    )


async def currency_of(erp: Odoo, code: str) -> int:
    """The currency with this code. Raises MappingError where Odoo has it not in use."""
    found = await erp.search_read("res.currency", [["name", "=", code]], ["name"], limit=1)
    if not found:
        raise MappingError("Odoo has no such currency in use; activate it there", "currency")
    return int(found[0]["id"])


async def bank_of(erp: Odoo, company: int) -> int:
    """The first bank journal of the company. Raises MappingError when it has none."""
    domain = [["type", "=", "bank"], ["company_id", "=", company]]
    found = await erp.search_read("account.journal", domain, ["name"], limit=1, order="sequence, id")
    if not found:
        raise MappingError("the company has no bank journal", "journal")
    return int(found[0]["id"])


async def withdraw_payment(erp: Odoo, key: str) -> bool:
    """Cancel the payment with this key and free what it was set off against; False when it is, or never was."""
    access = erp.documents.access
    record = await access.record(key, PAYMENT)
    if record is None:
        return False

    async def is_done() -> bool:
        return await state_of(access, PAYMENT, record) in ("canceled", "")

    async def act() -> None:
        await access.call(PAYMENT, "action_draft", ids=[record])
        await access.call(PAYMENT, "action_cancel", ids=[record])

    return await once(access, is_done, act)


async def withdraw_document(erp: Odoo, key: str, reason: str) -> bool:
    """Cancel the invoice or bill with this key; False when there is none. Raises Rejected once it was paid."""
    if await erp.documents.access.record(key, MOVE) is None:
        return False
    await erp.documents.invoices.cancel(key, reason=reason)
    return True


async def amounts_of_payments(erp: Odoo, memos: Sequence[str]) -> dict[str, Decimal]:
    """What came in and is posted, by its memo: the number of the gateway or the bank."""
    domain: list[Any] = [["memo", "in", list(memos)], ["payment_type", "=", "inbound"]]
    domain.append(["state", "in", ["in_process", "paid"]])
    found: dict[str, Decimal] = {}
    for row in await erp.search_read(PAYMENT, domain, ["memo", "amount"]):
        found[row["memo"]] = found.get(row["memo"], Decimal(0)) + money(row["amount"])
    return found


def day_of(text: str | None, otherwise: date) -> date:
    """The day of a date or an instant; the other where it says none."""
    return date.fromisoformat(text[:10]) if text and len(text) >= 10 else otherwise


def refused(condition: object, model: str, told: str, field: str) -> None:
    """Raise Rejected unless the condition holds."""
    if not condition:
        raise Rejected(f"{model}: {told}", field)
