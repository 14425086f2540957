"""Everybody that the demo's hub exchanges with: Odoo, the insurer, a supplier, the warehouse, a card gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from careloom.core.clock import Clock
from careloom.sim.cast import Cast
from careloom.sim.furnishing import furnish
from careloom.sim.odoo import SimulatedOdoo
from careloom.sim.payer import SimulatedPayer
from careloom.sim.stage import Stage
from careloom.sim.supplier import SimulatedSupplier
from careloom.sim.warehouse import SimulatedWarehouse
from careloom.systems.payments.fake import Gateway


@dataclass(frozen=True, slots=True)
class Town:
    """All of them, at work."""

    odoo: SimulatedOdoo
    payer: SimulatedPayer
    supplier: SimulatedSupplier
    warehouse: SimulatedWarehouse
    gateway: Gateway


@asynccontextmanager
async def town(stage: Stage, cast: Cast, clock: Clock) -> AsyncIterator[Town]:
    """For the length of the block; the stage is configured for them. The insurer is away at first."""
    async with AsyncExitStack() as stack:
        odoo = await stack.enter_async_context(SimulatedOdoo("19.0", workers=4, clock=clock))
        payer = await stack.enter_async_context(SimulatedPayer(cast, stage.folder / "payer" / "in"))
        warehouse = await stack.enter_async_context(SimulatedWarehouse())
        gateway = await stack.enter_async_context(Gateway())
        await furnish(odoo, cast)
        stage.configure(odoo, payer.url, warehouse.url)
        await payer.close()
        yield Town(odoo, payer, SimulatedSupplier(stage.folder / "supplier"), warehouse, gateway)
