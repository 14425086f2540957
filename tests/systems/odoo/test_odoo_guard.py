"""Calls that leave wrong books are refused before they leave the house; each is tried."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from careloom.core.errors import ContractBroken
from careloom.sim.odoo.server import SimulatedOdoo
from careloom.systems.odoo import Odoo
from careloom.systems.odoo.guard import FIELDS, METHODS


@pytest.mark.parametrize(("model", "method"), METHODS)
async def test_a_forbidden_call_never_reaches_odoo(
    sim: SimulatedOdoo, connect: Callable[..., Odoo], model: str, method: str
) -> None:
    access = connect(sim).documents.access
    with pytest.raises(ContractBroken, match="never calls it"):
        await access.call(model, method, {"vals": {}}, ids=(1,))
    assert not sim.calls


@pytest.mark.parametrize("method", ["write", "create", "load"])
@pytest.mark.parametrize(("model", "field"), FIELDS)
async def test_a_forbidden_field_never_reaches_odoo(
    sim: SimulatedOdoo, connect: Callable[..., Odoo], model: str, field: str, method: str
) -> None:
    arguments: dict[str, dict[str, Any]] = {
        "write": {"vals": {field: 1}},
        "create": {"vals_list": [{field: 1}]},
        "load": {"fields": ["id", field], "data": [["careloom.x", "1"]]},
    }
    access = connect(sim).documents.access
    with pytest.raises(ContractBroken, match="never"):
        await access.call(model, method, arguments[method], ids=(1,) if method == "write" else None)
    assert not sim.calls
