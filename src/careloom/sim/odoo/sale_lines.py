"""The lines of sale orders: prices, deliveries, and what is still to be invoiced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from careloom.sim.odoo import errors, units
from careloom.sim.odoo.bookkeeping import change, put, rounded
from careloom.sim.odoo.columns import choice, flag, lines, link, links, money, number, price, quantity, text, whole
from careloom.sim.odoo.computed import asked, shown, through
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Field, Reader, Row
from careloom.sim.odoo.models import Hooks, Model, define
from careloom.sim.odoo.order_lines import amounts, invoiced, own_taxes, total
from careloom.sim.odoo.stock_flow import ENDED, confirm
from careloom.sim.odoo.stock_hooks import demand
from careloom.sim.odoo.stock_moves import MOVE, PICKING
from careloom.sim.odoo.stock_places import usage
from careloom.sim.odoo.stock_quants import template
from careloom.sim.odoo.writing import insert

ORDER, LINE = "sale.order", "sale.order.line"
_SECTIONS = (("line_section", "Section"), ("line_subsection", "Subsection"), ("line_note", "Note"))
_METHODS = (("manual", "Manual"), ("analytic", "Analytic From Expenses"), ("stock_move", "Stock Moves"))
_TYPES = (("consu", "Goods"), ("service", "Service"), ("combo", "Combo"))
INVOICING = (
    ("upselling", "Upselling Opportunity"),
    ("invoiced", "Fully Invoiced"),
    ("to invoice", "To Invoice"),
    ("no", "Nothing to Invoice"),
)


def tax_column(major: int) -> str:
    return "tax_id" if major == 18 else "tax_ids"


def unit_column(major: int) -> str:
    return "product_uom" if major == 18 else "product_uom_id"


def lines_of(env: Environment, order: int) -> list[Row]:
    return [env.store.tables[LINE][one] for one in env.holding(LINE, "order_id", order)]


def moves_of_line(env: Environment, line: int) -> list[Row]:
    return [env.store.tables[MOVE][one] for one in env.holding(MOVE, "sale_line_id", line)]


def order_state(env: Environment, row: Row) -> str:
    return str((env.row(ORDER, row["order_id"]) or {}).get("state"))


def delivered(env: Environment, row: Row) -> float:
    """What done moves took out, less what came back, in the unit of the line."""
    amount, unit = 0.0, row[unit_column(env.major)]
    for move in moves_of_line(env, row["id"]):
        if move["state"] == "done":
            out = usage(env, move["location_dest_id"]) == "customer"
            amount += units.converted(env, move["quantity"], move["product_uom"], unit) * (1 if out else -1)
    return rounded(amount)


def _invoice_lines(env: Environment, line: int) -> list[int]:
    model = env.models.get("account.move.line")
    if model is None:
        return []
    rows = env.store.tables["account.move.line"].values()
    return [row["id"] for row in rows if line in (row.get("sale_line_ids") or ())]


def invoices(env: Environment, order: int) -> list[int]:
    """The invoices made from an order, the newest first."""
    table = env.store.tables.get("account.move.line", {})
    found = {table[one]["move_id"] for row in lines_of(env, order) for one in _invoice_lines(env, row["id"])}
    return sorted(found, reverse=True)


def to_invoice(env: Environment, row: Row) -> float:
    """What is to be invoiced: by what was ordered or delivered, as the product says."""
    if order_state(env, row) != "sale" or not row["product_id"]:
        return 0.0
    by_order = template(env, row["product_id"])["invoice_policy"] == "order"
    held = invoiced(env, _invoice_lines(env, row["id"]))
    return rounded(row["product_uom_qty" if by_order else "qty_delivered"] - held)


def status(env: Environment, row: Row) -> str:
    if order_state(env, row) != "sale":
        return "no"
    if to_invoice(env, row):
        return "to invoice"
    held = invoiced(env, _invoice_lines(env, row["id"]))
    return "invoiced" if held >= row["product_uom_qty"] else "no"


def _label(reader: Reader, row: Row) -> str:
    env = asked(reader)
    label = env.label("product.product", row["product_id"]) if row["product_id"] else str(row["name"])
    order = env.row(ORDER, row["order_id"]) or {"name": "", "partner_id": 0}
    return f"{order['name']} - {label} ({env.label('res.partner', order['partner_id'])})"


def _net_due(reader: Reader, row: Row) -> float:
    price = float(row["price_unit"]) * (1 - float(row["discount"]) / 100)
    return round(to_invoice(asked(reader), row) * price, 2)


def _still_to_deliver(_: Reader, row: Row) -> float:
    return max(0.0, rounded(float(row["product_uom_qty"]) - float(row["qty_delivered"])))


def line_models(major: int, states: Sequence[tuple[str, str]]) -> list[Model]:
    options: dict[str, Any] = {"order": "order_id, sequence, id", "label": _label}
    options["indexes"] = (("order_id",), ("product_id",))
    return [define(LINE, "Sales Order Line", [*_what(major), *_money(major), *_progress(states)], **options)]


def _what(major: int) -> list[Field]:
    return [
        link("order_id", "Order Reference", ORDER, required=True),
        whole("sequence", "Sequence", default=10),
        text("name", "Description", required=True),
        link("product_id", "Product", "product.product"),
        through(link("product_template_id", "Product Template", _TEMPLATE), _PRODUCT, "product_id", "product_tmpl_id"),
        through(choice("product_type", "Product Type", *_TYPES), _PRODUCT, "product_id", "type"),
        choice("display_type", "Display Type", *_SECTIONS, default=False),
        quantity("product_uom_qty", "Quantity", required=True, default=0.0),
        link(unit_column(major), "Unit", "uom.uom"),
        number("customer_lead", "Lead Time", required=True),
        link("company_id", "Company", "res.company", readonly=True),
        link("order_partner_id", "Customer", "res.partner", readonly=True),
        link("salesman_id", "Salesperson", "res.users", readonly=True),
        link("currency_id", "Currency", "res.currency", readonly=True, default=1),
        flag("is_downpayment", "Is a down payment"),
        Field(name="analytic_distribution", type="json", string="Analytic Distribution"),
    ]


_TEMPLATE, _PRODUCT = "product.template", "product.product"


def _money(major: int) -> list[Field]:
    return [
        price("price_unit", "Unit Price", major, required=True),
        number("discount", "Discount (%)"),
        links(tax_column(major), "Taxes", "account.tax"),
        money("price_subtotal", "Subtotal", readonly=True),
        money("price_total", "Total", readonly=True),
        number("price_tax", "Total Tax", readonly=True),
        shown(money("untaxed_amount_to_invoice", "Untaxed Amount To Invoice"), _net_due),
    ]


def _progress(states: Sequence[tuple[str, str]]) -> list[Field]:
    return [
        through(choice("state", "Order Status", *states), ORDER, "order_id"),
        number("qty_delivered", "Delivery Quantity"),
        choice("qty_delivered_method", "Method to update delivered qty", *_METHODS, readonly=True),
        shown(number("qty_to_deliver", "Quantity To Deliver"), _still_to_deliver),
        lines("move_ids", "Stock Moves", MOVE, "sale_line_id"),
        shown(links("invoice_lines", "Invoice Lines", "account.move.line"), _invoice_line_ids),
        shown(number("qty_invoiced", "Invoiced Quantity"), _invoiced),
        shown(number("qty_to_invoice", "Quantity To Invoice"), lambda reader, row: to_invoice(asked(reader), row)),
        shown(choice("invoice_status", "Invoice Status", *INVOICING), lambda reader, row: status(asked(reader), row)),
    ]


def _invoice_line_ids(reader: Reader, row: Row) -> tuple[int, ...]:
    return tuple(_invoice_lines(asked(reader), row["id"]))


def _invoiced(reader: Reader, row: Row) -> float:
    return invoiced(asked(reader), _invoice_lines(asked(reader), row["id"]))


def _complete(env: Environment, values: Row) -> Row:
    order = env.row(ORDER, values.get("order_id") or 0) or {}
    same = {"company_id": "company_id", "order_partner_id": "partner_id", "salesman_id": "user_id"}
    defaults: Row = {name: order.get(source) for name, source in same.items()}
    defaults["qty_delivered_method"] = "manual"
    product = values.get("product_id")
    if product:
        about = template(env, product)
        label = env.label(_PRODUCT, product)
        taxes = own_taxes(env, product, "taxes_id", order.get("company_id") or 0)
        unit = values.get(unit_column(env.major)) or about["uom_id"]
        defaults |= {"name": "\n".join(str(part) for part in (label, about["description_sale"]) if part)}
        defaults |= {"product_uom_qty": 1.0, unit_column(env.major): unit, tax_column(env.major): [[6, 0, taxes]]}
        defaults |= {"price_unit": units.priced(env, about["list_price"], about["uom_id"], unit)}
        defaults["qty_delivered_method"] = "manual" if about["type"] == "service" else "stock_move"
    given = {name: one for name, one in values.items() if name != "name" or one}
    return defaults | given


def _changing(env: Environment, rows: list[Row], values: Row) -> Row:
    for row in rows:
        order = env.row(ORDER, row["order_id"]) or {}
        if order.get("locked") and _LOCKED & values.keys():
            raise errors.user_error("It is forbidden to modify the quantity, product or price in a locked order.")
        other = "product_id" in values and values["product_id"] != row["product_id"]
        if other and order.get("state") == "sale":
            raise errors.user_error("You cannot modify the product of this order line.")
    return values


_LOCKED = frozenset({"product_uom_qty", "product_id", "price_unit", "discount", "tax_id", "tax_ids", "name"})


def _created(env: Environment, ids: list[int]) -> None:
    for order in dict.fromkeys(env.store.tables[LINE][one]["order_id"] for one in ids):
        reckon(env, order)
        if (env.row(ORDER, order) or {}).get("state") == "sale":
            deliver(env, order, [row for row in lines_of(env, order) if row["id"] in ids])


def _written(env: Environment, ids: list[int], values: Row) -> None:
    for one in ids:
        row = env.store.tables[LINE][one]
        if "product_uom_qty" in values and "price_unit" not in values and row["product_id"]:
            _reprice(env, row)
        reckon(env, row["order_id"])
        if "product_uom_qty" in values and order_state(env, row) == "sale":
            _follow(env, row)


def _reprice(env: Environment, row: Row) -> None:
    """Another quantity without a price brings the list price back, whatever price was given before (measured)."""
    about, unit = template(env, row["product_id"]), row[unit_column(env.major)]
    if not _invoiced(env, row):
        change(env, LINE, row["id"], {"price_unit": units.priced(env, about["list_price"], about["uom_id"], unit)})


def _follow(env: Environment, row: Row) -> None:
    """Another quantity on a confirmed line: the demand of its open move follows, or a move is added."""
    moves = [one for one in moves_of_line(env, row["id"]) if one["state"] != "cancel"]
    missing = rounded(_in_product_unit(env, row) - sum(one["product_uom_qty"] for one in moves))
    pending = [one for one in moves if one["state"] not in ENDED]
    if missing > 0 and not pending:
        deliver(env, row["order_id"], [row], missing)
    elif missing and pending:
        fresh = max(0.0, rounded(pending[-1]["product_uom_qty"] + missing))
        change(env, MOVE, pending[-1]["id"], {"product_uom_qty": fresh})
        demand(env, pending[-1]["id"])


def _unlinking(env: Environment, rows: list[Row]) -> None:
    if any(order_state(env, row) == "sale" and not row["display_type"] for row in rows):
        raise errors.user_error("Once a sales order is confirmed, you can't remove one of its lines; set 0 instead.")


def _deleted(env: Environment, rows: list[Row]) -> None:
    for order in dict.fromkeys(row["order_id"] for row in rows):
        if env.row(ORDER, order) is not None:
            reckon(env, order)


def reckon(env: Environment, order: int) -> None:
    """Amounts of the lines and totals of the order."""
    for row in lines_of(env, order):
        if not row["display_type"]:
            change(env, LINE, row["id"], amounts(env, row, tax_column(env.major), "product_uom_qty"))
    total(env, ORDER, order, lines_of(env, order))


def _in_product_unit(env: Environment, row: Row) -> float:
    unit = template(env, row["product_id"])["uom_id"]
    return units.converted(env, row["product_uom_qty"], row[unit_column(env.major)], unit)


def deliver(env: Environment, order: int, rows: list[Row], quantity: float | None = None) -> None:
    """Moves for the goods of `rows` in the open delivery of the order, which is made if there is none."""
    goods = [row for row in rows if row["product_id"] and template(env, row["product_id"])["type"] == "consu"]
    goods = [row for row in goods if row["product_uom_qty"] > 0]
    if goods:
        picking = _open_delivery(env, order)
        confirm(env, [_move(env, row, picking, quantity) for row in goods])


def _open_delivery(env: Environment, order: int) -> Row:
    table, about = env.store.tables[PICKING], env.store.tables[ORDER][order]
    usable = [one for one in env.holding(PICKING, "sale_id", order) if table[one]["state"] not in ENDED]
    if usable:
        return table[usable[0]]
    house = env.store.tables["stock.warehouse"][about["warehouse_id"]]
    reference = about["client_order_ref"] if env.major == 18 else False
    origin = f"{about['name']} - {reference}" if reference else about["name"]
    values = {"picking_type_id": house["out_type_id"], "partner_id": about["partner_shipping_id"], "origin": origin}
    values |= {"move_type": about["picking_policy"], "sale_id": order, "company_id": about["company_id"]}
    return table[insert(env, PICKING, values)]


def _move(env: Environment, row: Row, picking: Row, quantity: float | None) -> int:
    """A draft move of a line, in the unit of its product."""
    order, about = env.store.tables[ORDER][row["order_id"]], template(env, row["product_id"])
    due = order["commitment_date"] or order["date_order"]
    same = ("location_id", "location_dest_id", "picking_type_id", "company_id", "origin", "partner_id")
    values = {name: picking[name] for name in same} | {"picking_id": picking["id"], "reference": picking["name"]}
    values |= {"product_id": row["product_id"], "product_uom": about["uom_id"], "sale_line_id": row["id"]}
    values |= {"product_uom_qty": _in_product_unit(env, row) if quantity is None else quantity}
    values |= {"date": due, "date_deadline": due, "warehouse_id": order["warehouse_id"], "propagate_cancel": False}
    old = env.major == 18
    name = {"name": about["name"], "description_picking": about["name"]} if old else {"description_picking": ""}
    return put(env, MOVE, values | name)


def line_hooks() -> Hooks:
    return Hooks(
        complete=_complete,
        changing=_changing,
        created=_created,
        written=_written,
        unlinking=_unlinking,
        deleted=_deleted,
    )
