"""A hospital to try flows in: a world of runs on a database of its own, beside a simulated Odoo of its own."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
from tests.conftest import PostgresServer

from careloom.cases.kinds import Action
from careloom.flows import Flow
from careloom.sim.odoo.server import SimulatedOdoo
from careloom.sim.odoo.store import Kept
from careloom.store.database import Database
from careloom.systems.odoo import Odoo, Settings
from careloom.systems.odoo.documents.counts import Count, CountLine
from careloom.systems.odoo.documents.products import Product
from careloom.systems.resilience import Backoff
from careloom.testing.crashes import RESTART, TAKEOVER, Crash, OpenWorld, Scenario, every_crash
from careloom.testing.failures import (
    AFTER,
    BEFORE,
    GIVING_UP,
    Left,
    Unmended,
    every_failure,
    every_undo_failing,
)
from careloom.testing.processes import World

ALL = os.environ.get("CARELOOM_TEST_BOUNDARIES") == "all"
EVERY = 1 if ALL else 23
"""How many boundaries go to one that a node is killed at."""
EVERY_FAILURE = 1 if ALL or os.environ.get("CARELOOM_TEST_FAILURES") == "all" else 7
"""How many failures of a step go to one that is played."""
Furnish = Callable[["House"], Awaitable[Any]]
Happening = Callable[["House"], Awaitable[Any]]
"""What happens in a house; it gives what is to be the same however often nodes are killed."""
_furnished: dict[tuple[object, str], tuple[Kept, Any]] = {}
"""What Odoo holds after a house was furnished, and what that gave."""


@dataclass
class House:
    """The world, and ways to look into Odoo's books. `erp` looks from outside; nodes have connectors of their own."""

    server: SimulatedOdoo
    companies: tuple[int, ...] = ()
    """Those that nodes work in; none means what the connector's user does."""
    erp: Odoo = field(init=False)
    world: World = field(init=False)
    given: Any = None
    opened: list[Odoo] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.erp = self.open()

    def open(self) -> Odoo:
        """A connector, which knows nothing of what another did."""
        settings = Settings(
            url=self.server.url, database=self.server.database, login=self.server.login, api_key="env:ODOO_KEY",
            allowed_company_ids=self.companies,
        )  # fmt: skip
        made = Odoo("erp", settings, secrets=lambda _: self.server.api_key, backoff=Backoff(jitter=lambda: 1.0))
        self.opened.append(made)
        return made

    async def close(self) -> None:
        for one in self.opened:
            await one.close()

    # ------------------------------------------------------------------ what is brought in

    async def chief(self, model: str, method: str, *arguments: Any) -> Any:
        """Call Odoo as its administrator."""
        name, key = self.server.database, self.server.admin_api_key
        asked = {"service": "common", "method": "login", "args": [name, "admin", key]}
        async with aiohttp.ClientSession() as session:
            user = await _call(session, self.server.url, asked)
            args = [name, user, key, model, method, list(arguments), {}]
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
        """So much of it is found in the store room."""
        place = (await self.erp.documents.locations.stock_of("WH", 1)).record_id
        line = CountLine(product=product, place=place, quantity=Decimal(quantity), lot=lot)
        key = self.erp.external_id("count", "TEST", f"{product}-{lot}-{quantity}")
        await self.erp.documents.counts.take(Count(key=key, reason="Opening stock", lines=[line], company=1))

    # ------------------------------------------------------------------ what is in the books

    async def found(self, model: str, domain: Sequence[Any], fields: Sequence[str]) -> list[dict[str, Any]]:
        """Records without their ids, which tell nothing."""
        rows = await self.erp.search_read(model, domain, fields, order="id")
        return [{name: value for name, value in row.items() if name != "id"} for row in rows]

    async def moves(self, **named: Any) -> list[tuple[str, str, str, str, float]]:
        """Invoices and credit notes: sort, state, reference, payment state, total."""
        domain: list[Any] = [["move_type", "in", ["out_invoice", "out_refund"]]]
        domain += [[name, "=", value] for name, value in named.items()]
        fields = ["move_type", "state", "ref", "payment_state", "amount_total"]
        rows = await self.erp.search_read("account.move", domain, fields, order="id")
        return sorted((row["move_type"], row["state"], row["ref"] or "", row["payment_state"], row["amount_total"])
                      for row in rows)  # fmt: skip

    async def ledger(self) -> dict[str, Decimal]:
        """What stands on each company's account, of posted entries; accounts that hold nothing are left out."""
        rows = await self.erp.search_read(
            "account.move.line", [["parent_state", "=", "posted"]], ["account_id", "balance", "company_id"]
        )
        found: Counter[str] = Counter()
        for row in rows:
            found[f"{row['company_id'][0]} {row['account_id'][1]}"] += round(row["balance"] * 100)
        return {name: Decimal(cents) / 100 for name, cents in sorted(found.items()) if cents}

    async def stock(self) -> list[tuple[str, str, str, float, float]]:
        """Product, place, lot, how much there is of it in our places, and how much of that is reserved."""
        fields = ["product_id", "location_id", "lot_id", "quantity", "reserved_quantity"]
        rows = await self.erp.search_read("stock.quant", [["location_id.usage", "=", "internal"]], fields)
        return sorted(
            (row["product_id"][1], row["location_id"][1], row["lot_id"][1] if row["lot_id"] else "", row["quantity"],
             row["reserved_quantity"])
            for row in rows if row["quantity"] or row["reserved_quantity"]
        )  # fmt: skip

    async def payments(self) -> list[tuple[str, float, str]]:
        rows = await self.erp.search_read("account.payment", [], ["payment_type", "amount", "memo"])
        return sorted((row["payment_type"], row["amount"], row["memo"] or "") for row in rows)

    async def books(self) -> Any:
        """All the money and goods, which must be the same however often nodes are killed."""
        return await self.moves(), await self.ledger(), await self.stock(), await self.payments()

    async def reserved(self) -> dict[str, float]:
        """By product, what is held for somebody."""
        held: Counter[str] = Counter()
        for name, _, _, _, quantity in await self.stock():
            held[name.rpartition("] ")[2]] += quantity
        return {name: quantity for name, quantity in held.items() if quantity}

    async def files(self) -> list[str]:
        """The numbers of visits and appointments that are open for billing."""
        return await self._column("account.analytic.account", "code")

    async def accounts(self) -> list[str]:
        """The numbers of patients, payers and suppliers in use."""
        return await self._column("res.partner", "ref")

    async def contacts(self) -> list[str]:
        """The names of those in use that have no number."""
        return sorted(row["name"] for row in await self.found("res.partner", [["ref", "=", False]], ["name"]))

    async def forms(self) -> list[str]:
        return [one for one in await self._column("ir.attachment", "name") if one.startswith("intake-")]

    async def visits(self) -> dict[str, Any]:
        """All that the processes of visits and appointments leave behind."""
        pickings = await self.found("stock.picking", [["origin", "!=", False]], ["origin", "state"])
        return {
            "accounts": await self.accounts(),
            "files": await self.files(),
            "forms": await self.forms(),
            "reserved": await self.reserved(),
            "pickings": sorted((row["origin"], row["state"]) for row in pickings),
        }

    async def net(self) -> dict[str, Any]:
        """What holds: money on accounts, goods and what is reserved of them, drafts, orders, files, papers, contacts.
        A document and the one that takes it back hold nothing."""
        drafts = await self.found("account.move", [["state", "=", "draft"]], ["move_type"])
        orders = await self.found("purchase.order", [["state", "!=", "cancel"]], ["state"])
        return {
            "ledger": await self.ledger(),
            "stock": [row for row in await self.stock() if row[3] or row[4]],
            "drafts": len(drafts),
            "orders": len(orders),
            "accounts": await self.accounts(),
            "contacts": await self.contacts(),
            "files": await self.files(),
            "papers": await self._column("ir.attachment", "name"),
        }

    async def _column(self, model: str, name: str) -> list[str]:
        rows = await self.found(model, [[name, "!=", False]], [name])
        return sorted(row[name] for row in rows)


