"""A completed service in a hospital with a simulated Odoo: every branch, every correction, a kill at every boundary."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from tests.conftest import PostgresServer
from tests.flows.simulated_house import EVERY, House, house_on, houses

from careloom.cases.kinds import Action
from careloom.flows.service_completed import service
from careloom.flows.steps.pricing import months
from careloom.model import (
    ChargePosted,
    ChargeVoided,
    Coverage,
    Lot,
    Organization,
    PatientUpdated,
    Quantity,
    ServiceCompleted,
    decode,
)
from careloom.model.datatypes import CodeableConcept, Coding, Identifier
from careloom.model.examples import examples
from careloom.model.orders import PerformedService
from careloom.testing.processes import World, every_crash
from careloom.workflow.desk import Told

COMPLETED: Any = examples()[ServiceCompleted.type]
VOIDED: Any = examples()[ChargeVoided.type]
UPDATED: Any = examples()[PatientUpdated.type]
PAYER = Coverage(order=1, payor=Organization(identifier=(Identifier(value="60054", type="PI"),), name="Northwind"))
RUN = "service-completed.bill"


def panel(**changes: Any) -> ServiceCompleted:
    """A metabolic panel for 40.00, for which a payer is known; `minutes` later, with other `report` or event fields."""
    minutes, report = changes.pop("minutes", 0), changes.pop("report", {})
    made = structs.replace(COMPLETED, coverage=(PAYER,), **changes)
    when = made.occurred + timedelta(minutes=minutes)
    return structs.replace(made, occurred=when, report=structs.replace(made.report, **report))


def done(code: str, quantity: str = "1") -> PerformedService:
    return PerformedService(
        code=CodeableConcept(coding=(Coding(code=code),)), quantity=Quantity(value=Decimal(quantity))
    )


async def furnish(house: House) -> None:
    await house.facility("LAKESIDE")
    await house.product("80053", "40.00", kind="service", storable=False)
    await house.product("80061", "25.50", kind="service", storable=False)
    reagent = await house.product("RG-220", tracking="lot")
    await house.fill(reagent, "5", "R77")
    await house.fill(await house.product("RG-221"), "3")


@pytest.fixture
async def house(dsn: str) -> AsyncIterator[House]:
    async with house_on(dsn, [service], furnish) as found:
        yield found


async def charges(world: World) -> list[tuple[str, str, Decimal]]:
    told = await world.told(ChargePosted)
    return sorted((one.charge.identifier[0].value, one.charge.kind, one.charge.total.value) for one in told)


async def test_it_is_billed_consumed_and_told(house: House) -> None:
    world = house.world
    await world.tell(panel())
    await world.settle()
    assert await world.runs() == [(RUN, "completed")]
    assert await house.moves() == [("out_invoice", "posted", "LAB/RPT-20931", "not_paid", 40.0)]
    assert await house.stock() == [("[RG-220] RG-220", "R77", 4.99, 0.0), ("[RG-221] RG-221", "", 3.0, 0.0)]
    assert await charges(world) == [("RPT-20931-1", "charge", Decimal("40.00"))]
    assert await world.cases() == []


async def outcome(world: World) -> list[str]:
    rows = await world.rows("select state from run order by id")
    return [row["state"] for row in rows]


@pytest.mark.parametrize("version", ["18.0", "19.0"])
async def test_revenue_is_spread_over_service_and_months(dsn: str, version: str) -> None:
    async with house_on(dsn, [service], furnish, version=version) as house:
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
async def test_each_facility_has_its_books(dsn: str, facility: str, company: int) -> None:
    async def two(house: House) -> None:
        await furnish(house)
        await house.facility("SOUTH", 3)

    async with house_on(dsn, [service], two) as house:
        await house.world.tell(panel(facility=facility, report={"consumed": ()}))
        await house.world.settle()
        assert await house.world.cases() == []
        assert len(await house.moves(company_id=company)) == 1
        assert {name[0] for name in await house.ledger()} == {str(company)}


@pytest.mark.parametrize("facility", [None, "ELSEWHERE", "lakeside", "LAKESIDE "])
async def test_an_unknown_facility_is_billed_nowhere(house: House, facility: str | None) -> None:
    await house.world.tell(panel(facility=facility))
    await house.world.settle()
    assert (await house.world.cases(), await house.moves()) == (["unmatched-record"], [])
    await house.world.decide("unmatched-record", Action.WAIVE)
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


def used(item: str, quantity: str, lot: str | None = None) -> Any:
    [one] = COMPLETED.report.consumed
    number = (Identifier(value=item, type="SKU"),)
    return structs.replace(
        one, item=number, quantity=Quantity(value=Decimal(quantity)), lot=Lot(number=lot) if lot else None
    )


async def on_hand(house: House) -> dict[str, float]:
    return {name.split()[-1]: quantity for name, _, quantity, _ in await house.stock()}


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


# ------------------------------------------------------------------ corrections


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
    made: list[House] = []

    async def scenario(world: World) -> Any:
        goods = (used("RG-220", "1", "R77"), used("RG-221", "9"))
        await world.tell(panel(report={"consumed": goods}))
        await world.settle()
        await world.decide("stock-shortage", Action.SUPPLY, {"product": "RG-221", "quantity": "2"})
        corrected = {"status": "corrected", "service": (done("80061"),), "consumed": goods[:1]}
        await world.tell(panel(minutes=9, report=corrected))
        await world.settle()
        return await world.runs(), await world.cases(), await charges(world), await made[-1].books()

    assert await every_crash(houses(postgres_server, [service], furnish, made), scenario, every=EVERY) > 20


async def test_the_example_is_billed_and_corrected(house: House) -> None:
    world = house.world
    for name in ("completed", "corrected"):
        given = (Path(__file__).parents[2] / "examples" / "service-completed" / f"{name}.json").read_bytes()
        await world.tell(decode(ServiceCompleted.type, given))
        await world.settle()
    assert (await outcome(world), await world.cases()) == (["completed", "completed"], [])
    assert [row[-1] for row in await house.moves()] == [65.5, 40.0, 40.0]
