"""The totals of an entry and the lines that Odoo adds to an invoice: taxes, and what is owed."""

from __future__ import annotations

from careloom.sim.odoo import errors
from careloom.sim.odoo.bookkeeping import change, put
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Row
from careloom.sim.odoo.journal_items import INVOICES, SALES, amounts_of, balanced, direction, items_of, priced
from careloom.sim.odoo.matching import refresh_items, refresh_moves
from careloom.sim.odoo.money import rounded

MOVES = "account.move"
ITEMS = "account.move.line"
_COPIED = ("company_id", "journal_id", "date", "currency_id", "ref", "move_type")


def settle(env: Environment, move: int) -> None:
    """Bring the lines and the totals of an entry in line with each other. Raises UserError if it does not balance."""
    row = env.store.tables[MOVES][move]
    for line in items_of(env, move):
        copied = {name: row[name] for name in _COPIED} | {"move_name": row["name"], "parent_state": row["state"]}
        change(env, ITEMS, line["id"], copied)
    if row["move_type"] in INVOICES:
        _settle_invoice(env, row)
    else:
        _settle_entry(env, row)
    if not balanced(items_of(env, move)):
        raise errors.user_error("The entry is not balanced.")
    _total(env, row)


def _settle_entry(env: Environment, row: Row) -> None:
    for line in items_of(env, row["id"]):
        change(env, ITEMS, line["id"], {"price_subtotal": line["balance"], "price_total": line["balance"]})


def _settle_invoice(env: Environment, row: Row) -> None:
    """Prices to balances, taxes to tax lines, the rest to the line that is owed. A balance set by hand stays."""
    products = [line for line in items_of(env, row["id"]) if line["display_type"] == "product"]
    owed: dict[int, tuple[Row, Row, float, float]] = {}
    sign = direction(row["move_type"])
    for line in products:
        subtotal, total, shares = priced(env, line)
        values: Row = {"price_subtotal": subtotal, "price_total": total, "partner_id": row["commercial_partner_id"]}
        if subtotal != line["price_subtotal"]:
            values |= amounts_of(sign * subtotal)
        change(env, ITEMS, line["id"], values)
        for share in shares:
            part = _part(env, share.tax["id"], row["move_type"])
            if part is not None:
                _, _, base, amount = owed.get(part["id"], (line, part, 0.0, 0.0))
                owed[part["id"]] = (line, part, base + share.base, amount + share.amount)
    _tax_lines(env, row, owed)
    _payable_line(env, row, bool(products))


def _part(env: Environment, tax: int, move_type: str) -> Row | None:
    document = "refund" if move_type in ("out_refund", "in_refund") else "invoice"
    rows = env.store.tables["account.tax.repartition.line"]
    parts = [rows[one] for one in env.store.find("account.tax.repartition.line", ("tax_id",), (tax,))]
    wanted = [part for part in parts if part["document_type"] == document and part["repartition_type"] == "tax"]
    return wanted[0] if wanted else None


def _tax_lines(env: Environment, row: Row, owed: dict[int, tuple[Row, Row, float, float]]) -> None:
    held = {line["tax_repartition_line_id"]: line for line in items_of(env, row["id"]) if line["display_type"] == "tax"}
    sign = direction(row["move_type"])
    for part_id, (line, part, base, amount) in owed.items():
        tax = env.store.tables["account.tax"][part["tax_id"]]
        values = amounts_of(sign * amount) | {"tax_base_amount": rounded(base if env.major == 18 else sign * base)}
        values["partner_id"] = row["commercial_partner_id"]
        if part_id in held:
            change(env, ITEMS, held.pop(part_id)["id"], values)
            continue
        values |= {"display_type": "tax", "name": tax["name"], "account_id": part["account_id"] or line["account_id"]}
        values |= {"tax_line_id": tax["id"], "tax_repartition_line_id": part_id, "tax_group_id": tax["tax_group_id"]}
        _add_item(env, row, values | {"sequence": 10000})
    for line in held.values():
        delete_item(env, line["id"])


def _add_item(env: Environment, row: Row, values: Row) -> int:
    copied = {name: row[name] for name in _COPIED} | {"move_name": row["name"], "parent_state": row["state"]}
    return put(env, ITEMS, {**copied, "move_id": row["id"], "partner_id": row["commercial_partner_id"], **values})


def _payable_line(env: Environment, row: Row, wanted: bool) -> None:
    lines = items_of(env, row["id"])
    held = [line for line in lines if line["display_type"] == "payment_term"]
    rest = rounded(-sum(line["balance"] for line in lines if line["display_type"] != "payment_term"))
    values: Row = amounts_of(rest) | {"date_maturity": row["invoice_date_due"]}
    values |= {"account_id": _owing_account(env, row), "partner_id": row["commercial_partner_id"]}
    if not wanted:
        for line in held:
            delete_item(env, line["id"])
    elif held:
        values["name"] = _term_name(env, row) or held[0]["name"]
        change(env, ITEMS, held[0]["id"], values)
    else:
        kind = {"display_type": "payment_term", "name": _term_name(env, row), "sequence": 12000}
        _add_item(env, row, values | kind)


def _term_name(env: Environment, row: Row) -> str | bool:
    reference, ref = row["payment_reference"], row["ref"]
    if reference and ref and reference != ref:
        return f"{ref} - {reference}"
    if reference:
        return str(reference)
    return ref if env.major >= 19 and row["move_type"] in ("in_invoice", "in_refund") else False


def _owing_account(env: Environment, row: Row) -> int | bool:
    kind = "asset_receivable" if row["move_type"] in SALES else "liability_payable"
    return owing_account(env, row["company_id"], kind)


def owing_account(env: Environment, company: int, kind: str) -> int | bool:
    """The company's first account of this kind."""
    rows = env.store.tables["account.account"].values()
    found = [row for row in rows if row["account_type"] == kind and company in row["company_ids"]]
    return int(min(found, key=lambda row: row["code"])["id"]) if found else False


def _total(env: Environment, row: Row) -> None:
    """The totals of the entry from the balances of its lines, and what is open."""
    lines = items_of(env, row["id"])
    if row["move_type"] in INVOICES:
        sign = direction(row["move_type"])
        net = rounded(sum(line["balance"] for line in lines if line["display_type"] == "product"))
        tax = rounded(sum(line["balance"] for line in lines if line["display_type"] == "tax"))
        named = {"untaxed": net, "tax": tax, "total": rounded(net + tax)}
        totals = {f"amount_{name}": rounded(sign * value) for name, value in named.items()}
        totals |= {f"amount_{name}_signed": rounded(-value) for name, value in named.items()}
    else:
        total = rounded(sum(line["debit"] for line in lines))
        totals = {"amount_total": total, "amount_total_signed": total}
    change(env, MOVES, row["id"], totals)
    refresh_items(env, [line["id"] for line in lines])
    refresh_moves(env, [row["id"]])


def delete_item(env: Environment, item: int) -> None:
    """Remove a line and its external id, without asking."""
    for named in env.store.find("ir.model.data", ("model", "res_id"), (ITEMS, item)):
        env.tx.delete("ir.model.data", named)
    env.tx.delete(ITEMS, item)
