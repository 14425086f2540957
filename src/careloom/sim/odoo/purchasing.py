"""Purchase orders: draft, confirmed with a receipt, received, billed, cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from careloom.sim.odoo import errors
from careloom.sim.odoo.bookkeeping import put, touch
from careloom.sim.odoo.columns import char, choice, flag, lines, link, links, moment, money, whole
from careloom.sim.odoo.computed import asked, shown, through
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Field, Reader, Row
from careloom.sim.odoo.models import ALL, Area, Hooks, Model, define
from careloom.sim.odoo.order_lines import invoice_status, window
from careloom.sim.odoo.purchase_lines import (
    LINE,
    ORDER,
    bills,
    line_hooks,
    line_models,
    lines_of,
    names,
    order_moves,
    receive,
    received,
    tax_column,
    to_bill,
)
from careloom.sim.odoo.stock_flow import cancel
from careloom.sim.odoo.stock_moves import MOVE, PICKING
from careloom.sim.odoo.writing import insert

_STATES = [("draft", "RFQ"), ("sent", "RFQ Sent"), ("to approve", "To Approve"), ("purchase", "Purchase Order")]
_BILLING = (("no", "Nothing to Bill"), ("to invoice", "Waiting Bills"), ("invoiced", "Fully Billed"))
_RECEIPTS = (("pending", "Not Received"), ("partial", "Partially Received"), ("full", "Fully Received"))
_PRIORITIES = (("0", "Normal"), ("1", "Urgent"))
CONFIRMED = ("purchase", "done")


def _states(major: int) -> list[tuple[str, str]]:
    return [*_STATES, *([("done", "Locked")] if major == 18 else []), ("cancel", "Cancelled")]


def _pickings(reader: Reader, row: Row) -> tuple[int, ...]:
    """The receipts, in the order of their model: urgent, early, young first."""
    rows = [reader.row(PICKING, one) or {} for one in reader.pointing(PICKING, "purchase_id", row["id"])]
    rows.sort(key=lambda one: (-int(one["priority"]), one["scheduled_date"], -one["id"]))
    return tuple(one["id"] for one in rows)


def _picking_rows(reader: Reader, row: Row) -> list[Row]:
    return [reader.row(PICKING, one) or {} for one in _pickings(reader, row)]


def _receipt_status(reader: Reader, row: Row) -> str | bool:
    states = [one["state"] for one in _picking_rows(reader, row)]
    if not states or all(state == "cancel" for state in states):
        return False
    if all(state in ("done", "cancel") for state in states):
        return "full"
    return "partial" if "done" in states else "pending"


def _shipped(reader: Reader, row: Row) -> bool:
    return _receipt_status(reader, row) == "full"


def _arrived(reader: Reader, row: Row) -> Any:
    dates = [one["date_done"] for one in _picking_rows(reader, row) if one["state"] == "done" and one["date_done"]]
    return min(dates) if dates else False


def _bills(reader: Reader, row: Row) -> tuple[int, ...]:
    return tuple(bills(asked(reader), row["id"]))


def _status(reader: Reader, row: Row) -> str:
    rows = [one for one in lines_of(asked(reader), row["id"]) if not one["display_type"]]
    waiting = [to_bill(asked(reader), one) for one in rows]
    return invoice_status(row["state"] in CONFIRMED, waiting, _bills(reader, row))


def _order_fields(major: int) -> list[Field]:
    fields = [
        char("name", "Order Reference", required=True, default="New"),
        link("partner_id", "Vendor", "res.partner", required=True),
        char("partner_ref", "Vendor Reference"),
        char("origin", "Source"),
        choice("state", "Status", *_states(major), readonly=True, default="draft"),
        moment("date_order", "Order Deadline", required=True),
        moment("date_approve", "Confirmation Date", readonly=True),
        moment("date_planned", "Expected Arrival"),
        link("user_id", "Buyer", "res.users"),
        link("company_id", "Company", "res.company", required=True),
        link("currency_id", "Currency", "res.currency", required=True, default=1),
        link("picking_type_id", "Deliver To", "stock.picking.type", required=True),
        link("dest_address_id", "Dropship Address", "res.partner"),
        link("payment_term_id", "Payment Terms", "account.payment.term"),
        link("fiscal_position_id", "Fiscal Position", "account.fiscal.position"),
        choice("priority", "Priority", *_PRIORITIES, default="0"),
        lines("order_line", "Order Lines", LINE, "order_id"),
        Field(name="notes" if major == 18 else "note", type="html", string="Terms and Conditions"),
    ]
    return fields if major == 18 else [*fields, flag("locked", "Locked"), flag("acknowledged", "Acknowledged")]


def _order_results() -> list[Field]:
    return [
        money("amount_untaxed", "Untaxed Amount", readonly=True),
        money("amount_tax", "Taxes", readonly=True),
        money("amount_total", "Total", readonly=True),
        shown(links("picking_ids", "Receptions", PICKING), _pickings),
        shown(whole("incoming_picking_count", "Incoming Shipment count"), lambda one, row: len(_pickings(one, row))),
        shown(choice("receipt_status", "Receipt Status", *_RECEIPTS), _receipt_status),
        shown(flag("is_shipped", "Is Shipped"), _shipped),
        shown(moment("effective_date", "Arrival"), _arrived),
        shown(links("invoice_ids", "Bills", "account.move"), _bills),
        shown(whole("invoice_count", "Bill Count"), lambda one, row: len(_bills(one, row))),
        shown(choice("invoice_status", "Billing Status", *_BILLING), _status),
    ]


def _models(major: int) -> list[Model]:
    options: dict[str, Any] = {"order": "priority desc, id desc", "found_by": ("name", "partner_ref")}
    options["indexes"] = (("name",), ("partner_ref",), ("partner_id",))
    order = define(ORDER, "Purchase Order", [*_order_fields(major), *_order_results()], **options)
    return [order, *line_models(major, _states(major))]


def _fields(_: int) -> dict[str, list[Field]]:
    order = through(link("purchase_order_id", "Purchase Order", ORDER), LINE, "purchase_line_id", "order_id")
    return {"account.move.line": [link("purchase_line_id", "Purchase Order Line", LINE), order]}


def _complete(env: Environment, values: Row) -> Row:
    company = values.get("company_id") or env.companies[0]
    houses = [row for row in env.store.tables["stock.warehouse"].values() if row["company_id"] == company]
    now = env.tx.now.strftime("%Y-%m-%d %H:%M:%S")
    defaults: Row = {"date_order": now, "user_id": env.user.uid, "company_id": company, "name": names(env)}
    defaults["picking_type_id"] = houses[0]["in_type_id"] if houses else False
    return defaults | {name: one for name, one in values.items() if one or name not in defaults}


def _unlinking(env: Environment, rows: list[Row]) -> None:
    if any(row["state"] != "cancel" for row in rows):
        raise errors.user_error("In order to delete a purchase order, you must cancel it first.")
    for row in rows:
        for one in lines_of(env, row["id"]):
            env.tx.delete(LINE, one["id"])


def _moved(env: Environment, ids: list[int], values: Row) -> None:
    """A receipt tells its lines and order how much has come, and bumps both; a cancelled one bumps the order."""
    if values.get("state") not in ("done", "cancel"):
        return
    for move in ids:
        line = env.store.tables[MOVE].get(move, {}).get("purchase_line_id")
        if line:
            row = env.store.tables[LINE][line]
            if values["state"] == "done":
                touch(env, LINE, line, {"qty_received": received(env, row)})
            touch(env, ORDER, row["order_id"])


def button_confirm(env: Environment, ids: Sequence[int]) -> bool:
    """Confirm drafts and make their receipts; other orders stay as they are [c62]."""
    for row in env.existing(ORDER, ids):
        if row["state"] in ("draft", "sent"):
            touch(env, ORDER, row["id"], {"state": "purchase", "date_approve": env.tx.now})
            _remember_vendor(env, row)
            receive(env, row["id"], lines_of(env, row["id"]))
    return True


def _remember_vendor(env: Environment, order: Row) -> None:
    """A vendor who has not offered a product before is noted with the price of the order."""
    for row in lines_of(env, order["id"]):
        if not row["product_id"]:
            continue
        template = env.store.tables["product.product"][row["product_id"]]["product_tmpl_id"]
        offers = [env.store.tables[_OFFER][one] for one in env.holding(_OFFER, "product_tmpl_id", template)]
        if len(offers) <= 10 and order["partner_id"] not in [one["partner_id"] for one in offers]:
            values = {"partner_id": order["partner_id"], "product_tmpl_id": template, "price": row["price_unit"]}
            values |= {"min_qty": 1.0, "delay": 0, "company_id": False, "currency_id": 1}
            values["sequence"] = max([one["sequence"] for one in offers], default=0) + 1
            unit = env.store.tables["product.template"][template]["uom_id"]
            more = {} if env.major == 18 else {"product_uom_id": unit, "product_id": row["product_id"]}
            put(env, _OFFER, values | more)


_OFFER = "product.supplierinfo"


def button_cancel(env: Environment, ids: Sequence[int]) -> None:
    """Cancel the orders and their open receipts. 18.0 refuses what has been received, 19.0 does not."""
    rows = env.existing(ORDER, ids)
    for row in rows:
        pickings = _picking_rows(env, row)
        if env.major == 18 and any(one["state"] == "done" for one in pickings):
            raise errors.user_error(f"Unable to cancel purchase order(s) with receipts that are done: {row['name']}")
        kept = [one for one in bills(env, row["id"]) if env.store.tables["account.move"][one]["state"] not in _FREE]
        if kept:
            raise errors.user_error(f"Unable to cancel purchase order {row['name']}; cancel the vendor bills first.")
    for row in rows:
        open_moves = [one["id"] for one in order_moves(env, row["id"]) if one["state"] not in ("done", "cancel")]
        cancel(env, open_moves)
        touch(env, ORDER, row["id"], {"state": "cancel"})


_FREE = ("cancel", "draft")


def button_draft(env: Environment, ids: Sequence[int]) -> dict[str, Any]:
    for row in env.existing(ORDER, ids):
        touch(env, ORDER, row["id"], {"state": "draft"})
    return {}


def _lock(env: Environment, ids: Sequence[int], locked: bool) -> None:
    for row in env.existing(ORDER, ids):
        state = {"state": "done" if locked else "purchase"}
        touch(env, ORDER, row["id"], state if env.major == 18 else {"locked": locked})


def button_lock(env: Environment, ids: Sequence[int]) -> None:
    _lock(env, ids, locked=True)


def button_unlock(env: Environment, ids: Sequence[int]) -> None:
    _lock(env, ids, locked=False)


def action_create_invoice(env: Environment, ids: Sequence[int]) -> dict[str, Any]:
    """Bills for what is to be billed. 18.0 refuses when there is nothing, 19.0 makes a bill of no quantity."""
    made = []
    for row in env.existing(ORDER, ids):
        rows = [one for one in lines_of(env, row["id"]) if not one["display_type"]]
        due = [one for one in rows if to_bill(env, one)]
        if not due and env.major == 18:
            raise errors.user_error("There is no invoiceable line: nothing has been received yet.")
        made.append(_bill(env, row, due or rows))
    return window(env, "Bills", "account.action_move_in_invoice_type", made, {"default_move_type": "in_invoice"})


def _bill(env: Environment, order: Row, rows: list[Row]) -> int:
    values = {"move_type": "in_invoice", "partner_id": order["partner_id"], "invoice_origin": order["name"]}
    values |= {"company_id": order["company_id"], "ref": order["partner_ref"] if env.major == 18 else False}
    values["invoice_line_ids"] = [[0, 0, _bill_line(env, row)] for row in rows]
    return insert(env, "account.move", values)


def _bill_line(env: Environment, row: Row) -> Row:
    values = {"product_id": row["product_id"], "name": row["name"], "quantity": to_bill(env, row)}
    values |= {"price_unit": row["price_unit"], "discount": row["discount"], "purchase_line_id": row["id"]}
    unit = row["product_uom" if env.major == 18 else "product_uom_id"]
    return values | {"product_uom_id": unit, "tax_ids": [[6, 0, list(row[tax_column(env)])]]}


PURCHASING = Area(
    name="purchasing",
    models=_models,
    fields=_fields,
    hooks={
        ORDER: Hooks(complete=_complete, unlinking=_unlinking),
        LINE: line_hooks(),
        MOVE: Hooks(written=_moved),
    },
    methods={
        (ORDER, "button_confirm"): button_confirm,
        (ORDER, "button_cancel"): button_cancel,
        (ORDER, "button_draft"): button_draft,
        (ORDER, "button_lock"): button_lock,
        (ORDER, "button_done"): button_lock,
        (ORDER, "button_unlock"): button_unlock,
        (ORDER, "action_create_invoice"): action_create_invoice,
    },
    rights={ORDER: ALL, LINE: ALL},
)
