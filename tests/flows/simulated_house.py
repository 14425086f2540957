"""A hospital to try flows in: a world of runs on a fresh database, beside a fresh simulated Odoo."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import aiohttp
from tests.conftest import PostgresServer

from careloom.flows import Flow
from careloom.sim.odoo.server import SimulatedOdoo
from careloom.store.database import Database
from careloom.systems.odoo import Odoo, Settings
from careloom.systems.odoo.documents.counts import Count, CountLine
from careloom.systems.odoo.documents.products import Product
from careloom.systems.resilience import Backoff
from careloom.testing.processes import World

EVERY = 1 if os.environ.get("CARELOOM_TEST_BOUNDARIES") == "all" else 23
"""Which boundaries a test of crashes takes by default."""


@dataclass
class House:
    """The world, and short ways to look into Odoo's books."""

    world: World
    server: SimulatedOdoo
    erp: Odoo
    opened: list[Odoo] = field(default_factory=list)

    async def chief(self, model: str, method: str, *arguments: Any) -> Any:
        """Call Odoo as its administrator."""
        asked = {
            "service": "common",
            "method": "login",
            "args": [self.server.database, "admin", self.server.admin_api_key],
        }
        async with aiohttp.ClientSession() as session:
            user = await _call(session, self.server.url, asked)
            args = [self.server.database, user, self.server.admin_api_key, model, method, list(arguments), {}]
            return await _call(session, self.server.url, {"service": "object", "method": "execute_kw", "args": args})

    async def facility(self, code: str, company: int = 1) -> None:
        """Have this company's contact carry the facility's code."""
        [row] = await self.erp.search_read("res.company", [["id", "=", company]], ["partner_id"])
        await self.chief("res.partner", "write", [row["partner_id"][0]], {"ref": code})

    async def product(self, code: str, price: str = "0", **others: Any) -> int:
        unit = await self.erp.documents.units.find("EA")
        key = self.erp.external_id("product", "TEST", code)
        asked = Product(key=key, name=code, code=code, unit=unit, list_price=Decimal(price), **others)
        return (await self.erp.documents.products.bring(asked)).record_id

    async def fill(self, product: int, quantity: str, lot: str = "") -> None:
        place = (await self.erp.documents.locations.stock_of("WH", 1)).record_id
        line = CountLine(product=product, place=place, quantity=Decimal(quantity), lot=lot)
        key = self.erp.external_id("count", "TEST", f"{product}-{lot}-{quantity}")
        await self.erp.documents.counts.take(Count(key=key, reason="Opening stock", lines=[line]))

    async def moves(self, **named: Any) -> list[tuple[str, str, str, str, float]]:
        """Invoices and credit notes: sort, state, reference, payment state, total."""
        domain: list[Any] = [["move_type", "in", ["out_invoice", "out_refund"]]]
        domain += [[name, "=", value] for name, value in named.items()]
        fields = ["move_type", "state", "ref", "payment_state", "amount_total"]
        rows = await self.erp.search_read("account.move", domain, fields, order="id")
        return sorted((row["move_type"], row["state"], row["ref"] or "", row["payment_state"], row["amount_total"])
                      for row in rows)  # fmt: skip

    async def ledger(self) -> dict[str, Decimal]:
        """What stands on each account, of posted entries."""
        rows = await self.erp.search_read(
            "account.move.line", [["parent_state", "=", "posted"]], ["account_id", "balance", "company_id"]
        )
        found: Counter[str] = Counter()
        for row in rows:
            found[f"{row['company_id'][0]} {row['account_id'][1]}"] += round(row["balance"] * 100)
        return {name: Decimal(cents) / 100 for name, cents in sorted(found.items()) if cents}

    async def stock(self) -> list[tuple[str, str, float, float]]:
        """Product, lot, how much there is in our places, and how much of it is reserved."""
        fields = ["product_id", "lot_id", "quantity", "reserved_quantity"]
        rows = await self.erp.search_read("stock.quant", [["location_id.usage", "=", "internal"]], fields)
        held = [row for row in rows if row["quantity"] or row["reserved_quantity"]]
        return sorted(
            (row["product_id"][1], row["lot_id"][1] if row["lot_id"] else "", row["quantity"], row["reserved_quantity"])
            for row in held
        )

    async def books(self) -> Any:
        """All that must be the same however often nodes are killed."""
        return await self.moves(), await self.ledger(), await self.stock(), await self.payments()

    async def payments(self) -> list[tuple[str, float, str]]:
        rows = await self.erp.search_read("account.payment", [], ["payment_type", "amount", "memo"])
        return sorted((row["payment_type"], row["amount"], row["memo"] or "") for row in rows)

    async def set_up_again(self) -> dict[str, object]:
        return {"erp": self.open()}

    def open(self) -> Odoo:
        odoo = Odoo(
            "erp",
            Settings(url=self.server.url, database=self.server.database, login=self.server.login, api_key="env:KEY"),
            secrets=lambda _: self.server.api_key,
            backoff=Backoff(jitter=lambda: 1.0),
        )
        self.opened.append(odoo)
        return odoo


async def _call(session: aiohttp.ClientSession, url: str, params: dict[str, Any]) -> Any:
    body = {"jsonrpc": "2.0", "method": "call", "params": params, "id": 1}
    async with session.post(f"{url}/jsonrpc", json=body) as answer:
        told = await answer.json()
    assert "error" not in told, told["error"]["data"]["name"]
    return told.get("result")


@asynccontextmanager
async def house_on(
    dsn: str, flows: Sequence[Flow], furnish: Callable[[House], Any], kill_at: int | None = None, version: str = "19.0"
) -> AsyncIterator[House]:
    """A house with these flows; `furnish` brings in what they need."""
    database = await Database.open(dsn)
    async with SimulatedOdoo(version=version, workers=4) as server:
        house = House.__new__(House)
        house.server, house.opened = server, []
        house.erp = house.open()
        try:
            await furnish(house)
            async with World.open(database, flows, house.set_up_again, kill_at=kill_at) as world:
                house.world = world
                yield house
        finally:
            for odoo in house.opened:
                await odoo.close()
            await database.close()


def houses(
    server: PostgresServer, flows: Sequence[Flow], furnish: Callable[[House], Any], made: list[House]
) -> Callable[[int | None], AbstractAsyncContextManager[World]]:
    """Opens a house anew for each boundary; the last is the last of `made`."""

    @asynccontextmanager
    async def fresh(kill_at: int | None) -> AsyncIterator[World]:
        name = await server.take()
        async with house_on(server.address(name), flows, furnish, kill_at) as house:
            made.append(house)
            yield house.world
        server.give_back(name)

    return fresh
