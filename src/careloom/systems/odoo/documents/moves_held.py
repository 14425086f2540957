"""What invoices and bills have in common: their lines, what is read back, and how it is compared (`account.move`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date as Date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from careloom.core.errors import MappingError
from careloom.systems.odoo.cells import Value
from careloom.systems.odoo.documents.outcome import Difference, HeldOtherwise, compared, money, reference

MODEL: Final = "account.move"
READ: Final = (
    *("name", "state", "move_type", "date", "invoice_date", "invoice_date_due", "ref", "partner_id", "company_id"),
    *("currency_id", "amount_untaxed", "amount_tax", "amount_total", "amount_residual", "payment_state"),
    *("invoice_line_ids", "reversed_entry_id"),
)
_CENT = Decimal("0.01")


@dataclass(frozen=True, kw_only=True, slots=True)
class MoveLine:
    """So much for a price per unit, before `discount` percent and taxes. `taxes` are all that apply: none means none.

    Without `account` the product's or the journal's is taken. `analytic` spreads the line over analytic accounts, in
    percent by their ids; ids joined by a comma are one of each plan.
    """

    text: str
    quantity: Decimal
    price: Decimal
    taxes: Sequence[int] = ()
    discount: Decimal = Decimal(0)
    product: int | None = None
    account: int | None = None
    analytic: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def net(self) -> Decimal:
        """The amount of the line, rounded to the cent as Odoo does."""
        return (self.quantity * self.price * (100 - self.discount) / 100).quantize(_CENT, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class HeldMove:
    """What Odoo holds. `date` is the day in the books, `residual` what is still owed. `payment_state` is not_paid,
    partial, in_payment, paid or reversed. A draft has no number."""

    record_id: int
    number: str
    state: str
    date: Date
    invoice_date: Date | None
    due: Date | None
    untaxed: Decimal
    tax: Decimal
    total: Decimal
    residual: Decimal
    payment_state: str
    currency: int | None
    company: int | None
    created: bool


def columns(lines: Sequence[MoveLine]) -> list[dict[str, Value]]:
    """The columns of each line, all the same. Raises MappingError when some lines name an account and others do not."""
    if not lines:
        raise MappingError("a document needs lines", "lines")
    named = [line.account is not None for line in lines]
    if any(named) and not all(named):
        raise MappingError("give each line an account, or none: an empty one would be no account", "lines.account")
    return [_column(line, with_account=all(named)) for line in lines]


def _column(line: MoveLine, *, with_account: bool) -> dict[str, Value]:
    values: dict[str, Value] = {
        "name": line.text,
        "product_id/.id": line.product,
        "quantity": line.quantity,
        "price_unit": line.price,
        "discount": line.discount,
        "tax_ids/.id": list(line.taxes),
        "analytic_distribution": {ids: float(percent) for ids, percent in line.analytic.items()} or None,
    }
    return values | ({"account_id/.id": line.account} if with_account else {})


def move_differences(lines: Sequence[MoveLine], total: Decimal | None, held: Mapping[str, Any]) -> Iterable[Difference]:
    """What Odoo did otherwise with lines, taxes and totals."""
    advice = "lines were added or removed by hand or by a rule"
    yield from compared("lines", "invoice_line_ids", len(lines), len(held["invoice_line_ids"]), advice)
    if not any(line.taxes for line in lines):
        untaxed = sum((line.net for line in lines), Decimal(0))
        yield from compared("total", "amount_untaxed", money(untaxed), money(held["amount_untaxed"]))
        yield from compared("tax-added", "amount_tax", money(0), money(held["amount_tax"]), "no tax was asked for")
    if total is not None:
        yield from compared("total", "amount_total", money(total), money(held["amount_total"]))
    if held["state"] == "posted" and not held["name"]:
        yield Difference("number", "name", "a number", "")


def refuse(record: int, differences: Iterable[Difference]) -> None:
    """Raise HeldOtherwise when there are any."""
    found = list(differences)
    if found:
        raise HeldOtherwise(MODEL, record, found)


def held_move(record: int, values: Mapping[str, Any], *, created: bool) -> HeldMove:
    """The record as it was read."""
    return HeldMove(
        record_id=record,
        number="" if values["name"] in (False, "/") else str(values["name"]),
        state=str(values["state"]),
        date=Date.fromisoformat(values["date"]),
        invoice_date=_day(values["invoice_date"]),
        due=_day(values["invoice_date_due"]),
        untaxed=money(values["amount_untaxed"]),
        tax=money(values["amount_tax"]),
        total=money(values["amount_total"]),
        residual=money(values["amount_residual"]),
        payment_state=str(values["payment_state"] or ""),
        currency=reference(values["currency_id"]),
        company=reference(values["company_id"]),
        created=created,
    )


def _day(value: Any) -> Date | None:
    return Date.fromisoformat(value) if value else None
