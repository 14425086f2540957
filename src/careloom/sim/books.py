"""Compares what the books of Odoo hold with what the script says, by account, product and number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from typing import Any

from careloom.sim import expected
from careloom.sim.cast import OPENING, Cast
from careloom.sim.odoo import SimulatedOdoo

_COMPANY = 1


def wrong_books(cast: Cast, visits: Collection[str], odoo: SimulatedOdoo) -> list[str]:
    """Everything in which ledger, stock and billing files are not as they must be. `visits` are those of the morning
    that are to be billed."""
    return [
        *_unbalanced(odoo),
        *_differing("account", expected.ledger(cast), ledger(odoo)),
        *_differing("in stock of", expected.stock(cast), stock(odoo, "quantity")),
        *_differing("reserved of", expected.reserved(cast), stock(odoo, "reserved_quantity")),
        *_files(expected.files(cast) | set(visits), files(odoo)),
        *_drafts(odoo),
    ]


def ledger(odoo: SimulatedOdoo) -> dict[str, Decimal]:
    """The balance of each account by its code, of posted entries; accounts that hold nothing are left out."""
    codes = {row["id"]: str(row["code"]) for row in odoo.records("account.account")}
    found: dict[str, Decimal] = defaultdict(Decimal)
    for line in _posted(odoo):
        found[codes[line["account_id"]]] += _money(line["debit"]) - _money(line["credit"])
    return {code: balance for code, balance in found.items() if balance}


def stock(odoo: SimulatedOdoo, column: str) -> dict[str, Decimal]:
    """How much of each product lies in the house, or is reserved there; nothing is left out."""
    inside = {row["id"] for row in odoo.records("stock.location") if row["usage"] == "internal"}
    codes = {row["id"]: str(row["default_code"]) for row in odoo.records("product.product")}
    found: dict[str, Decimal] = defaultdict(Decimal)
    for quant in odoo.records("stock.quant"):
        if quant["location_id"] in inside and codes.get(quant["product_id"]) in OPENING:
            found[codes[quant["product_id"]]] += Decimal(str(quant[column]))
    return {code: quantity for code, quantity in found.items() if quantity}


def files(odoo: SimulatedOdoo) -> set[str]:
    """The numbers of the visits whose billing files are in use."""
    plans = {row["id"] for row in odoo.records("account.analytic.plan") if row["name"] == "Visits"}
    rows = odoo.records("account.analytic.account")
    return {str(row["code"]) for row in rows if row["plan_id"] in plans and row["active"]}


def _unbalanced(odoo: SimulatedOdoo) -> Iterator[str]:
    sides: dict[int, Decimal] = defaultdict(Decimal)
    for line in _posted(odoo):
        sides[line["move_id"]] += _money(line["debit"]) - _money(line["credit"])
    for move, difference in sides.items():
        if difference:
            yield f"account.move/{move}: debits and credits differ by {difference}"


def _posted(odoo: SimulatedOdoo) -> Iterator[Mapping[str, Any]]:
    posted = {row["id"] for row in odoo.records("account.move") if row["state"] == "posted"}
    return (line for line in odoo.records("account.move.line") if line["move_id"] in posted)


def _drafts(odoo: SimulatedOdoo) -> Iterator[str]:
    for move in odoo.records("account.move"):
        if move["state"] == "draft":
            yield f"account.move/{move['id']} was left a draft"


def _differing(what: str, wanted: Mapping[str, Decimal], held: Mapping[str, Decimal]) -> Iterator[str]:
    for code in sorted({*wanted, *held}):
        must, is_ = wanted.get(code, Decimal(0)), held.get(code, Decimal(0))
        if must != is_:
            yield f"{what} {code}: the script has {must}, and Odoo {is_}"


def _files(wanted: set[str], held: set[str]) -> Iterator[str]:
    for sort, numbers in (("is missing", wanted - held), ("is nobody's", held - wanted)):
        yield from (f"the billing file {number} {sort}" for number in sorted(numbers))


def _money(value: Any) -> Decimal:
    return Decimal(str(value or 0)).quantize(Decimal("0.01"))
