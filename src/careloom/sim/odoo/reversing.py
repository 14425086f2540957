"""account.move.reversal: credit notes and reversing entries [c40..c43]."""

from __future__ import annotations

from collections.abc import Sequence

from careloom.sim.odoo.accounting_models import COMPANY
from careloom.sim.odoo.columns import char, day, link, links
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Row
from careloom.sim.odoo.journal_items import INVOICES, items_of
from careloom.sim.odoo.models import Hooks, Model, define
from careloom.sim.odoo.posting import action_post
from careloom.sim.odoo.settling import MOVES
from careloom.sim.odoo.writing import insert

REVERSAL = "account.move.reversal"
_REVERSED = {"out_invoice": "out_refund", "in_invoice": "in_refund", "out_refund": "out_invoice"}
_REVERSED |= {"in_refund": "in_invoice", "entry": "entry", "out_receipt": "out_refund", "in_receipt": "in_refund"}
_LINE = ("product_id", "product_uom_id", "name", "quantity", "price_unit", "discount", "account_id")


def reversal_models() -> list[Model]:
    fields = [
        links("move_ids", "Move", MOVES),
        links("new_move_ids", "New Move", MOVES),
        day("date", "Reversal date"),
        char("reason", "Reason displayed on Credit Note"),
        link("journal_id", "Journal", "account.journal"),
        COMPANY,
    ]
    return [define(REVERSAL, "Account Move Reversal", fields, label=lambda _, row: f"{REVERSAL},{row['id']}")]


def _complete(env: Environment, values: Row) -> Row:
    given = dict(values)
    if not given.get("move_ids") and env.context.get("active_model") == MOVES:
        given["move_ids"] = [[6, 0, list(env.context.get("active_ids") or [])]]
    return {"date": env.tx.now.date().isoformat(), **given}


REVERSAL_HOOKS = Hooks(complete=_complete)


def refund_moves(env: Environment, ids: Sequence[int]) -> Row:
    """Draft credit notes; a reversed journal entry is posted at once."""
    [wizard] = env.existing(REVERSAL, ids)
    made = [_reverse(env, wizard, move) for move in env.existing(MOVES, wizard["move_ids"])]
    entries = [one for one in made if env.store.tables[MOVES][one]["move_type"] == "entry"]
    action_post(env, entries)
    return _shown(env, made)


def modify_moves(env: Environment, ids: Sequence[int]) -> Row:
    """Credit notes that are posted at once, and a fresh draft of each document."""
    [wizard] = env.existing(REVERSAL, ids)
    moves = env.existing(MOVES, wizard["move_ids"])
    action_post(env, [_reverse(env, wizard, move) for move in moves])
    return _shown(env, [_copy(env, move, {"move_type": move["move_type"], "date": False}) for move in moves])


def _shown(env: Environment, made: list[int]) -> Row:
    kind = env.store.tables[MOVES][made[0]]["move_type"]
    action: Row = {"name": "Reverse Moves", "type": "ir.actions.act_window", "res_model": MOVES}
    if len(made) == 1:
        return action | {"view_mode": "form", "res_id": made[0], "context": {"default_move_type": kind}}
    return action | {"view_mode": "list,form", "domain": [["id", "in", made]]}


def _reverse(env: Environment, wizard: Row, move: Row) -> int:
    reason = f", {wizard['reason']}" if wizard["reason"] else ""
    date = wizard["date"].isoformat()
    values: Row = {"move_type": _REVERSED[move["move_type"]], "ref": f"Reversal of: {move['name']}{reason}"}
    values |= {"date": date, "reversed_entry_id": move["id"], "journal_id": wizard["journal_id"] or move["journal_id"]}
    if move["move_type"] in INVOICES:
        values |= {"invoice_date": date, "invoice_date_due": date}
    return _copy(env, move, values)


def _copy(env: Environment, move: Row, values: Row) -> int:
    lines = [line for line in items_of(env, move["id"]) if line["display_type"] == "product"]
    if move["move_type"] in INVOICES:
        commands = [[0, 0, {**_kept(line), "tax_ids": [[6, 0, list(line["tax_ids"])]]}] for line in lines]
        children = {"invoice_line_ids": commands}
    else:
        named = ("name", "account_id", "partner_id")
        entries = [{**{name: line[name] for name in named}, "balance": -line["balance"]} for line in lines]
        children = {"line_ids": [[0, 0, entry] for entry in entries]}
    given: Row = {"partner_id": move["partner_id"], "journal_id": move["journal_id"], **values, **children}
    return insert(env, MOVES, given)


def _kept(line: Row) -> Row:
    kept = {name: line[name] for name in _LINE if line[name] is not False}
    return kept | ({"analytic_distribution": line["analytic_distribution"]} if line["analytic_distribution"] else {})
