"""The lines of purchase orders: prices and dates from the vendor's offers, receipts, and what is still to be billed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from careloom.sim.odoo import errors, units
from careloom.sim.odoo.bookkeeping import change, next_name, put, rounded
from careloom.sim.odoo.columns import (
    choice,
    flag,
    lines,
    link,
    links,
    moment,
    money,
    number,
    price,
    quantity,
    text,
    whole,
)
from careloom.sim.odoo.computed import asked, shown, through
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Field, Reader, Row
from careloom.sim.odoo.models import Hooks, Model, define
from careloom.sim.odoo.order_lines import DATETIME, amounts, invoiced, own_taxes, total
from careloom.sim.odoo.stock_flow import ENDED, cancel, confirm
from careloom.sim.odoo.stock_hooks import demand
from careloom.sim.odoo.stock_moves import MOVE, PICKING
from careloom.sim.odoo.stock_places import usage
from careloom.sim.odoo.stock_quants import template
from careloom.sim.odoo.writing import insert

ORDER, LINE = "purchase.order", "purchase.order.line"
_SECTIONS = (("line_section", "Section"), ("line_subsection", "Subsection"), ("line_note", "Note"))
_METHODS = (("manual", "Manual"), ("stock_moves", "Stock Moves"))
_TYPES = (("consu", "Goods"), ("service", "Service"), ("combo", "Combo"))
_OFFER = "product.supplierinfo"


def names(env: Environment) -> str:
    """The next purchase order's name."""
    return next_name(env, "P")


def tax_column(env: Environment) -> str:
    return "taxes_id" if env.major == 18 else "tax_ids"


def unit_column(major: int) -> str:
    return "product_uom" if major == 18 else "product_uom_id"


def lines_of(env: Environment, order: int) -> list[Row]:
    return [env.store.tables[LINE][one] for one in env.holding(LINE, "order_id", order)]


def moves_of_line(env: Environment, line: int) -> list[Row]:
    return [env.store.tables[MOVE][one] for one in env.holding(MOVE, "purchase_line_id", line)]


def order_moves(env: Environment, order: int) -> list[Row]:
    return [move for row in lines_of(env, order) for move in moves_of_line(env, row["id"])]


def received(env: Environment, row: Row) -> float:
    """What done moves brought in, less what went back, in the unit of the line."""
    amount, unit = 0.0, row[unit_column(env.major)]
    for move in moves_of_line(env, row["id"]):
        if move["state"] == "done":
            back = usage(env, move["location_dest_id"]) == "supplier"
            amount += units.converted(env, move["quantity"], move["product_uom"], unit) * (-1 if back else 1)
    return rounded(amount)


def _bill_lines(env: Environment, line: int) -> list[int]:
    field = env.models.get("account.move.line")
    return env.holding("account.move.line", "purchase_line_id", line) if field else []


def bills(env: Environment, order: int) -> list[int]:
    """The vendor bills made from an order, the newest first."""
    found = {
        env.store.tables["account.move.line"][one]["move_id"]
        for row in lines_of(env, order)
        for one in _bill_lines(env, row["id"])
    }
    return sorted(found, reverse=True)


def billed(env: Environment, row: Row) -> float:
    return invoiced(env, _bill_lines(env, row["id"]))


def to_bill(env: Environment, row: Row) -> float:
    """What is to be billed: by what was ordered or received, as the product says."""
    order = env.row(ORDER, row["order_id"]) or {}
    if order.get("state") not in ("purchase", "done") or not row["product_id"]:
        return 0.0
    by_order = template(env, row["product_id"])["purchase_method"] == "purchase"
    return rounded(row["product_qty" if by_order else "qty_received"] - billed(env, row))


def _in_product_unit(reader: Reader, row: Row) -> float:
    if not row["product_id"]:
        return 0.0
    unit = row[unit_column(asked(reader).major)]
    return units.converted(reader, row["product_qty"], unit, template(reader, row["product_id"])["uom_id"])


def line_models(major: int, states: Sequence[tuple[str, str]]) -> list[Model]:
    options: dict[str, Any] = {"order": "order_id, sequence, id"}
    options["indexes"] = (("order_id",), ("product_id",))
    fields = [*_what(major), *_money(major), *_progress(states)]
    return [define(LINE, "Purchase Order Line", fields, **options)]


def _what(major: int) -> list[Field]:
    return [
        link("order_id", "Order Reference", ORDER, required=True),
        whole("sequence", "Sequence", default=10),
        text("name", "Description", required=True),
        link("product_id", "Product", "product.product"),
        through(choice("product_type", "Product Type", *_TYPES), "product.product", "product_id", "type"),
        choice("display_type", "Display Type", *_SECTIONS, default=False),
        quantity("product_qty", "Quantity", required=True),
        shown(number("product_uom_qty", "Total Quantity"), _in_product_unit),
        link(unit_column(major), "Unit", "uom.uom"),
        moment("date_planned", "Expected Arrival"),
        link("company_id", "Company", "res.company", readonly=True),
        link("partner_id", "Partner", "res.partner", readonly=True),
        link("currency_id", "Currency", "res.currency", readonly=True, default=1),
        flag("is_downpayment", "Is Downpayment"),
        flag("propagate_cancel", "Propagate cancellation", default=True),
        Field(name="analytic_distribution", type="json", string="Analytic Distribution"),
    ]


