"""The life of a move: confirmed, reserved first in first out, done or cancelled, and the state of its picking.

Reservation belongs to lines: a line of a move that is not done holds its quantity on the quant it comes from, except
where nothing can be held (vendors, customers, losses, and products whose stock is not tracked).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from careloom.sim.odoo import errors, units
from careloom.sim.odoo.bookkeeping import announce, change, put, rounded, touch
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Row
from careloom.sim.odoo.stock_moves import LINE, MOVE, PICKING, held, in_product_unit, lines_of
from careloom.sim.odoo.stock_places import usage
from careloom.sim.odoo.stock_quants import STOCKED, adjust, exact, is_storable, lot_named, takeable, template

OPEN = ("waiting", "confirmed", "partially_available", "assigned")
ENDED = ("done", "cancel")


def move_row(env: Environment, move: int) -> Row:
    return env.store.tables[MOVE][move]


def moves_of(env: Environment, picking: int) -> list[Row]:
    return [move_row(env, one) for one in env.holding(MOVE, "picking_id", picking)]


def holds(env: Environment, line: Row) -> bool:
    """Whether the line reserves what it names."""
    state = move_row(env, line["move_id"])["state"] if line["move_id"] else "draft"
    return state in OPEN and is_storable(env, line["product_id"]) and usage(env, line["location_id"]) in STOCKED


def reserve(env: Environment, line: Row, sign: int) -> None:
    """Hold (1) or release (-1) what the line names."""
    if holds(env, line) and line["quantity"]:
        amount = sign * _in_stock_unit(env, line)
        adjust(env, line["product_id"], line["location_id"], line["lot_id"], reserved=amount)


def _in_stock_unit(env: Environment, line: Row) -> float:
    unit = template(env, line["product_id"])["uom_id"]
    return units.converted(env, line["quantity"], line["product_uom_id"], unit)


def refresh(env: Environment, move: int) -> None:
    """The move's quantity and `picked` after its lines have changed."""
    rows, row = lines_of(env, move), move_row(env, move)
    picked = any(one["picked"] for one in rows) if rows else row["picked"] and row["state"] in ENDED
    change(env, MOVE, move, {"quantity": held(env, row), "picked": picked})


def restate(env: Environment, move: int) -> None:
    """The state that the quantity gives an open move, and then that of its picking."""
    row = move_row(env, move)
    if row["state"] in OPEN:
        enough = rounded(row["quantity"]) >= rounded(row["product_uom_qty"])
        state = "assigned" if enough else "partially_available" if row["quantity"] > 0 else "confirmed"
        change(env, MOVE, move, {"state": state})
    settle(env, [row["picking_id"]])


def settle(env: Environment, pickings: Iterable[int]) -> None:
    """State, dates and deadline of pickings, as their moves give them."""
    for picking in dict.fromkeys(pickings):
        row = env.row(PICKING, picking or 0)
        if row is not None:
            change(env, PICKING, picking, _picking_values(env, row, moves_of(env, picking)))


def _picking_values(env: Environment, row: Row, moves: list[Row]) -> Row:
    values: Row = {"state": _picking_state(row, moves)}
    if values["state"] == "confirmed" and usage(env, row["location_id"]) not in STOCKED:
        values["state"] = "assigned"
    pending = [one for one in moves if one["state"] not in ENDED]
    if pending:
        pick = min if row["move_type"] == "direct" else max
        values["scheduled_date"] = pick(one["date"] for one in pending)
        deadlines = [one["date_deadline"] for one in pending if one["date_deadline"]]
        values["date_deadline"] = pick(deadlines) if deadlines else False
    return values


def _picking_state(row: Row, moves: list[Row]) -> str:
    states = [one["state"] for one in moves]
    if not states or "draft" in states:
        return "draft" if states or row["state"] == "draft" else str(row["state"])
    if all(state in ENDED for state in states):
        return "done" if "done" in states else "cancel"
    pending = [state for state in states if state not in ENDED]
    some = any(state in ("assigned", "partially_available") for state in pending)
    every = all(state == "assigned" for state in pending)
    return "assigned" if every or (some and row["move_type"] == "direct") else "confirmed"


def confirm(env: Environment, moves: Sequence[int]) -> None:
    """Draft moves are confirmed, and reserved at once unless their type says otherwise."""
    drafts = [one for one in moves if move_row(env, one)["state"] == "draft"]
    for one in drafts:
        touch(env, MOVE, one, {"state": "confirmed"})
        for line in lines_of(env, one):
            reserve(env, line, 1)
        refresh(env, one)
    assign(env, [one for one in drafts if _reserves_at_once(env, move_row(env, one))])
    settle(env, [move_row(env, one)["picking_id"] for one in drafts])


