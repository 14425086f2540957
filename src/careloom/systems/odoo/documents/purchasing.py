"""Purchase requests (Odoo's drafts) and orders: created by key, confirmed once, changed while they are drafts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from careloom.core.errors import MappingError, Rejected
from careloom.systems.odoo.cells import Value
from careloom.systems.odoo.documents.access import Access
from careloom.systems.odoo.documents.drafts import Draft
from careloom.systems.odoo.documents.order_lines import (
    HeldLine,
    Names,
    columns,
    held_lines,
    line_differences,
    names,
    total_differences,
)
from careloom.systems.odoo.documents.outcome import compared, money, reference, refuse
from careloom.systems.odoo.documents.steps import load_rows, once, read_one, record_of, state_of
from careloom.systems.odoo.documents.submission import CONFIRM_PURCHASE, Action

MODEL: Final = "purchase.order"
LINES: Final = "purchase.order.line"
_DRAFT: Final = frozenset({"draft", "sent"})
_READ: Final = (
    *("name", "state", "partner_id", "partner_ref", "date_order", "date_approve", "currency_id", "company_id"),
    *("amount_untaxed", "amount_tax", "amount_total", "order_line", "picking_ids"),
)

FIELDS: Final[Mapping[str, str]] = {
    "supplier": "purchase.order.partner_id",
    "reference": "purchase.order.partner_ref",
    "source": "purchase.order.origin",
    "currency": "purchase.order.currency_id",
    "ordered": "purchase.order.date_order",
    "operation": "purchase.order.picking_type_id",
    "company": "purchase.order.company_id",
    "lines.product": "purchase.order.line.product_id",
    "lines.text": "purchase.order.line.name",
    "lines.quantity": "purchase.order.line.product_qty",
    "lines.unit": "purchase.order.line.product_uom_id",
    "lines.price": "purchase.order.line.price_unit",
    "lines.discount": "purchase.order.line.discount",
    "lines.taxes": "purchase.order.line.tax_ids",
    "lines.planned": "purchase.order.line.date_planned",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class PurchaseLine:
    """So much of a product for a price per unit, before taxes. `taxes` are all that apply: none means none."""

    product: int
    quantity: Decimal
    price: Decimal
    unit: int | None = None
    taxes: Sequence[int] = ()
    text: str = ""
    discount: Decimal = Decimal(0)
    planned: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Purchase:
    """A request or an order. `reference` is the supplier's number, `source` that of what it came from. `operation` is
    the operation type by which it is received; Odoo takes the first warehouse's where it is not said."""

    key: str
    supplier: int
    lines: Sequence[PurchaseLine]
    reference: str = ""
    source: str = ""
    currency: int | None = None
    ordered: datetime | None = None
    operation: int | None = None
    company: int | None = None
    correlation: str = ""


@dataclass(frozen=True, slots=True)
class HeldPurchase:
    """What Odoo holds. `state` is draft, sent, `to approve`, purchase, done (18.0: locked) or cancel; `approved` is
    whether the supplier may rely on it: an order that waits for somebody's approval is an outcome like any."""

    record_id: int
    number: str
    state: str
    untaxed: Decimal
    tax: Decimal
    total: Decimal
    currency: int | None
    lines: tuple[HeldLine, ...]
    receipts: tuple[int, ...]
    created: bool

    @property
    def approved(self) -> bool:
        return self.state in ("purchase", "done")


