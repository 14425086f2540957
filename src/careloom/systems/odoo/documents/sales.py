"""Sale orders: created by key, confirmed once, cancelled while nothing was delivered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from careloom.core.errors import Rejected
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
from careloom.systems.odoo.documents.outcome import Difference, compared, money, reference, refuse
from careloom.systems.odoo.documents.steps import once, read_one, record_of, state_of
from careloom.systems.odoo.documents.submission import CONFIRM_SALE, Action

MODEL: Final = "sale.order"
LINES: Final = "sale.order.line"
_NO_DIALOGUE: Final = {"disable_cancel_warning": True}
_READ: Final = (
    *("name", "state", "partner_id", "client_order_ref", "date_order", "currency_id", "company_id"),
    *("amount_untaxed", "amount_tax", "amount_total", "order_line", "picking_ids"),
)

FIELDS: Final[Mapping[str, str]] = {
    "customer": "sale.order.partner_id",
    "reference": "sale.order.client_order_ref",
    "source": "sale.order.origin",
    "promised": "sale.order.commitment_date",
    "currency": "sale.order.currency_id (compared: it is that of the customer's price list)",
    "warehouse": "sale.order.warehouse_id",
    "company": "sale.order.company_id",
    "lines.product": "sale.order.line.product_id",
    "lines.text": "sale.order.line.name",
    "lines.quantity": "sale.order.line.product_uom_qty",
    "lines.unit": "sale.order.line.product_uom_id",
    "lines.price": "sale.order.line.price_unit",
    "lines.discount": "sale.order.line.discount",
    "lines.taxes": "sale.order.line.tax_ids",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class SaleLine:
    """So much of a product for a price per unit, before taxes. `taxes` are all that apply: none means none."""

    product: int
    quantity: Decimal
    price: Decimal
    unit: int | None = None
    taxes: Sequence[int] = ()
    text: str = ""
    discount: Decimal = Decimal(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sale:
    """An order of a customer. `reference` is the customer's number, `source` that of what it came from. Odoo takes the
    currency from the customer's price list: another `currency` is an error. The date of the order is when Odoo
    confirmed it, whatever is asked."""

    key: str
    customer: int
    lines: Sequence[SaleLine]
    reference: str = ""
    source: str = ""
    promised: datetime | None = None
    currency: int | None = None
    warehouse: int | None = None
    company: int | None = None
    correlation: str = ""


@dataclass(frozen=True, slots=True)
class HeldSale:
    """What Odoo holds. `state` is draft, sent, sale or cancel; `deliveries` are its transfers."""

    record_id: int
    number: str
    state: str
    ordered: datetime
    untaxed: Decimal
    tax: Decimal
    total: Decimal
    currency: int | None
    lines: tuple[HeldLine, ...]
    deliveries: tuple[int, ...]
    created: bool


class Sales:
    """Brings sale orders in."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def quote(self, sale: Sale) -> HeldSale:
        """Have it in Odoo as a quotation. One that is there stays as it is."""
        return await self._bring(sale, None)

    async def order(self, sale: Sale) -> HeldSale:
        """Have it in Odoo and confirmed. Raises HeldOtherwise for one that was cancelled."""
        held = await self._bring(sale, CONFIRM_SALE)
        if held.state != "sale":
            advice = "it was cancelled: send the order under another key"
            refuse(MODEL, held.record_id, compared("state", "state", "sale", held.state, advice))
        return held

    async def cancel(self, key: str, company: int | None = None) -> HeldSale:
        """Cancel it; nothing happens when it is. Raises Rejected when goods were delivered, which Odoo would ignore."""
        record = await record_of(self._access, MODEL, key, "order")
        held = await self._read(record, company)
        if held.state != "cancel" and any(line.done for line in held.lines):
            raise Rejected(
                f"{MODEL}/{record} was delivered in part: take the goods back before it is cancelled", "state"
            )

        async def done() -> bool:
            return await state_of(self._access, MODEL, record, company) == "cancel"

        async def act() -> object:
            # 18.0 asks a person whether to tell the customer, and cancels nothing until there is an answer.
            return await self._access.call(MODEL, "action_cancel", ids=[record], company=company, context=_NO_DIALOGUE)

        await once(self._access, done, act)
        held = await self._read(record, company)
        refuse(MODEL, record, compared("state", "state", "cancel", held.state, "Odoo asks a person, or it is locked"))
        return held

    async def held(self, key: str, company: int | None = None) -> HeldSale:
        """What Odoo holds of it now. Raises Rejected when there is none."""
        return await self._read(await record_of(self._access, MODEL, key, "order"), company)

    async def _bring(self, sale: Sale, action: Action | None) -> HeldSale:
        fields = await self._names()
        optional: dict[str, Value] = {
            "commitment_date": sale.promised,
            "warehouse_id/.id": sale.warehouse,
            "company_id/.id": sale.company,
        }
        values: dict[str, Value] = {"partner_id/.id": sale.customer}
        values |= {"client_order_ref": sale.reference, "origin": sale.source}
        values |= {column: value for column, value in optional.items() if value is not None}
        lines = await columns(self._access, fields, sale.lines)
        draft = Draft(sale.key, values, lines, "order_line", sale.company, sale.correlation)
        held = await self._access.submissions.submit(MODEL, draft, action, _READ)
        found = await held_lines(self._access, fields, held.values["order_line"], sale.company)
        refuse(MODEL, held.record_id, _differences(sale, held.values, found, fields))
        return _held(held.record_id, held.values, found, created=held.created)

    async def _read(self, record: int, company: int | None) -> HeldSale:
        values = await read_one(self._access, MODEL, record, _READ, company)
        lines = await held_lines(self._access, await self._names(), values["order_line"], company)
        return _held(record, values, lines, created=False)

    async def _names(self) -> Names:
        return names(LINES, "product_uom_qty", "qty_delivered", await self._access.major())


def _differences(
    sale: Sale, values: Mapping[str, Any], lines: Sequence[HeldLine], fields: Names
) -> Iterable[Difference]:
    yield from compared("customer", "partner_id", sale.customer, reference(values["partner_id"]))
    yield from compared("company", "company_id", sale.company, reference(values["company_id"]))
    advice = "give the customer a price list of this currency"
    yield from compared("currency", "currency_id", sale.currency, reference(values["currency_id"]), advice)
    yield from line_differences(sale.lines, lines, fields)
    yield from total_differences(sale.lines, values)


def _held(record: int, values: Mapping[str, Any], lines: tuple[HeldLine, ...], *, created: bool) -> HeldSale:
    return HeldSale(
        record_id=record,
        number=str(values["name"]),
        state=str(values["state"]),
        ordered=datetime.fromisoformat(values["date_order"] + "+00:00"),
        untaxed=money(values["amount_untaxed"]),
        tax=money(values["amount_tax"]),
        total=money(values["amount_total"]),
        currency=reference(values["currency_id"]),
        lines=lines,
        deliveries=tuple(sorted(values["picking_ids"])),
        created=created,
    )
