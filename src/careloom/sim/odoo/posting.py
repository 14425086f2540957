"""Posting, resetting and cancelling entries: `action_post`, `button_draft`, `button_cancel`."""

from __future__ import annotations

from collections.abc import Sequence

from careloom.sim.odoo import errors
from careloom.sim.odoo.bookkeeping import change, put, touch
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Row
from careloom.sim.odoo.journal_items import INVOICES, PURCHASES, REFUNDS, SALES, items_of
from careloom.sim.odoo.matching import OPEN_TYPES, reconcile, unmatch_moves
from careloom.sim.odoo.money import is_zero, rounded
from careloom.sim.odoo.numbering import next_name
from careloom.sim.odoo.periods import accounting_date, document_date, refuse_locked, violated
from careloom.sim.odoo.settling import ITEMS, MOVES, settle

_EMPTY = {18: "You need to add a line before posting.", 19: "Even magicians can't post nothing!"}
_NO_CUSTOMER = {
    18: "The field 'Customer' is required, please complete it to validate the Customer Invoice.",
    19: "The 'Customer' field is required to validate the invoice.\n"
    "You probably don't want to explain to your auditor that you invoiced an invisible man :)",
}
_NO_VENDOR = "The field 'Vendor' is required, please complete it to validate the Vendor Bill."
_NEGATIVE = (
    "You cannot validate an invoice with a negative total amount. You should create a credit note instead. Use the "
    "action menu to transform it into a credit note or refund."
)
_NO_DATE = "The Bill/Refund date is required to validate this document."


def action_post(env: Environment, ids: Sequence[int]) -> bool:
    """Post drafts, all or none; false is success [c32]."""
    env.model(MOVES, "write")
    rows = env.existing(MOVES, ids)
    problems = dict.fromkeys(problem for row in rows for problem in _problems(env, row))
    if problems:
        raise errors.user_error("\n".join(problems))
    for row in rows:
        post(env, row)
    return False


def _problems(env: Environment, row: Row) -> list[str]:
    """What stands in the way of posting, in the order that Odoo says it."""
    lines = [line for line in items_of(env, row["id"]) if line["display_type"] not in ("line_section", "line_note")]
    kind, found = row["move_type"], []
    if kind in INVOICES and row["amount_total"] < 0 and not is_zero(row["amount_total"]):
        found.append(_NEGATIVE)
    if kind in SALES and not row["partner_id"]:
        found.append(_NO_CUSTOMER[env.major])
    elif kind in PURCHASES and not row["partner_id"]:
        found.append(_NO_VENDOR)
    if kind in PURCHASES and not row["invoice_date"]:
        found.append(_NO_DATE)
    if row["state"] != "draft":
        found.append(_not_a_draft(env, row))
    elif not lines:
        found.append(_EMPTY[env.major])
    return found


def _not_a_draft(env: Environment, row: Row) -> str:
    """The one message that a connector meets in another language [e55]."""
    if env.context.get("lang") == "fr_FR":
        what = "L'écriture" if env.major == 18 else "La pièce comptable"
        return f"{what} {row['name']} (id {row['id']}) doit être en brouillon."
    return f"The entry {row['name']} (id {row['id']}) must be in draft."


def post(env: Environment, row: Row) -> None:
    """Post one checked draft: dates, number, lines; a credit note settles the invoice that it reverses."""
    move, values = row["id"], dict[str, object]()
    if row["move_type"] in SALES and not row["invoice_date"]:
        values["invoice_date"] = env.tx.now.date()
        values["date"] = document_date(env, row, env.tx.now.date())
    row = {**row, **values}
    if violated(env, row, row["date"]):
        values["date"] = accounting_date(env, row, row["invoice_date"] or row["date"])
        row |= values
    name = row["name"] if row["name"] and row["name"] != "/" else next_name(env, row)
    values |= {"name": name, "state": "posted", "posted_before": True}
    _refuse_taken(env, row, str(name))
    if row["move_type"] == "out_invoice" and not row["payment_reference"]:
        values["payment_reference"] = name
    touch(env, MOVES, move, values)
    settle(env, move)
    _analyse(env, move)
    _settle_reversed(env, move)


