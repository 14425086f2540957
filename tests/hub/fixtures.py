"""Fixtures that the tests of the hub, its flows and its command line share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.hub.hospital import Hospital

from careloom.sim.odoo import SimulatedOdoo


@pytest.fixture
def hospital(tmp_path: Path, dsn: str) -> Hospital:
    """A deployment on a fresh database; start it with `running()`."""
    return Hospital(tmp_path, dsn)


@pytest.fixture
async def erp() -> AsyncIterator[SimulatedOdoo]:
    """A simulated Odoo 19.0."""
    async with SimulatedOdoo("19.0") as odoo:
        yield odoo


@pytest.fixture(params=["18.0", "19.0"])
async def any_erp(request: pytest.FixtureRequest) -> AsyncIterator[SimulatedOdoo]:
    """A simulated Odoo of either version."""
    async with SimulatedOdoo(request.param) as odoo:
        yield odoo