async def nothing(_: House) -> None:
    """An Odoo as it comes."""


async def _call(session: aiohttp.ClientSession, url: str, params: dict[str, Any]) -> Any:
    body = {"jsonrpc": "2.0", "method": "call", "params": params, "id": 1}
    async with session.post(f"{url}/jsonrpc", json=body) as answer:
        told = await answer.json()
    assert "error" not in told, told["error"]["data"]["name"]
    return told.get("result")


@asynccontextmanager
async def house_of(
    postgres: PostgresServer,
    flows: Sequence[Flow],
    furnish: Furnish = nothing,
    *,
    version: str = "19.0",
    companies: tuple[int, ...] = (),
) -> AsyncIterator[House]:
    """Open one. `furnish` brings what is in Odoo before anything happens."""
    async with _ground(postgres, furnish, version, companies) as (database, house), World.open(
        database, flows, lambda: {"erp": house.open()}
    ) as world:  # fmt: skip
        house.world = world
        yield house


async def survives(
    postgres: PostgresServer,
    flows: Sequence[Flow],
    furnish: Furnish,
    happening: Happening,
    *,
    every: int = EVERY,
    companies: tuple[int, ...] = (),
) -> int:
    """Play it with the node killed at every `every`th boundary; gives how many there are."""
    async with _replayed(postgres, flows, furnish, happening, companies) as (_, again, played):
        ways = (RESTART, TAKEOVER) if ALL else ()
        return await every_crash(again, played, every=every, ways=ways, tell=note)


