"""Discharges in a hospital with a simulated Odoo: four followers, each failing alone, and A13 that takes back all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from tests.conftest import PostgresServer
from tests.flows.house import House, house_of, survives

from careloom.cases.kinds import Action
from careloom.core.errors import Rejected
from careloom.flows.discharge import TRIGGER, discharge
from careloom.model import (
    Coverage,
    DischargeCancelled,
    DocumentPublished,
    Encounter,
    Location,
    MessageSent,
    Organization,
    PatientDischarged,
    Period,
    TicketOpened,
    TicketUpdated,
    decode,
)
from careloom.model.datatypes import Identifier
from careloom.model.examples import examples
from careloom.systems.odoo.documents.moves import Move, MoveLine
from careloom.testing.processes import World

PAYER = Coverage(order=1, payor=Organization(identifier=(Identifier(value="60054", type="PI"),), name="Northwind"))
VISIT = Identifier(value="V900871", type="VN", assigner="LAKESIDE")
BED = Location(facility="LAKESIDE", point_of_care="4W", room="12", bed="B")
STAY = Encounter(
    class_="IMP",
    status="finished",
    identifier=(VISIT,),
    location=BED,
    period=Period(start="2026-02-27", end="2026-03-02"),
)
FOLLOWERS = ("bill", "document", "message", "supplies")
EXAMPLE = Path(__file__).parents[2] / "examples" / "discharge"


def discharged(minutes: int = 0, **changes: Any) -> PatientDischarged:
    known: Any = examples()[PatientDischarged.type]
    given = {"facility": "LAKESIDE", "coverage": (PAYER,), "encounter": STAY} | changes
    return structs.replace(known, occurred=known.occurred + timedelta(minutes=minutes), **given)


def called_off(minutes: int = 60, **changes: Any) -> DischargeCancelled:
    known: Any = examples()[DischargeCancelled.type]
    goes_on = structs.replace(STAY, status="in-progress", period=Period(start="2026-02-27"))
    given = {"facility": "LAKESIDE", "encounter": goes_on} | changes
    return structs.replace(known, occurred=known.occurred + timedelta(minutes=minutes), **given)


async def furnish(house: House) -> None:
    await house.facility("LAKESIDE")
    await house.product("STAY-IMP", "900.00", kind="service", storable=False)
    pump = await house.product("PUMP-1")
    await house.fill(pump, "3")
    await reserve(house, pump, "stay", "2")


async def reserve(house: House, product: int, name: str, quantity: str, origin: str = "V900871") -> None:
    locations = house.erp.documents.locations
    move = Move(
        key=house.erp.external_id("reservation", "LAKESIDE", name), operation=await locations.operation("outgoing", 1),
        source=(await locations.stock_of("WH", 1)).record_id,
        destination=(await locations.used_for("production", 1)).record_id,
        lines=[MoveLine(product=product, quantity=Decimal(quantity))], origin=origin, company=1,
    )  # fmt: skip
    await house.erp.documents.moves.reserve(move)


def delivering(*fates: str) -> Any:
    """What an engagement system answers, message by message; the last goes on."""
    left = list(fates)

    def answer(event: MessageSent) -> Iterator[MessageSent]:
        if event.trigger == TRIGGER:
            status = left.pop(0) if len(left) > 1 else left[0]
            if status:
                yield structs.replace(event, trigger="message", message=structs.replace(event.message, status=status))

    return answer


@pytest.fixture
async def house(postgres_server: PostgresServer) -> AsyncIterator[House]:
    async with house_of(postgres_server, [discharge], furnish) as found:
        found.world.answers(MessageSent, delivering("delivered"))
        yield found


async def states(world: World) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, state in await world.runs():
        found.setdefault(name.partition(".")[2], []).append(state)
    return found


async def reserved(house: House) -> dict[str, float]:
    return {name.split()[-1]: held for name, _, _, _, held in await house.stock()}


async def notices(house: House) -> int:
    return len(await house.erp.search_read("ir.attachment", [["res_model", "=", "res.partner"]], ["name"]))


async def asked(world: World) -> list[tuple[str, str]]:
    told = await world.told(MessageSent)
    return [(one.message.template, one.message.status) for one in told if one.trigger == TRIGGER]


async def told(world: World) -> dict[str, list[str]]:
    """What is told for followers outside of Odoo, by sort."""
    tickets = [*await world.told(TicketOpened), *await world.told(TicketUpdated)]
    documents = await world.told(DocumentPublished)
    return {
        "ticket": sorted(one.ticket.status for one in tickets),
        "document": sorted(one.document.status for one in documents),
        "message": sorted("/".join(one) for one in await asked(world)),
    }


async def test_four_followers_do_their_part(house: House) -> None:
    world = house.world
    await world.tell(discharged())
    await world.settle()
    assert await states(world) == {one: ["completed"] for one in FOLLOWERS}
    assert await house.moves() == [("out_invoice", "draft", "stay LAKESIDE/V900871", "not_paid", 2700.0)]
    assert (await reserved(house), await notices(house)) == ({"PUMP-1": 0.0}, 1)
    assert await told(world) == {"ticket": ["open"], "document": ["current"], "message": ["after-discharge/queued"]}
    assert await world.cases() == []


async def test_a_visit_without_a_number_is_refused_by_each(house: House) -> None:
    await house.world.tell(discharged(encounter=None))
    await house.world.settle()
    assert await states(house.world) == {one: ["failed"] for one in FOLLOWERS}
    assert (await house.moves(), await notices(house)) == ([], 0)


async def test_an_unknown_facility_stops_what_is_in_its_books(house: House) -> None:
    await house.world.tell(discharged(facility="ELSEWHERE"))
    await house.world.settle()
    assert await house.world.cases() == ["unmatched-record"] * 3
    assert await states(house.world) == {"bill": ["waiting"], "document": ["waiting"], "supplies": ["waiting"],
                                         "message": ["completed"]}  # fmt: skip
    assert (await house.moves(), await reserved(house)) == ([], {"PUMP-1": 2.0})


# ------------------------------------------------------------------ each fails alone


@pytest.mark.parametrize(
    ("method", "model", "follower"),
    [
        ("load", "account.move", "bill"),
        ("action_cancel", "stock.picking", "supplies"),
        ("load", "ir.attachment", "document"),
    ],
)
async def test_one_that_fails_holds_up_no_other(
    house: House, monkeypatch: pytest.MonkeyPatch, method: str, model: str, follower: str
) -> None:
    world = house.world
    broken = house.opened[-1].documents.access.connection
    original = type(broken).call
    failing = [True]

    async def call(self: Any, called: str, named: str, *arguments: Any, **others: Any) -> Any:
        if failing[0] and (called, named) == (model, method):
            raise Rejected(f"{called}: refused", "state")
        return await original(self, called, named, *arguments, **others)

    monkeypatch.setattr(type(broken), "call", call)
    await world.tell(discharged())
    await world.settle()
    expected = {one: ["waiting" if one == follower else "completed"] for one in FOLLOWERS}
    assert (await states(world), await world.cases()) == (expected, ["rejected-posting"])
    failing[0] = False
    await world.decide("rejected-posting", Action.RETRY)
    assert await states(world) == {one: ["completed"] for one in FOLLOWERS}
    assert (len(await house.moves()), await reserved(house), await notices(house)) == (1, {"PUMP-1": 0.0}, 1)


@pytest.mark.parametrize(
    ("action", "runs"), [(Action.RETRY, 2), (Action.RESOLVE, 1), (Action.WAIVE, 1), (Action.DISCARD, 1)]
)
async def test_a_message_that_fails_is_for_a_person(postgres_server: PostgresServer, action: Action, runs: int) -> None:
    async with house_of(postgres_server, [discharge], furnish) as house:
        house.world.answers(MessageSent, delivering("failed", "delivered"))
        await house.world.tell(discharged())
        await house.world.settle()
        assert await house.world.cases() == ["delivery"]
        await house.world.decide("delivery", action)
        assert await states(house.world) == {one: ["completed"] for one in FOLLOWERS}
        assert await asked(house.world) == [("after-discharge", "queued")] * runs


@pytest.mark.parametrize("action", [Action.RESOLVE, Action.WAIVE, Action.DISCARD])
async def test_a_message_of_which_nothing_is_heard_is_for_a_person(
    postgres_server: PostgresServer, action: Action
) -> None:
    async with house_of(postgres_server, [discharge], furnish) as house:
        world = house.world
        await world.tell(discharged())
        await world.settle()
        await world.later(hours=23)
        assert await world.cases() == []
        await world.later(hours=1)
        assert await world.cases() == ["unanswered"]
        await world.decide("unanswered", action)
        assert (await states(world))["message"] == ["completed"]


@pytest.mark.parametrize(("action", "invoices"), [(Action.WAIVE, 1), (Action.DISCARD, 0)])
async def test_a_stay_without_payer(house: House, action: Action, invoices: int) -> None:
    await house.world.tell(discharged(coverage=()))
    await house.world.settle()
    await house.world.decide("missing-payer-data", action)
    assert (await states(house.world))["bill"] == ["completed"]
    assert len(await house.moves()) == invoices


@pytest.mark.parametrize(
    "lacking", [{"class_": None}, {"period": None}, {"period": Period(start="2026-02", end="2026-03-02")}]
)
async def test_a_stay_that_cannot_be_priced_is_billed_by_hand(house: House, lacking: Any) -> None:
    await house.world.tell(discharged(encounter=structs.replace(STAY, **lacking)))
    await house.world.settle()
    await house.world.decide("mapping", Action.WAIVE)
    assert (await states(house.world), await house.moves()) == ({one: ["completed"] for one in FOLLOWERS}, [])


# ------------------------------------------------------------------ A13


@pytest.mark.parametrize(("fates", "messages"), [
    (("delivered", "stopped"), ["after-discharge/queued", "after-discharge/stopped"]),
    (("delivered", "delivered"), ["after-discharge/queued", "after-discharge/stopped", "discharge-withdrawn/queued"]),
])  # fmt: skip
async def test_a_cancelled_discharge_takes_back_all_four(
    postgres_server: PostgresServer, fates: Any, messages: list[str]
) -> None:
    async with house_of(postgres_server, [discharge], furnish) as house:
        world = house.world
        world.answers(MessageSent, delivering(*fates))
        before = await house.stock()
        await world.tell(discharged())
        await world.settle()
        await world.tell(called_off())
        await world.settle()
        assert (await states(world))["take_back"] == ["completed"]
        assert (await house.stock(), await house.ledger(), await notices(house)) == (before, {}, 0)
        assert [state for _, state, *_ in await house.moves()] == ["cancel"]
        expected = {"ticket": ["cancelled", "open"], "document": ["current", "entered-in-error"], "message": messages}
        assert await told(world) == expected


async def test_a_bill_that_was_posted_meanwhile_is_credited(house: House) -> None:
    world = house.world
    await world.tell(discharged())
    await world.settle()
    [row] = await house.erp.search_read("account.move", [["state", "=", "draft"]], ["id"])
    await house.chief("account.move", "action_post", [row["id"]])
    await world.tell(called_off())
    await world.settle()
    assert await house.ledger() == {}
    assert [(sort, state) for sort, _, _, state, _ in await house.moves()] == [
        ("out_invoice", "reversed"),
        ("out_refund", "paid"),
    ]


async def test_a_stay_may_end_twice(house: House) -> None:
    world = house.world
    for event in (discharged(), called_off(), discharged(120), called_off(180), discharged(240)):
        await world.tell(event)
        await world.settle()
    assert await world.cases() == []
    assert sorted(state for _, state, *_ in await house.moves()) == ["cancel", "cancel", "draft"]
    assert (await reserved(house), await notices(house)) == ({"PUMP-1": 0.0}, 1)


async def test_what_a_person_released_is_not_reserved_again(house: House) -> None:
    pump = await house.product("PUMP-1")
    await reserve(house, pump, "by-hand", "1")
    await house.erp.documents.moves.release(house.erp.external_id("reservation", "LAKESIDE", "by-hand"))
    for event in (discharged(), called_off()):
        await house.world.tell(event)
        await house.world.settle()
    assert await reserved(house) == {"PUMP-1": 2.0}


@pytest.mark.parametrize(("action", "held"), [(Action.RETRY, 2.0), (Action.WAIVE, 1.0), (Action.DISCARD, 1.0)])
async def test_supplies_that_were_used_elsewhere_are_short(house: House, action: Action, held: float) -> None:
    world, pump = house.world, await house.product("PUMP-1")
    await world.tell(discharged())
    await world.settle()
    await reserve(house, pump, "other", "2", "V900999")
    await world.tell(called_off())
    await world.settle()
    assert (await world.cases(), await notices(house)) == (["stock-shortage"], 0)
    await house.erp.documents.moves.release(house.erp.external_id("reservation", "LAKESIDE", "other"))
    await world.decide("stock-shortage", action)
    assert (await states(world))["take_back"] == ["completed"]
    assert await reserved(house) == {"PUMP-1": held}


async def test_a_follower_that_waited_takes_back_what_it_did_last(house: House) -> None:
    world = house.world
    await world.tell(discharged(coverage=()))
    await world.settle()
    await world.tell(called_off())
    await world.settle()
    await world.decide("missing-payer-data", Action.WAIVE)
    assert (await states(world))["bill"] == ["completed"]
    assert await house.moves() == []


async def test_a_kill_at_any_boundary_changes_nothing(postgres_server: PostgresServer) -> None:
    async def scenario(house: House) -> Any:
        world = house.world
        world.answers(MessageSent, lambda event: list(delivering("delivered")(event)))
        await world.tell(discharged())
        await world.settle()
        await world.tell(called_off())
        await world.settle()
        return (
            await states(world),
            await world.cases(),
            await told(world),
            await house.books(),
            await notices(house),
        )

    assert await survives(postgres_server, [discharge], furnish, scenario) > 20


async def test_the_example_ends_and_goes_on(house: House) -> None:
    for type_, name in ((PatientDischarged.type, "discharged"), (DischargeCancelled.type, "cancelled")):
        await house.world.tell(decode(type_, (EXAMPLE / f"{name}.json").read_bytes()))
        await house.world.settle()
    assert await house.world.cases() == []
    assert await states(house.world) == {one: ["completed"] for one in (*FOLLOWERS, "take_back")}
    assert [state for _, state, *_ in await house.moves()] == ["cancel"]
