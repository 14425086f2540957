"""Thresholds (stock.warehouse.orderpoint) and scrap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from careloom.sim.odoo import errors
from careloom.sim.odoo.bookkeeping import next_name, put, rounded, touch
from careloom.sim.odoo.columns import char, choice, day, flag, lines, link, moment, number
from careloom.sim.odoo.computed import asked, shown, through
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Reader, Row
from careloom.sim.odoo.models import Hooks, Model, define
from careloom.sim.odoo.stock_flow import finish
from careloom.sim.odoo.stock_levels import PENDING, below
from careloom.sim.odoo.stock_moves import LINE, MOVE
from careloom.sim.odoo.stock_places import scrap_place
from careloom.sim.odoo.stock_quants import gathered, template

RULE, SCRAP = "stock.warehouse.orderpoint", "stock.scrap"
_TRIGGERS = (("auto", "Auto"), ("manual", "Manual"))
_STATES = (("draft", "Draft"), ("done", "Done"))


def _on_hand(reader: Reader, row: Row) -> float:
    return rounded(sum(one["quantity"] for one in gathered(asked(reader), row["product_id"], row["location_id"])))


def _forecast(reader: Reader, row: Row) -> float:
    env, total = asked(reader), _on_hand(reader, row)
    places = below(env, row["location_id"])
    for record in env.holding(MOVE, "product_id", row["product_id"]):
        move = env.store.tables[MOVE][record]
        if move["state"] in PENDING:
            quantity = env.raw(env.models[MOVE].fields["product_qty"], move)
            total += quantity * ((move["location_dest_id"] in places) - (move["location_id"] in places))
    return rounded(total)


def _to_order(reader: Reader, row: Row) -> float:
    forecast = _forecast(reader, row)
    return rounded(row["product_max_qty"] - forecast) if forecast < row["product_min_qty"] else 0.0


def _rules(major: int) -> Model:
    fields = [
        char("name", "Name", required=True, readonly=True),
        link("product_id", "Product", "product.product", required=True),
        link("location_id", "Location", "stock.location", required=True),
        link("warehouse_id", "Warehouse", "stock.warehouse", required=True),
        link("company_id", "Company", "res.company", required=True),
        number("product_min_qty", "Min Quantity", required=True, default=0.0),
        number("product_max_qty", "Max Quantity", required=True, default=0.0),
        choice("trigger", "Trigger", *_TRIGGERS, required=True, default="auto"),
        flag("active", "Active", default=True),
        day("snoozed_until", "Snoozed"),
        shown(number("qty_on_hand", "On Hand"), _on_hand, searchable=False),
        shown(number("qty_forecast", "Forecast"), _forecast, searchable=False),
        shown(number("qty_to_order", "To Order"), _to_order),
        through(link("product_uom", "Unit", "uom.uom"), "product.product", "product_id", "uom_id"),
    ]
    if major == 18:
        fields.append(number("qty_multiple", "Multiple Quantity", required=True, default=1.0))
    else:
        fields.append(link("replenishment_uom_id", "Multiple", "uom.uom"))
    return define(RULE, "Minimum Inventory Rule", fields, order="location_id, id", indexes=(("product_id",),))


def _scraps() -> Model:
    fields = [
        char("name", "Reference", required=True, readonly=True, default="New"),
        char("origin", "Source Document"),
        choice("state", "Status", *_STATES, readonly=True, default="draft"),
        link("product_id", "Product", "product.product", required=True),
        link("product_uom_id", "Unit", "uom.uom", required=True),
        number("scrap_qty", "Quantity", required=True, default=1.0),
        link("lot_id", "Lot/Serial", "stock.lot"),
        link("location_id", "Source Location", "stock.location", required=True),
        link("scrap_location_id", "Scrap Location", "stock.location", required=True),
        link("company_id", "Company", "res.company", required=True),
        link("picking_id", "Picking", "stock.picking"),
        lines("move_ids", "Stock Moves", MOVE, "scrap_id"),
        moment("date_done", "Date", readonly=True),
    ]
    return define(SCRAP, "Scrap", fields, order="id desc")


def models(major: int) -> list[Model]:
    return [_rules(major), _scraps()]


def _main_warehouse(env: Environment) -> Row | None:
    houses = env.store.tables["stock.warehouse"].values()
    return next((row for row in houses if row["company_id"] == env.companies[0]), None)


def _complete_rule(env: Environment, values: Row) -> Row:
    house = _main_warehouse(env)
    defaults: Row = {"name": next_name(env, "OP/"), "company_id": env.companies[0]}
    if house is not None:
        defaults |= {"warehouse_id": house["id"], "location_id": house["lot_stock_id"]}
    return defaults | values


def _check_rules(env: Environment, ids: list[int]) -> None:
    table = env.store.tables[RULE]
    for record in ids:
        row = table[record]
        if row["product_min_qty"] > row["product_max_qty"]:
            raise errors.validation_error("The minimum quantity must be less than or equal to the maximum quantity.")
        same = [table[one] for one in env.holding(RULE, "product_id", row["product_id"])]
        key = (row["location_id"], row["company_id"])
        if sum((one["location_id"], one["company_id"]) == key for one in same) > 1:
            raise errors.constraint_error("A replenishment rule already exists for this product on this location.")


def _complete_scrap(env: Environment, values: Row) -> Row:
    company, house = values.get("company_id") or env.companies[0], _main_warehouse(env)
    defaults: Row = {"company_id": company, "scrap_location_id": scrap_place(env, company)}
    if house is not None:
        defaults["location_id"] = house["lot_stock_id"]
    if values.get("product_id"):
        defaults["product_uom_id"] = template(env, values["product_id"])["uom_id"]
    return defaults | values


def action_validate(env: Environment, ids: Sequence[int]) -> bool | dict[str, Any]:
    """Scrap the goods, or answer with a dialogue when the location holds less."""
    [row] = env.existing(SCRAP, ids)
    lot = row["lot_id"] or None
    rows = gathered(env, row["product_id"], row["location_id"], lot)
    if rounded(sum(one["quantity"] for one in rows if one["location_id"] == row["location_id"])) < row["scrap_qty"]:
        return _insufficient(env, row)
    _scrap(env, row)
    return True


def _insufficient(env: Environment, row: Row) -> dict[str, Any]:
    name = f"{env.label('product.product', row['product_id'])}: Insufficient Quantity To Scrap"
    context = {"default_product_id": row["product_id"], "default_location_id": row["location_id"]}
    context |= {"default_scrap_id": row["id"], "default_quantity": row["scrap_qty"]}
    context["default_product_uom_name"] = env.label("uom.uom", row["product_uom_id"])
    window = {"name": name, "view_mode": "form", "res_model": "stock.warn.insufficient.qty.scrap", "view_id": False}
    return window | {"type": "ir.actions.act_window", "context": context, "target": "new"}


def _scrap(env: Environment, row: Row) -> None:
    name = next_name(env, "SP/")
    shared = {"product_id": row["product_id"], "location_id": row["location_id"], "company_id": row["company_id"]}
    shared |= {"location_dest_id": row["scrap_location_id"], "date": env.tx.now, "quantity": row["scrap_qty"]}
    shared |= {"picked": True, "picking_id": row["picking_id"]}
    own = {"product_uom": row["product_uom_id"], "product_uom_qty": row["scrap_qty"], "state": "confirmed"}
    own |= {"scrap_id": row["id"], "origin": name, "reference": name} | ({"name": name} if env.major == 18 else {})
    move = put(env, MOVE, shared | own)
    put(env, LINE, shared | {"move_id": move, "lot_id": row["lot_id"], "product_uom_id": row["product_uom_id"]})
    finish(env, [move], drop_rest=True)
    touch(env, SCRAP, row["id"], {"name": name, "state": "done", "date_done": env.tx.now})


def _scraps_unlinking(_: Environment, rows: list[Row]) -> None:
    if any(row["state"] == "done" for row in rows):
        raise errors.user_error("You cannot delete a scrap which is done.")


HOOKS = {
    RULE: Hooks(complete=_complete_rule, created=_check_rules, written=lambda env, ids, _: _check_rules(env, ids)),
    SCRAP: Hooks(complete=_complete_scrap, unlinking=_scraps_unlinking),
}
METHODS = {(SCRAP, "action_validate"): action_validate}