def _money(major: int) -> list[Field]:
    return [
        price("price_unit", "Unit Price", major, required=True),
        number("discount", "Discount (%)"),
        links("taxes_id" if major == 18 else "tax_ids", "Taxes", "account.tax"),
        money("price_subtotal", "Subtotal", readonly=True),
        money("price_total", "Total", readonly=True),
        number("price_tax", "Tax", readonly=True),
    ]


def _progress(states: Sequence[tuple[str, str]]) -> list[Field]:
    return [
        through(choice("state", "Status", *states), ORDER, "order_id"),
        number("qty_received", "Received Qty"),
        number("qty_received_manual", "Manual Received Qty"),
        choice("qty_received_method", "Received Qty Method", *_METHODS, readonly=True),
        lines("move_ids", "Reservation", MOVE, "purchase_line_id", readonly=True),
        lines("invoice_lines", "Bill Lines", "account.move.line", "purchase_line_id", readonly=True),
        shown(number("qty_invoiced", "Billed Qty"), lambda reader, row: billed(asked(reader), row)),
        shown(number("qty_to_invoice", "To Invoice Quantity"), lambda reader, row: to_bill(asked(reader), row)),
    ]


def _complete(env: Environment, values: Row) -> Row:
    order = env.row(ORDER, values.get("order_id") or 0) or {}
    defaults: Row = {"company_id": order.get("company_id"), "partner_id": order.get("partner_id")}
    product = values.get("product_id")
    if product:
        defaults |= _product_defaults(env, order, product, values)
    given = {name: one for name, one in values.items() if name not in ("name",) or one}
    return defaults | given


def _product_defaults(env: Environment, order: Row, product: int, values: Row) -> Row:
    about, quantity = template(env, product), float(values.get("product_qty") or 0.0)
    unit = values.get(unit_column(env.major)) or about["uom_po_id" if env.major == 18 else "uom_id"]
    if env.major == 18 and not units.comparable(env, unit, about["uom_id"]):
        raise errors.validation_error("The unit of the line is of another category than that of the product.")
    offer = _suggested(env, order, product)
    quantity = quantity or (offer["min_qty"] if offer else 1.0)
    price = offer["price"] if offer else env.store.tables["product.product"][product]["standard_price"]
    if not offer:
        price = units.priced(env, price, about["uom_id"], unit)
    service = about["type"] == "service"
    taxes = own_taxes(env, product, "supplier_taxes_id", order.get("company_id") or 0)
    return {
        "name": _description(env, product, about, offer),
        "product_qty": quantity or 1.0,
        unit_column(env.major): unit,
        "price_unit": price,
        "date_planned": _expected(order, offer),
        "qty_received_method": "manual" if service else "stock_moves",
        tax_column(env): [[6, 0, taxes]],
    }


def _description(env: Environment, product: int, about: Row, offer: Row | None) -> str:
    label = env.label("product.product", product)
    if offer and (offer["product_code"] or offer["product_name"]):
        name = offer["product_name"] or about["name"]
        label = f"[{offer['product_code']}] {name}" if offer["product_code"] else str(name)
    return "\n".join(str(part) for part in (label, about["description_purchase"]) if part)


def _expected(order: Row, offer: Row | None) -> str:
    start: datetime = order["date_order"]
    return (start + timedelta(days=offer["delay"] if offer else 0)).strftime(DATETIME)


def _suggested(env: Environment, order: Row, product: int) -> Row | None:
    """The vendor's offer that a new line takes, whatever its own quantity is.

    Odoo first suggests a quantity (18.0 that of the cheapest offer, 19.0 the smallest one), and prices the line for it.
    """
    offers = _offers(env, order, product)
    by_minimum = (lambda row: row["min_qty"]) if env.major >= 19 else (lambda _: 0.0)
    first = min(offers, key=lambda row: (by_minimum(row), row["price"], row["sequence"], row["id"]), default=None)
    if first is None:
        return None
    reached = [row for row in offers if row["min_qty"] <= first["min_qty"]]
    return min(reached, key=lambda row: (row["price"], row["sequence"], row["id"]))


def _offers(env: Environment, order: Row, product: int) -> list[Row]:
    """What the vendor of the order offers for the product on that day."""
    about = env.store.tables["product.product"][product]
    rows = [env.store.tables[_OFFER][one] for one in env.holding(_OFFER, "product_tmpl_id", about["product_tmpl_id"])]
    today = order["date_order"].date() if order else env.tx.now.date()
    return [
        row
        for row in rows
        if row["partner_id"] == order.get("partner_id")
        and row["product_id"] in (False, product)
        and (not row["date_start"] or row["date_start"] <= today)
        and (not row["date_end"] or row["date_end"] >= today)
    ]


