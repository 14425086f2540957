"""The lines of an entry: what Odoo fills in on each, and the tax and payable lines it adds to an invoice."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from careloom.sim.odoo import errors
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Reader, Row
from careloom.sim.odoo.money import is_zero, rounded

SALES = frozenset({"out_invoice", "out_refund", "out_receipt"})
PURCHASES = frozenset({"in_invoice", "in_refund", "in_receipt"})
INVOICES = SALES | PURCHASES
REFUNDS = frozenset({"out_refund", "in_refund"})
SHOWN_ON_INVOICE = ("product", "line_section", "line_note")
_FROM_MOVE = ("company_id", "journal_id", "date", "currency_id", "ref", "move_type")
_AMOUNTS = ("debit", "credit", "balance", "amount_currency")


def direction(move_type: str) -> int:
    """The sign of an invoice's product lines: a customer's invoice credits income."""
    return -1 if move_type in ("out_invoice", "out_receipt", "in_refund") else 1


def items_of(env: Environment, move: int) -> list[Row]:
    rows = env.store.tables["account.move.line"]
    return [rows[one] for one in env.store.find("account.move.line", ("move_id",), (move,))]


def invoice_lines(reader: Reader, row: Row) -> tuple[int, ...]:
    if row["move_type"] not in INVOICES:
        return ()
    lines = (reader.row("account.move.line", one) for one in reader.pointing("account.move.line", "move_id", row["id"]))
    return tuple(line["id"] for line in lines if line and line["display_type"] in SHOWN_ON_INVOICE)


def partner_name(reader: Reader, row: Row) -> str:
    partner = reader.row("res.partner", row["partner_id"] or 0)
    if partner is None:
        user = reader.row("res.users", row["create_uid"] or 0)
        return f"#Created by: {user['name']}" if user else ""
    return str(partner["name"])


def duplicates(reader: Reader, row: Row) -> tuple[int, ...]:
    """Other vendor documents with the same supplier and reference; nothing refuses them [c52, e47]."""
    if row["move_type"] not in PURCHASES or not row["ref"]:
        return ()
    found = []
    for other in reader.pointing("account.move", "ref", row["ref"]):
        known = reader.row("account.move", other)
        if known and other != row["id"] and known["state"] != "cancel" and _alike(row, known):
            found.append(other)
    return tuple(found)


def _alike(one: Row, other: Row) -> bool:
    same = all(one[name] == other[name] for name in ("commercial_partner_id", "company_id", "move_type"))
    dates = {one["invoice_date"], other["invoice_date"]} - {False}
    return same and len(dates) <= 1


def shared_among(_: Reader, row: Row) -> tuple[int, ...]:
    """The analytic accounts of a line's distribution."""
    return tuple(int(key) for keys in (row["analytic_distribution"] or {}) for key in keys.split(","))


def complete(env: Environment, values: Row) -> Row:
    """A new line with what its entry, its product and its journal give it."""
    move = env.existing("account.move", [values["move_id"]])[0]
    filled = {name: move[name] for name in _FROM_MOVE} | {"move_name": move["name"], "parent_state": move["state"]}
    filled |= {"partner_id": move["commercial_partner_id"], "sequence": 100, "quantity": 1.0}
    given = {**filled, "display_type": "product", **values}
    if given["display_type"] == "product":
        given = _with_product(env, move, given)
        given["account_id"] = given.get("account_id") or _default_account(env, move)
        if "price_unit" in given:
            given["price_unit"] = rounded(_number(given["price_unit"]))
    if not given.get("account_id") and given["display_type"] not in ("line_section", "line_note"):
        raise errors.constraint_error("Missing required account on accountable line.")
    refuse_other_company(env, move, given)
    return {**given, **amounts(given)}


def _number(value: Any) -> float:
    try:
        return float(value or 0.0)
    except (TypeError, ValueError) as problem:
        raise errors.value_error(str(problem)) from problem


