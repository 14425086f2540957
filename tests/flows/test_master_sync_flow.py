"""Lists of others kept in step with Odoo: what changed is written, what left is retired, both sides are compared."""

from __future__ import annotations

import os
import runpy
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import PostgresServer

from careloom.cases.kinds import Action
from careloom.core.errors import ConfigurationError
from careloom.flows import Flow
from careloom.flows.master_lists import MasterList
from careloom.flows.master_store import Sync, last_syncs
from careloom.flows.master_sync import Due, synchronised
from careloom.flows.stores import Stores
from careloom.identity.codes.checkdigit import gs1
from careloom.identity.crosswalk.authority import Authority, Decision, Rule
from careloom.sim.odoo.server import SimulatedOdoo
from careloom.store.database import Database
from careloom.systems.folder.place import LocalPlace
from careloom.systems.listing import FileLists
from careloom.systems.odoo import Odoo, Settings
from careloom.systems.resilience import Backoff
from careloom.testing.clock import VirtualClock
from careloom.testing.processes import World

CATALOGUE = MasterList(
    name="catalogue", sort="product", listed_as="catalogue*.csv", key="item", chunk=40, most_bad=5, most_vanished=0.2,
    columns={"name": "description", "barcode": "gtin", "price": "price"}, codes={"gtin": "gtin"},
)  # fmt: skip
PAYERS = MasterList(
    name="payers", sort="payer", listed_as="payers.csv", key="id", vanished="keep", most_vanished=1.0,
    columns={"name": "name", "city": "city", "phone": "phone"},
)  # fmt: skip
EXAMPLE = Path(__file__).parents[2] / "examples" / "master_sync"


def unscheduled(flow: Flow) -> Flow:
    """The flow without its clock, so that a test begins its nights."""
    assert flow.undeclared() == []
    return Flow(**{name: getattr(flow, name) for name in ("name", "owner", "sla", "workflows")})


@dataclass
class Store:
    """A catalogue that changes, and the world that reads it."""

    world: World
    server: SimulatedOdoo
    erp: Odoo
    folder: Path
    flow: Flow
    items: dict[str, list[str]] = field(default_factory=dict)
    versions: int = 0

    def stock(self, count: int) -> None:
        self.items = {f"I-{at:04d}": [f"Item {at}", _gtin(at), f"{at}.50"] for at in range(1, count + 1)}
        self.write()

    def write(self, extra: str = "") -> None:
        rows = "".join(f"{item},{','.join(cells)}\n" for item, cells in self.items.items())
        self.put("catalogue.csv", f"item,description,gtin,price\n{rows}{extra}")

    def put(self, name: str, text: str) -> None:
        self.versions += 1
        path = self.folder / name
        path.write_text(text, "utf-8")
        os.utime(path, (self.versions, self.versions))

    async def night(self) -> Sync:
        """Synchronise, and give what it came to."""
        await self.begin_night()
        return await self.last()

    async def begin_night(self) -> None:
        """As far as it comes by itself."""
        await self.world.begin(self.flow.workflows[0], Due(list="any"), subject="Schedule/nightly")
        await self.world.settle()

    async def shortened(self, count: int, to: int) -> Sync:
        """A night with all items, and one with those that are left."""
        self.stock(count)
        await self.night()
        self.items = dict(list(self.items.items())[:to])
        self.write()
        return await self.night()

    async def last(self) -> Sync:
        return (await last_syncs(self.world.database, None, 1))[0]

    def loaded(self) -> int:
        """How many rows were sent to Odoo by now."""
        return sum(call.rows for call in self.server.calls if call.method == "load" and call.model == "product.product")

    async def products(self) -> Mapping[str, tuple[Any, ...]]:
        rows = await self.erp.search_read(
            "product.product", [["default_code", "like", "I-"]], ["default_code", "name", "barcode", "list_price"]
        )
        return {row["default_code"]: (row["name"], row["barcode"], row["list_price"]) for row in rows}

    async def told(self) -> list[tuple[str, str, str]]:
        rows = await self.world.rows("select kind, field, reason from work_case where resolved is null order by field")
        return [(row["kind"], row["field"], row["reason"]) for row in rows]


def _gtin(at: int) -> str:
    digits = f"0312345{at:05d}"[:12]
    return digits + str(gs1(digits))