def _reserves_at_once(env: Environment, row: Row) -> bool:
    kind = env.row("stock.picking.type", row["picking_type_id"] or 0)
    return kind is None or kind["reservation_method"] == "at_confirm" or _is_free(env, row)


def _is_free(env: Environment, row: Row) -> bool:
    return usage(env, row["location_id"]) not in STOCKED or not is_storable(env, row["product_id"])


def assign(env: Environment, moves: Sequence[int]) -> None:
    """Reserve what is missing, as far as there is any."""
    for move in moves:
        row = move_row(env, move)
        missing = rounded(row["product_uom_qty"] - row["quantity"])
        if row["state"] not in OPEN:
            continue
        if missing > 0:
            (_expect if _is_free(env, row) else _take)(env, row, missing)
        refresh(env, move)
        restate(env, move)


def add_line(env: Environment, move: Row, quantity: float, place: int = 0, lot: int | bool = False) -> None:
    """A line of `move` (quantity in the move's unit), holding its share."""
    values = {"move_id": move["id"], "picking_id": move["picking_id"], "product_id": move["product_id"]}
    values |= {"product_uom_id": move["product_uom"], "quantity": quantity, "lot_id": lot}
    values |= {"location_id": place or move["location_id"], "location_dest_id": move["location_dest_id"]}
    line = put(env, LINE, values | {"date": env.tx.now, "company_id": move["company_id"]})
    reserve(env, env.store.tables[LINE][line], 1)


def _expect(env: Environment, move: Row, missing: float) -> None:
    """Where nothing needs to be held the whole demand is there at once; serial numbers get a line each."""
    used = ("picked", "lot_id", "lot_name")
    plain = [one for one in lines_of(env, move["id"]) if not any(one[name] for name in used)]
    if template(env, move["product_id"])["tracking"] == "serial":
        for _ in range(round(missing)):
            add_line(env, move, 1.0)
    elif plain:
        touch(env, LINE, plain[0]["id"], {"quantity": rounded(plain[0]["quantity"] + missing)})
    else:
        add_line(env, move, missing)


def _take(env: Environment, move: Row, missing: float) -> None:
    unit = template(env, move["product_id"])["uom_id"]
    wanted = in_product_unit(env, move, missing)
    for quant, share in list(takeable(env, move["product_id"], move["location_id"], wanted)):
        amount = units.converted(env, share, unit, move["product_uom"])
        place, lot = quant["location_id"], quant["lot_id"]
        same = [one for one in lines_of(env, move["id"]) if (one["location_id"], one["lot_id"]) == (place, lot)]
        if same and not same[0]["picked"]:
            touch(env, LINE, same[0]["id"], {"quantity": rounded(same[0]["quantity"] + amount)})
            adjust(env, move["product_id"], place, lot, reserved=share)
        else:
            add_line(env, move, amount, place, lot)


def drop_line(env: Environment, line: Row) -> None:
    reserve(env, line, -1)
    env.tx.delete(LINE, line["id"])


def unreserve(env: Environment, moves: Sequence[int]) -> None:
    """Release what open moves hold, apart from what has been picked."""
    for move in moves:
        row = move_row(env, move)
        if row["state"] in OPEN and not row["picked"]:
            for line in lines_of(env, move):
                drop_line(env, line)
            refresh(env, move)
            restate(env, move)


def set_quantity(env: Environment, move: int, wanted: float) -> None:
    """Make the lines of a move hold `wanted`: from the newest line down, or more on the first one."""
    row = move_row(env, move)
    missing = rounded(wanted - held(env, row))
    if missing > 0:
        _force(env, row, missing)
    for line in reversed(lines_of(env, move)):
        if missing >= 0:
            break
        _shrink(env, line, min(line["quantity"], -missing))
        missing = rounded(missing + min(line["quantity"], -missing))
    refresh(env, move)
    restate(env, move)


def _shrink(env: Environment, line: Row, amount: float) -> None:
    if rounded(line["quantity"] - amount) <= 0 and line_state(env, line) not in ENDED:
        drop_line(env, line)
    else:
        resize(env, line, rounded(line["quantity"] - amount))


def line_state(env: Environment, line: Row) -> str:
    return str(move_row(env, line["move_id"])["state"]) if line["move_id"] else "draft"


