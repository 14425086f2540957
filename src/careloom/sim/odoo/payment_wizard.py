"""account.payment.register: the wizard of the invoice form, which pays again whenever it is confirmed [i38a, i39]."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from careloom.sim.odoo import errors
from careloom.sim.odoo.accounting_models import COMPANY
from careloom.sim.odoo.bookkeeping import change
from careloom.sim.odoo.columns import char, choice, day, flag, link, links, money
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Reader, Row
from careloom.sim.odoo.journal_items import SALES, items_of
from careloom.sim.odoo.matching import OPEN_TYPES, reconcile, refresh_moves
from careloom.sim.odoo.models import Hooks, Model, define
from careloom.sim.odoo.money import is_zero, rounded
from careloom.sim.odoo.payments import PAYMENTS, action_post, bank_of, open_items
from careloom.sim.odoo.settling import ITEMS, MOVES
from careloom.sim.odoo.writing import insert

WIZARD = "account.payment.register"
_NOTHING_LEFT = {
    18: "You can't register a payment because there is nothing left to pay on the selected journal items.",
    19: "There's nothing left to pay for the selected journal items, so no payment registration is necessary. You've "
    "got your finances under control like a boss!",
}


def wizard_models() -> list[Model]:
    fields = [
        money("amount", "Amount"),
        day("payment_date", "Payment Date"),
        char("communication", "Memo"),
        link("journal_id", "Journal", "account.journal"),
        link("currency_id", "Currency", "res.currency"),
        link("partner_id", "Customer/Vendor", "res.partner"),
        COMPANY,
        links("line_ids", "Journal items", ITEMS),
        choice("payment_type", "Payment Type", ("outbound", "Send Money"), ("inbound", "Receive Money")),
        choice("partner_type", "Partner Type", ("customer", "Customer"), ("supplier", "Vendor")),
        choice("payment_difference_handling", "Difference", ("open", "Keep open"), ("reconcile", "Mark as fully paid")),
        link("payment_method_line_id", "Payment Method", "account.payment.method.line"),
        flag("group_payment", "Group Payments"),
        money("source_amount", "Amount to Pay"),
        money("payment_difference", "Payment Difference", store=False, compute=_difference),
    ]
    return [define(WIZARD, "Pay", fields, label=lambda _, row: f"{WIZARD},{row['id']}", found_by=("communication",))]


def _difference(_: Reader, row: Row) -> float:
    return rounded(row["source_amount"] - row["amount"])


def _complete(env: Environment, values: Row) -> Row:
    """The open lines of the entries the wizard was opened on, and the amount that they come to."""
    moves = _chosen(env)
    lines = [line for move in moves for line in _open_lines(env, move)]
    if not lines:
        raise errors.user_error(_NOTHING_LEFT[env.major])
    due = rounded(sum(line["amount_residual"] for line in lines))
    first = env.store.tables[MOVES][lines[0]["move_id"]]
    names = [str(env.store.tables[MOVES][line["move_id"]]["name"] or "") for line in lines]
    defaults = {
        "amount": abs(due),
        "payment_date": env.tx.now.date().isoformat(),
        "communication": " ".join(dict.fromkeys(name for name in names if name)) or False,
        "company_id": first["company_id"],
        "partner_id": first["commercial_partner_id"],
        "payment_type": "inbound" if due > 0 else "outbound",
        "partner_type": "customer" if first["move_type"] in SALES else "supplier",
        "payment_difference_handling": "open",
        "group_payment": len(lines) == 1,
    }
    journal = bank_of(env, first["company_id"])
    fixed = {"line_ids": [[6, 0, [line["id"] for line in lines]]], "source_amount": abs(due)}
    return {**defaults, "journal_id": journal, "currency_id": first["currency_id"], **values, **fixed}


def _chosen(env: Environment) -> list[Row]:
    ids = env.context.get("active_ids") or []
    if env.context.get("active_model") == ITEMS:
        lines = env.existing(ITEMS, ids)
        return env.existing(MOVES, dict.fromkeys(line["move_id"] for line in lines))
    return env.existing(MOVES, ids)


def _open_lines(env: Environment, move: Row) -> list[Row]:
    accounts = env.store.tables["account.account"]
    owed = [line for line in items_of(env, move["id"]) if line["account_id"]]
    mine = [line for line in owed if accounts[line["account_id"]]["account_type"] in OPEN_TYPES]
    return [line for line in mine if not is_zero(line["amount_residual"])]


WIZARD_HOOKS = Hooks(complete=_complete)


def action_create_payments(env: Environment, ids: Sequence[int]) -> Row:
    """One payment per invoice (or one for all, if grouped), posted and matched with what is still open."""
    [wizard] = env.existing(WIZARD, ids)
    lines = env.existing(ITEMS, wizard["line_ids"])
    alone = wizard["group_payment"] or len(lines) == 1
    batches = [lines] if alone else [[line] for line in lines]
    made = [_pay(env, wizard, batch, _share(wizard, batch, alone)) for batch in batches]
    action: Row = {"name": "Payments", "type": "ir.actions.act_window", "res_model": PAYMENTS}
    action["context"] = {"create": False}
    if len(made) == 1:
        return action | {"view_mode": "form", "res_id": made[0]}
    return action | {"view_mode": "list,form", "domain": [["id", "in", made]]}


def _share(wizard: Row, batch: list[Row], alone: bool) -> float:
    return float(wizard["amount"]) if alone else abs(rounded(sum(line["amount_residual"] for line in batch)))


def _pay(env: Environment, wizard: Row, lines: list[Row], amount: float) -> int:
    moves = env.existing(MOVES, dict.fromkeys(line["move_id"] for line in lines))
    memo = wizard["communication"] if wizard["group_payment"] else " ".join(str(move["name"] or "") for move in moves)
    copied = ("payment_type", "partner_type", "partner_id", "journal_id", "currency_id", "payment_method_line_id")
    values: Row = {name: wizard[name] for name in copied} | {"amount": amount, "memo": memo or False}
    values |= {"date": wizard["payment_date"].isoformat(), "invoice_ids": [[6, 0, [move["id"] for move in moves]]]}
    payment = insert(env, PAYMENTS, {name: value for name, value in values.items() if value is not False})
    for move in moves:
        matched: tuple[Any, ...] = (*move["matched_payment_ids"], payment)
        change(env, MOVES, move["id"], {"matched_payment_ids": matched})
    action_post(env, [payment])
    ours = open_items(env, env.store.tables[PAYMENTS][payment])
    still_open = [line["id"] for line in env.existing(ITEMS, [line["id"] for line in lines]) if not line["reconciled"]]
    if ours and still_open and all(move["state"] == "posted" for move in moves):
        reconcile(env, [*still_open, *ours])
    refresh_moves(env, [move["id"] for move in moves])
    return payment
