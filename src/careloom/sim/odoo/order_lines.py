"""What lines of purchase and sales orders have in common: amounts with tax, and the totals of their order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from careloom.sim.odoo.bookkeeping import change, rounded
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Row

DATETIME = "%Y-%m-%d %H:%M:%S"


def taxed(env: Environment, taxes: Iterable[int], price: float, quantity: float) -> tuple[float, float]:
    """Untaxed amount and tax of `quantity` at `price`; a tax that the price includes is taken out of it."""
    rows: list[Mapping[str, Any]] = [env.store.tables["account.tax"][one] for one in taxes]
    included = sum(row["amount"] for row in rows if row["amount_type"] == "percent" and row.get("price_include"))
    net = price * quantity / (1 + included / 100)
    parts = [row["amount"] * quantity if row["amount_type"] == "fixed" else net * row["amount"] / 100 for row in rows]
    return round(rounded(net), 2), round(rounded(sum(parts)), 2)


def amounts(env: Environment, row: Row, taxes: str, quantity: str) -> Row:
    """The three price columns of an order line."""
    price = row["price_unit"] * (1 - row["discount"] / 100)
    net, tax = taxed(env, row[taxes], price, row[quantity])
    return {"price_subtotal": net, "price_tax": tax, "price_total": rounded(net + tax)}


def total(env: Environment, model: str, order: int, lines: Iterable[Row]) -> None:
    """The totals of an order; a line that changes none of them does not bump it."""
    rows = list(lines)
    net, tax = (round(sum(row[name] for row in rows), 2) for name in ("price_subtotal", "price_tax"))
    change(env, model, order, {"amount_untaxed": net, "amount_tax": tax, "amount_total": rounded(net + tax)})


def own_taxes(env: Environment, product: int, column: str, company: int) -> list[int]:
    """The product's taxes of the company, as far as accounting keeps any."""
    field = env.models["product.product"].fields.get(column)
    row = env.row("product.product", product)
    if field is None or row is None:
        return []
    table = env.store.tables["account.tax"]
    return [one for one in env.raw(field, row) or () if table[one]["company_id"] in (False, company)]


def invoiced(env: Environment, lines: Iterable[int]) -> float:
    """The quantity on invoices or bills that are not cancelled; credit notes take it back."""
    amount = 0.0
    for one in lines:
        row = env.row("account.move.line", one)
        move = env.row("account.move", row["move_id"]) if row else None
        if row is not None and move is not None and move["state"] != "cancel":
            amount += row["quantity"] * (-1 if str(move["move_type"]).endswith("refund") else 1)
    return rounded(amount)


def invoice_status(confirmed: bool, waiting: Iterable[float], bills: Iterable[int]) -> str:
    """`no`, `to invoice` or `invoiced`, from what the lines still have to invoice."""
    if not confirmed:
        return "no"
    if any(waiting):
        return "to invoice"
    return "invoiced" if list(bills) else "no"


def window(env: Environment, name: str, xml_id: str, moves: list[int], context: Row) -> dict[str, Any]:
    """The dialogue that shows fresh invoices, of the keys that a measured server answers with."""
    number = {"account.action_move_out_invoice_type": 263, "account.action_move_in_invoice_type": 266}[xml_id]
    views = [[False, kind] for kind in ("form", "list", "kanban", "activity")]
    groups = "groups_id" if env.major == 18 else "group_ids"
    about = {"id": number + 18 - env.major, "display_name": name, "name": name, "type": "ir.actions.act_window"}
    about |= {"xml_id": xml_id, "path": False, "help": False, "binding_model_id": False, "binding_type": "action"}
    about |= {"binding_view_types": "list,form", "view_id": False, "domain": [["id", "in", moves]], "context": context}
    about |= {"res_id": moves[0] if len(moves) == 1 else False, "res_model": "account.move", "target": "current"}
    about |= {"view_mode": "list,kanban,form,activity", "mobile_view_mode": "kanban", "views": views, "limit": 80}
    about |= {groups: [], "search_view_id": False, "embedded_action_ids": [], "filter": False}
    return about | ({"cache": True} if env.major >= 19 else {})
