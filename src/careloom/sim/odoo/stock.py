"""Stock as an area of the simulated server: places, quants and lots, moves, transfers, thresholds, scrap."""

from __future__ import annotations

from careloom.sim.odoo import stock_counts, stock_hooks, stock_moves, stock_pickings, stock_places, stock_quants
from careloom.sim.odoo import stock_rules as rules
from careloom.sim.odoo.models import ALL, Area, Model

_KEPT = ALL - {"unlink"}


def _models(major: int) -> list[Model]:
    places, quants = stock_places.models(major), stock_quants.models(major)
    return [*places, *quants, *stock_moves.models(major), *stock_pickings.models(major), *rules.models(major)]


def _rights() -> dict[str, frozenset[str]]:
    """A stock manager's, who may write quants but not delete them."""
    return {model.name: ALL for model in _models(19)} | {stock_quants.QUANT: _KEPT}


STOCK = Area(
    name="stock",
    models=_models,
    methods={**stock_counts.METHODS, **stock_pickings.METHODS, **rules.METHODS},
    hooks={**stock_places.HOOKS, **stock_quants.HOOKS, **stock_counts.HOOKS, **stock_hooks.HOOKS, **rules.HOOKS},
    rights=_rights(),
    found=stock_places.found,
)
