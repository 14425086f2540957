"""The changes of suppliers wait for their day, and the newest of each is brought when it is over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.conftest import PostgresServer
from tests.flows.fed import samples
from tests.flows.house import House, house_of, nothing, survives

from careloom.flows import Flow
from careloom.flows.supplier_master import Day, bring, supplier_master
from careloom.model import Identifier, Organization, OrganizationUpdated

UNSCHEDULED = Flow(
    **{name: getattr(supplier_master, name) for name in ("name", "owner", "sla", "workflows", "signals")}
)
"""Without its clock, so that a test begins its days."""


@asynccontextmanager
async def opened(postgres: PostgresServer) -> AsyncIterator[House]:
    async with house_of(postgres, [UNSCHEDULED], nothing) as house:
        yield house


def supplier(number: str, name: str | None = None, **others: Any) -> OrganizationUpdated:
    organization = Organization(identifier=(Identifier(value=number),), name=name, type="supplier", **others)
    return OrganizationUpdated(trigger="suppliers.csv", organization=organization)


async def suppliers(house: House) -> list[str]:
    domain = [["ref", "like", "V-"]]
    return sorted(row["name"] for row in await house.erp.search_read("res.partner", domain, ["name"]))


async def test_the_newest_change_of_the_day_is_brought_once_it_is_over(postgres_server: PostgresServer) -> None:
    async with opened(postgres_server) as house:
        day = Day(due=house.world.clock.now())
        await house.world.begin(bring, day)
        payer = Organization(identifier=(Identifier(value="V-9"),), name="Payer", type="payer")
        await house.world.tell(
            supplier("V-1", "Harbor"), supplier("V-1", "Harbor Medical"), supplier("V-2", "Northwind"),
            OrganizationUpdated(trigger="x", organization=payer),
        )  # fmt: skip
        await house.world.settle()
        assert await suppliers(house) == []
        await house.world.later(days=1)
        assert await suppliers(house) == ["Harbor Medical", "Northwind"]
        await house.world.begin(bring, Day(due=house.world.clock.now()))
        await house.world.tell(supplier("V-2", active=False), supplier("V-1", "Harbor Medical Supply"))
        await house.world.settle()
        await house.world.later(days=1)
        assert await suppliers(house) == ["Harbor Medical Supply"]
        assert (await house.world.cases(), len(await house.world.runs())) == ([], 2)


async def test_what_odoo_refuses_of_one_is_put_aside_and_the_others_are_brought(
    postgres_server: PostgresServer,
) -> None:
    async with opened(postgres_server) as house:
        await house.world.begin(bring, Day(due=house.world.clock.now()))
        await house.world.tell(supplier("V-1", " "), supplier("V-2", "Northwind"))
        await house.world.settle()
        await house.world.later(days=1)
        assert await suppliers(house) == ["Northwind"]
        rows = await house.world.rows("select kind, field from work_case")
        assert [(row["kind"], row["field"]) for row in rows] == [("item-aside", "item V-1")]
        assert await house.world.runs() == [("supplier-master.bring", "completed")]


async def test_an_earlier_day_that_ends_later_brings_nothing_back(postgres_server: PostgresServer) -> None:
    async with opened(postgres_server) as house:
        day = Day(due=house.world.clock.now())
        await house.world.begin(bring, day)
        await house.world.tell(supplier("V-1", "Harbor Medical"))
        await house.world.settle()
        await house.world.later(days=1)
        await house.world.begin(bring, Day(due=house.world.clock.now()))
        await house.world.tell(supplier("V-1", "Harbor Medical Supply"))
        await house.world.settle()
        await house.world.later(days=1)
        await house.world.begin(bring, day)
        await house.world.tell(supplier("V-1", "Harbor"))
        await house.world.settle()
        assert await suppliers(house) == ["Harbor Medical Supply"]


async def test_a_kill_at_any_boundary_changes_nothing(postgres_server: PostgresServer) -> None:
    async def scenario(house: House) -> Any:
        await house.world.begin(bring, Day(due=house.world.clock.now()))
        await house.world.tell(*samples("payment_confirmation/suppliers.json"))
        await house.world.settle()
        await house.world.later(days=1)
        fields = ["name", "ref", "vat", "city", "email"]
        kept = await house.found("res.partner", [["ref", "like", "V-"]], fields)
        return kept, await house.world.runs(), await house.world.cases()

    assert await survives(postgres_server, [UNSCHEDULED], nothing, scenario) > 8


def test_it_declares_everything() -> None:
    assert supplier_master.undeclared() == []
