"""A completed service in a hospital with a simulated Odoo: every branch, and each case that it may raise."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from tests.conftest import PostgresServer
from tests.flows.house import House, house_of
from tests.flows.services import COMPLETED, PAYER, RUN, UPDATED, charges, done, furnish, on_hand, outcome, panel, used

from careloom.cases.kinds import Action
from careloom.flows import Flow
from careloom.flows.claim_posting import posting
from careloom.flows.discharge import discharge
from careloom.flows.referral_to_cash import cash
from careloom.flows.service_completed import service
from careloom.flows.steps.pricing import months
from careloom.model import (
    ServiceCompleted,
    decode,
)
from careloom.model.datatypes import Identifier
from careloom.model.orders import PerformedService


@pytest.fixture
async def house(postgres_server: PostgresServer) -> AsyncIterator[House]:
    async with house_of(postgres_server, [service], furnish) as found:
        yield found


async def test_it_is_billed_consumed_and_told(house: House) -> None:
    world = house.world
    await world.tell(panel())
    await world.settle()
    assert await world.runs() == [(RUN, "completed")]
    assert await house.moves() == [("out_invoice", "posted", "LAB/RPT-20931", "not_paid", 40.0)]
    assert await house.stock() == [
        ("[RG-220] RG-220", "WH/Stock", "R77", 4.99, 0.0),
        ("[RG-221] RG-221", "WH/Stock", "", 3.0, 0.0),
    ]
    assert await charges(world) == [("RPT-20931-1", "charge", Decimal("40.00"))]
    assert await world.cases() == []


@pytest.mark.parametrize("version", ["18.0", "19.0"])
async def test_revenue_is_spread_over_service_and_months(postgres_server: PostgresServer, version: str) -> None:
    async with house_of(postgres_server, [service], furnish, version=version) as house:
        stay = structs.replace(COMPLETED.report.effective, start="2026-01-30", end="2026-02-02")
        await house.world.tell(panel(report={"effective": stay}))
        await house.world.settle()
        domain = [["display_type", "=", "product"]]
        [line] = await house.erp.search_read("account.move.line", domain, ["analytic_distribution"])
        accounts = await house.erp.search_read("account.analytic.account", [], ["code"])
        codes = {str(row["id"]): row["code"] for row in accounts}
        spread = {
            tuple(codes[one] for one in ids.split(",")): share for ids, share in line["analytic_distribution"].items()
        }
        assert spread == {("80053", "2026-01"): 50.0, ("80053", "2026-02"): 50.0}


def test_shares_of_months_are_a_hundred() -> None:
    begun = COMPLETED.occurred.date()
    for days in range(120):
        shares = months(begun, begun + timedelta(days=days))
        assert sum(shares.values()) == 100
        assert all(share > 0 for share in shares.values())


async def test_what_is_not_done_is_not_billed(house: House) -> None:
    await house.world.tell(panel(report={"status": "preliminary"}))
    await house.world.settle()
    assert await outcome(house.world) == ["completed"]
    assert await house.moves() == []


async def test_one_without_a_number_fails(house: House) -> None:
    await house.world.tell(panel(report={"identifier": (), "order": ()}))
    await house.world.settle()
    assert (await outcome(house.world), await house.world.cases()) == (["failed"], ["run-failed"])
    assert await house.moves() == []


async def test_a_repeat_bills_nothing_again(house: House) -> None:
    await house.world.tell(panel())
    await house.world.settle()
    await house.world.tell(panel(minutes=5))
    await house.world.settle()
    assert len(await house.moves()) == 1
    assert len(await charges(house.world)) == 1


# ------------------------------------------------------------------ payer and entity


async def customer(house: House) -> str:
    [row] = await house.erp.search_read("account.move", [["move_type", "=", "out_invoice"]], ["partner_id"])
    [partner] = await house.erp.search_read("res.partner", [["id", "=", row["partner_id"][0]]], ["ref"])
    return str(partner["ref"])


@pytest.mark.parametrize(
    ("action", "data", "owes"),
    [(Action.SUPPLY, {"payer": "87726", "member": "NHP1"}, "87726"), (Action.WAIVE, None, "MRN700123")],
)
async def test_a_missing_payer_is_supplied_or_waived(house: House, action: Action, data: Any, owes: str) -> None:
    await house.world.tell(structs.replace(panel(), coverage=()))
    await house.world.settle()
    assert (await house.world.cases(), await house.moves()) == (["missing-payer-data"], [])
    await house.world.decide("missing-payer-data", action, data)
    assert (await outcome(house.world), await house.world.cases()) == (["completed"], [])
    assert await customer(house) == owes


async def test_coverage_that_comes_later_is_taken_by_a_retry(house: House) -> None:
    world = house.world
    await world.tell(structs.replace(panel(), coverage=()))
    await world.settle()
    await world.decide("missing-payer-data", Action.RETRY)
    assert await world.cases() == ["missing-payer-data"]
    await world.tell(structs.replace(UPDATED, patient=COMPLETED.patient, coverage=(PAYER,)))
    await world.settle()
    await world.decide("missing-payer-data", Action.RETRY)
    assert await customer(house) == "60054"


async def test_a_service_without_payer_is_left(house: House) -> None:
    before = await house.stock()
    await house.world.tell(structs.replace(panel(), coverage=()))
    await house.world.settle()
    await house.world.decide("missing-payer-data", Action.DISCARD)
    assert await outcome(house.world) == ["completed"]
    assert (await house.moves(), await house.stock()) == ([], before)


@pytest.mark.parametrize(("facility", "company"), [("LAKESIDE", 1), ("SOUTH", 3)])
async def test_each_facility_has_its_books(postgres_server: PostgresServer, facility: str, company: int) -> None:
    async def two(house: House) -> None:
        await furnish(house)
        await house.facility("SOUTH", 3)

    async with house_of(postgres_server, [service], two) as house:
        await house.world.tell(panel(facility=facility, report={"consumed": ()}))
        await house.world.settle()
        assert await house.world.cases() == []
        assert len(await house.moves(company_id=company)) == 1
        assert {name[0] for name in await house.ledger()} == {str(company)}


@pytest.mark.parametrize(
    ("facility", "action"),
    [(None, Action.WAIVE), ("ELSEWHERE", Action.DISCARD), ("lakeside", Action.WAIVE), ("LAKESIDE ", Action.DISCARD)],
)
async def test_an_unknown_facility_is_billed_nowhere(house: House, facility: str | None, action: Action) -> None:
    await house.world.tell(panel(facility=facility))
    await house.world.settle()
    assert (await house.world.cases(), await house.moves()) == (["unmatched-record"], [])
    await house.world.decide("unmatched-record", action)
    assert (await outcome(house.world), await house.moves()) == (["completed"], [])


async def test_a_facility_is_named_by_a_person_or_brought_in(house: House) -> None:
    world = house.world
    await world.tell(panel(facility="ANNEX"))
    await world.settle()
    match = {"record": "account", "number": "BEYOND"}
    await world.decide("unmatched-record", Action.SUPPLY, match)
    assert await world.cases() == ["unmatched-record"]
    await house.facility("BEYOND")
    await world.decide("unmatched-record", Action.RETRY)
    assert (await outcome(world), len(await house.moves())) == (["completed"], 1)


# ------------------------------------------------------------------ duplicates and prices


@pytest.mark.parametrize(
    ("action", "invoices"), [(Action.REJECT, 1), (Action.APPROVE, 2), (Action.WAIVE, 2), (Action.DISCARD, 1)]
)
async def test_what_looks_billed_before_is_for_a_person(house: House, action: Action, invoices: int) -> None:
    world = house.world
    await world.tell(panel())
    await world.settle()
    again = (Identifier(value="RPT-20999", type="FILL", assigner="LAB"),)
    await world.tell(panel(minutes=1, report={"identifier": again}))
    await world.settle()
    assert await world.cases() == ["duplicate-service"]
    data = {"charge": "RPT-20931-1"} if action is Action.REJECT else None
    await world.decide("duplicate-service", action, data)
    assert (await outcome(world), await world.cases()) == (["completed", "completed"], [])
    assert len(await house.moves()) == invoices
    assert len(await charges(world)) == invoices


async def test_what_looked_billed_is_looked_at_again_when_it_was_taken_back(house: House) -> None:
    world = house.world
    await world.tell(panel())
    await world.settle()
    again = (Identifier(value="RPT-20999", type="FILL", assigner="LAB"),)
    await world.tell(panel(minutes=1, report={"identifier": again}))
    await world.settle()
    await world.decide("duplicate-service", Action.RETRY)
    assert await world.cases() == ["duplicate-service"]
    await world.tell(panel(minutes=2, report={"status": "cancelled"}))
    await world.settle()
    await world.decide("duplicate-service", Action.RETRY)
    assert (await world.cases(), sorted(row[3] for row in await house.moves())) == (
        [],
        ["not_paid", "paid", "reversed"],
    )


async def test_another_day_or_patient_is_no_duplicate(house: House) -> None:
    world = house.world
    await world.tell(panel())
    other = (Identifier(value="RPT-1", assigner="LAB"),)
    next_day = structs.replace(COMPLETED.report.effective, start="2026-03-03T09:00:00-08:00")
    await world.tell(panel(report={"identifier": other, "effective": next_day}))
    patient = structs.replace(
        COMPLETED.patient, identifier=(Identifier(value="MRN70012", type="MR", assigner="LAKESIDE"),)
    )
    await world.tell(panel(patient=patient, report={"identifier": (Identifier(value="RPT-2", assigner="LAB"),)}))
    await world.settle()
    assert await world.cases() == []
    assert len(await house.moves()) == 3


async def test_a_price_that_is_missing_is_brought_in(house: House) -> None:
    world = house.world
    await world.tell(panel(report={"service": (done("99999"),)}))
    await world.settle()
    assert await world.cases() == ["mapping"]
    await house.product("99999", "12.00", kind="service", storable=False)
    await world.decide("mapping", Action.RETRY)
    assert [row[-1] for row in await house.moves()] == [12.0]


@pytest.mark.parametrize("services", [(done("99999"),), ()])
async def test_what_cannot_be_priced_is_left_by_a_person(house: House, services: tuple[PerformedService, ...]) -> None:
    world = house.world
    await world.tell(panel(report={"service": services, "code": None}))
    await world.settle()
    await world.decide("mapping", Action.WAIVE)
    assert (await outcome(world), await house.moves()) == (["completed"], [])


# ------------------------------------------------------------------ goods


@pytest.mark.parametrize(
    ("action", "data", "left"),
    [
        (Action.SUPPLY, {"product": "RG-221", "quantity": "2", "location": "WH/Stock"}, {"RG-220": 4.0, "RG-221": 1.0}),
        (Action.WAIVE, None, {"RG-220": 4.0, "RG-221": 3.0}),
        (Action.DISCARD, None, {"RG-220": 4.0, "RG-221": 3.0}),
    ],
)
async def test_a_shortage_stops_neither_invoice_nor_other_goods(
    house: House, action: Action, data: Any, left: dict[str, float]
) -> None:
    world = house.world
    await world.tell(panel(report={"consumed": (used("RG-220", "1", "R99"), used("RG-220", "1", "R77"))}))
    await world.settle()
    assert (await world.cases(), len(await house.moves())) == (["stock-shortage"], 1)
    await world.decide("stock-shortage", action, data)
    assert (await outcome(world), await world.cases()) == (["completed"], [])
    assert await on_hand(house) == left


async def test_goods_that_came_are_taken_by_a_retry(house: House) -> None:
    world = house.world
    await world.tell(panel(report={"consumed": (used("RG-221", "4"),)}))
    await world.settle()
    assert await world.cases() == ["stock-shortage"]
    await house.fill(await house.product("RG-221"), "9")
    await world.decide("stock-shortage", Action.RETRY)
    assert await on_hand(house) == {"RG-220": 5.0, "RG-221": 5.0}


async def test_an_item_that_nobody_knows_is_named_by_a_person(house: House) -> None:
    world = house.world
    await world.tell(panel(report={"consumed": (used("RG-000", "1"),)}))
    await world.settle()
    await world.decide("unmatched-record", Action.SUPPLY, {"record": "product", "number": "RG-221"})
    assert (await on_hand(house))["RG-221"] == 2.0


async def test_the_example_is_billed_and_corrected(house: House) -> None:
    world = house.world
    for name in ("completed", "corrected"):
        given = (Path(__file__).parents[2] / "examples" / "service_completed" / f"{name}.json").read_bytes()
        await world.tell(decode(ServiceCompleted.type, given))
        await world.settle()
    assert (await outcome(world), await world.cases()) == (["completed", "completed"], [])
    assert [row[-1] for row in await house.moves()] == [65.5, 40.0, 40.0]


@pytest.mark.parametrize("flow", [service, discharge, cash, posting], ids=lambda flow: flow.name)
def test_everything_about_a_flow_is_declared(flow: Flow) -> None:
    assert flow.undeclared() == []
    runbook = (Path(__file__).parents[2] / "docs" / "operations" / "runbook.md").read_text()
    assert f"## {flow.runbook.replace('flow-', 'Flow: ', 1)}\n" in runbook