def _refuse_taken(env: Environment, row: Row, name: str) -> None:
    if row["name"] != name:
        return
    rows = env.store.tables[MOVES]
    others = (rows[one] for one in env.store.find(MOVES, ("journal_id",), (row["journal_id"],)) if one != row["id"])
    if any(other["name"] == name and other["state"] == "posted" for other in others):
        raise errors.constraint_error("Another entry with the same name already exists.")


def _analyse(env: Environment, move: int) -> None:
    """Analytic lines for what the entry's lines are shared out to, in percent per account."""
    for line in items_of(env, move):
        for keys, percent in (line["analytic_distribution"] or {}).items():
            for account in (int(key) for key in keys.split(",")):
                if account in env.store.tables["account.analytic.account"]:
                    _analytic_line(env, line, account, percent)


def _analytic_line(env: Environment, line: Row, account: int, percent: float) -> None:
    values = {
        "name": line["name"] or line["ref"] or "/",
        "date": line["date"],
        "amount": rounded(-line["balance"] * percent / 100),
        "unit_amount": line["quantity"],
        "account_id": account,
        "general_account_id": line["account_id"],
        "partner_id": line["partner_id"],
        "move_line_id": line["id"],
        "company_id": line["company_id"],
        "category": _category(line["move_type"]),
    }
    put(env, "account.analytic.line", values)


def _category(move_type: str) -> str:
    return "invoice" if move_type in SALES else "vendor_bill" if move_type in PURCHASES else "other"


def _settle_reversed(env: Environment, move: int) -> None:
    """A credit note is matched with the open lines of the invoice it was made from, account by account."""
    row = env.store.tables[MOVES][move]
    original = env.row(MOVES, row["reversed_entry_id"] or 0)
    if row["move_type"] not in REFUNDS | {"entry"} or original is None or original["state"] != "posted":
        return
    accounts = env.store.tables["account.account"]
    both = [line for one in (original["id"], move) for line in items_of(env, one) if line["account_id"]]
    open_lines = [line for line in both if not line["reconciled"] and not is_zero(line["amount_residual"])]
    for account in {line["account_id"] for line in open_lines}:
        mine = [line["id"] for line in open_lines if line["account_id"] == account]
        if accounts[account]["account_type"] in OPEN_TYPES and len(mine) > 1:
            reconcile(env, mine)


def button_draft(env: Environment, ids: Sequence[int]) -> None:
    """Back to draft, with its number. 18.0 takes the reconciliations apart, 19.0 leaves them."""
    env.model(MOVES, "write")
    rows = env.existing(MOVES, ids)
    if any(row["state"] not in ("posted", "cancel") for row in rows):
        raise errors.user_error("Only posted/cancelled journal entries can be reset to draft.")
    for row in rows:
        if row["state"] == "posted":
            refuse_locked(env, row)
        reset(env, row["id"])


def reset(env: Environment, move: int) -> None:
    for line in items_of(env, move):
        for one in env.store.find("account.analytic.line", ("move_line_id",), (line["id"],)):
            env.tx.delete("account.analytic.line", one)
    if env.major == 18:
        unmatch_moves(env, [move])
    change(env, MOVES, move, {"state": "draft"})
    settle(env, move)


def button_cancel(env: Environment, ids: Sequence[int]) -> None:
    """Cancel drafts; a posted entry goes through draft by itself. The number is kept [c46]."""
    env.model(MOVES, "write")
    rows = env.existing(MOVES, ids)
    button_draft(env, [row["id"] for row in rows if row["state"] == "posted"])
    if any(row["state"] == "cancel" for row in rows):
        raise errors.user_error("Only draft journal entries can be cancelled.")
    for row in rows:
        unmatch_moves(env, [row["id"]])
        change(env, MOVES, row["id"], {"state": "cancel"})
        settle(env, row["id"])


def assign(env: Environment, ids: Sequence[int], line_id: int) -> None:
    """`js_assign_outstanding_line`: settle the open lines of an invoice with an item of its partner [i36, i37]."""
    env.model(MOVES, "write")
    [move] = env.existing(MOVES, ids)
    [line] = env.existing(ITEMS, [line_id])
    own = [one for one in items_of(env, move["id"]) if one["account_id"] == line["account_id"]]
    reconcile(env, [line["id"], *(one["id"] for one in own if not one["reconciled"] and one["id"] != line["id"])])