def amounts(given: Row) -> Row:
    """The four amounts of a line from whichever of them was given."""
    named = {name: _number(given[name]) for name in _AMOUNTS if name in given}
    if not named:
        return {}
    if "balance" in named:
        balance = named["balance"]
    elif "debit" in named or "credit" in named:
        balance = named.get("debit", 0.0) - named.get("credit", 0.0)
    else:
        balance = named["amount_currency"]
    return amounts_of(balance)


def amounts_of(balance: float) -> Row:
    balance = rounded(balance)
    return {"balance": balance, "amount_currency": balance, "debit": max(balance, 0.0), "credit": max(-balance, 0.0)}


def refuse_other_company(env: Environment, move: Row, given: Row) -> None:
    """Raise what Odoo says of an account of another company."""
    account = env.row("account.account", given.get("account_id") or 0)
    if account is None or not account["company_ids"] or move["company_id"] in account["company_ids"]:
        return
    company = env.label("res.company", move["company_id"])
    name = given.get("name") or "Journal Item"
    opening = "Incompatible companies on records:" if env.major == 18 else "Records of different companies:"
    what = f"“Account” (account_id: '{account['name']}') belongs to another company."
    raise errors.user_error(f"{opening}\n- “{name}” belongs to company “{company}” and {what}")


def _with_product(env: Environment, move: Row, given: Row) -> Row:
    """Name, price, unit and taxes come from the product unless the call gives them."""
    product = env.row("product.product", given["product_id"]) if given.get("product_id") else None
    if product is None or move["move_type"] not in INVOICES:
        return given
    sale = move["move_type"] in SALES
    price = _of_product(env, product, "lst_price" if sale else "standard_price", "list_price")
    found: Row = {
        "name": env.label("product.product", product["id"]),
        "price_unit": price,
        "product_uom_id": _of_product(env, product, "uom_id") or False,
        "account_id": _of_product(env, product, f"property_account_{'income' if sale else 'expense'}_id") or False,
    }
    taxes = _of_product(env, product, "taxes_id" if sale else "supplier_taxes_id") or ()
    known = env.store.tables["account.tax"]
    found["tax_ids"] = [[6, 0, [tax for tax in taxes if known[tax]["company_id"] == move["company_id"]]]]
    return found | {name: value for name, value in given.items() if name != "name" or value}


def _of_product(env: Environment, product: Row, *names: str) -> Any:
    """A product's own value, else its template's."""
    template = env.row("product.template", product.get("product_tmpl_id") or 0) if product else None
    for name in names:
        for model, row in (("product.product", product), ("product.template", template)):
            if row is not None and name in env.models[model].fields:
                return env.raw(env.models[model].fields[name], row)
    return 0.0 if names[0].endswith("price") else False


def _default_account(env: Environment, move: Row) -> int | bool:
    journal = env.row("account.journal", move["journal_id"]) or {}
    return journal.get("default_account_id") or False


class Share(NamedTuple):
    """What one line gives to one tax."""

    tax: Row
    base: float
    amount: float


def priced(env: Environment, line: Row) -> tuple[float, float, list[Share]]:
    """Subtotal, total and taxes of an invoice line. Each tax is rounded per line."""
    taxes = [env.store.tables["account.tax"][tax] for tax in line["tax_ids"]]
    gross = rounded(line["quantity"] * line["price_unit"] * (1 - line["discount"] / 100))
    included = sum(tax["amount"] for tax in taxes if tax["price_include"] and tax["amount_type"] == "percent")
    net = rounded(gross / (1 + included / 100))
    shares = [Share(tax, net, _tax_amount(tax, net, line["quantity"])) for tax in taxes]
    return net, rounded(net + sum(share.amount for share in shares)), shares


def _tax_amount(tax: Row, net: float, quantity: float) -> float:
    return rounded(tax["amount"] * quantity if tax["amount_type"] == "fixed" else net * tax["amount"] / 100)


def balanced(lines: Iterable[Row]) -> bool:
    return is_zero(sum(line["balance"] for line in lines))
