"""Moves and their lines: the fields, and what a write on them does to quantities, reservations and states."""

from __future__ import annotations

from typing import Any

from careloom.sim.odoo import errors, units
from careloom.sim.odoo.bookkeeping import rounded
from careloom.sim.odoo.columns import char, choice, flag, lines, link, links, moment, number, quantity, text, whole
from careloom.sim.odoo.computed import asked, shown, through
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Field, Reader, Row
from careloom.sim.odoo.models import Model, define
from careloom.sim.odoo.stock_quants import LOT, PRODUCT, free_in, template

MOVE, LINE, PICKING = "stock.move", "stock.move.line", "stock.picking"
_STATES = (
    ("draft", "New"),
    ("waiting", "Waiting Another Move"),
    ("confirmed", "Waiting Availability"),
    ("partially_available", "Partially Available"),
    ("assigned", "Available"),
    ("done", "Done"),
    ("cancel", "Cancelled"),
)
_SUPPLY = (("make_to_stock", "Default: Take From Stock"), ("make_to_order", "Advanced: Apply Procurement Rules"))
_PRIORITIES = (("0", "Normal"), ("1", "Urgent"))
_CODES = (("incoming", "Receipt"), ("outgoing", "Delivery"), ("internal", "Internal Transfer"))
_TRACKING = (("serial", "By Unique Serial Number"), ("lot", "By Lots"), ("none", "By Quantity"))


def _move_label(reader: Reader, row: Row) -> str:
    env = asked(reader)
    picking, product = reader.row(PICKING, row["picking_id"] or 0), reader.row(PRODUCT, row["product_id"])
    origin = f"{picking['origin']}/" if picking and picking["origin"] else ""
    code = f"{product['default_code']}: " if product and product["default_code"] else ""
    names = [(reader.row("stock.location", row[name]) or {"name": ""})["name"] for name in _ENDS]
    return f"{origin}{code}{'>'.join(str(name) for name in names)}" if env else ""


_ENDS = ("location_id", "location_dest_id")


def in_product_unit(reader: Reader, row: Row, quantity: float) -> float:
    """`quantity` of a move's unit in the unit of its product."""
    return units.converted(reader, quantity, row["product_uom"], template(reader, row["product_id"])["uom_id"])


def _product_quantity(reader: Reader, row: Row) -> float:
    return in_product_unit(reader, row, row["product_uom_qty"])


def _availability(reader: Reader, row: Row) -> float:
    wanted = _product_quantity(reader, row)
    if row["state"] == "done":
        return wanted
    return min(wanted, max(0.0, free_in(asked(reader), row["product_id"], row["location_id"])))


def _lot_ids(reader: Reader, row: Row) -> tuple[int, ...]:
    rows = [asked(reader).store.tables[LINE][one] for one in reader.pointing(LINE, "move_id", row["id"])]
    return tuple(dict.fromkeys(one["lot_id"] for one in rows if one["lot_id"]))


def _what_moves() -> list[Field]:
    return [
        link("product_id", "Product", PRODUCT, required=True),
        through(link("product_tmpl_id", "Product Template", "product.template"), PRODUCT, "product_id"),
        quantity("product_uom_qty", "Demand", required=True, default=0.0),
        link("product_uom", "Unit", "uom.uom", required=True),
        shown(number("product_qty", "Real Quantity"), _product_quantity),
        quantity("quantity", "Quantity"),
        flag("picked", "Picked"),
        shown(number("availability", "Forecasted Quantity"), _availability),
        through(choice("has_tracking", "Product with Tracking", *_TRACKING), PRODUCT, "product_id", "tracking"),
        lines("move_line_ids", "Move Lines", LINE, "move_id"),
        shown(links("lot_ids", "Serial Numbers", LOT), _lot_ids),
        number("price_unit", "Unit Price"),
        text("description_picking", "Description picking"),
    ]


def _where_and_when() -> list[Field]:
    return [
        link("location_id", "Source Location", "stock.location", required=True),
        link("location_dest_id", "Destination Location", "stock.location", required=True),
        choice("state", "Status", *_STATES, readonly=True, default="draft"),
        moment("date", "Date Scheduled", required=True),
        moment("date_deadline", "Deadline", readonly=True),
        link("company_id", "Company", "res.company", required=True),
        link("partner_id", "Destination Address", "res.partner"),
        link("warehouse_id", "Warehouse", "stock.warehouse"),
        choice("priority", "Priority", *_PRIORITIES, default="0"),
        whole("sequence", "Sequence", default=10),
        choice("procure_method", "Supply Method", *_SUPPLY, required=True, default="make_to_stock"),
        flag("propagate_cancel", "Propagate cancel", default=True),
    ]


def _belonging() -> list[Field]:
    return [
        link("picking_id", "Transfer", PICKING),
        link("picking_type_id", "Operation Type", "stock.picking.type"),
        through(choice("picking_code", "Type of Operation", *_CODES), "stock.picking.type", "picking_type_id", "code"),
        char("origin", "Source Document"),
        char("reference", "Reference", readonly=True),
        flag("is_inventory", "Inventory"),
        flag("additional", "Whether the move was added after the picking's confirmation"),
        link("origin_returned_move_id", "Origin return move", MOVE),
        link("scrap_id", "Scrap operation", "stock.scrap", readonly=True),
        link("purchase_line_id", "Purchase Order Line", "purchase.order.line", readonly=True),
        link("sale_line_id", "Sale Line", "sale.order.line"),
    ]


