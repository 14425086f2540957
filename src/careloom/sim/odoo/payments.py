"""account.payment: drafts, the entry that posting gives them, and the way back (`odoo/CONTRACT.md` section 2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from careloom.sim.odoo import errors
from careloom.sim.odoo.accounting_models import COMPANY
from careloom.sim.odoo.bookkeeping import change, put, touch
from careloom.sim.odoo.columns import char, choice, day, flag, link, links, money
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Field, Reader, Row
from careloom.sim.odoo.journal_items import PURCHASES, SALES, amounts_of, items_of
from careloom.sim.odoo.matching import partials_of, reconciled_invoices, settle_payment, unmatch_moves
from careloom.sim.odoo.models import Hooks, Model, define
from careloom.sim.odoo.money import is_zero, rounded
from careloom.sim.odoo.posting import action_post as post_moves
from careloom.sim.odoo.posting import reset
from careloom.sim.odoo.settling import ITEMS, MOVES, delete_item, owing_account, settle

PAYMENTS = "account.payment"
_STATES = (
    ("draft", "Draft"),
    ("in_process", "In Process"),
    ("paid", "Paid"),
    ("canceled", "Canceled"),
    ("rejected", "Rejected"),
)
_SYNCED = frozenset({"date", "amount", "payment_type", "partner_type", "currency_id", "partner_id", "journal_id"})
_READONLY = "You cannot modify the following readonly fields on a posted move: date, partner_id, currency_id, line_ids"
_NO_ENTRY = "A payment with an outstanding account cannot be confirmed without having a journal entry."


def _label(_: Reader, row: Row) -> str:
    return str(row["name"] or "Draft Payment")


def payment_models() -> list[Model]:
    directions = (("outbound", "Send"), ("inbound", "Receive"))
    account = "account.account"
    fields = [
        char("name", "Number", readonly=True),
        choice("state", "State", *_STATES, required=True, default="draft"),
        day("date", "Date"),
        money("amount", "Amount"),
        money("amount_signed", "Amount Signed", store=False, compute=_signed),
        choice("payment_type", "Payment Type", *directions, required=True, default="inbound"),
        choice("partner_type", "Partner Type", ("customer", "Customer"), ("supplier", "Vendor"), default="customer"),
        char("memo", "Memo"),
        char("payment_reference", "Payment Reference"),
        link("partner_id", "Customer/Vendor", "res.partner"),
        link("journal_id", "Journal", "account.journal"),
        COMPANY,
        link("currency_id", "Currency", "res.currency"),
        link("move_id", "Journal Entry", "account.move"),
        link("payment_method_line_id", "Payment Method", "account.payment.method.line"),
        link("outstanding_account_id", "Outstanding Account", account),
        link("destination_account_id", "Destination Account", account),
        links("invoice_ids", "Invoices", "account.move"),
        flag("is_sent", "Is Sent"),
    ]
    options: dict[str, Any] = {"order": "date desc, name desc", "label": _label, "found_by": ("name", "memo")}
    return [define(PAYMENTS, "Payments", [*fields, *_computed()], **options)]


def _computed() -> list[Field]:
    shown: dict[str, Any] = {"store": False, "readonly": True, "searchable": False}
    return [
        flag("is_reconciled", "Is Reconciled", compute=_reconciled, **shown),
        flag("is_matched", "Is Matched With a Bank Statement", compute=_matched, **shown),
        links("reconciled_invoice_ids", "Reconciled Invoices", "account.move", compute=_settled(SALES), **shown),
        links("reconciled_bill_ids", "Reconciled Bills", "account.move", compute=_settled(PURCHASES), **shown),
    ]


def _signed(_: Reader, row: Row) -> float:
    return -row["amount"] if row["payment_type"] == "outbound" else float(row["amount"])


def _open_side(reader: Reader, row: Row, liquidity: bool) -> bool:
    """Whether nothing is open on the bank's side, or on the partner's."""
    assert isinstance(reader, Environment)
    lines = items_of(reader, row["move_id"] or 0)
    mine = [line for line in lines if (line["account_id"] == row["outstanding_account_id"]) == liquidity]
    return bool(mine) and is_zero(sum(line["amount_residual"] for line in mine))


def _reconciled(reader: Reader, row: Row) -> bool:
    return bool(row["outstanding_account_id"]) and bool(row["move_id"]) and _open_side(reader, row, liquidity=False)


def _matched(reader: Reader, row: Row) -> bool:
    if not row["outstanding_account_id"]:
        return bool(row["state"] == "paid")
    return _open_side(reader, row, liquidity=True)


def _settled(kinds: frozenset[str]) -> Callable[[Reader, Row], tuple[int, ...]]:
    def invoices(reader: Reader, row: Row) -> tuple[int, ...]:
        assert isinstance(reader, Environment)
        moves = reader.store.tables[MOVES]
        return tuple(one for one in reconciled_invoices(reader, row) if moves[one]["move_type"] in kinds)

    return invoices


def _complete(env: Environment, values: Row) -> Row:
    given = {"payment_type": "inbound", "partner_type": "customer", **values}
    company = given.get("company_id") or env.companies[0]
    given["journal_id"] = given.get("journal_id") or bank_of(env, company)
    journal = env.existing("account.journal", [given["journal_id"]])[0]
    given["company_id"] = journal["company_id"]
    given["currency_id"] = given.get("currency_id") or env.store.tables["res.company"][company]["currency_id"]
    given["date"] = given.get("date") or env.tx.now.date().isoformat()
    if given.get("partner_id"):
        env.existing("res.partner", [given["partner_id"]])
    return {**given, **{name: value for name, value in _accounts(env, given).items() if not given.get(name)}}


def bank_of(env: Environment, company: int) -> int | bool:
    """The first bank or cash journal of the company."""
    rows = env.store.tables["account.journal"].values()
    banks = [row for row in rows if row["company_id"] == company and row["type"] in ("bank", "cash", "credit")]
    return int(min(banks, key=lambda row: (row["sequence"], row["id"]))["id"]) if banks else False


def _accounts(env: Environment, given: Row) -> Row:
    """Method, outstanding and destination account. Community falls back to the chart's outstanding account."""
    methods = env.store.tables["account.payment.method.line"]
    every = [methods[one] for one in env.holding("account.payment.method.line", "journal_id", given["journal_id"])]
    fitting = [one for one in every if one["payment_type"] == given["payment_type"]]
    method = methods.get(given.get("payment_method_line_id") or (fitting[0]["id"] if fitting else 0))
    kind = "asset_receivable" if given["partner_type"] == "customer" else "liability_payable"
    outstanding = method["payment_account_id"] if method else False
    return {
        "payment_method_line_id": method["id"] if method else False,
        "outstanding_account_id": outstanding or _fallback(env, given),
        "destination_account_id": owing_account(env, given["company_id"], kind),
    }


