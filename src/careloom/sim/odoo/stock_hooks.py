"""What a create, write or unlink of moves, lines and pickings does beyond the record itself."""

from __future__ import annotations

from careloom.sim.odoo.bookkeeping import change, next_name, touch
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Row
from careloom.sim.odoo.models import Hooks
from careloom.sim.odoo.stock_flow import (
    ENDED,
    assign,
    cancel,
    confirm,
    drop_line,
    line_state,
    move_row,
    moves_of,
    refresh,
    reserve,
    restate,
    set_quantity,
    settle,
    shift,
)
from careloom.sim.odoo.stock_moves import LINE, MOVE, PICKING, complete_line, complete_move, lines_of, refuse_done

_PLACE = frozenset({"quantity", "lot_id", "location_id", "location_dest_id", "product_uom_id", "product_id"})


def _moves_created(env: Environment, ids: list[int]) -> None:
    """A move that is added to a transfer under way is confirmed with it."""
    for record in ids:
        row = move_row(env, record)
        refresh(env, record)
        picking = env.row(PICKING, row["picking_id"] or 0)
        if picking is not None and picking["state"] not in ("draft", *ENDED) and row["state"] == "draft":
            touch(env, MOVE, record, {"additional": True})
            confirm(env, [record])
        else:
            settle(env, [row["picking_id"]])


def _moves_written(env: Environment, ids: list[int], values: Row) -> None:
    """`quantity` and `picked` reach the lines; another demand is reserved or released."""
    for record in ids:
        if "quantity" in values:
            set_quantity(env, record, float(values["quantity"] or 0.0))
        if "product_uom_qty" in values and move_row(env, record)["state"] not in ("draft", *ENDED):
            demand(env, record)
        if "picked" in values:
            for line in lines_of(env, record):
                change(env, LINE, line["id"], {"picked": bool(values["picked"])})
            refresh(env, record)
        if "move_line_ids" in values:
            restate(env, record)
        if values.keys() & {"date", "date_deadline", "picking_id"}:
            settle(env, [move_row(env, record)["picking_id"]])


def demand(env: Environment, move: int) -> None:
    """After another demand: release what is too much, reserve what is missing."""
    row = move_row(env, move)
    if row["quantity"] > row["product_uom_qty"]:
        set_quantity(env, move, row["product_uom_qty"])
    assign(env, [move])
    restate(env, move)


def _moves_unlinking(env: Environment, rows: list[Row]) -> None:
    refuse_done(rows)
    for row in rows:
        for line in lines_of(env, row["id"]):
            drop_line(env, line)


def _moves_deleted(env: Environment, rows: list[Row]) -> None:
    settle(env, [row["picking_id"] for row in rows])


def _complete_line(env: Environment, values: Row) -> Row:
    """A line given to a picking belongs to the picking's move of that product."""
    if not values.get("move_id") and values.get("picking_id"):
        same = [row for row in moves_of(env, values["picking_id"]) if row["product_id"] == values.get("product_id")]
        values = {**values, "move_id": same[0]["id"]} if same else values
    return complete_line(env, values)


def _lines_created(env: Environment, ids: list[int]) -> None:
    for record in ids:
        row = env.store.tables[LINE][record]
        reserve(env, row, 1)
        if row["move_id"]:
            refresh(env, row["move_id"])


def _lines_changing(env: Environment, rows: list[Row], values: Row) -> Row:
    """Give back what the lines hold or have moved, until the new values are there."""
    if _PLACE & values.keys():
        for row in rows:
            reserve(env, row, -1)
            if line_state(env, row) == "done":
                shift(env, row, -1)
    return values


def _lines_written(env: Environment, ids: list[int], values: Row) -> None:
    for record in ids:
        row = env.store.tables[LINE][record]
        if _PLACE & values.keys():
            reserve(env, row, 1)
            if line_state(env, row) == "done":
                shift(env, row, 1)
        if "quantity" in values:
            env.tx.update(LINE, record, {"date": env.tx.now})
        if row["move_id"]:
            refresh(env, row["move_id"])
        if row["move_id"] and "quantity" in values:
            restate(env, row["move_id"])


def _lines_unlinking(env: Environment, rows: list[Row]) -> None:
    refuse_done([move_row(env, row["move_id"]) for row in rows if row["move_id"]])
    for row in rows:
        reserve(env, row, -1)


def _lines_deleted(env: Environment, rows: list[Row]) -> None:
    for move in {row["move_id"] for row in rows if row["move_id"] in env.store.tables[MOVE]}:
        refresh(env, move)
        restate(env, move)


def _complete_picking(env: Environment, values: Row) -> Row:
    """Places, company and the next number of the operation type."""
    now = env.tx.now.strftime("%Y-%m-%d %H:%M:%S")
    defaults: Row = {"scheduled_date": now, "company_id": env.companies[0]}
    kind = env.row("stock.picking.type", values.get("picking_type_id") or 0)
    if kind is not None:
        defaults |= {"location_id": kind["default_location_src_id"], "company_id": kind["company_id"]}
        defaults |= {"location_dest_id": kind["default_location_dest_id"], "name": picking_name(env, kind)}
    return defaults | {name: one for name, one in values.items() if one or name not in defaults}


def picking_name(env: Environment, kind: Row) -> str:
    """The next name of an operation type, such as WH/IN/00001."""
    house = env.row("stock.warehouse", kind["warehouse_id"] or 0)
    return next_name(env, f"{house['code'] if house else ''}/{kind['sequence_code']}/")


def _pickings_created(env: Environment, ids: list[int]) -> None:
    settle(env, ids)


def _pickings_written(env: Environment, ids: list[int], values: Row) -> None:
    shared = {name for name in ("location_id", "location_dest_id", "partner_id") if name in values}
    for record in ids:
        picking = env.store.tables[PICKING][record]
        for row in moves_of(env, record):
            if row["state"] in ENDED:
                continue
            fresh: Row = {name: picking[name] for name in shared}
            if "scheduled_date" in values:
                fresh["date"] = picking["scheduled_date"]
            change(env, MOVE, row["id"], fresh)
        settle(env, [record])


def _pickings_unlinking(env: Environment, rows: list[Row]) -> None:
    for row in rows:
        moves = [one["id"] for one in moves_of(env, row["id"])]
        cancel(env, moves)
        for one in moves:
            env.tx.delete(MOVE, one)


HOOKS = {
    MOVE: Hooks(
        complete=complete_move,
        created=_moves_created,
        written=_moves_written,
        unlinking=_moves_unlinking,
        deleted=_moves_deleted,
    ),
    LINE: Hooks(
        complete=_complete_line,
        created=_lines_created,
        changing=_lines_changing,
        written=_lines_written,
        unlinking=_lines_unlinking,
        deleted=_lines_deleted,
    ),
    PICKING: Hooks(
        complete=_complete_picking,
        created=_pickings_created,
        written=_pickings_written,
        unlinking=_pickings_unlinking,
    ),
}