def _moves(major: int) -> Model:
    fields = [*_what_moves(), *_where_and_when(), *_belonging()]
    if major == 18:
        fields += [char("name", "Description", required=True), shown(flag("scrapped", "Scrapped"), _is_scrap)]
    else:
        fields.append(char("inventory_name", "Inventory Name", readonly=True))
    indexes = (("picking_id",), ("product_id",), ("purchase_line_id",), ("sale_line_id",), ("scrap_id",))
    return define(MOVE, "Stock Move", fields, order="sequence, id", label=_move_label, indexes=indexes)


def _is_scrap(_: Reader, row: Row) -> bool:
    return bool(row["scrap_id"])


def _line_label(reader: Reader, row: Row) -> str:
    return asked(reader).label(PRODUCT, row["product_id"]) if row["product_id"] else f"{LINE},{row['id']}"


def _line_quantity(reader: Reader, row: Row) -> float:
    unit = template(reader, row["product_id"])["uom_id"]
    return units.converted(reader, row["quantity"], row["product_uom_id"], unit)


def _lines() -> Model:
    fields = [
        link("move_id", "Stock Operation", MOVE),
        link("picking_id", "Transfer", PICKING),
        link("product_id", "Product", PRODUCT),
        quantity("quantity", "Quantity"),
        shown(number("quantity_product_uom", "Quantity in Product UoM"), _line_quantity),
        link("product_uom_id", "Unit", "uom.uom", required=True),
        flag("picked", "Picked"),
        link("lot_id", "Lot/Serial Number", LOT),
        char("lot_name", "Lot/Serial Number Name"),
        link("location_id", "From", "stock.location", required=True),
        link("location_dest_id", "To", "stock.location", required=True),
        link("owner_id", "From Owner", "res.partner"),
        moment("date", "Date", required=True),
        link("company_id", "Company", "res.company", readonly=True, required=True),
        through(choice("state", "Status", *_STATES), MOVE, "move_id"),
        through(char("reference", "Reference"), MOVE, "move_id"),
        through(char("origin", "Source"), MOVE, "move_id"),
        through(flag("is_inventory", "Inventory"), MOVE, "move_id"),
        through(choice("tracking", "Tracking", *_TRACKING), PRODUCT, "product_id"),
    ]
    options: dict[str, Any] = {"order": "picking_id desc, id", "label": _line_label, "found_by": ("lot_name",)}
    options["indexes"] = (("move_id",), ("picking_id",), ("product_id",), ("lot_id",))
    return define(LINE, "Product Moves (Stock Move Line)", fields, **options)


def models(major: int) -> list[Model]:
    return [_moves(major), _lines()]


def complete_move(env: Environment, values: Row) -> Row:
    """A move in a picking takes its places, type, date and company from there."""
    picking = env.row(PICKING, values.get("picking_id") or 0)
    now = env.tx.now.strftime("%Y-%m-%d %H:%M:%S")
    defaults: Row = {"company_id": env.companies[0], "date": now}
    if picking is not None:
        same = ("location_id", "location_dest_id", "picking_type_id", "company_id")
        defaults |= {name: picking[name] for name in same}
        defaults |= {"date": picking["scheduled_date"].strftime("%Y-%m-%d %H:%M:%S"), "reference": picking["name"]}
        defaults["priority"] = picking["priority"]
    product = values.get("product_id")
    if product and not values.get("product_uom"):
        defaults["product_uom"] = template(env, product)["uom_id"]
    if env.major == 18 and not values.get("reference") and picking is None:
        defaults["reference"] = values.get("name", False)
    given = {name: one for name, one in values.items() if one or name not in ("date", "company_id", "product_uom")}
    return defaults | given


def complete_line(env: Environment, values: Row) -> Row:
    """A line takes what it lacks from its move, or from its picking."""
    now = env.tx.now.strftime("%Y-%m-%d %H:%M:%S")
    defaults: Row = {"date": now, "company_id": env.companies[0]}
    move = env.row(MOVE, values.get("move_id") or 0)
    if move is not None:
        same = ("product_id", "location_id", "location_dest_id", "picking_id", "company_id")
        defaults |= {name: move[name] for name in same} | {"product_uom_id": move["product_uom"]}
    elif values.get("picking_id"):
        [picking] = env.existing(PICKING, [values["picking_id"]])
        defaults |= {name: picking[name] for name in (*_ENDS, "company_id")}
    if values.get("product_id") and "product_uom_id" not in defaults:
        defaults["product_uom_id"] = template(env, values["product_id"])["uom_id"]
    return defaults | values


def lines_of(env: Environment, move: int) -> list[Row]:
    """The lines of a move, oldest first."""
    return [env.store.tables[LINE][one] for one in env.holding(LINE, "move_id", move)]


def held(env: Environment, move: Row) -> float:
    """The quantity of all lines, in the unit of the move."""
    total = sum(
        units.converted(env, row["quantity"], row["product_uom_id"], move["product_uom"])
        for row in lines_of(env, move["id"])
    )
    return rounded(total)


def refuse_done(rows: list[Row]) -> None:
    """What is done cannot be deleted."""
    if any(row["state"] == "done" for row in rows):
        raise errors.user_error("Moves that are done cannot be deleted; correct their quantity instead.")