def note(crash: Crash) -> None:
    """For the table of `make chaos`: one line for each kill."""
    if (target := os.environ.get("CARELOOM_TEST_CRASHES")) is not None:
        test = os.environ["PYTEST_CURRENT_TEST"].removesuffix(" (call)")
        line = {
            "test": test,
            "boundaries": crash.boundaries,
            "way": crash.way,
            "at": crash.number,
            "wrong": crash.wrong,
        }
        with Path(target).open("a") as lines:
            lines.write(json.dumps(line) + "\n")


async def leaves(
    postgres: PostgresServer,
    flows: Sequence[Flow],
    furnish: Furnish,
    happening: Happening,
    *,
    every: int = EVERY_FAILURE,
    companies: tuple[int, ...] = (),
    ways: Sequence[str] = (BEFORE, AFTER),
    word: Sequence[Action] = GIVING_UP,
) -> list[Difference]:
    """Play it with each `every`th step made to fail, each `ways`, and this the `word` of persons; gives by failure what
    runs left behind."""

    async def look(_: World) -> dict[str, Any]:
        return await house.net()

    async with _replayed(postgres, flows, furnish, happening, companies) as (house, again, played):
        before = await house.net()
        whole, failures = await every_failure(again, played, look, every=every, ways=ways, word=word)
        return [
            Difference(
                left, {name: value for name, value in left.books.items() if value != before[name]},
                {name: value for name, value in left.books.items() if value not in (before[name], whole[name])},
            )
            for left in failures
        ]  # fmt: skip


async def undoing_fails(
    postgres: PostgresServer,
    flows: Sequence[Flow],
    furnish: Furnish,
    happening: Happening,
    step: str,
    *,
    companies: tuple[int, ...] = (),
) -> list[Unmended]:
    """Play it with the step of this name failing, and each time another of what undoes the run failing too."""
    async with _replayed(postgres, flows, furnish, happening, companies) as (_, again, played):
        return await every_undo_failing(again, played, step)


@asynccontextmanager
async def _replayed(
    postgres: PostgresServer,
    flows: Sequence[Flow],
    furnish: Furnish,
    happening: Happening,
    companies: tuple[int, ...],
) -> AsyncIterator[tuple[House, OpenWorld, Scenario]]:
    """A house that can be opened again and again as it was when it was furnished."""
    async with _ground(postgres, furnish, "19.0", companies) as (database, house):
        fresh = house.server.keep()

        @asynccontextmanager
        async def again(kill_at: int | None) -> AsyncIterator[World]:
            house.server.restore(fresh)
            await wipe(database)
            async with World.open(database, flows, lambda: {"erp": house.open()}, kill_at=kill_at) as world:
                house.world = world
                yield world

        async def played(_: World) -> Any:
            return await happening(house)

        yield house, again, played


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs from what there was before; `odd`, of that what is not there either where nothing fails."""

    left: Left
    remains: dict[str, Any]
    odd: dict[str, Any]

    @property
    def undone(self) -> bool:
        """Whether every run of the step's workflow undid itself, so that only its declared remainder may be left."""
        states = {state for name, state in self.left.runs if name == self.left.target.workflow}
        return states <= {"failed", "cancelled"}

    def __str__(self) -> str:
        return f"{self.left.target}, failed {self.left.way}: {self.left.runs}, {self.left.cases}: {self.remains}"


async def wipe(database: Database) -> None:
    """Have the database as it was when it was new; ten times as fast as a new one, whose connections know nothing."""
    async with database.acquire() as connection:
        await connection.execute(_WIPE)


_WIPE = """
    do $$ declare emptied regclass; begin
        set local session_replication_role = replica;  -- what is only added to may be removed here
        for emptied in select oid::regclass from pg_class where relnamespace = 'public'::regnamespace
            and relkind = 'r' and relname not in ('migration', 'case_move', 'run_move')
        loop execute format('delete from %s', emptied); end loop;
    end $$"""


@asynccontextmanager
async def _ground(
    postgres: PostgresServer, furnish: Furnish, version: str, companies: tuple[int, ...]
) -> AsyncIterator[tuple[Database, House]]:
    """A database, and a furnished Odoo; what furnishing does is done once and kept."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(SimulatedOdoo(version=version, workers=8))
        house = House(server, companies)
        stack.push_async_callback(house.close)
        if (furnish, version) in _furnished:
            kept, house.given = _furnished[furnish, version]
            server.restore(kept)
        else:
            house.given = await furnish(house)
            _furnished[furnish, version] = server.keep(), house.given
        name = await postgres.take()
        stack.callback(postgres.give_back, name)
        database = await Database.open(postgres.address(name))
        stack.push_async_callback(database.close)
        yield database, house
