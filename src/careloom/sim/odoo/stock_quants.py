"""Quants: what lies where, of which lot, and how much of it is reserved. And the lots.

A quant changes with moves only, except that the API also lets a stock manager write its `quantity` directly, which
leaves no move behind (`odoo/CONTRACT.md` section 2, a trap that is kept).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from careloom.sim.odoo import errors
from careloom.sim.odoo.bookkeeping import next_name, put, rounded, touch
from careloom.sim.odoo.columns import char, choice, day, flag, lines, link, moment, number, quantity
from careloom.sim.odoo.computed import asked, shown, through
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Field, Reader, Row
from careloom.sim.odoo.models import Hooks, Model, define
from careloom.sim.odoo.stock_levels import below, counted_places
from careloom.sim.odoo.stock_places import usage

QUANT, LOT, PRODUCT = "stock.quant", "stock.lot", "product.product"
_TRACKING = (("serial", "By Unique Serial Number"), ("lot", "By Lots"), ("none", "By Quantity"))
STOCKED = ("internal", "transit")
"""The usages of locations whose contents can be reserved."""


def template(reader: Reader, product: int) -> Row:
    """The template row of a product: its kind, tracking and unit."""
    variant = reader.row(PRODUCT, product)
    row = reader.row("product.template", variant["product_tmpl_id"]) if variant else None
    if row is None:
        raise errors.missing_error(PRODUCT, product, asked(reader).user.uid)
    return row


def is_storable(reader: Reader, product: int) -> bool:
    row = template(reader, product)
    return bool(row["is_storable"]) and row["type"] == "consu"


def _available(_: Reader, row: Row) -> float:
    return rounded(row["quantity"] - row["reserved_quantity"])


def _on_hand(reader: Reader, row: Row) -> bool:
    return row["location_id"] in counted_places(asked(reader))


def is_outdated(row: Row) -> bool:
    """Whether the stock has changed since it was counted."""
    counted = rounded(row["inventory_quantity"] - row["inventory_diff_quantity"])
    return bool(row["inventory_quantity_set"]) and counted != rounded(row["quantity"])


def _quant_label(reader: Reader, row: Row) -> str:
    parts = [asked(reader).label("stock.location", row["location_id"])]
    parts += [asked(reader).label(LOT, row["lot_id"])] if row["lot_id"] else []
    return " - ".join(parts)


def _counting() -> list[Field]:
    return [
        quantity("inventory_quantity", "Counted Quantity"),
        shown(quantity("inventory_quantity_auto_apply", "Inventoried Quantity"), lambda _, row: row["quantity"]),
        number("inventory_diff_quantity", "Difference", readonly=True),
        flag("inventory_quantity_set", "Inventory Quantity Set"),
        day("inventory_date", "Scheduled Date"),
        link("user_id", "Assigned To", "res.users"),
        shown(flag("is_outdated", "Quantity has been moved since last count"), lambda _, row: is_outdated(row)),
    ]


def _quants(major: int) -> Model:
    fields = [
        link("product_id", "Product", PRODUCT, required=True),
        link("location_id", "Location", "stock.location", required=True),
        link("lot_id", "Lot/Serial Number", LOT),
        link("owner_id", "Owner", "res.partner"),
        link("package_id", "Package", "stock.package" if major >= 19 else "stock.quant.package"),
        link("company_id", "Company", "res.company", readonly=True),
        number("quantity", "Quantity", readonly=True),
        number("reserved_quantity", "Reserved Quantity", readonly=True, required=True),
        shown(number("available_quantity", "Available Quantity"), _available),
        moment("in_date", "Incoming Date", readonly=True),
        *_counting(),
        shown(flag("on_hand", "On Hand"), _on_hand),
        through(link("product_tmpl_id", "Product Template", "product.template"), PRODUCT, "product_id"),
        through(link("product_uom_id", "Unit", "uom.uom"), PRODUCT, "product_id", "uom_id"),
        through(choice("tracking", "Tracking", *_TRACKING), PRODUCT, "product_id"),
        through(link("warehouse_id", "Warehouse", "stock.warehouse"), "stock.location", "location_id"),
    ]
    options: dict[str, Any] = {"label": _quant_label, "found_by": ("location_id",)}
    options |= {"indexes": (("product_id",), ("location_id",), ("lot_id",))}
    return define(QUANT, "Quants", fields, **options)


def _lot_rows(reader: Reader, row: Row) -> list[Row]:
    rows = [asked(reader).store.tables[QUANT][one] for one in asked(reader).holding(QUANT, "lot_id", row["id"])]
    return [one for one in rows if usage(asked(reader), one["location_id"]) in STOCKED]


def _lot_quantity(reader: Reader, row: Row) -> float:
    return rounded(sum(one["quantity"] for one in _lot_rows(reader, row)))


def _lot_place(reader: Reader, row: Row) -> int | bool:
    places = {one["location_id"] for one in _lot_rows(reader, row) if one["quantity"] > 0}
    return places.pop() if len(places) == 1 else False


def _lots() -> Model:
    fields = [
        char("name", "Lot/Serial Number", required=True),
        char("ref", "Internal Reference"),
        link("product_id", "Product", PRODUCT, required=True),
        link("company_id", "Company", "res.company"),
        Field(name="note", type="html", string="Description"),
        lines("quant_ids", "Quants", QUANT, "lot_id", readonly=True),
        shown(number("product_qty", "On Hand Quantity"), _lot_quantity),
        shown(link("location_id", "Location", "stock.location"), _lot_place),
        through(link("product_uom_id", "Unit", "uom.uom"), PRODUCT, "product_id", "uom_id"),
    ]
    options: dict[str, Any] = {"order": "name, id", "found_by": ("name", "ref")}
    return define(LOT, "Lot/Serial", fields, indexes=(("product_id",), ("name",)), **options)


def models(major: int) -> list[Model]:
    return [_quants(major), _lots()]


def next_count(now: datetime) -> date:
    """When a location is counted again unless somebody says otherwise: the last day of the year."""
    return date(now.year, 12, 31)


def gathered(env: Environment, product: int, place: int, lot: int | bool | None = None) -> list[Row]:
    """The quants of `product` in and below `place`, first in first out, those with a lot first.

    `lot` None means any; a lot means that one and what has none.
    """
    inside = below(env, place)
    table = env.store.tables[QUANT]
    rows = [table[one] for one in env.holding(QUANT, "product_id", product)]
    rows = [row for row in rows if row["location_id"] in inside and (lot is None or row["lot_id"] in (lot, False))]
    return sorted(rows, key=lambda row: (not row["lot_id"], row["in_date"] or datetime.max, row["id"]))


def exact(env: Environment, product: int, place: int, lot: int | bool) -> Row | None:
    """The first quant of just this product, location and lot."""
    table = env.store.tables[QUANT]
    rows = (table[one] for one in env.holding(QUANT, "product_id", product))
    return next((row for row in rows if row["location_id"] == place and row["lot_id"] == lot), None)


def free_in(env: Environment, product: int, place: int) -> float:
    """What can still be reserved in and below `place`."""
    rows = gathered(env, product, place)
    return rounded(sum(row["quantity"] - row["reserved_quantity"] for row in rows))


def takeable(
    env: Environment, product: int, place: int, wanted: float, lot: int | bool | None = None
) -> Iterator[tuple[Row, float]]:
    """Quants to reserve, and how much of each, until `wanted` is reached or nothing is free any more."""
    rows = gathered(env, product, place, lot)
    left = min(wanted, rounded(sum(row["quantity"] - row["reserved_quantity"] for row in rows)))
    for row in rows:
        share = rounded(min(left, row["quantity"] - row["reserved_quantity"]))
        if share > 0:
            left = rounded(left - share)
            yield row, share


def adjust(
    env: Environment, product: int, place: int, lot: int | bool, *, quantity: float = 0.0, reserved: float = 0.0
) -> None:
    """Add to a quant, which is made if there is none; it may become negative, as in Odoo."""
    row = exact(env, product, place, lot)
    if row is None:
        make(env, {"product_id": product, "location_id": place, "lot_id": lot}, quantity, reserved)
        return
    changes = {"quantity": rounded(row["quantity"] + quantity)}
    changes["reserved_quantity"] = rounded(max(0.0, row["reserved_quantity"] + reserved))
    touch(env, QUANT, row["id"], changes)


def make(env: Environment, values: Row, quantity: float = 0.0, reserved: float = 0.0) -> int:
    """A new quant. 18.0 counts it as differing by all it holds until somebody has counted it."""
    place = env.store.tables["stock.location"][values["location_id"]]
    own = {"quantity": quantity, "reserved_quantity": reserved, "company_id": place["company_id"]}
    own |= {"in_date": env.tx.now, "inventory_diff_quantity": -quantity if env.major == 18 else 0.0}
    own["inventory_date"] = next_count(env.tx.now) if place["usage"] in STOCKED else False
    return put(env, QUANT, own | values)


def _complete_lot(env: Environment, values: Row) -> Row:
    return values if values.get("name") else {**values, "name": next_name(env, "", 7)}


def _lots_created(env: Environment, ids: list[int]) -> None:
    _check_unique(env, ids, {"name": True})


def _check_unique(env: Environment, ids: list[int], values: Row) -> None:
    """A lot's name is unique per product, across the companies of which one is none."""
    if not {"name", "product_id", "company_id"} & values.keys():
        return
    table = env.store.tables[LOT]
    for record in ids:
        row = table[record]
        same = [table[one] for one in env.holding(LOT, "name", row["name"]) if one != record]
        rivals = [one for one in same if one["product_id"] == row["product_id"]]
        if any(not one["company_id"] or one["company_id"] in (row["company_id"], False) for one in rivals) or (
            rivals and not row["company_id"]
        ):
            what = f"{env.label(PRODUCT, row['product_id'])}, {row['name']}"
            raise errors.validation_error(f"A lot/serial number must be unique per product and company: {what}")


def lot_named(env: Environment, product: int, name: str, company: int) -> int:
    """The lot of that name, made if there is none."""
    table = env.store.tables[LOT]
    for record in env.holding(LOT, "name", name):
        if table[record]["product_id"] == product and table[record]["company_id"] in (False, company):
            return record
    return put(env, LOT, {"name": name, "product_id": product, "company_id": False})


HOOKS = {LOT: Hooks(complete=_complete_lot, created=_lots_created, written=_check_unique)}
