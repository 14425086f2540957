"""Sale orders: quotation, confirmed with a delivery, delivered, invoiced, cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from careloom.sim.odoo import errors
from careloom.sim.odoo.bookkeeping import next_name, touch
from careloom.sim.odoo.columns import char, choice, day, flag, lines, link, links, moment, money, number, whole
from careloom.sim.odoo.computed import asked, shown
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Field, Reader, Row
from careloom.sim.odoo.models import ALL, Area, Hooks, Model, define
from careloom.sim.odoo.order_lines import window
from careloom.sim.odoo.sale_lines import (
    INVOICING,
    LINE,
    ORDER,
    deliver,
    delivered,
    invoices,
    line_hooks,
    line_models,
    lines_of,
    moves_of_line,
    status,
    tax_column,
    to_invoice,
    unit_column,
)
from careloom.sim.odoo.stock_flow import cancel
from careloom.sim.odoo.stock_moves import MOVE, PICKING
from careloom.sim.odoo.writing import insert

_WIZARD = "sale.advance.payment.inv"
_STATES = (("draft", "Quotation"), ("sent", "Quotation Sent"), ("sale", "Sales Order"), ("cancel", "Cancelled"))
_POLICIES = (("direct", "As soon as possible"), ("one", "When all products are ready"))
_DELIVERIES = (
    ("pending", "Not Delivered"),
    ("started", "Started"),
    ("partial", "Partially Delivered"),
    ("full", "Fully Delivered"),
)
_ADVANCES = (
    ("delivered", "Regular invoice"),
    ("percentage", "Down payment (percentage)"),
    ("fixed", "Down payment (fixed amount)"),
)


def _pickings(reader: Reader, row: Row) -> list[Row]:
    rows = [reader.row(PICKING, one) or {} for one in reader.pointing(PICKING, "sale_id", row["id"])]
    return sorted(rows, key=lambda one: (-int(one["priority"]), one["scheduled_date"], -one["id"]))


def _delivery_status(reader: Reader, row: Row) -> str | bool:
    states = [one["state"] for one in _pickings(reader, row)]
    if not states or all(state == "cancel" for state in states):
        return False
    if all(state in ("done", "cancel") for state in states):
        return "full"
    if "done" not in states:
        return "pending"
    rows = lines_of(asked(reader), row["id"])
    return "partial" if any(one["qty_delivered"] for one in rows) else "started"


def _arrived(reader: Reader, row: Row) -> Any:
    rows = _pickings(reader, row)
    dates = [one["date_done"] for one in rows if one["state"] == "done" and one["date_done"]]
    return min(dates) if dates else False


def _invoices(reader: Reader, row: Row) -> tuple[int, ...]:
    return tuple(invoices(asked(reader), row["id"]))


def _status(reader: Reader, row: Row) -> str:
    if row["state"] != "sale":
        return "no"
    rows = [one for one in lines_of(asked(reader), row["id"]) if not one["display_type"]]
    states = {status(asked(reader), one) for one in rows}
    if "to invoice" in states:
        return "to invoice"
    return "invoiced" if states == {"invoiced"} else "no"


def _kind(_: Reader, row: Row) -> str:
    return "Quotation" if row["state"] in ("draft", "sent", "cancel") else "Sales Order"


def _order_fields() -> list[Field]:
    return [
        char("name", "Order Reference", required=True, default="New"),
        link("partner_id", "Customer", "res.partner", required=True),
        link("partner_invoice_id", "Invoice Address", "res.partner", required=True),
        link("partner_shipping_id", "Delivery Address", "res.partner", required=True),
        char("client_order_ref", "Customer Reference"),
        char("reference", "Payment Ref."),
        char("origin", "Source Document"),
        choice("state", "Status", *_STATES, readonly=True, default="draft"),
        flag("locked", "Locked"),
        moment("date_order", "Order Date", required=True),
        moment("commitment_date", "Delivery Date"),
        day("validity_date", "Expiration"),
        link("user_id", "Salesperson", "res.users"),
        link("company_id", "Company", "res.company", required=True),
        link("currency_id", "Currency", "res.currency", readonly=True, default=1),
        link("warehouse_id", "Warehouse", "stock.warehouse"),
        link("payment_term_id", "Payment Terms", "account.payment.term"),
        link("fiscal_position_id", "Fiscal Position", "account.fiscal.position"),
        choice("picking_policy", "Shipping Policy", *_POLICIES, required=True, default="direct"),
        lines("order_line", "Order Lines", LINE, "order_id"),
        Field(name="note", type="html", string="Terms and conditions"),
    ]


def _order_results() -> list[Field]:
    return [
        money("amount_untaxed", "Untaxed Amount", readonly=True),
        money("amount_tax", "Taxes", readonly=True),
        money("amount_total", "Total", readonly=True),
        shown(char("type_name", "Type Name"), _kind),
        lines("picking_ids", "Transfers", PICKING, "sale_id"),
        shown(whole("delivery_count", "Delivery Orders"), lambda reader, row: len(_pickings(reader, row))),
        shown(choice("delivery_status", "Delivery Status", *_DELIVERIES), _delivery_status),
        shown(moment("effective_date", "Effective Date"), _arrived),
        shown(links("invoice_ids", "Invoices", "account.move"), _invoices),
        shown(whole("invoice_count", "Invoice Count"), lambda reader, row: len(_invoices(reader, row))),
        shown(choice("invoice_status", "Invoice Status", *INVOICING), _status),
    ]


def _models(major: int) -> list[Model]:
    options: dict[str, Any] = {"order": "date_order desc, id desc", "found_by": ("name", "client_order_ref")}
    options["indexes"] = (("name",), ("client_order_ref",), ("partner_id",))
    wizard = [
        choice("advance_payment_method", "Create Invoice", *_ADVANCES, required=True, default="delivered"),
        links("sale_order_ids", "Sale Orders", ORDER),
        number("amount", "Down Payment"),
        money("fixed_amount", "Down Payment Amount (Fixed)"),
        flag("deduct_down_payments", "Deduct down payments", default=True),
        flag("consolidated_billing", "Consolidated Billing", default=True),
        shown(whole("count", "Order Count"), lambda _, row: len(row["sale_order_ids"])),
    ]
    order = define(ORDER, "Sales Order", [*_order_fields(), *_order_results()], **options)
    asking = define(_WIZARD, "Sales Advance Payment Invoice", wizard, label=lambda _, row: f"{_WIZARD},{row['id']}")
    return [order, *line_models(major, _STATES), asking]


def _fields(_: int) -> dict[str, list[Field]]:
    return {"account.move.line": [links("sale_line_ids", "Sales Order Lines", LINE)]}


def _complete(env: Environment, values: Row) -> Row:
    company, partner = values.get("company_id") or env.companies[0], values.get("partner_id") or False
    houses = [row["id"] for row in env.store.tables["stock.warehouse"].values() if row["company_id"] == company]
    until = (env.tx.now + timedelta(days=30)).date().isoformat()
    defaults: Row = {"name": next_name(env, "S"), "date_order": env.tx.now.strftime("%Y-%m-%d %H:%M:%S")}
    defaults |= {"user_id": env.user.uid, "company_id": company, "warehouse_id": houses[0] if houses else False}
    defaults |= {"partner_invoice_id": partner, "partner_shipping_id": partner, "validity_date": until}
    return defaults | {name: one for name, one in values.items() if one or name not in defaults}


def _unlinking(env: Environment, rows: list[Row]) -> None:
    if any(row["state"] not in ("draft", "cancel") for row in rows):
        raise errors.user_error("You can not delete a sent quotation or a confirmed sales order; cancel it first.")
    for row in rows:
        for one in lines_of(env, row["id"]):
            env.tx.delete(LINE, one["id"])


def _moved(env: Environment, ids: list[int], values: Row) -> None:
    """A delivery tells its lines and order how much has gone, and bumps both."""
    for move in ids if values.get("state") in ("done", "cancel") else ():
        line = env.store.tables[MOVE].get(move, {}).get("sale_line_id")
        if line:
            row = env.store.tables[LINE][line]
            if values["state"] == "done":
                touch(env, LINE, line, {"qty_delivered": delivered(env, row)})
            touch(env, ORDER, row["order_id"])


def action_confirm(env: Environment, ids: Sequence[int]) -> bool:
    """Confirm quotations and make their deliveries; anything else is an error [c82]."""
    rows = env.existing(ORDER, ids)
    if any(row["state"] not in ("draft", "sent") for row in rows):
        raise errors.user_error("Some orders are not in a state requiring confirmation.")
    for row in rows:
        touch(env, ORDER, row["id"], {"state": "sale", "date_order": env.tx.now})
        deliver(env, row["id"], lines_of(env, row["id"]))
    return True


def action_cancel(env: Environment, ids: Sequence[int]) -> bool | dict[str, Any]:
    """Cancel orders with their open deliveries and draft invoices.

    18.0 only asks when an order is no draft, unless the context says `disable_cancel_warning`; 19.0 cancels at once.
    """
    rows = env.existing(ORDER, ids)
    if any(row["locked"] for row in rows):
        raise errors.user_error("You cannot cancel a locked order. Please unlock it first.")
    asks = env.major == 18 and not env.context.get("disable_cancel_warning")
    if asks and any(row["state"] != "draft" for row in rows):
        context = {"default_order_id": rows[0]["id"], "mark_so_as_canceled": True}
        window = {"name": f"Cancel {_kind(env, rows[0])}", "view_mode": "form", "res_model": "sale.order.cancel"}
        return window | {"view_id": False, "type": "ir.actions.act_window", "context": context, "target": "new"}
    for row in rows:
        _cancel(env, row)
    return True


def _cancel(env: Environment, order: Row) -> None:
    for one in invoices(env, order["id"]):
        if env.store.tables["account.move"][one]["state"] == "draft":
            touch(env, "account.move", one, {"state": "cancel"})
    moves = [move for row in lines_of(env, order["id"]) for move in moves_of_line(env, row["id"])]
    cancel(env, [move["id"] for move in moves if move["state"] not in ("done", "cancel")])
    touch(env, ORDER, order["id"], {"state": "cancel"})


def action_draft(env: Environment, ids: Sequence[int]) -> bool:
    for row in env.existing(ORDER, ids):
        if row["state"] in ("cancel", "sent"):
            touch(env, ORDER, row["id"], {"state": "draft"})
    return True


def action_lock(env: Environment, ids: Sequence[int]) -> None:
    for row in env.existing(ORDER, ids):
        touch(env, ORDER, row["id"], {"locked": True})


def action_unlock(env: Environment, ids: Sequence[int]) -> None:
    for row in env.existing(ORDER, ids):
        touch(env, ORDER, row["id"], {"locked": False})


def _complete_wizard(env: Environment, values: Row) -> Row:
    """The orders that the context is about."""
    active = env.context.get("active_ids") if env.context.get("active_model", ORDER) == ORDER else None
    return {"sale_order_ids": [[6, 0, list(active or [])]], **values}


def create_invoices(env: Environment, ids: Sequence[int]) -> dict[str, Any]:
    """An invoice per order for what is to be invoiced; nothing to invoice is an error. No down payments."""
    [wizard] = env.existing(_WIZARD, ids)
    if wizard["advance_payment_method"] != "delivered":
        raise errors.user_error("The simulated server makes regular invoices only, no down payments.")
    orders = env.existing(ORDER, wizard["sale_order_ids"])
    due = {row["id"]: [one for one in lines_of(env, row["id"]) if to_invoice(env, one)] for row in orders}
    if not any(due.values()):
        raise errors.user_error("Cannot create an invoice. No items are available to invoice.")
    made = [_invoice(env, row, due[row["id"]]) for row in orders if due[row["id"]]]
    context: Row = {"default_move_type": "out_invoice"}
    if len(orders) == 1:
        [order] = orders
        shipping = {"default_partner_shipping_id": order["partner_shipping_id"]}
        context |= {"default_partner_id": order["partner_id"], **shipping, "default_invoice_payment_term_id": None}
        context |= {"default_invoice_origin": order["name"]} if env.major == 18 else {}
    return window(env, "Invoices", "account.action_move_out_invoice_type", made, context)


def _invoice(env: Environment, order: Row, rows: list[Row]) -> int:
    reference = order["client_order_ref"] or (order["name"] if env.major >= 19 else "")
    values = {"move_type": "out_invoice", "partner_id": order["partner_invoice_id"], "ref": reference}
    values |= {"invoice_origin": order["name"], "company_id": order["company_id"]}
    values["invoice_line_ids"] = [[0, 0, _invoice_line(env, row)] for row in rows]
    return insert(env, "account.move", values)


def _invoice_line(env: Environment, row: Row) -> Row:
    values = {"product_id": row["product_id"], "name": row["name"], "quantity": to_invoice(env, row)}
    values |= {"price_unit": row["price_unit"], "discount": row["discount"], "sale_line_ids": [[6, 0, [row["id"]]]]}
    values["product_uom_id"] = row[unit_column(env.major)]
    return values | {"tax_ids": [[6, 0, list(row[tax_column(env.major)])]]}


SALES = Area(
    name="sales",
    models=_models,
    fields=_fields,
    hooks={
        ORDER: Hooks(complete=_complete, unlinking=_unlinking),
        LINE: line_hooks(),
        MOVE: Hooks(written=_moved),
        _WIZARD: Hooks(complete=_complete_wizard),
    },
    methods={
        (ORDER, "action_confirm"): action_confirm,
        (ORDER, "action_cancel"): action_cancel,
        (ORDER, "action_draft"): action_draft,
        (ORDER, "action_lock"): action_lock,
        (ORDER, "action_unlock"): action_unlock,
        (_WIZARD, "create_invoices"): create_invoices,
    },
    rights={ORDER: ALL, LINE: ALL, _WIZARD: ALL},
)