class Purchasing:
    """Brings purchase orders in."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def request(self, purchase: Purchase) -> HeldPurchase:
        """Have it in Odoo as a draft. One that is there stays as it is: `revise` changes it."""
        return await self._bring(purchase, None)

    async def order(self, purchase: Purchase) -> HeldPurchase:
        """Have it in Odoo and confirmed, or `to approve`. Raises HeldOtherwise for one that was cancelled."""
        held = await self._bring(purchase, CONFIRM_PURCHASE)
        _refuse_unconfirmed(held)
        return held

    async def confirm(self, key: str, company: int | None = None) -> HeldPurchase:
        """Confirm a request that is there. Odoo takes the confirmation of a cancelled one without a word."""
        record = await record_of(self._access, MODEL, key, "order")

        async def done() -> bool:
            return await state_of(self._access, MODEL, record, company) not in _DRAFT

        await once(
            self._access, done, lambda: self._access.call(MODEL, "button_confirm", ids=[record], company=company)
        )
        held = await self._read(record, company)
        _refuse_unconfirmed(held)
        return held

    async def revise(self, purchase: Purchase) -> HeldPurchase:
        """Give a draft these lines and no others. Raises HeldOtherwise when it is no draft any more."""
        record, company = await record_of(self._access, MODEL, purchase.key, "order"), purchase.company
        state = await state_of(self._access, MODEL, record, company)
        if state not in _DRAFT:
            refuse(
                MODEL, record, compared("state", "state", "draft", state, "only drafts are changed; cancel it instead")
            )
        draft, fields = await self._draft(purchase)
        await load_rows(self._access, MODEL, {purchase.key: draft.values}, company)
        rows: dict[str, Mapping[str, Value]] = {
            draft.line_key(number): {**line, "order_id/.id": record} for number, line in enumerate(draft.lines, 1)
        }
        kept = await load_rows(self._access, LINES, rows, company)
        await self._drop_others(record, set(kept.values()), company)
        return await self._compared(purchase, fields, record, created=False)

    async def cancel(self, key: str, company: int | None = None) -> HeldPurchase:
        """Cancel it; nothing happens when it is. Raises Rejected when goods were received: 19.0 would cancel it."""
        record = await record_of(self._access, MODEL, key, "order")
        held = await self._read(record, company)
        if held.state != "cancel" and any(line.done for line in held.lines):
            raise Rejected(f"{MODEL}/{record} was received in part: return the goods before it is cancelled", "state")

        async def done() -> bool:
            return await state_of(self._access, MODEL, record, company) == "cancel"

        await once(self._access, done, lambda: self._access.call(MODEL, "button_cancel", ids=[record], company=company))
        held = await self._read(record, company)
        refuse(MODEL, record, compared("state", "state", "cancel", held.state, "is it locked or billed?"))
        return held

    async def held(self, key: str, company: int | None = None) -> HeldPurchase:
        """What Odoo holds of it now. Raises Rejected when there is none."""
        return await self._read(await record_of(self._access, MODEL, key, "order"), company)

    async def _bring(self, purchase: Purchase, action: Action | None) -> HeldPurchase:
        draft, fields = await self._draft(purchase)
        held = await self._access.submissions.submit(MODEL, draft, action, _READ)
        return await self._compared(purchase, fields, held.record_id, created=held.created, values=held.values)

    async def _draft(self, purchase: Purchase) -> tuple[Draft, Names]:
        fields = await self._names()
        lines = await columns(self._access, fields, purchase.lines)
        planned = [line.planned for line in purchase.lines]
        if None in planned and any(planned):
            raise MappingError("either every line has a date or none", "date_planned")
        if planned[0] is not None:
            lines = [line | {"date_planned": when} for line, when in zip(lines, planned, strict=True)]
        optional: dict[str, Value] = {
            "currency_id/.id": purchase.currency,
            "date_order": purchase.ordered,
            "picking_type_id/.id": purchase.operation,
            "company_id/.id": purchase.company,
        }
        values: dict[str, Value] = {"partner_id/.id": purchase.supplier}
        values |= {"partner_ref": purchase.reference, "origin": purchase.source}
        values |= {column: value for column, value in optional.items() if value is not None}
        return Draft(purchase.key, values, lines, "order_line", purchase.company, purchase.correlation), fields

    async def _compared(
        self,
        purchase: Purchase,
        fields: Names,
        record: int,
        *,
        created: bool,
        values: Mapping[str, Any] | None = None,
    ) -> HeldPurchase:
        values = values or await self._values(record, purchase.company)
        lines = await held_lines(self._access, fields, values["order_line"], purchase.company)
        differences = [
            *compared("supplier", "partner_id", purchase.supplier, reference(values["partner_id"])),
            *compared("currency", "currency_id", purchase.currency, reference(values["currency_id"])),
            *compared("company", "company_id", purchase.company, reference(values["company_id"])),
            *line_differences(purchase.lines, lines, fields),
            *total_differences(purchase.lines, values),
        ]
        refuse(MODEL, record, differences)
        return _held(record, values, lines, created=created)

    async def _drop_others(self, record: int, kept: set[int], company: int | None) -> None:
        values = await self._values(record, company)
        commands = [[2, line, 0] for line in values["order_line"] if line not in kept]
        if commands:
            await self._access.call(MODEL, "write", {"vals": {"order_line": commands}}, ids=[record], company=company)

    async def _read(self, record: int, company: int | None) -> HeldPurchase:
        values = await self._values(record, company)
        lines = await held_lines(self._access, await self._names(), values["order_line"], company)
        return _held(record, values, lines, created=False)

    async def _values(self, record: int, company: int | None) -> Mapping[str, Any]:
        return await read_one(self._access, MODEL, record, _READ, company)

    async def _names(self) -> Names:
        return names(LINES, "product_qty", "qty_received", await self._access.major())


def _refuse_unconfirmed(held: HeldPurchase) -> None:
    if held.state in (*_DRAFT, "cancel"):
        advice = (
            "it was cancelled: send the order under another key" if held.state == "cancel" else "it is a draft still"
        )
        refuse(MODEL, held.record_id, compared("state", "state", "purchase", held.state, advice))


def _held(record: int, values: Mapping[str, Any], lines: tuple[HeldLine, ...], *, created: bool) -> HeldPurchase:
    return HeldPurchase(
        record_id=record,
        number=str(values["name"]),
        state=str(values["state"]),
        untaxed=money(values["amount_untaxed"]),
        tax=money(values["amount_tax"]),
        total=money(values["amount_total"]),
        currency=reference(values["currency_id"]),
        lines=lines,
        receipts=tuple(sorted(values["picking_ids"])),
        created=created,
    )
