"""Transfers: their fields, and the buttons that a connector presses.

`button_validate` answers true, or a dialogue and then nothing has happened: for a backorder unless the context says
`skip_backorder`, and with stock_sms for a text message unless it says `skip_sms` (`odoo/CONTRACT.md` section 2).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from careloom.sim.odoo import errors
from careloom.sim.odoo.bookkeeping import put, rounded, touch
from careloom.sim.odoo.columns import char, choice, flag, lines, link, links, moment
from careloom.sim.odoo.computed import asked, shown, through
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Field, Reader, Row
from careloom.sim.odoo.models import Model, define
from careloom.sim.odoo.stock_flow import ENDED, OPEN, assign, cancel, confirm, finish, moves_of, settle, unreserve
from careloom.sim.odoo.stock_hooks import picking_name
from careloom.sim.odoo.stock_moves import LINE, MOVE, PICKING, lines_of
from careloom.sim.odoo.stock_quants import template
from careloom.sim.odoo.writing import write

_STATES = (
    ("draft", "Draft"),
    ("waiting", "Waiting Another Operation"),
    ("confirmed", "Waiting"),
    ("assigned", "Ready"),
    ("done", "Done"),
    ("cancel", "Cancelled"),
)
_POLICIES = (("direct", "As soon as possible"), ("one", "When all products are ready"))
_PRIORITIES = (("0", "Normal"), ("1", "Urgent"))
_CODES = (("incoming", "Receipt"), ("outgoing", "Delivery"), ("internal", "Internal Transfer"))
_READINESS = (("available", "Available"), ("expected", "Expected"), ("late", "Late"))
_WIZARD = "stock.backorder.confirmation"
Dialogue = dict[str, Any]


def _readiness(reader: Reader, row: Row) -> str | bool:
    codes = ("outgoing",) if asked(reader).major == 18 else ("outgoing", "internal")
    kind = reader.row("stock.picking.type", row["picking_type_id"])
    if kind is None or kind["code"] not in codes or row["state"] not in OPEN:
        return False
    moves = moves_of(asked(reader), row["id"])
    return "available" if all(one["quantity"] >= one["product_uom_qty"] for one in moves) else "late"


def _readiness_shown(reader: Reader, row: Row) -> str | bool:
    return {"available": "Available", "late": "Not Available"}.get(str(_readiness(reader, row)), False)


def _asks_for_stock(reader: Reader, row: Row) -> bool:
    moves = moves_of(asked(reader), row["id"])
    wanting = [one for one in moves if one["state"] in OPEN and one["state"] != "assigned"]
    return row["state"] in OPEN and any(one["product_uom_qty"] for one in wanting)


def _first_product(reader: Reader, row: Row) -> int | bool:
    moves = moves_of(asked(reader), row["id"])
    return moves[0]["product_id"] if moves else False


def _identity() -> list[Field]:
    return [
        char("name", "Reference", readonly=True, default="/"),
        char("origin", "Source Document"),
        Field(name="note", type="html", string="Notes"),
        link("partner_id", "Contact", "res.partner"),
        link("picking_type_id", "Operation Type", "stock.picking.type", required=True),
        through(choice("picking_type_code", "Type of Operation", *_CODES), _TYPE, "picking_type_id", "code"),
        link("location_id", "Source Location", "stock.location", required=True),
        link("location_dest_id", "Destination Location", "stock.location", required=True),
        link("company_id", "Company", "res.company", readonly=True),
        link("user_id", "Responsible", "res.users"),
        link("owner_id", "Assign Owner", "res.partner"),
        choice("priority", "Priority", *_PRIORITIES, default="0"),
        choice("move_type", "Shipping Policy", *_POLICIES, required=True, default="direct"),
        flag("is_locked", "Is Locked", default=True),
        flag("printed", "Printed"),
    ]


_TYPE = "stock.picking.type"


def _progress(major: int) -> list[Field]:
    fields = [
        choice("state", "Status", *_STATES, readonly=True, default="draft"),
        moment("scheduled_date", "Scheduled Date"),
        moment("date_deadline", "Deadline", readonly=True),
        moment("date_done", "Date of Transfer"),
        lines("move_ids", "Stock Moves", MOVE, "picking_id"),
        lines("move_line_ids", "Operations", LINE, "picking_id"),
        link("backorder_id", "Back Order of", PICKING, readonly=True),
        lines("backorder_ids", "Back Orders", PICKING, "backorder_id"),
        link("return_id", "Return of", PICKING, readonly=True),
        link("purchase_id", "Purchase Order", "purchase.order", readonly=True),
        link("sale_id", "Sales Order", "sale.order"),
        shown(link("product_id", "Product", "product.product"), _first_product),
        shown(choice("products_availability_state", "Availability State", *_READINESS), _readiness),
        shown(char("products_availability", "Product Availability"), _readiness_shown),
        shown(flag("show_check_availability", "Show Check Availability"), _asks_for_stock),
    ]
    return fields + ([lines("move_ids_without_package", "Stock move", MOVE, "picking_id")] if major == 18 else [])


def models(major: int) -> list[Model]:
    options: dict[str, Any] = {"order": "priority desc, scheduled_date, id desc", "found_by": ("name", "origin")}
    options["indexes"] = (("name",), ("origin",), ("backorder_id",), ("purchase_id",), ("sale_id",))
    row = [
        link("picking_id", "Transfer", PICKING),
        flag("to_backorder", "To Backorder"),
        link("backorder_confirmation_id", "Immediate Transfer", _WIZARD),
    ]
    wizard = [
        links("pick_ids", "Transfers", PICKING),
        flag("show_transfers", "Show Transfers"),
        lines("backorder_confirmation_line_ids", "Lines", f"{_WIZARD}.line", "backorder_confirmation_id"),
    ]
    transfer = define(PICKING, "Transfer", [*_identity(), *_progress(major)], **options)
    asking = define(_WIZARD, "Backorder Confirmation", wizard, label=_wizard_label)
    return [transfer, asking, define(f"{_WIZARD}.line", "Backorder Confirmation Line", row, label=_wizard_label)]


def _wizard_label(_: Reader, row: Row) -> str:
    return f"{_WIZARD},{row['id']}"


def action_confirm(env: Environment, ids: Sequence[int]) -> bool:
    for row in env.existing(PICKING, ids):
        _merge(env, row["id"])
        confirm(env, [one["id"] for one in moves_of(env, row["id"])])
    return True


_ALIKE = ("product_id", "product_uom", "location_id", "location_dest_id", "price_unit", "date_deadline", "origin")


def _merge(env: Environment, picking: int) -> None:
    """Draft moves of the same goods between the same places become one, as confirming a transfer does."""
    first: dict[tuple[Any, ...], Row] = {}
    for row in moves_of(env, picking):
        if row["state"] != "draft" or row["purchase_line_id"] or row["sale_line_id"] or lines_of(env, row["id"]):
            continue
        key = tuple(row[name] for name in _ALIKE)
        kept = first.setdefault(key, row)
        if kept is not row:
            total = rounded(env.store.tables[MOVE][kept["id"]]["product_uom_qty"] + row["product_uom_qty"])
            touch(env, MOVE, kept["id"], {"product_uom_qty": total})
            env.tx.delete(MOVE, row["id"])


def action_assign(env: Environment, ids: Sequence[int]) -> bool:
    """Reserve; nothing to reserve is an error, nothing available is not."""
    action_confirm(env, ids)
    moves = [one["id"] for row in env.existing(PICKING, ids) for one in moves_of(env, row["id"])]
    pending = [one for one in moves if env.store.tables[MOVE][one]["state"] not in ("draft", *ENDED)]
    if not pending:
        raise errors.user_error("Nothing to check the availability for.")
    assign(env, pending)
    return True


def do_unreserve(env: Environment, ids: Sequence[int]) -> None:
    for row in env.existing(PICKING, ids):
        unreserve(env, [one["id"] for one in moves_of(env, row["id"])])


def action_cancel(env: Environment, ids: Sequence[int]) -> bool:
    for row in env.existing(PICKING, ids):
        moves = moves_of(env, row["id"])
        cancel(env, [one["id"] for one in moves])
        if not moves:
            touch(env, PICKING, row["id"], {"state": "cancel"})
    return True


def button_validate(env: Environment, ids: Sequence[int]) -> bool | Dialogue:
    """Do the transfers, or ask. True on transfers that are done already [c68]."""
    rows = [row for row in env.existing(PICKING, ids) if row["state"] != "done"]
    pickings = [row["id"] for row in rows]
    action_confirm(env, [row["id"] for row in rows if row["state"] == "draft"])
    for picking in pickings:
        _refuse_hopeless(env, picking)
    dialogue = _dialogue(env, pickings)
    if dialogue is None:
        for picking in pickings:
            _pick_all(env, picking)
            _validate(env, picking)
    return dialogue or True


def _refuse_hopeless(env: Environment, picking: int) -> None:
    """No moves, nothing to move, or goods that need a lot and have none."""
    moves = moves_of(env, picking)
    if not moves:
        raise errors.user_error("An empty transfer cannot be validated; add products to move first.")
    if not any(one["quantity"] for one in moves):
        raise errors.user_error("A transfer of no quantity cannot be validated; reserve or set quantities first.")
    lacking = [one["product_id"] for one in moves if _lacks_lot(env, one, any(other["picked"] for other in moves))]
    if lacking:
        names = "\n".join(f"- {env.label('product.product', one)}" for one in dict.fromkeys(lacking))
        raise errors.user_error(f"You need to supply a Lot/Serial Number for product:\n{names}")


def _lacks_lot(env: Environment, move: Row, only_picked: bool) -> bool:
    if move["state"] in ENDED or template(env, move["product_id"])["tracking"] == "none":
        return False
    rows = [one for one in lines_of(env, move["id"]) if one["picked"] or not only_picked]
    return any(one["quantity"] and not one["lot_id"] and not one["lot_name"] for one in rows)


def _dialogue(env: Environment, pickings: list[int]) -> Dialogue | None:
    short = [one for one in pickings if not env.context.get("skip_backorder") and _falls_short(env, one)]
    if short:
        return _window(env, _WIZARD, "Create Backorder?", pickings) | {
            "context": {
                "button_validate_picking_ids": pickings,
                "default_show_transfers": len(pickings) > 1,
                "default_pick_ids": [[4, one] for one in short],
            },
        }
    texted = [one for one in pickings if not env.context.get("skip_sms") and _sends_text(env, one)]
    if texted:
        wizard = env.store.next_id("sequence confirm.stock.sms")
        window = _window(env, "confirm.stock.sms", "SMS", pickings)
        return window | {"res_id": wizard, "context": {"button_validate_picking_ids": pickings}}
    return None


def _window(env: Environment, model: str, name: str, _: list[int]) -> Dialogue:
    view = 898 + 41 * (env.major - 18)
    window = {"name": name, "type": "ir.actions.act_window", "view_mode": "form", "res_model": model}
    return window | {"views": [[view, "form"]], "view_id": view, "target": "new"}


def _falls_short(env: Environment, picking: int) -> bool:
    """Whether validating would leave something to do: less than the demand, or not picked while others are."""
    row = env.store.tables[PICKING][picking]
    if env.store.tables[_TYPE][row["picking_type_id"]]["create_backorder"] != "ask":
        return False
    moves = [one for one in moves_of(env, picking) if one["state"] not in ENDED]
    some = any(one["picked"] for one in moves)
    return any(one["product_uom_qty"] > (_to_do(env, one) if one["picked"] or not some else 0) for one in moves)


def _to_do(env: Environment, move: Row) -> float:
    rows = lines_of(env, move["id"])
    return rounded(sum(one["quantity"] for one in rows if one["picked"] or not move["picked"]))


def _sends_text(env: Environment, picking: int) -> bool:
    """A delivery to somebody with a telephone."""
    row = env.store.tables[PICKING][picking]
    partner = env.row("res.partner", row["partner_id"] or 0)
    outgoing = env.store.tables[_TYPE][row["picking_type_id"]]["code"] == "outgoing"
    return outgoing and partner is not None and bool(partner["phone"] or partner.get("mobile"))


def _pick_all(env: Environment, picking: int) -> None:
    """Validating what nobody has picked picks all of it."""
    moves = [one for one in moves_of(env, picking) if one["state"] not in ENDED]
    if not any(one["picked"] for one in moves):
        for one in moves:
            if one["quantity"]:
                write(env, MOVE, [one["id"]], {"picked": True})


def _validate(env: Environment, picking: int) -> None:
    row = env.store.tables[PICKING][picking]
    kind = env.store.tables[_TYPE][row["picking_type_id"]]
    unwanted = picking in (env.context.get("picking_ids_not_to_backorder") or ())
    moves = [one["id"] for one in moves_of(env, picking) if one["state"] not in ENDED]
    done = finish(env, moves, drop_rest=unwanted or kind["create_backorder"] == "never")
    if done.rest:
        _backorder(env, row, done.rest)
    touch(env, PICKING, picking, {"date_done": env.tx.now})
    settle(env, [picking])


def _backorder(env: Environment, row: Row, moves: list[int]) -> int:
    """A transfer for the rest, with a line in the chatter: 18.0 cannot write it for a user without an e-mail [c67a]."""
    author = env.store.tables["res.partner"][env.user.partner]
    if env.major == 18 and not author["email"]:
        raise errors.user_error("Unable to send message, please configure the sender's email address.")
    kind = env.store.tables[_TYPE][row["picking_type_id"]]
    fresh = {name: one for name, one in row.items() if name not in ("id", "date_done", "create_date", "create_uid")}
    name = picking_name(env, kind)
    later = put(env, PICKING, fresh | {"name": name, "backorder_id": row["id"], "state": "confirmed"})
    for move in moves:
        touch(env, MOVE, move, {"picking_id": later, "reference": name})
        for line in lines_of(env, move):
            touch(env, LINE, line["id"], {"picking_id": later})
    settle(env, [later])
    return later


def process(env: Environment, ids: Sequence[int]) -> bool | Dialogue:
    """The dialogue's first button: validate, and a backorder for the rest of those that its lines do not exclude."""
    [wizard] = env.existing(_WIZARD, ids)
    table = env.store.tables[f"{_WIZARD}.line"]
    asked_for = [table[one] for one in env.holding(f"{_WIZARD}.line", "backorder_confirmation_id", wizard["id"])]
    excluded = [row["picking_id"] for row in asked_for if not row["to_backorder"]]
    return _validated(env, list(wizard["pick_ids"]), excluded)


def process_cancel_backorder(env: Environment, ids: Sequence[int]) -> bool | Dialogue:
    """The dialogue's other button: validate and cancel the rest."""
    [wizard] = env.existing(_WIZARD, ids)
    return _validated(env, list(wizard["pick_ids"]), list(wizard["pick_ids"]))


def _validated(env: Environment, pickings: list[int], excluded: list[int]) -> bool | Dialogue:
    context = {**env.context, "skip_backorder": True, "picking_ids_not_to_backorder": excluded}
    inner = Environment(env.models, env.tx, env.user, context, env.major)
    return button_validate(inner, pickings)


METHODS = {
    (PICKING, "action_confirm"): action_confirm,
    (PICKING, "action_assign"): action_assign,
    (PICKING, "do_unreserve"): do_unreserve,
    (PICKING, "action_cancel"): action_cancel,
    (PICKING, "button_validate"): button_validate,
    (_WIZARD, "process"): process,
    (_WIZARD, "process_cancel_backorder"): process_cancel_backorder,
}
