"""What a partner owes, and which open items could settle an invoice, as forms and balances show it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Reader, Row, shown_value
from careloom.sim.odoo.journal_items import INVOICES, items_of
from careloom.sim.odoo.matching import ITEMS, partials_of
from careloom.sim.odoo.money import is_zero, rounded
from careloom.sim.odoo.settling import owing_account


def outstanding(env: Environment, move: Row) -> list[Row]:
    """The open items of the other side that could settle this posted invoice."""
    if move["state"] != "posted" or move["move_type"] not in INVOICES or is_zero(move["amount_residual"]):
        return []
    own = [line for line in items_of(env, move["id"]) if line["display_type"] == "payment_term"]
    accounts, debit = {line["account_id"] for line in own}, sum(line["balance"] for line in own) > 0
    rows = env.store.tables[ITEMS]
    found = [rows[one] for one in env.store.find(ITEMS, ("partner_id",), (move["commercial_partner_id"],))]
    open_items = [line for line in found if line["account_id"] in accounts and line["parent_state"] == "posted"]
    return [line for line in open_items if (line["amount_residual"] < 0 if debit else line["amount_residual"] > 0)]


def has_outstanding(reader: Reader, row: Row) -> bool:
    return bool(outstanding(_environment(reader), row))


def has_reconciled(reader: Reader, row: Row) -> bool:
    env = _environment(reader)
    return any(partials_of(env, line["id"]) for line in items_of(env, row["id"]))


def outstanding_widget(reader: Reader, row: Row) -> Any:
    """The open items of the other side as the invoice form lists them; false if there are none."""
    env = _environment(reader)
    items = outstanding(env, row)
    if not items:
        return False
    moves, date = env.store.tables["account.move"], env.models[ITEMS].fields["date"]
    content = [
        {
            "journal_name": line["ref"] or moves[line["move_id"]]["name"],
            "amount": abs(line["amount_residual"]),
            "currency_id": line["currency_id"],
            "id": line["id"],
            "move_id": line["move_id"],
            "date": shown_value(date, line["date"]),
            "account_payment_id": line["payment_id"],
        }
        for line in items
    ]
    if env.major >= 19:
        content = [{**one, "move_ref": line["ref"]} for one, line in zip(content, items, strict=True)]
    title = "Outstanding credits" if row["move_type"] in ("out_invoice", "in_refund") else "Outstanding debits"
    return {"outstanding": True, "content": content, "move_id": row["id"], "title": title}


def owed(kind: str) -> Callable[[Reader, Row], float]:
    """What a partner owes or is owed: the open items of the accounts of this kind."""

    def total(reader: Reader, row: Row) -> float:
        env = _environment(reader)
        lines, accounts = env.store.tables[ITEMS], env.store.tables["account.account"]
        items = (lines[one] for one in env.store.find(ITEMS, ("partner_id",), (row["id"],)))
        mine = [
            line["amount_residual"]
            for line in items
            if line["parent_state"] == "posted"
            and line["company_id"] in env.companies
            and accounts[line["account_id"]]["account_type"] == kind
        ]
        return rounded(sum(mine) if kind == "asset_receivable" else -sum(mine))

    return total


def owing(kind: str) -> Callable[[Reader, Row], int | bool]:
    """The receivable or payable account that a partner has in the company at work."""

    def account(reader: Reader, _: Row) -> int | bool:
        env = _environment(reader)
        return owing_account(env, env.companies[0], kind)

    return account


def invoiced(reader: Reader, row: Row) -> float:
    """What a partner was ever invoiced, without taxes."""
    moves = _environment(reader).store.tables["account.move"]
    mine = (moves[one] for one in reader.pointing("account.move", "partner_id", row["id"]))
    sales = [one for one in mine if one["state"] == "posted" and one["move_type"] in ("out_invoice", "out_refund")]
    return rounded(sum(one["amount_untaxed_signed"] for one in sales))


def analytic_total(kind: str) -> Callable[[Reader, Row], float]:
    """What was booked on an analytic account: `debit`, `credit` or their `balance`."""

    def total(reader: Reader, row: Row) -> float:
        lines = (reader.row("account.analytic.line", one) for one in _analytic(reader, row["id"]))
        amounts = [line["amount"] for line in lines if line]
        wanted = {"debit": [-one for one in amounts if one < 0], "credit": [one for one in amounts if one > 0]}
        return rounded(sum(wanted.get(kind, amounts)))

    return total


def _analytic(reader: Reader, account: int) -> list[int]:
    return reader.pointing("account.analytic.line", "account_id", account)


def _environment(reader: Reader) -> Environment:
    assert isinstance(reader, Environment)
    return reader