def _fallback(env: Environment, given: Row) -> int | bool:
    code = "101403" if given["payment_type"] == "inbound" else "101404"
    accounts = env.store.tables["account.account"]
    coded = env.holding("account.account", "code", code)
    return next((one for one in coded if given["company_id"] in accounts[one]["company_ids"]), False)


def _created(env: Environment, ids: list[int]) -> None:
    for payment in ids:
        _refuse_negative(env, payment)


def _refuse_negative(env: Environment, payment: int) -> None:
    if env.store.tables[PAYMENTS][payment]["amount"] < 0:
        raise errors.constraint_error("The payment amount cannot be negative.")


def _changing(env: Environment, rows: list[Row], values: Row) -> Row:
    """18.0 refuses to change a posted payment; 19.0 takes it and leaves the journal entry as it was [i34]."""
    moves = env.store.tables[MOVES]
    posted = any(row["move_id"] and moves[row["move_id"]]["state"] == "posted" for row in rows)
    if env.major == 18 and posted and not _SYNCED.isdisjoint(values):
        raise errors.user_error(_READONLY)
    return values


def _written(env: Environment, ids: list[int], values: Row) -> None:
    for payment in ids:
        _refuse_negative(env, payment)
        row = env.store.tables[PAYMENTS][payment]
        move = env.row(MOVES, row["move_id"] or 0)
        if values.get("state") in ("in_process", "paid"):
            _confirm(env, row, str(values["state"]))
        elif move is not None and move["state"] == "draft":
            _entry_lines(env, row, move["id"])
        elif move is not None and "memo" in values and env.major >= 19:
            change(env, MOVES, move["id"], {"ref": row["memo"]})
            settle(env, move["id"])


def _unlinking(env: Environment, rows: list[Row]) -> None:
    for row in rows:
        if row["state"] in ("in_process", "paid") and row["move_id"]:
            raise errors.validation_error(_NO_ENTRY)
        if row["move_id"]:
            _drop_entry(env, row)


