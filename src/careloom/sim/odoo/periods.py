"""Locked periods: which dates an entry may have, and the date Odoo gives it instead [e51..e54]."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

from careloom.sim.odoo import errors
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Row
from careloom.sim.odoo.journal_items import INVOICES, SALES, items_of
from careloom.sim.odoo.numbering import reset_of, series_name

_LOCKS = (
    ("fiscalyear_lock_date", "Global Lock Date", ()),
    ("hard_lock_date", "Hard Lock Date", ()),
    ("sale_lock_date", "Sales Lock Date", ("sale",)),
    ("purchase_lock_date", "Purchase Lock Date", ("purchase",)),
    ("tax_lock_date", "Tax Return Lock Date", ()),
)


def violated(env: Environment, move: Row, day: date) -> list[tuple[date, str]]:
    """The locks that hold `day` for this entry, earliest first."""
    company = env.store.tables["res.company"][move["company_id"]]
    journal = env.store.tables["account.journal"][move["journal_id"]]
    found = []
    for column, label, kinds in _LOCKS:
        if kinds and journal["type"] not in kinds:
            continue
        if column == "tax_lock_date" and not _taxed(env, move):
            continue
        if company[column] and day <= company[column]:
            found.append((company[column], label))
    return sorted(found)


def _taxed(env: Environment, move: Row) -> bool:
    return any(line["tax_ids"] or line["tax_line_id"] for line in items_of(env, move["id"]))


def refuse_locked(env: Environment, move: Row) -> None:
    """Raise what Odoo says of a change to a posted entry inside a locked period."""
    locks = violated(env, move, move["date"])
    if locks:
        named = ", ".join(f"{label} ({day:%m/%d/%Y})" for day, label in locks)
        raise errors.user_error(f"You cannot add/modify entries prior to and inclusive of: {named}.")


def accounting_date(env: Environment, move: Row, day: date) -> date:
    """The date an entry gets for a document of `day`: bills of an earlier month go to its end, locked ones after it."""
    today = env.tx.now.date()
    locks = violated(env, move, day)
    name = series_name(env, {**move, "date": day})
    monthly = not name or reset_of(name) == "month"
    yearly = bool(name) and reset_of(name) == "year"
    if locks:
        day = locks[-1][0] + timedelta(days=1)
    if move["move_type"] in SALES:
        if not locks or not (monthly or yearly):
            return day
        return min(today, _month_end(day) if monthly else date(day.year, 12, 31))
    if monthly:
        return _month_end(day) if (today.year, today.month) > (day.year, day.month) else max(day, today)
    if yearly:
        return date(day.year, 12, 31) if today.year > day.year else max(day, today)
    return day


def document_date(env: Environment, move: Row, day: date) -> date:
    """The date of a draft invoice of `day`: a customer's keeps it, a vendor's may move."""
    if move["move_type"] in SALES or move["move_type"] not in INVOICES:
        return day
    return accounting_date(env, move, day)


def _month_end(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])
