"""account.move as create, write and unlink see it: what is filled in, what is refused, and the lines that follow."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from careloom.sim.odoo import errors
from careloom.sim.odoo.bookkeeping import touch
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Row, stored_value
from careloom.sim.odoo.journal_items import PURCHASES, SALES, amounts, items_of, refuse_other_company
from careloom.sim.odoo.matching import unmatch_moves
from careloom.sim.odoo.numbering import is_last
from careloom.sim.odoo.partner import commercial_entity
from careloom.sim.odoo.periods import document_date, refuse_locked
from careloom.sim.odoo.settling import ITEMS, MOVES, delete_item, settle

_FROZEN = ("invoice_line_ids", "line_ids", "invoice_date", "date", "partner_id", "invoice_payment_term_id")
FROZEN = frozenset({*_FROZEN, "currency_id", "fiscal_position_id", "invoice_cash_rounding_id"})
"""What a posted entry refuses to have written, even the same value."""

_POSTED_DELETE = (
    "You can't delete a posted journal item. Don\N{RIGHT SINGLE QUOTATION MARK}t play games with your accounting "
    "records; reset the journal entry to draft before deleting it."
)


def complete(env: Environment, values: Row) -> Row:
    """A new entry with its journal, company, currency and dates."""
    fields = env.models[MOVES].fields
    given = {"move_type": "entry", **values}
    kind = stored_value(MOVES, fields["move_type"], given["move_type"]) or "entry"
    if given.get("partner_id"):
        env.existing("res.partner", [given["partner_id"]])
    given["journal_id"] = given.get("journal_id") or _journal(env, kind, given.get("company_id"))
    journal = env.existing("account.journal", [given["journal_id"]])[0]
    company = given.get("company_id") or journal["company_id"]
    if company != journal["company_id"]:
        raise _other_company(env, company, journal)
    given |= {"company_id": company, "commercial_partner_id": _commercial(env, given.get("partner_id"))}
    given["currency_id"] = given.get("currency_id") or env.store.tables["res.company"][company]["currency_id"]
    given |= _dates(env, kind, given)
    return given


def _journal(env: Environment, kind: str, company: Any) -> int:
    company = company or env.companies[0]
    wanted = "sale" if kind in SALES else "purchase" if kind in PURCHASES else "general"
    rows = env.store.tables["account.journal"].values()
    found = [row for row in rows if row["company_id"] == company and row["type"] == wanted]
    if not found:
        name = env.label("res.company", company)
        raise errors.user_error(f"No journal could be found in company {name} for any of those types: {wanted}")
    return int(min(found, key=lambda row: (row["sequence"], row["id"]))["id"])


def _other_company(env: Environment, company: int, journal: Row) -> errors.OdooError:
    opening = "Incompatible companies on records:" if env.major == 18 else "Records of different companies:"
    name = env.label("res.company", company)
    what = f"“Journal” (journal_id: '{journal['name']}') belongs to another company."
    return errors.user_error(f"{opening}\n- “Draft Invoice” belongs to company “{name}” and {what}")


def _commercial(env: Environment, partner: Any) -> int | bool:
    row = env.row("res.partner", partner or 0)
    return commercial_entity(env, row) if row else False


def _dates(env: Environment, kind: str, given: Row) -> Row:
    fields = env.models[MOVES].fields
    today = env.tx.now.date()
    issued = stored_value(MOVES, fields["invoice_date"], given.get("invoice_date"))
    day = stored_value(MOVES, fields["date"], given.get("date"))
    if not day:
        about = {"id": 0, "move_type": kind, "origin_payment_id": False, **given}
        day = document_date(env, about, issued) if issued else today
    due = given.get("invoice_date_due") or (issued if given.get("invoice_payment_term_id") else today)
    return {"date": day.isoformat(), "invoice_date_due": due.isoformat() if isinstance(due, date) else due}


def created(env: Environment, ids: list[int]) -> None:
    for move in ids:
        settle(env, move)


def changing(env: Environment, rows: list[Row], values: Row) -> Row:
    """Before a write: what a posted entry refuses, and the values that follow from others."""
    given = dict(values)
    for row in rows:
        _refuse(env, row, given)
    if "partner_id" in given:
        given["commercial_partner_id"] = _commercial(env, given["partner_id"])
    if given.get("invoice_date") and "date" not in given and len(rows) == 1:
        issued = stored_value(MOVES, env.models[MOVES].fields["invoice_date"], given["invoice_date"])
        given["date"] = document_date(env, {**rows[0], "invoice_date": issued}, issued).isoformat()
    return given


def _refuse(env: Environment, row: Row, values: Row) -> None:
    frozen = [name for name in values if name in FROZEN]
    if row["posted_before"] and values.get("journal_id", row["journal_id"]) != row["journal_id"] and row["name"]:
        raise errors.user_error(
            "You cannot edit the journal of an account move if it has been posted once, unless the name is removed or "
            'set to "/". This might create a gap in the sequence.'
        )
    if row["state"] != "posted":
        return
    if values.get("name", row["name"]) != row["name"]:
        refuse_locked(env, row)
        _refuse_taken(env, row, values["name"])
    if frozen:
        said = f"You cannot modify the following readonly fields on a posted move: {', '.join(frozen)}"
        raise errors.user_error(said)


def _refuse_taken(env: Environment, row: Row, name: Any) -> None:
    rows = env.store.tables[MOVES]
    others = (rows[one] for one in env.store.find(MOVES, ("journal_id",), (row["journal_id"],)) if one != row["id"])
    if any(other["name"] == name and other["state"] == "posted" for other in others):
        raise errors.constraint_error("Another entry with the same name already exists.")


def written(env: Environment, ids: list[int], _: Row) -> None:
    for move in ids:
        settle(env, move)


def unlinking(env: Environment, rows: list[Row]) -> None:
    for row in rows:
        if row["state"] == "posted":
            raise errors.user_error(_POSTED_DELETE)
        if env.user.rights is not None and not is_last(env, row):
            raise errors.user_error(
                "You can only delete the last entry of a sequence, or one without a number: this would leave a gap."
            )
    unmatch_moves(env, [row["id"] for row in rows])
    for row in rows:
        for line in items_of(env, row["id"]):
            delete_item(env, line["id"])


def items_changed(env: Environment, moves: Iterable[int]) -> None:
    """After lines were made, changed or deleted by themselves: their entries follow, and are written."""
    for move in sorted(set(moves)):
        if (MOVES, move) not in env.busy and move in env.store.tables[MOVES]:
            touch(env, MOVES, move)
            settle(env, move)


def items_created(env: Environment, ids: list[int]) -> None:
    rows = env.store.tables[ITEMS]
    items_changed(env, (rows[item]["move_id"] for item in ids))


def items_changing(env: Environment, rows: list[Row], values: Row) -> Row:
    """Amounts of a line follow each other. Nothing is refused here, posted or not [e45, e49]: that is the trap."""
    for row in rows:
        if "account_id" in values:
            refuse_other_company(env, env.store.tables[MOVES][row["move_id"]], {**row, **values})
    return {**values, **amounts(values)}


def items_written(env: Environment, ids: list[int], _: Row) -> None:
    items_created(env, ids)


def items_unlinking(_: Environment, rows: list[Row]) -> None:
    if any(row["parent_state"] == "posted" for row in rows):
        raise errors.user_error(_POSTED_DELETE)


def items_deleted(env: Environment, rows: list[Row]) -> None:
    items_changed(env, (row["move_id"] for row in rows))