def _drop_entry(env: Environment, row: Row) -> None:
    unmatch_moves(env, [row["move_id"]])
    for line in items_of(env, row["move_id"]):
        delete_item(env, line["id"])
    env.tx.delete(MOVES, row["move_id"])


PAYMENT_HOOKS = Hooks(complete=_complete, created=_created, changing=_changing, written=_written, unlinking=_unlinking)


def action_post(env: Environment, ids: Sequence[int]) -> None:
    """Confirm drafts; a second call does nothing [i33]."""
    env.model(PAYMENTS, "write")
    for row in env.existing(PAYMENTS, ids):
        if row["state"] == "draft":
            _confirm(env, row, "in_process")


def _confirm(env: Environment, row: Row, state: str) -> None:
    payment = row["id"]
    move = row["move_id"]
    if not move and row["outstanding_account_id"]:
        move = _entry(env, row)
    if move and env.store.tables[MOVES][move]["state"] == "draft":
        post_moves(env, [move])
    name = env.store.tables[MOVES][move]["name"] if move else row["name"] or f"PAY{payment:05d}"
    touch(env, PAYMENTS, payment, {"state": state, "move_id": move, "name": name})
    settle_payment(env, payment)


def _entry(env: Environment, row: Row) -> int:
    copied = {name: row[name] for name in ("date", "journal_id", "company_id", "currency_id", "partner_id")}
    about = {"move_type": "entry", "ref": row["memo"], "origin_payment_id": row["id"]}
    move = put(env, MOVES, {**copied, **about, "commercial_partner_id": row["partner_id"]})
    _entry_lines(env, row, move)
    return move


def _entry_lines(env: Environment, row: Row, move: int) -> None:
    """The bank's side first, then the partner's; rewritten while the entry is a draft."""
    if not row["outstanding_account_id"]:
        return
    method = env.row("account.payment.method.line", row["payment_method_line_id"] or 0)
    name = str(method["name"]) if method else "Payment"
    name = f"{name}: {row['memo']}" if row["memo"] else name
    sign = 1 if row["payment_type"] == "inbound" else -1
    values: Row = {"move_id": move, "name": name, "partner_id": row["partner_id"], "payment_id": row["id"]}
    values |= {"date_maturity": row["date"], "quantity": 1.0, "sequence": 100, "display_type": "product"}
    held = items_of(env, move)
    sides = ((row["outstanding_account_id"], sign), (row["destination_account_id"], -sign))
    for place, (account, factor) in enumerate(sides):
        line = {**values, "account_id": account, **amounts_of(rounded(factor * row["amount"]))}
        if held:
            change(env, ITEMS, held[place]["id"], line)
        else:
            put(env, ITEMS, line)
    settle(env, move)


def action_draft(env: Environment, ids: Sequence[int]) -> None:
    """Back to draft, and its entry with it."""
    env.model(PAYMENTS, "write")
    for row in env.existing(PAYMENTS, ids):
        touch(env, PAYMENTS, row["id"], {"state": "draft"})
        if row["move_id"] and env.store.tables[MOVES][row["move_id"]]["state"] != "draft":
            reset(env, row["move_id"])


def action_cancel(env: Environment, ids: Sequence[int]) -> None:
    """Cancel; an entry that was reset to draft is deleted, a posted one is cancelled and kept."""
    env.model(PAYMENTS, "write")
    for row in env.existing(PAYMENTS, ids):
        move = env.row(MOVES, row["move_id"] or 0)
        if move is not None and move["state"] == "draft":
            _drop_entry(env, row)
            touch(env, PAYMENTS, row["id"], {"state": "canceled", "move_id": False})
            continue
        if move is not None:
            unmatch_moves(env, [move["id"]])
            change(env, MOVES, move["id"], {"state": "cancel"})
            settle(env, move["id"])
        touch(env, PAYMENTS, row["id"], {"state": "canceled"})


def action_validate(env: Environment, ids: Sequence[int]) -> None:
    """Declare paid without the bank."""
    env.model(PAYMENTS, "write")
    for row in env.existing(PAYMENTS, ids):
        _confirm(env, row, "paid")
        touch(env, PAYMENTS, row["id"], {"state": "paid"})


def open_items(env: Environment, payment: Row) -> list[int]:
    """The partner's side of the payment's entry, as far as it is open."""
    lines = items_of(env, payment["move_id"] or 0)
    mine = [line for line in lines if line["account_id"] == payment["destination_account_id"]]
    return [line["id"] for line in mine if not line["reconciled"] or not partials_of(env, line["id"])]
