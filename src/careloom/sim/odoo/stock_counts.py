"""Counting stock: `inventory_quantity` and `action_apply_inventory`, which leave a move with `is_inventory`.

Measured and kept: applying a quant that has no count set is harmless in 18.0 (a move of nothing) but empties it in
19.0, so a repeated apply is not safe there. A count that was overtaken by a move answers with a dialogue.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from careloom.sim.odoo import errors
from careloom.sim.odoo.bookkeeping import put, rounded, touch
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Row
from careloom.sim.odoo.models import Hooks
from careloom.sim.odoo.stock_places import loss_place
from careloom.sim.odoo.stock_quants import QUANT, adjust, exact, is_outdated, is_storable, next_count, template
from careloom.sim.odoo.writing import Records, insert, write

_FIXED = frozenset({"product_id", "location_id", "lot_id", "owner_id"})
_AUTO = "inventory_quantity_auto_apply"
Dialogue = dict[str, Any]


def create(env: Environment, vals_list: Any) -> Records:
    """New quants; with `inventory_mode` in the context a count reuses the quant that is there [c74]."""
    single = isinstance(vals_list, dict)
    return Records([_create(env, values) for values in ([vals_list] if single else vals_list)], single)


def _create(env: Environment, values: Row) -> int:
    if not is_storable(env, values["product_id"]):
        raise errors.validation_error("Quants cannot be created for consumables or services.")
    if not env.context.get("inventory_mode") or not {"inventory_quantity", _AUTO} & values.keys():
        return _plain(env, values)
    found = exact(env, values["product_id"], values["location_id"], values.get("lot_id") or False)
    mine = {"inventory_date": env.tx.now.date().isoformat(), "user_id": env.user.uid}
    count = {name: values[name] for name in ("inventory_quantity", _AUTO) if name in values}
    if found is None:
        record = insert(env, QUANT, {name: one for name, one in values.items() if name not in count})
    else:
        record = found["id"]
    write(env, QUANT, [record], count if _AUTO in count else mine | count)
    return int(record)


def _plain(env: Environment, values: Row) -> int:
    record = insert(env, QUANT, values)
    if "inventory_quantity" in values:
        row = env.store.tables[QUANT][record]
        changes = {"inventory_diff_quantity": rounded(row["inventory_quantity"] - row["quantity"])}
        env.tx.update(QUANT, record, changes | {"inventory_quantity_set": env.major >= 19})
    return record


def _complete(env: Environment, values: Row) -> Row:
    place = env.row("stock.location", values.get("location_id") or 0)
    company = place["company_id"] if place else False
    defaults = {"company_id": company, "in_date": env.tx.now.strftime("%Y-%m-%d %H:%M:%S")}
    return {**defaults, "inventory_date": next_count(env.tx.now).isoformat(), **values}


def _changing(env: Environment, _: list[Row], values: Row) -> Row:
    if env.context.get("inventory_mode") and _FIXED & values.keys():
        raise errors.user_error("Quant's editing is restricted, you can't do this operation.")
    return values


def _written(env: Environment, ids: list[int], values: Row) -> None:
    for record in ids:
        if "inventory_quantity" in values:
            row = env.store.tables[QUANT][record]
            difference = rounded(row["inventory_quantity"] - row["quantity"])
            env.tx.update(QUANT, record, {"inventory_diff_quantity": difference, "inventory_quantity_set": True})
        if _AUTO in values and env.context.get("inventory_mode"):
            _apply_at_once(env, record, round(float(values[_AUTO]), 2))


def _apply_at_once(env: Environment, record: int, counted: float) -> None:
    """A count that is right leaves nothing; 18.0 loses the reason, as it replaces the whole context."""
    if counted != env.store.tables[QUANT][record]["quantity"]:
        _apply(env, record, counted, env.context.get("inventory_name") if env.major >= 19 else None)


def apply_inventory(env: Environment, ids: Sequence[int]) -> Dialogue | None:
    """Make the stock what was counted: null, or a dialogue and nothing done."""
    rows = env.existing(QUANT, ids)
    without = [row for row in rows if env.major == 18 and _lacks_lot(env, row)]
    if without:
        window = _window("stock.track.confirmation", "Tracked Products in Inventory Adjustment")
        products = list(dict.fromkeys(row["product_id"] for row in without))
        return window | {"context": {"default_quant_ids": list(ids), "default_product_ids": products}}
    late = [row["id"] for row in rows if is_outdated(row)]
    if late:
        context = {"default_quant_ids": list(ids), "default_quant_to_fix_ids": late}
        return _window("stock.inventory.conflict", "Quantities To Update") | {"context": context}
    for row in rows:
        _apply(env, row["id"], row["inventory_quantity"], env.context.get("inventory_name"))
    return None


def _lacks_lot(env: Environment, row: Row) -> bool:
    tracked = template(env, row["product_id"])["tracking"] != "none"
    return tracked and not row["lot_id"] and row["inventory_quantity"] > 0


def _window(model: str, name: str) -> Dialogue:
    window = {"name": name, "type": "ir.actions.act_window", "view_mode": "form", "views": [[False, "form"]]}
    return window | {"res_model": model, "target": "new"}


def _apply(env: Environment, record: int, counted: float, name: str | None) -> None:
    row = env.store.tables[QUANT][record]
    unset = env.major == 18 and not row["inventory_quantity_set"] and counted == row["inventory_quantity"]
    difference = row["inventory_diff_quantity"] if unset else rounded(counted - row["quantity"])
    _move(env, row, difference, _reason(env, row, difference, name))
    touch(env, "stock.location", row["location_id"])
    done = {"inventory_quantity": 0.0, "inventory_diff_quantity": 0.0, "inventory_quantity_set": False}
    touch(env, QUANT, record, done | {"inventory_date": next_count(env.tx.now), "user_id": False})


def _reason(env: Environment, row: Row, difference: float, name: str | None) -> str:
    """What the move is called: `inventory_name` of the context, to which 18.0 adds who counted."""
    if name and env.major == 18 and row["user_id"]:
        return f"{name} ({env.label('res.users', row['user_id'])})"
    if name or not difference:
        return name or "Product Quantity Confirmed"
    who = env.user.uid if env.major >= 19 else row["user_id"]
    return "Product Quantity Updated" + (f" ({env.label('res.users', who)})" if who else "")


def _move(env: Environment, row: Row, difference: float, reason: str) -> None:
    """The move that a count leaves, from or to the company's loss location, and its only line."""
    product, place, lot = row["product_id"], row["location_id"], row["lot_id"]
    company = row["company_id"] or env.companies[0]
    loss, quantity = loss_place(env, company), abs(difference)
    source, target = (loss, place) if difference > 0 else (place, loss)
    shared = {"product_id": product, "location_id": source, "location_dest_id": target, "company_id": company}
    shared |= {"quantity": quantity, "picked": True, "date": env.tx.now}
    unit = template(env, product)["uom_id"]
    own = {"product_uom_qty": quantity, "product_uom": unit, "state": "done", "is_inventory": True, "reference": reason}
    move = put(env, "stock.move", shared | own | ({"name": reason} if env.major == 18 else {}))
    put(env, "stock.move.line", shared | {"move_id": move, "lot_id": lot, "product_uom_id": unit})
    adjust(env, product, source, lot, quantity=-quantity)
    adjust(env, product, target, lot, quantity=quantity)


def clear_count(env: Environment, ids: Sequence[int]) -> None:
    """Forget a count that was not applied."""
    for row in env.existing(QUANT, ids):
        cleared = {"inventory_quantity": 0.0, "inventory_diff_quantity": 0.0, "inventory_quantity_set": False}
        touch(env, QUANT, row["id"], cleared | {"user_id": False})


HOOKS = {QUANT: Hooks(complete=_complete, changing=_changing, written=_written)}
METHODS = {
    (QUANT, "create"): create,
    (QUANT, "action_apply_inventory"): apply_inventory,
    (QUANT, "action_clear_inventory_quantity"): clear_count,
}
