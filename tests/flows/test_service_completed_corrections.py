"""Services that are corrected, cancelled or voided, runs that are undone, and a kill at every boundary."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs
from tests.conftest import PostgresServer
from tests.flows.house import House, house_of, survives
from tests.flows.services import VOIDED, charges, done, furnish, on_hand, outcome, panel, used

from careloom.cases.kinds import Action
from careloom.flows.service_completed import bill, service
from careloom.model.datatypes import Identifier
from careloom.workflow.desk import Told


@pytest.fixture
async def house(postgres_server: PostgresServer) -> AsyncIterator[House]:
    async with house_of(postgres_server, [service], furnish) as found:
        yield found


async def test_a_correction_is_credited_and_billed_anew(house: House) -> None:
    world = house.world
    await world.tell(panel())
    await world.settle()
    await world.tell(panel(minutes=30, report={"status": "corrected", "service": (done("80053"), done("80061", "2"))}))
    await world.settle()
    assert await outcome(world) == ["completed", "completed"]
    assert await house.moves() == [
        ("out_invoice", "posted", "LAB/RPT-20931", "not_paid", 91.0),
        ("out_invoice", "posted", "LAB/RPT-20931", "reversed", 40.0),
        ("out_refund", "posted", "INV/2026/00001", "paid", 40.0),
    ]
    assert (await on_hand(house))["RG-220"] == 4.99  # the goods are as they were: nothing moved
    pickings = await house.erp.search_read("stock.picking", [], ["id"])
    assert len(pickings) == 1
    kinds = [kind for _, kind, _ in await charges(world)]
    assert sorted(kinds) == ["charge", "charge", "charge", "credit"]
    billed = sum(amount if kind == "charge" else -amount for _, kind, amount in await charges(world))
    assert billed == Decimal("91.00")


async def test_corrected_goods_go_back_and_out_again(house: House) -> None:
    world = house.world
    await world.tell(panel(report={"consumed": (used("RG-220", "1", "R77"),)}))
    await world.settle()
    await world.tell(panel(minutes=30, report={"status": "amended", "consumed": (used("RG-221", "2"),)}))
    await world.settle()
    assert await on_hand(house) == {"RG-220": 5.0, "RG-221": 1.0}


async def test_a_cancelled_service_leaves_nothing_behind(house: House) -> None:
    world, before = house.world, await house.stock()
    await world.tell(panel())
    await world.settle()
    await world.tell(panel(minutes=30, report={"status": "cancelled"}))
    await world.settle()
    assert (await house.stock(), await house.ledger()) == (before, {})
    assert [state for _, state, *_ in await house.moves()] == ["posted", "posted"]
    assert [kind for _, kind, _ in await charges(world)] == ["charge", "credit"]


async def test_what_is_corrected_while_it_waits_is_billed_once(house: House) -> None:
    world = house.world
    await world.tell(structs.replace(panel(), coverage=()))
    await world.settle()
    await world.tell(panel(minutes=1, report={"status": "corrected", "service": (done("80061"),)}))
    await world.settle()
    await world.decide("missing-payer-data", Action.WAIVE)
    assert (await outcome(world), await world.cases()) == (["completed", "completed"], [])
    assert [row[-1] for row in await house.moves()] == [25.5]


async def test_what_is_cancelled_while_its_goods_are_short_is_credited(house: House) -> None:
    world, before = house.world, await house.stock()
    await world.tell(panel(report={"consumed": (used("RG-220", "1", "R77"), used("RG-221", "9"))}))
    await world.settle()
    await world.tell(panel(minutes=1, report={"status": "cancelled"}))
    await world.settle()
    await world.decide("stock-shortage", Action.SUPPLY, {"product": "RG-221", "quantity": "1"})
    assert await outcome(world) == ["completed", "completed"]
    assert (await house.stock(), await house.ledger()) == (before, {})


async def test_a_correction_of_which_nothing_was_heard_is_gone_on_with_after_an_hour(house: House) -> None:
    """It was begun by hand, so there is no event of it to wait for."""
    world = house.world
    await world.begin(bill, panel(report={"status": "corrected"}))
    await world.settle()
    assert (await outcome(world), await house.moves()) == (["waiting"], [])
    await world.later(hours=1)
    assert (await outcome(world), len(await house.moves())) == (["completed"], 1)


async def void(house: House, number: str, minutes: int = 60) -> None:
    charge = structs.replace(VOIDED.charge, reverses=Identifier(value=number))
    await house.world.tell(structs.replace(VOIDED, charge=charge, occurred=panel(minutes=minutes).occurred))
    await house.world.settle()


async def test_a_voided_charge_leaves_the_others_billed(house: House) -> None:
    world = house.world
    await world.tell(panel(report={"service": (done("80053"), done("80061"))}))
    await world.settle()
    await void(house, "RPT-20931-1")
    assert [(sort, state, total) for sort, _, _, state, total in await house.moves()] == [
        ("out_invoice", "not_paid", 25.5), ("out_invoice", "reversed", 65.5), ("out_refund", "paid", 65.5)
    ]  # fmt: skip
    await void(house, "RPT-20931-2", 90)
    assert await house.ledger() == {}
    assert [number for number, kind, _ in await charges(world) if kind == "credit"] == [
        "RPT-20931-1-R",
        "RPT-20931-2-R",
    ]


async def test_a_charge_that_nobody_billed_is_for_a_person(house: House) -> None:
    world = house.world
    await void(house, "CHG-1")
    assert await world.cases() == ["unmatched-record"]
    await world.tell(panel())
    await world.settle()
    await world.decide("unmatched-record", Action.SUPPLY, {"record": "invoice", "number": "RPT-20931-1"})
    assert (await world.cases(), await house.ledger()) == ([], {})
    await void(house, "RPT-20931-1", 90)
    await world.decide("unmatched-record", Action.RESOLVE)
    assert (await outcome(world), await house.ledger()) == (["completed"] * 3, {})


# ------------------------------------------------------------------ undoing, and kills


async def test_a_run_that_is_cancelled_undoes_invoice_and_goods(house: House) -> None:
    world, before = house.world, await house.stock()
    await world.tell(panel(report={"consumed": (used("RG-220", "1", "R77"), used("RG-221", "9"))}))
    await world.settle()
    assert (await on_hand(house))["RG-220"] == 4.0
    [row] = await world.rows("select id from run")
    await world.node.desk.cancel(row["id"], Told("Robin Okafor", "entered for another patient"))
    await world.settle()
    assert await outcome(world) == ["cancelled"]
    assert (await house.stock(), await house.ledger(), await charges(world)) == (before, {}, [])


async def test_a_kill_at_any_boundary_bills_once(postgres_server: PostgresServer) -> None:
    async def scenario(house: House) -> Any:
        world = house.world
        goods = (used("RG-220", "1", "R77"), used("RG-221", "9"))
        await world.tell(panel(report={"consumed": goods}))
        await world.settle()
        await world.decide("stock-shortage", Action.SUPPLY, {"product": "RG-221", "quantity": "2"})
        corrected = {"status": "corrected", "service": (done("80061"),), "consumed": goods[:1]}
        await world.tell(panel(minutes=9, report=corrected))
        await world.settle()
        return await world.runs(), await world.cases(), await charges(world), await house.books()

    assert await survives(postgres_server, [service], furnish, scenario) > 20
