"""Which items are settled by which: partial and full reconciliation, what remains open, and the state that follows.

Community has no step between paid and matched with the bank: an invoice is `paid` as soon as nothing is open.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from careloom.sim.odoo import errors
from careloom.sim.odoo.bookkeeping import change, put
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Row
from careloom.sim.odoo.journal_items import INVOICES, items_of
from careloom.sim.odoo.money import is_zero, rounded

OPEN_TYPES = ("asset_receivable", "liability_payable")
_CASH = ("asset_cash", "liability_credit_card")
ITEMS = "account.move.line"
PARTIAL = "account.partial.reconcile"


def partials_of(env: Environment, item: int) -> list[Row]:
    rows = env.store.tables[PARTIAL]
    found = {one for side in ("debit_move_id", "credit_move_id") for one in env.store.find(PARTIAL, (side,), (item,))}
    return [rows[one] for one in sorted(found)]


def refresh_items(env: Environment, items: Iterable[int]) -> None:
    """Work out again what is open on the items."""
    for item in items:
        line = env.store.tables[ITEMS][item]
        account = env.row("account.account", line["account_id"] or 0)
        opens = account is not None and (account["reconcile"] or account["account_type"] in _CASH)
        if not opens:
            continue
        partials = partials_of(env, item)
        matched = sum(part["amount"] if part["debit_move_id"] == item else -part["amount"] for part in partials)
        residual = rounded(line["balance"] - matched)
        settled = bool(account and account["reconcile"]) and is_zero(residual) and line["parent_state"] == "posted"
        values = {"amount_residual": residual, "amount_residual_currency": residual, "reconciled": settled}
        if not partials:
            values |= {"matching_number": False, "full_reconcile_id": False}
        change(env, ITEMS, item, values)


def reconcile(env: Environment, items: Sequence[int]) -> None:
    """Settle the items against each other, oldest due first. They must be of one account and not settled yet."""
    lines = env.existing(ITEMS, items)
    if env.major >= 19:
        open_groups = {line["matching_number"] for line in lines if not line["reconciled"] and line["matching_number"]}
        lines = [line for line in lines if not line["reconciled"] or line["matching_number"] not in open_groups]
    if not lines:
        return
    if any(line["reconciled"] for line in lines):
        raise errors.user_error("You are trying to reconcile some entries that are already reconciled.")
    if any(line["parent_state"] != "posted" for line in lines):
        raise errors.user_error("You can only reconcile posted entries.")
    if len({line["account_id"] for line in lines}) > 1:
        raise errors.user_error("Entries are not from the same account.")
    _match(env, sorted(lines, key=lambda line: (line["date_maturity"] or line["date"], line["id"])))


def _match(env: Environment, lines: list[Row]) -> None:
    debits = [line for line in lines if line["amount_residual"] > 0]
    credits = [line for line in lines if line["amount_residual"] < 0]
    left = {line["id"]: abs(line["amount_residual"]) for line in lines}
    for credit in credits:
        for debit in debits:
            amount = rounded(min(left[debit["id"]], left[credit["id"]]))
            if amount > 0:
                _partial(env, debit, credit, amount)
                left[debit["id"]] = rounded(left[debit["id"]] - amount)
                left[credit["id"]] = rounded(left[credit["id"]] - amount)
    touched = [line["id"] for line in lines]
    refresh_items(env, touched)
    _number_group(env, touched)
    refresh_moves(env, {line["move_id"] for line in lines})


def _partial(env: Environment, debit: Row, credit: Row, amount: float) -> int:
    row: Row = {"debit_move_id": debit["id"], "credit_move_id": credit["id"], "amount": amount}
    row |= {"debit_amount_currency": amount, "credit_amount_currency": amount, "company_id": debit["company_id"]}
    return put(env, PARTIAL, row | {"max_date": max(debit["date"], credit["date"])})


def _group(env: Environment, items: Iterable[int]) -> tuple[set[int], list[Row]]:
    """All items that hang together with these through partial reconciliations, and those."""
    group, fresh, parts = set(items), list(items), {}
    while fresh:
        for part in partials_of(env, fresh.pop()):
            parts[part["id"]] = part
            for other in (part["debit_move_id"], part["credit_move_id"]):
                if other not in group:
                    group.add(other)
                    fresh.append(other)
    return group, list(parts.values())


def _number_group(env: Environment, items: Iterable[int]) -> None:
    """A group with something open is called P and the lowest partial; a settled one gets a full reconciliation."""
    for item in items:
        group, parts = _group(env, [item])
        if not parts:
            continue
        lines = [env.store.tables[ITEMS][one] for one in group]
        full: int | bool = False
        if all(line["reconciled"] for line in lines):
            full = next((part["full_reconcile_id"] for part in parts if part["full_reconcile_id"]), False)
            full = full or put(env, "account.full.reconcile", {})
        number = str(full) if full else f"P{min(part['id'] for part in parts)}"
        for line in lines:
            change(env, ITEMS, line["id"], {"matching_number": number, "full_reconcile_id": full})
        for part in parts:
            change(env, PARTIAL, part["id"], {"full_reconcile_id": full})


def unmatch(env: Environment, partials: Sequence[int]) -> None:
    """Take partial reconciliations back; a full one that held them is gone with them."""
    rows = env.existing(PARTIAL, partials)
    sides = {side for row in rows for side in (row["debit_move_id"], row["credit_move_id"])}
    everybody = _group(env, sides)[0]
    for row in rows:
        env.tx.delete(PARTIAL, row["id"])
    for full in {row["full_reconcile_id"] for row in rows} - {False}:
        for part in env.store.find(PARTIAL, ("full_reconcile_id",), (full,)):
            change(env, PARTIAL, part, {"full_reconcile_id": False})
        env.tx.delete("account.full.reconcile", full)
    refresh_items(env, everybody)
    _number_group(env, everybody)
    refresh_moves(env, {env.store.tables[ITEMS][item]["move_id"] for item in everybody})


def unmatch_moves(env: Environment, moves: Iterable[int]) -> None:
    parts = {part["id"] for move in moves for line in items_of(env, move) for part in partials_of(env, line["id"])}
    if parts:
        unmatch(env, sorted(parts))


def refresh_moves(env: Environment, moves: Iterable[int]) -> None:
    """What is open on the entries, their payment state, and the payments that follow from it."""
    for move in sorted(moves):
        row = env.store.tables["account.move"][move]
        if row["move_type"] in INVOICES:
            open_lines = [line for line in items_of(env, move) if line["display_type"] == "payment_term"]
            signed = rounded(sum(line["amount_residual"] for line in open_lines))
            total = sum(line["balance"] for line in open_lines)
            residual = -signed if total < 0 else signed
            change(env, "account.move", move, {"amount_residual": residual, "amount_residual_signed": signed})
            change(env, "account.move", move, {"payment_state": _payment_state(env, move)})
    for payment in sorted({payment for move in moves for payment in _payments_around(env, move)}):
        settle_payment(env, payment)


def _payments_around(env: Environment, move: int) -> set[int]:
    row = env.store.tables["account.move"][move]
    own = {row["origin_payment_id"]} if row["origin_payment_id"] else set()
    across = {env.store.tables["account.move"][other]["origin_payment_id"] for other in counterparts(env, move)}
    return (own | across | set(row["matched_payment_ids"])) - {False}


def counterparts(env: Environment, move: int) -> set[int]:
    """The entries that the open lines of `move` are matched with."""
    found: set[int] = set()
    for line in items_of(env, move):
        account = env.row("account.account", line["account_id"] or 0)
        if account is not None and account["account_type"] in OPEN_TYPES:
            for part in partials_of(env, line["id"]):
                other = part["credit_move_id" if part["debit_move_id"] == line["id"] else "debit_move_id"]
                found.add(env.store.tables[ITEMS][other]["move_id"])
    return found - {move}


def _payment_state(env: Environment, move: int) -> str:
    moves = env.store.tables["account.move"]
    row = moves[move]
    if row["state"] != "posted" and not (row["state"] == "draft" and not is_zero(row["amount_total"])):
        return "not_paid"
    others = [moves[other] for other in counterparts(env, move)]
    if is_zero(row["amount_residual"]):
        if any(other["origin_payment_id"] for other in others):
            return "paid"
        kinds = {other["move_type"] for other in others}
        refund = {"out_invoice": "out_refund", "in_invoice": "in_refund"}.get(row["move_type"], "")
        reverses = kinds in ({refund}, {refund, "entry"}) if refund else kinds == {"entry"}
        return "reversed" if kinds and reverses else "paid"
    payments = [env.store.tables["account.payment"][one] for one in row["matched_payment_ids"]]
    if row["state"] == "posted" and any(not one["move_id"] and one["state"] == "in_process" for one in payments):
        return "paid"
    return "partial" if others else "not_paid"


def settle_payment(env: Environment, payment: int) -> None:
    """`in_process` becomes `paid` with the bank's line, or with the invoices it was made for (19.0: any it settles)."""
    row = env.row("account.payment", payment)
    if row is None or row["state"] not in ("in_process", "paid"):
        return
    moves = env.store.tables["account.move"]
    liquidity = [
        line for line in items_of(env, row["move_id"] or 0) if line["account_id"] == row["outstanding_account_id"]
    ]
    state = "paid" if row["state"] == "paid" and not row["move_id"] else "in_process"
    if liquidity and is_zero(sum(line["amount_residual"] for line in liquidity)):
        state = "paid"
    invoices = row["invoice_ids"] if env.major == 18 else _matched_invoices(env, row)
    if state == "in_process" and invoices and all(moves[one]["payment_state"] == "paid" for one in invoices):
        state = "paid"
    change(env, "account.payment", payment, {"state": state})


def _matched_invoices(env: Environment, payment: Row) -> set[int]:
    moves = env.store.tables["account.move"]
    matched = counterparts(env, payment["move_id"]) if payment["move_id"] in moves else set()
    return {one for one in matched if moves[one]["move_type"] in INVOICES}


def reconciled_invoices(env: Environment, payment: Row) -> tuple[int, ...]:
    """The invoices it was made for and those it is matched with."""
    return tuple(sorted({*_matched_invoices(env, payment), *payment["invoice_ids"]}))