def _created(env: Environment, ids: list[int]) -> None:
    for order in dict.fromkeys(env.store.tables[LINE][one]["order_id"] for one in ids):
        reckon(env, order)
        mine = [row for row in lines_of(env, order) if row["id"] in ids]
        if (env.row(ORDER, order) or {}).get("state") == "purchase":
            receive(env, order, mine)


def _written(env: Environment, ids: list[int], values: Row) -> None:
    for one in ids:
        row = env.store.tables[LINE][one]
        reckon(env, row["order_id"])
        if "product_qty" in values and (env.row(ORDER, row["order_id"]) or {}).get("state") == "purchase":
            _follow(env, row)
        if values.get("date_planned"):
            for move in moves_of_line(env, one):
                if move["state"] not in ENDED:
                    change(env, MOVE, move["id"], {"date": row["date_planned"], "date_deadline": row["date_planned"]})


def _follow(env: Environment, row: Row) -> None:
    """Another quantity on a confirmed line: one more move, or less on the ones that are open."""
    moves = [one for one in moves_of_line(env, row["id"]) if one["state"] != "cancel"]
    wanted = _in_product_unit(env, row)
    missing = rounded(wanted - sum(one["product_uom_qty"] for one in moves))
    if missing > 0:
        receive(env, row["order_id"], [row], missing)
    for move in reversed(moves):
        if missing < 0 and move["state"] not in ENDED:
            less = min(move["product_uom_qty"], -missing)
            missing = rounded(missing + less)
            env.tx.update(MOVE, move["id"], {"product_uom_qty": rounded(move["product_uom_qty"] - less)})
            demand(env, move["id"])
            if less == move["product_uom_qty"]:
                cancel(env, [move["id"]])


def _deleted(env: Environment, rows: list[Row]) -> None:
    for order in dict.fromkeys(row["order_id"] for row in rows):
        if env.row(ORDER, order) is not None:
            reckon(env, order)


def _unlinking(env: Environment, rows: list[Row]) -> None:
    for row in rows:
        if (env.row(ORDER, row["order_id"]) or {}).get("state") in ("purchase", "done"):
            raise errors.user_error("Lines of a confirmed purchase order cannot be deleted.")


def reckon(env: Environment, order: int) -> None:
    """Amounts of the lines, totals and expected date of the order."""
    for row in lines_of(env, order):
        if not row["display_type"]:
            change(env, LINE, row["id"], amounts(env, row, tax_column(env), "product_qty"))
    rows = lines_of(env, order)
    total(env, ORDER, order, rows)
    dates = [row["date_planned"] for row in rows if row["date_planned"]]
    if dates and not (env.row(ORDER, order) or {}).get("date_planned"):
        change(env, ORDER, order, {"date_planned": min(dates)})


def receive(env: Environment, order: int, rows: list[Row], quantity: float | None = None) -> None:
    """Moves for the goods of `rows` in the open receipt of the order, which is made if there is none."""
    goods = [row for row in rows if row["product_id"] and template(env, row["product_id"])["type"] == "consu"]
    goods = [row for row in goods if row["product_qty"] > 0]
    if goods:
        picking = _open_receipt(env, order)
        moves = [_move(env, row, picking, quantity) for row in goods]
        confirm(env, moves)


def _open_receipt(env: Environment, order: int) -> Row:
    table = env.store.tables[PICKING]
    known = [table[one] for one in env.holding(PICKING, "purchase_id", order)]
    usable = [row for row in known if row["state"] not in ENDED]
    if usable:
        return usable[0]
    about = env.store.tables[ORDER][order]
    values = {"picking_type_id": about["picking_type_id"], "partner_id": about["partner_id"], "origin": about["name"]}
    return table[insert(env, PICKING, values | {"purchase_id": order, "company_id": about["company_id"]})]


def _move(env: Environment, row: Row, picking: Row, quantity: float | None) -> int:
    """A draft move of a line, in the unit of its product."""
    about, unit = template(env, row["product_id"]), row[unit_column(env.major)]
    due = row["date_planned"] or env.store.tables[ORDER][row["order_id"]]["date_order"]
    same = ("location_id", "location_dest_id", "picking_type_id", "company_id", "origin")
    house = env.store.tables["stock.picking.type"][picking["picking_type_id"]]["warehouse_id"]
    values = {name: picking[name] for name in same} | {"picking_id": picking["id"], "reference": picking["name"]}
    values |= {"product_id": row["product_id"], "product_uom": about["uom_id"], "warehouse_id": house}
    values |= {"product_uom_qty": _in_product_unit(env, row) if quantity is None else quantity}
    values |= {"price_unit": units.priced(env, row["price_unit"], unit, about["uom_id"]), "purchase_line_id": row["id"]}
    values |= {"date": due, "date_deadline": due, "description_picking": row["name"], "sequence": row["sequence"]}
    label = env.label("product.product", row["product_id"])
    return put(env, MOVE, values | ({"name": label} if env.major == 18 else {}))


def line_hooks() -> Hooks:
    return Hooks(complete=_complete, created=_created, written=_written, unlinking=_unlinking, deleted=_deleted)