def resize(env: Environment, line: Row, quantity: float) -> None:
    """Give a line another quantity, with its reservation, or with the stock itself if it is done."""
    state = line_state(env, line)
    if state == "done":
        shift(env, line, -1)
    reserve(env, line, -1)
    touch(env, LINE, line["id"], {"quantity": quantity})
    changed = env.store.tables[LINE][line["id"]]
    reserve(env, changed, 1)
    if state == "done":
        shift(env, changed, 1)


def _force(env: Environment, move: Row, missing: float) -> None:
    """More than is reserved: from what is free, and then on the first line, which may hold more than there is."""
    target = rounded(held(env, move) + missing)
    if _is_free(env, move) and not lines_of(env, move["id"]):
        _expect(env, move, missing)
    elif not _is_free(env, move):
        _take(env, move, missing)
    left, rows = rounded(target - held(env, move)), lines_of(env, move["id"])
    if left > 0 and rows and template(env, move["product_id"])["tracking"] != "serial":
        resize(env, rows[0], rounded(rows[0]["quantity"] + left))
    elif left > 0:
        add_line(env, move, left)


def cancel(env: Environment, moves: Sequence[int]) -> None:
    """Cancel moves that are not done; a done one is refused."""
    rows = [move_row(env, one) for one in moves]
    if any(row["state"] == "done" for row in rows):
        raise errors.user_error("You cannot cancel a stock move that has been set to 'Done'.")
    for row in rows:
        for line in lines_of(env, row["id"]):
            drop_line(env, line)
        change(env, MOVE, row["id"], {"state": "cancel", "quantity": 0.0, "picked": False})
    settle(env, [row["picking_id"] for row in rows])
    announce(env, MOVE, list(moves), {"state": "cancel"})


@dataclass(frozen=True, slots=True)
class Done:
    """What became of moves: the ones that are done, and those still to do."""

    moves: list[int]
    rest: list[int]


def finish(env: Environment, moves: Sequence[int], *, drop_rest: bool) -> Done:
    """Do what has been picked. The rest of the demand is split off, or cancelled with `drop_rest`."""
    for move in moves:
        _drop_unpicked(env, move)
    rows = [move_row(env, one) for one in moves]
    todo = [row["id"] for row in rows if row["picked"] and row["quantity"] > 0]
    rest = [row["id"] for row in rows if row["id"] not in todo]
    if drop_rest:
        cancel(env, rest)
        rest = []
    else:
        rest += [piece for one in todo for piece in _split(env, move_row(env, one))]
    for one in todo:
        _do(env, one)
    announce(env, MOVE, todo, {"state": "done"})
    return Done(todo, rest)


def _drop_unpicked(env: Environment, move: int) -> None:
    if move_row(env, move)["picked"]:
        for line in lines_of(env, move):
            if not line["picked"]:
                drop_line(env, line)
        refresh(env, move)


def _split(env: Environment, row: Row) -> list[int]:
    """A move for what is still missing; it reserves at once."""
    missing = rounded(row["product_uom_qty"] - row["quantity"])
    if missing <= 0:
        return []
    fresh = {name: one for name, one in row.items() if name not in ("id", "create_date", "create_uid")}
    fresh |= {"product_uom_qty": missing, "quantity": 0.0, "picked": False, "state": "draft"}
    piece = put(env, MOVE, fresh)
    touch(env, MOVE, row["id"], {"product_uom_qty": row["quantity"]})
    confirm(env, [piece])
    return [piece]


def _do(env: Environment, move: int) -> None:
    for line in lines_of(env, move):
        reserve(env, line, -1)
        if line["lot_name"] and not line["lot_id"]:
            lot = lot_named(env, line["product_id"], line["lot_name"], line["company_id"])
            env.tx.update(LINE, line["id"], {"lot_id": lot})
        touch(env, LINE, line["id"], {"date": env.tx.now})
        shift(env, env.store.tables[LINE][line["id"]], 1)
    touch(env, MOVE, move, {"state": "done", "date": env.tx.now})


def shift(env: Environment, line: Row, sign: int) -> None:
    """Move the goods of a line (1) or take that back (-1); only tracked stock has quants."""
    if not is_storable(env, line["product_id"]):
        return
    amount: Any = sign * _in_stock_unit(env, line)
    source = exact(env, line["product_id"], line["location_id"], line["lot_id"])
    adjust(env, line["product_id"], line["location_id"], line["lot_id"], quantity=-amount)
    adjust(env, line["product_id"], line["location_dest_id"], line["lot_id"], quantity=amount)
    arrived = exact(env, line["product_id"], line["location_dest_id"], line["lot_id"])
    if source is not None and arrived is not None and source["in_date"] and sign > 0:
        env.tx.update("stock.quant", arrived["id"], {"in_date": min(source["in_date"], arrived["in_date"])})
