"""How much of a product there is: on hand, free, on its way in and out, as product.product computes it.

Only locations inside a warehouse count, unless the context names a `location`, a `warehouse_id` or a `lot_id`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from careloom.sim.odoo.bookkeeping import rounded
from careloom.sim.odoo.columns import number
from careloom.sim.odoo.computed import asked, shown
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Field, Reader, Row

PENDING = ("waiting", "confirmed", "assigned", "partially_available")


def below(env: Environment, top: int) -> set[int]:
    """The location `top` and everything inside it."""
    inside, fresh = {top}, {top}
    while fresh:
        fresh = {one for place in fresh for one in env.holding("stock.location", "location_id", place)} - inside
        inside |= fresh
    return inside


def counted_places(env: Environment) -> set[int]:
    """The locations whose stock the context asks about: by default those of the warehouses of the companies."""
    named = env.context.get("location")
    if named:
        return set().union(*(below(env, int(one)) for one in _listed(named)))
    wanted = env.context.get("warehouse_id") or env.context.get("warehouse")
    chosen = set(_listed(wanted)) if wanted else None
    houses = [row for row in env.store.tables["stock.warehouse"].values() if row["company_id"] in env.companies]
    views = [row["view_location_id"] for row in houses if chosen is None or row["id"] in chosen]
    return set().union(*(below(env, view) for view in views))


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _quants(env: Environment, product: int) -> Iterable[Row]:
    places, lot = counted_places(env), env.context.get("lot_id")
    for record in env.holding("stock.quant", "product_id", product):
        row = env.store.tables["stock.quant"][record]
        if row["location_id"] in places and (not lot or row["lot_id"] == lot):
            yield row


def on_hand(reader: Reader, product: int) -> float:
    return rounded(sum(row["quantity"] for row in _quants(asked(reader), product)))


def free(reader: Reader, product: int) -> float:
    quants = _quants(asked(reader), product)
    return rounded(sum(row["quantity"] - row["reserved_quantity"] for row in quants))


def expected(reader: Reader, product: int, source: str, target: str) -> float:
    """What pending moves of `product` bring from outside `source` into `target` (or the other way round)."""
    env = asked(reader)
    places = counted_places(env)
    total = 0.0
    for record in env.holding("stock.move", "product_id", product):
        row = env.store.tables["stock.move"][record]
        if row["state"] in PENDING and row[target] in places and row[source] not in places:
            total += env.raw(env.models["stock.move"].fields["product_qty"], row)
    return rounded(total)


def incoming(reader: Reader, product: int) -> float:
    return expected(reader, product, "location_id", "location_dest_id")


def outgoing(reader: Reader, product: int) -> float:
    return expected(reader, product, "location_dest_id", "location_id")


def forecast(reader: Reader, product: int) -> float:
    return rounded(on_hand(reader, product) + incoming(reader, product) - outgoing(reader, product))


Level = Callable[[Reader, int], float]
_LEVELS: tuple[tuple[str, str, Level], ...] = (
    ("qty_available", "Quantity On Hand", on_hand),
    ("virtual_available", "Forecasted Quantity", forecast),
    ("incoming_qty", "Incoming", incoming),
    ("outgoing_qty", "Outgoing", outgoing),
    ("free_qty", "Free To Use Quantity", free),
)


def variant_levels() -> list[Field]:
    """The five quantities of product.product."""

    def of(level: Level) -> Callable[[Reader, Row], float]:
        return lambda reader, row: level(reader, row["id"])

    return [shown(number(name, string), of(level)) for name, string, level in _LEVELS]


def template_levels() -> list[Field]:
    """The same of product.template, which has no free quantity: the sum over its variants."""

    def of(level: Level) -> Callable[[Reader, Row], float]:
        def total(reader: Reader, row: Row) -> float:
            return sum(level(reader, one) for one in reader.pointing("product.product", "product_tmpl_id", row["id"]))

        return total

    return [shown(number(name, string), of(level)) for name, string, level in _LEVELS if name != "free_qty"]