@asynccontextmanager
async def store(
    postgres: PostgresServer,
    folder: Path,
    master: MasterList = CATALOGUE,
    kill_at: int | None = None,
    flow: Flow | None = None,
) -> AsyncIterator[Store]:
    flow = unscheduled(flow or synchronised(master, cron="0 2 * * *"))
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(SimulatedOdoo(workers=8))

        def opened() -> Odoo:
            settings = Settings(url=server.url, database=server.database, login=server.login, api_key="env:ODOO_KEY")
            made = Odoo("erp", settings, secrets=lambda _: server.api_key, backoff=Backoff(jitter=lambda: 1.0))
            stack.push_async_callback(made.close)
            return made

        name = await postgres.take()
        stack.callback(postgres.give_back, name)
        database = await Database.open(postgres.address(name))
        stack.push_async_callback(database.close)

        def systems() -> Mapping[str, object]:
            lists = FileLists("lists", LocalPlace(folder), VirtualClock(), 0, 1 << 24)
            stack.push_async_callback(lists.close)
            return {"erp": opened(), "files": lists}

        world = await stack.enter_async_context(World.open(database, [flow], systems, kill_at=kill_at))
        yield Store(world, server, opened(), folder, flow)


async def test_only_what_changed_is_written_and_both_sides_agree(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    async with store(postgres_server, tmp_path) as house:
        house.stock(100)
        first = await house.night()
        assert (first.read, first.written, first.aside, first.vanished) == (100, 100, 0, 0)
        assert first.agrees
        assert (first.source_rows, first.odoo_rows, first.differing) == (100, 100, 0)
        assert (await house.products())["I-0007"] == ("Item 7", _gtin(7), 7.5)
        sent = house.loaded()
        assert sent == 100
        house.items["I-0007"][2] = "8.25"
        house.items["I-0099"][0] = "Renamed"
        house.items["I-0101"] = ["New", _gtin(101), "1.00"]
        house.write()
        second = await house.night()
        assert (second.read, second.written, second.unchanged, second.expected) == (101, 3, 98, 100)
        assert second.agrees
        assert second.source_total != first.source_total
        assert house.loaded() - sent == 3
        assert (await house.products())["I-0007"][2] == 8.25
        assert await house.told() == []


async def test_a_list_that_is_the_same_is_not_read_again(postgres_server: PostgresServer, tmp_path: Path) -> None:
    async with store(postgres_server, tmp_path) as house:
        house.stock(10)
        first = await house.night()
        again = await house.night()
        assert (again.read, again.written, again.whole) == (0, 0, False)
        assert again.agrees
        assert again.source_total == first.source_total
        assert len(await house.products()) == 10


@pytest.mark.parametrize("kill_at", range(3, 30, 4))
async def test_a_night_that_is_killed_goes_on_where_it_was(
    postgres_server: PostgresServer, tmp_path: Path, kill_at: int
) -> None:
    async with store(postgres_server, tmp_path, kill_at=kill_at) as house:
        house.stock(100)
        found = await house.night()
        assert found.ended is not None
        assert found.agrees
        assert (found.read, found.source_rows, found.odoo_rows) == (100, 100, 100)
        assert len(await house.products()) == 100
        assert house.world.boundaries.passed >= kill_at
        # The chunk that the kill fell into is read again, and what it had written is known to be so.
        assert house.loaded() <= 100 + CATALOGUE.chunk


async def test_what_leaves_the_list_leaves_use_and_comes_back(postgres_server: PostgresServer, tmp_path: Path) -> None:
    async with store(postgres_server, tmp_path) as house:
        house.stock(50)
        await house.night()
        kept = house.items.pop("I-0005")
        house.write()
        second = await house.night()
        assert (second.vanished, second.source_rows, second.odoo_rows, second.agrees) == (1, 49, 49, True)
        assert "I-0005" not in await house.products()
        templates = await house.erp.search_read("product.template", [["default_code", "=", "I-0005"]], ["id"])
        assert templates == []
        house.items["I-0005"] = kept
        house.write()
        third = await house.night()
        assert (third.written, third.vanished, third.source_rows, third.agrees) == (1, 0, 50, True)
        assert third.source_total != second.source_total
        assert (await house.products())["I-0005"] == ("Item 5", _gtin(5), 5.5)


async def test_a_list_that_is_cut_short_waits_for_a_person(postgres_server: PostgresServer, tmp_path: Path) -> None:
    async with store(postgres_server, tmp_path) as house:
        found = await house.shortened(50, to=30)
        assert found.ended is None
        [(kind, place, reason)] = await house.told()
        assert (kind, place) == ("batch-stopped", "catalogue")
        assert "20 of 50 rows left the list catalogue, more than 20%" in reason
        assert len(await house.products()) == 50
        await house.world.decide("batch-stopped", Action.RETRY)
        found = await house.last()
        assert (found.vanished, found.source_rows, found.odoo_rows, found.agrees) == (20, 30, 30, True)


async def test_a_person_may_leave_what_a_short_list_lacks(postgres_server: PostgresServer, tmp_path: Path) -> None:
    async with store(postgres_server, tmp_path) as house:
        await house.shortened(10, to=5)
        await house.world.decide("batch-stopped", Action.DISCARD)
        found = await house.last()
        assert (found.vanished, found.odoo_rows, found.ended is not None) == (0, 10, True)
        assert len(await house.products()) == 10


async def test_bad_rows_are_put_aside_by_row_and_column_and_have_not_vanished(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    async with store(postgres_server, tmp_path) as house:
        house.stock(20)
        await house.night()
        house.items["I-0003"][1] = "0312345000039"
        house.items["I-0004"][2] = "a lot"
        house.items["I-0006"][0] = ""
        house.write("I-0001,Another,,2.00\nI-0021,Short\n")
        found = await house.night()
        assert (found.read, found.written, found.aside, found.vanished) == (22, 0, 5, 0)
        reasons = [reason for _, _, reason in await house.told()]
        for complaint in (
            "catalogue row 3, column gtin: GTIN digit 13: the check digit is 9 where",
            "catalogue row 4, column price: it is no amount, such as 12.50",
            "catalogue row 6, column description: the name is empty",
            "catalogue row 21, column item: an earlier row has this key and other content",
            "catalogue row 22: 2 cells instead of 4",
        ):
            assert any(complaint in reason for reason in reasons), (complaint, reasons)
        assert len(await house.products()) == 20
        assert (found.source_rows, found.agrees) == (20, True)
        # The same list again is read again, as long as rows of it were put aside.
        assert (await house.night()).read == 22


async def test_a_row_that_odoo_refuses_is_put_aside_and_the_sides_differ(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    async with store(postgres_server, tmp_path) as house:
        house.stock(10)
        await house.night()
        house.items["I-0002"][1] = house.items["I-0003"][1]
        house.items["I-0004"][0] = "Renamed"
        house.write()
        found = await house.night()
        assert (found.written, found.aside, found.differing, found.agrees) == (1, 1, 1, False)
        [(kind, place, _)] = await house.told()
        assert (kind, place) == ("item-aside", "item row 2")
        assert (await house.products())["I-0004"][0] == "Renamed"


async def test_what_somebody_changed_in_odoo_is_told_and_not_overwritten(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    async with store(postgres_server, tmp_path) as house:
        house.stock(10)
        await house.night()
        rows = await house.erp.search_read("product.product", [["default_code", "like", "I-"]], ["default_code"])
        ids = {row["default_code"]: row["id"] for row in rows}
        await house.erp.write("product.product", [ids["I-0002"]], {"list_price": 99.0, "name": "By hand"})
        await house.erp.archive("product.product", [ids["I-0003"]])
        found = await house.night()
        assert (found.written, found.differing, found.agrees) == (0, 2, False)
        assert (found.source_rows, found.odoo_rows) == (10, 9)
        told = {place: reason for _, place, reason in await house.told()}
        assert "Odoo has another name, list_price than the list" in told[f"item product.product/{ids['I-0002']}"]
        assert "out of use in Odoo, and in the list" in told[f"item product.product/{ids['I-0003']}"]
        assert (await house.products())["I-0002"][0] == "By hand"


async def test_payers_become_contacts_and_those_that_left_are_left_alone(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    async with store(postgres_server, tmp_path, PAYERS) as house:
        house.put("payers.csv", "id;name;city;phone\nP1;Harbor Mutual;Springfield;+1 555 010 0101\nP2;Northwind;;\n")
        first = await house.night()
        assert (first.written, first.agrees) == (2, True)
        house.put("payers.csv", "id;name;city;phone\nP2;Northwind Health;;\n")
        second = await house.night()
        assert (second.written, second.vanished, second.source_rows, second.agrees) == (1, 1, 1, True)
        rows = await house.erp.search_read(
            "res.partner", [["ref", "like", "P"]], ["name", "customer_rank"], order="ref"
        )
        assert [(row["name"], row["customer_rank"]) for row in rows] == [("Harbor Mutual", 1), ("Northwind Health", 1)]


async def test_keys_of_rows_are_nowhere_in_clear_text(postgres_server: PostgresServer, tmp_path: Path) -> None:
    async with store(postgres_server, tmp_path, PAYERS) as house:
        house.put("payers.csv", "id,name,city,phone\nP123456789,Harbor Mutual,Springfield,\n")
        await house.night()
        kept = str(await house.world.rows("select r::text from master_row r"))
        kept += str(await house.world.rows("select s::text from master_sync s"))
        assert "payers" in kept
        assert not any(word in kept for word in ("P123456789", "Harbor", "Springfield"))


async def test_the_example(postgres_server: PostgresServer, tmp_path: Path) -> None:
    declared = runpy.run_path(str(EXAMPLE / "lists.py"))
    for file in EXAMPLE.glob("*.csv"):
        shutil.copy(file, tmp_path)
        os.utime(tmp_path / file.name, (1, 1))
    assert {declared[name].name for name in ("catalogue", "payers")} == {"sync-catalogue", "sync-payers"}
    for name, rows in (("catalogue", 4), ("payers", 2)):
        flow: Flow = declared[name]
        assert [one.cron for one in flow.schedules] == [{"catalogue": "0 2 * * *", "payers": "30 2 * * *"}[name]]
        async with store(postgres_server, tmp_path, flow=flow) as house:
            found = await house.night()
            assert (found.read, found.written, found.aside, found.odoo_rows, found.agrees) == (
                rows,
                rows,
                0,
                rows,
                True,
            )


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"columns": {"name": "a", "colour": "b"}}, "a product has no colour"),
        ({"columns": {"price": "a"}}, "say which column holds the name"),
        ({"codes": {"gtin": "ssn"}}, "no kind of code"),
    ],
)
def test_a_list_that_cannot_be_is_refused_where_it_is_written(wrong: dict[str, Any], complaint: str) -> None:
    given = {"name": "x", "sort": "product", "listed_as": "x", "key": "k", "columns": {"name": "a"}, **wrong}
    with pytest.raises(ConfigurationError, match=complaint):
        MasterList(**given)


def _authority(house: Store, otherwise: Decision, *fields: str) -> list[dict[str, str]]:
    """The procurement system alone may set these fields of products. Gives what is told of refusals."""
    told: list[dict[str, str]] = []

    class Told:
        async def tell(self, source: str, entity: str, reasons: Mapping[str, str]) -> None:
            told.append({f"{source} {entity}.{field}": reason for field, reason in reasons.items()})

    binder: Any = house.world.node.around.call._binder  # type: ignore[attr-defined]
    stores = binder(house.flow.workflows[0].name, "stores", Stores)
    rule = Rule(name="buyers", entity="product", fields=fields, systems=("procurement",), otherwise=otherwise)
    stores.authority, stores._refusals = Authority([rule]), Told()
    return told


async def test_what_the_source_may_not_set_is_left_as_odoo_has_it(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    async with store(postgres_server, tmp_path) as house:
        house.stock(20)
        assert (await house.night()).agrees
        told = _authority(house, Decision.REFUSE, "price")
        house.items["I-0007"] = ["Renamed", _gtin(7), "99.00"]
        house.write()
        kept = await house.night()
        assert kept.agrees
        assert (await house.products())["I-0007"] == ("Renamed", _gtin(7), 7.5)
        assert list(told[0]) == ["lists product.price"]
        assert "procurement may, by the rule 'buyers'" in told[0]["lists product.price"]
        assert (await house.night()).agrees  # and the next one, of a list that is the same
        _authority(house, Decision.ACCEPT, "price")
        assert (await house.night()).agrees  # what may be set again is read again, though the list is the same
        assert (await house.products())["I-0007"] == ("Renamed", _gtin(7), 99.0)


@pytest.mark.parametrize(("action", "price"), [(Action.APPROVE, 99.0), (Action.REJECT, 7.5)])
async def test_a_steward_is_asked_about_what_the_source_may_propose(
    postgres_server: PostgresServer, tmp_path: Path, action: Action, price: float
) -> None:
    async with store(postgres_server, tmp_path) as house:
        house.stock(20)
        await house.night()
        _authority(house, Decision.PROPOSE, "price")
        house.items["I-0007"] = ["Renamed", _gtin(7), "99.00"]
        house.write()
        await house.night()
        [(kind, field, reason)] = await house.told()
        assert (kind, field) == ("proposed-write", "product.price")
        assert "lists may not set product.price" in reason
        await house.world.decide("proposed-write", action)
        assert (await house.products())["I-0007"] == ("Renamed", _gtin(7), price)
        assert await house.told() == []


async def test_a_list_that_may_not_say_a_name_is_refused_whole(postgres_server: PostgresServer, tmp_path: Path) -> None:
    async with store(postgres_server, tmp_path) as house:
        told = _authority(house, Decision.REFUSE, "*")
        house.stock(5)
        await house.begin_night()
        [(kind, _, reason)] = await house.told()
        assert kind == "run-failed"
        assert "product.name: procurement may" in reason and "without a name there is nothing to write" in reason
        assert await house.products() == {}
        assert len(told[0]) == 3
