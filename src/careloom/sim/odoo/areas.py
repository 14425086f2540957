"""The areas of business that the simulated server knows beyond contacts, put together (the seam is in `models.py`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from careloom.sim.odoo.accounting import ACCOUNTING
from careloom.sim.odoo.activities import ACTIVITIES
from careloom.sim.odoo.apikeys import API_KEYS
from careloom.sim.odoo.attachments import ATTACHMENTS
from careloom.sim.odoo.logistics import LOGISTICS
from careloom.sim.odoo.models import Area, Model, models
from careloom.sim.odoo.store import INDEXES, Indexes

AREAS: tuple[Area, ...] = (ACCOUNTING, API_KEYS, ATTACHMENTS, ACTIVITIES, *LOGISTICS)

METHODS: Mapping[tuple[str, str], Callable[..., Any]] = {
    key: function for area in AREAS for key, function in area.methods.items()
}
RIGHTS: Mapping[str, frozenset[str]] = {model: rights for area in AREAS for model, rights in area.rights.items()}


def every_model(major: int) -> dict[str, Model]:
    """Every model of Odoo `major` (18 or 19) by name, with the fields and hooks that all areas give it."""
    return dict(_every_model(major))


@cache
def _every_model(major: int) -> dict[str, Model]:
    known = models(major)
    for area in AREAS:
        known |= {model.name: model for model in area.models(major)}
    for area in AREAS:
        for name, fields in area.fields(major).items():
            if name in known:
                more = {one.name: one for one in fields}
                known[name] = replace(known[name], fields=known[name].fields | more)
        for name, hooks in area.hooks.items():
            if name in known:
                known[name] = replace(known[name], hooks=(*known[name].hooks, hooks))
    return known


def indexes(known: Mapping[str, Model]) -> Indexes:
    """The columns to index per model: those of the base and what the models themselves ask for."""
    return {name: (*INDEXES.get(name, ()), *model.indexes) for name, model in known.items()}
