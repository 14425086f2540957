"""Numbers of entries: the last one of the journal, plus one (read in Odoo's sequence rules, tried on both series).

A journal goes on in whatever form its last number has: INV/2026/00001 starts again every year, BILL/2026/11/0001 every
month, and a number that somebody wrote, such as INV/HACK/1, never. That is the trap of `odoo/CONTRACT.md` section 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import Literal

from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Row
from careloom.sim.odoo.journal_items import INVOICES, REFUNDS

Reset = Literal["month", "year", "never"]

_MONTHLY = re.compile(r"^(.*?)((?:19|20)\d\d)(\D+?)(0[1-9]|1[0-2])(\D+?)(\d+)$")
_YEARLY = re.compile(r"^(.*?)((?:19|20)\d\d)(\D+)(\d+)$")
_FIXED = re.compile(r"^(.*?)(\d*)$", re.DOTALL)


@lru_cache(maxsize=65_536)
def reset_of(name: str) -> Reset:
    """How often the series that `name` belongs to starts again."""
    if _MONTHLY.match(name):
        return "month"
    return "year" if _YEARLY.match(name) else "never"


@lru_cache(maxsize=65_536)
def split(name: str) -> tuple[str, int, int]:
    """Prefix, number and its width."""
    match = _FIXED.match(name)
    assert match is not None
    return match[1], int(match[2] or 0), len(match[2])


def last_name(env: Environment, move: Row) -> str:
    """The newest number of this journal and kind, whatever its period; empty if there is none."""
    named = list(_others(env, move))
    if not named:
        return ""
    newest = max(named, key=lambda row: row["id"])
    prefix = split(newest["name"])[0]
    return str(max((row["name"] for row in named if split(row["name"])[0] == prefix), key=lambda name: split(name)[1]))


def series_name(env: Environment, move: Row) -> str:
    """The number that `move` would go on from: the last of its period, else the newest of the journal."""
    return _last_of_period(env, move) or last_name(env, move)


def next_name(env: Environment, move: Row) -> str:
    """The number that posting `move` gives it."""
    last = _last_of_period(env, move)
    if last:
        prefix, number, width = split(last)
        return f"{prefix}{number + 1:0{width}d}"
    known = last_name(env, move)
    return _restarted(known, move["date"]) if known else _first(env, move)


def _last_of_period(env: Environment, move: Row) -> str:
    """The highest number of the series in use at the date of `move`; empty if its period has none yet."""
    day: date = move["date"]
    named = list(_others(env, move))
    if not named:
        return ""
    reset = reset_of(_reference(named, day))
    period = [row for row in named if _same_period(row, day, reset) and reset_of(row["name"]) == reset]
    if not period:
        return ""
    prefix = split(max(period, key=lambda row: row["id"])["name"])[0]
    same = (row["name"] for row in period if split(row["name"])[0] == prefix)
    return str(max(same, key=lambda name: split(name)[1]))


def _others(env: Environment, move: Row) -> Iterator[Row]:
    """The numbered entries of the journal that share a series with `move`: credit notes and payments have their own."""
    journal = env.store.tables["account.journal"][move["journal_id"]]
    rows = env.store.tables["account.move"]
    for one in env.store.find("account.move", ("journal_id",), (move["journal_id"],)):
        row = rows[one]
        if one == move["id"] or not row["name"] or row["name"] == "/":
            continue
        if journal["refund_sequence"] and (row["move_type"] in REFUNDS) != (move["move_type"] in REFUNDS):
            continue
        if journal["payment_sequence"] and bool(row["origin_payment_id"]) != bool(move["origin_payment_id"]):
            continue
        yield row


def _reference(named: list[Row], day: date) -> str:
    before = [row for row in named if row["date"] <= day]
    if before:
        return str(max(before, key=lambda row: (row["date"], row["id"]))["name"])
    return str(min(named, key=lambda row: (row["date"], row["id"]))["name"])


def _same_period(row: Row, day: date, reset: Reset) -> bool:
    if reset == "never":
        return True
    same_year = bool(row["date"].year == day.year)
    return same_year and (reset == "year" or row["date"].month == day.month)


def _restarted(name: str, day: date) -> str:
    """The first number of a new period, in the form of the last one of the old."""
    if monthly := _MONTHLY.match(name):
        start, _, between, _, end, number = monthly.groups()
        return f"{start}{day.year}{between}{day.month:02d}{end}{1:0{len(number)}d}"
    if yearly := _YEARLY.match(name):
        start, _, between, number = yearly.groups()
        return f"{start}{day.year}{between}{1:0{len(number)}d}"
    prefix, _, width = split(name)
    return f"{prefix}{1:0{width}d}"


def _first(env: Environment, move: Row) -> str:
    """The form a journal starts with: sales, bank and cash count per year, the others per month."""
    journal = env.store.tables["account.journal"][move["journal_id"]]
    day: date = move["date"]
    start = str(journal["code"])
    if journal["refund_sequence"] and move["move_type"] in REFUNDS:
        start = f"R{start}"
    elif journal["payment_sequence"] and move["origin_payment_id"]:
        start = f"P{start}"
    if journal["type"] in ("sale", "bank", "cash", "credit"):
        return f"{start}/{day.year}/00001"
    return f"{start}/{day.year}/{day.month:02d}/0001"


def is_last(env: Environment, move: Row) -> bool:
    """Whether no later number of its series exists: only then may a non-administrator delete the entry."""
    if not move["name"] or move["name"] == "/" or move["move_type"] not in INVOICES | {"entry"}:
        return True
    prefix, number, _ = split(move["name"])
    others = (split(row["name"]) for row in _others(env, move))
    return not any(one[0] == prefix and one[1] > number for one in others)
