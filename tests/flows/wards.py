"""A hospital for the tests of processes: a world whose nodes are connected to a simulated Odoo with stock in it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from tests.conftest import PostgresServer

from careloom.flows import Flow
from careloom.flows.steps.packages import Supply, packages
from careloom.model import CanonicalEvent, EligibilityAnswered, EligibilityRequested, Identifier, decode
from careloom.model.examples import examples
from careloom.sim.odoo.server import SimulatedOdoo
from careloom.store.database import Database
from careloom.systems.odoo import Odoo, Settings
from careloom.systems.odoo.documents.counts import Count, CountLine
from careloom.systems.odoo.documents.products import Product
from careloom.systems.resilience import Backoff
from careloom.testing.processes import World

EVERY = 1 if os.environ.get("CARELOOM_TEST_BOUNDARIES") == "all" else 23
GEL, LEAD = "S-GEL-5", "S-LEAD-3"
packages.needs("CAR", Supply(GEL, Decimal(2)), Supply(LEAD))
packages.needs("93306", Supply(GEL, Decimal(2)), Supply(LEAD))


def example(event: type[CanonicalEvent]) -> Any:
    return examples()[event.type]


def connected(server: SimulatedOdoo) -> Odoo:
    settings = Settings(
        url=server.url, database=server.database, login=server.login, api_key="env:ODOO_KEY", allowed_company_ids=(1,)
    )
    return Odoo("erp", settings, secrets=lambda _: server.api_key, backoff=Backoff(jitter=lambda: 1.0))


@dataclass
class Ward:
    """A world, and the books of its Odoo."""

    world: World
    server: SimulatedOdoo
    erp: Odoo

    async def stock(self, code: str, quantity: int) -> None:
        """So much more of it is found in the store room."""
        documents = self.erp.documents
        product = await documents.products.bring(
            Product(key=self.erp.external_id("product", "TEST", code), name=code, code=code)
        )
        place = (await documents.locations.stock_of("WH", 1)).record_id
        line = CountLine(product=product.record_id, place=place, quantity=Decimal(quantity))
        key = self.erp.external_id("count", code, str(quantity))
        await documents.counts.take(Count(key=key, reason="Opening stock", lines=[line], company=1))

    async def reserved(self) -> dict[str, float]:
        """By product, what is held for somebody."""
        rows = await self.erp.search_read("stock.quant", [["reserved_quantity", ">", 0]],
                                          ["product_id", "reserved_quantity"])  # fmt: skip
        held: dict[str, float] = {}
        for row in rows:
            code = row["product_id"][1].rpartition("] ")[2]
            held[code] = held.get(code, 0) + row["reserved_quantity"]
        return held

    async def files(self) -> list[str]:
        rows = await self.erp.search_read("account.analytic.account", [["code", "!=", False]], ["code"], order="code")
        return [row["code"] for row in rows]

    async def accounts(self) -> list[str]:
        rows = await self.erp.search_read("res.partner", [["ref", "!=", False]], ["ref"], order="ref")
        return [row["ref"] for row in rows]

    async def forms(self) -> list[str]:
        rows = await self.erp.search_read("ir.attachment", [["name", "like", "intake-"]], ["name"], order="name")
        return [row["name"] for row in rows]

    async def books(self) -> dict[str, Any]:
        """All that a process leaves behind."""
        pickings = await self.erp.search_read("stock.picking", [["origin", "!=", False]], ["origin", "state"])
        return {
            "accounts": await self.accounts(),
            "files": await self.files(),
            "forms": await self.forms(),
            "reserved": await self.reserved(),
            "pickings": sorted((row["origin"], row["state"]) for row in pickings),
        }


@asynccontextmanager
async def ward(
    postgres_server: PostgresServer, flows: Sequence[Flow], kill_at: int | None = None, *, gel: int = 10, lead: int = 10
) -> AsyncIterator[Ward]:
    """A fresh database, a fresh Odoo, and nodes that may be killed."""
    name = await postgres_server.take()
    database = await Database.open(postgres_server.address(name))
    opened: list[Odoo] = []

    def systems() -> dict[str, object]:
        opened.append(connected(server))
        return {"erp": opened[-1]}

    try:
        async with SimulatedOdoo(workers=8) as server:
            async with World.open(database, flows, systems, kill_at=kill_at) as world:
                opened.append(connected(server))
                made = Ward(world, server, opened[-1])
                await made.stock(GEL, gel)
                await made.stock(LEAD, lead)
                yield made
            for one in opened:
                await one.close()
    finally:
        await database.close()
        postgres_server.give_back(name)


def covers(*, active: bool | None = True, leave: bool = False) -> Any:
    """A payer that answers each question about eligibility."""
    told: Any = example(EligibilityAnswered)

    def answer(event: EligibilityRequested) -> Iterable[EligibilityAnswered]:
        benefit = msgspec.structs.replace(told.response.benefit[0], authorization_required=leave)
        response = msgspec.structs.replace(
            told.response, request=event.request.identifier, active=active, benefit=(benefit,)
        )
        return [msgspec.structs.replace(told, response=response)]

    return answer


def decision(event: type[CanonicalEvent], number: str, order: tuple[Identifier, ...] = ()) -> Any:
    """A payer's decision on the request with this trace number."""
    told: Any = example(event)
    found = msgspec.structs.replace(told.authorization, request=(Identifier(value=number),), order=order)
    return msgspec.structs.replace(told, authorization=found)


async def fed(world: World, folder: Path) -> None:
    """Tell the events of an example, one after the other."""
    for one in msgspec.json.decode((folder / "events.json").read_bytes(), type=list[dict[str, msgspec.Raw]]):
        await world.tell(decode(msgspec.json.decode(one["type"], type=str), bytes(one["event"])))
        await world.settle()
