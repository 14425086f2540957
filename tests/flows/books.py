"""A world of processes beside an Odoo of its own, fresh for each, and what is in that Odoo's books."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tests.conftest import PostgresServer

from careloom.flows import Flow
from careloom.sim.odoo.server import SimulatedOdoo
from careloom.store.database import Database
from careloom.systems.odoo import Odoo, Settings
from careloom.systems.resilience import Backoff
from careloom.testing.processes import World, every_crash

EVERY = 1 if os.environ.get("CARELOOM_TEST_BOUNDARIES") == "all" else 23
"""How many boundaries go to one that a node is killed at."""
Furnish = Callable[[Odoo], Awaitable[Any]]


def connected(server: SimulatedOdoo) -> Odoo:
    """A connector to it, which knows nothing of what another did."""
    settings = Settings(url=server.url, database=server.database, login=server.login, api_key="env:ODOO_KEY")
    return Odoo("erp", settings, secrets=lambda _: server.api_key, backoff=Backoff(jitter=lambda: 1.0))


@dataclass
class House:
    """`erp` looks at Odoo from outside; the nodes of `world` have connectors of their own."""

    world: World
    server: SimulatedOdoo
    erp: Odoo
    given: Any

    async def found(self, model: str, domain: Sequence[Any], fields: Sequence[str]) -> list[dict[str, Any]]:
        """Records without their ids, which tell nothing."""
        rows = await self.erp.search_read(model, domain, fields, order="id")
        return [{name: value for name, value in row.items() if name != "id"} for row in rows]

    async def ledger(self) -> Mapping[str, float]:
        """What each account holds by posted entries, but for those that hold nothing."""
        rows = await self.erp.search_read(
            "account.move.line", [["parent_state", "=", "posted"]], ["account_id", "debit", "credit"]
        )
        sums: dict[str, float] = {}
        for row in rows:
            name = row["account_id"][1]
            sums[name] = round(sums.get(name, 0.0) + row["debit"] - row["credit"], 2)
        return {name: held for name, held in sorted(sums.items()) if held}

    async def stock(self) -> list[tuple[str, str, float, float]]:
        """Product, place, quantity and what is reserved of it, of what lies in the house."""
        rows = await self.erp.search_read(
            "stock.quant",
            [["location_id.usage", "=", "internal"]],
            ["product_id", "location_id", "quantity", "reserved_quantity"],
        )
        return sorted(
            (row["product_id"][1], row["location_id"][1], row["quantity"], row["reserved_quantity"]) for row in rows
        )


@asynccontextmanager
async def house_of(
    postgres: PostgresServer, flows: Sequence[Flow], furnish: Furnish, kill_at: int | None = None, **named: Any
) -> AsyncIterator[House]:
    """Open one. `furnish` makes what is in Odoo before anything happens."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(SimulatedOdoo(version=named.pop("version", "19.0"), workers=8))

        def opened() -> Odoo:
            made = connected(server)
            stack.push_async_callback(made.close)
            return made

        erp = opened()
        given = await furnish(erp)
        name = await postgres.take()
        stack.callback(postgres.give_back, name)
        database = await Database.open(postgres.address(name))
        stack.push_async_callback(database.close)
        systems = World.open(database, flows, lambda: {"erp": opened()}, kill_at=kill_at)
        world = await stack.enter_async_context(systems)
        yield House(world, server, erp, given)


async def survives(
    postgres: PostgresServer,
    flows: Sequence[Flow],
    furnish: Furnish,
    scenario: Callable[[House], Awaitable[Any]],
    *,
    every: int = EVERY,
) -> int:
    """Play the scenario with the node killed at every `every`th boundary; gives how many there are."""
    houses: list[House] = []

    @asynccontextmanager
    async def fresh(kill_at: int | None) -> AsyncIterator[World]:
        async with house_of(postgres, flows, furnish, kill_at) as house:
            houses.append(house)
            yield house.world

    async def played(_: World) -> Any:
        return await scenario(houses[-1])

    opening: Callable[[int | None], AbstractAsyncContextManager[World]] = fresh
    return await every_crash(opening, played, every=every)
