"""Appointment to supplies: planned, planned anew, released; short, and asked for; cleared to be billed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from tests.conftest import PostgresServer
from tests.flows.house import House, house_of, survives
from tests.flows.visits import GEL, HERE, LEAD, covers, decision, example, supplied

from careloom.cases.kinds import Action
from careloom.core.errors import Rejected
from careloom.flows.appointments import appointments
from careloom.model import (
    AppointmentArrived,
    AppointmentCancelled,
    AppointmentConfirmed,
    AppointmentNoShow,
    AppointmentUpdated,
    AuthorizationDenied,
    AuthorizationGranted,
    AuthorizationRequested,
    EligibilityRequested,
    Identifier,
    SupplyRequested,
)
from careloom.systems.odoo.documents.analytics import Analytics
from careloom.systems.odoo.documents.moves import Moves
from careloom.testing.processes import World

NUMBER = "AP-30551"
AUT = f"AUT-A-SCHEDULER-{NUMBER}"
HELD = {GEL: 2.0, LEAD: 1.0}


def at(day: int, hour: int = 9, month: int = 12) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def told(event: Any, start: datetime | None = None, **changes: Any) -> Any:
    """An event about the appointment, at a time after that of the virtual clock."""
    fact = example(event)
    when = {"start": start.isoformat(), "end": start.replace(minute=45).isoformat()} if start else {}
    coverage = example(EligibilityRequested).request.coverage
    made = msgspec.structs.replace(example(AppointmentConfirmed).appointment, **{**when, **changes})
    return msgspec.structs.replace(fact, appointment=made, coverage=(coverage,))


@pytest.fixture
async def house(postgres_server: PostgresServer) -> AsyncIterator[House]:
    async with house_of(postgres_server, [appointments], supplied(), companies=HERE) as made:
        made.world.answers(EligibilityRequested, covers())
        yield made


async def begin(house: House, *events: Any) -> World:
    await house.world.tell(*(events or (told(AppointmentConfirmed, later(house, 10)),)))
    await house.world.settle()
    return house.world


def later(house: House, days: int) -> datetime:
    now = house.world.clock.now()
    return datetime.fromtimestamp(now.timestamp() + days * 86_400, UTC).replace(minute=0, second=0, microsecond=0)


async def states(world: World) -> dict[str, str]:
    return {name.rpartition(".")[2]: state for name, state in await world.runs()}


async def asked(world: World) -> list[tuple[str, str | None, list[tuple[str, Decimal]]]]:
    """What purchasing was told: why, by when, and what."""
    return [
        (
            one.requisition.purpose,
            one.requisition.requested,
            [(line.item[0].value, line.quantity.value) for line in one.requisition.line],
        )
        for one in await world.told(SupplyRequested)
    ]


async def test_a_confirmed_appointment_has_its_supplies(house: House) -> None:
    world = await begin(house)
    assert (await states(world), await world.cases()) == ({"supply": "waiting", "clear": "waiting"}, [])
    assert (await house.reserved(), await house.files()) == (HELD, [NUMBER])
    [picking] = await house.erp.search_read("stock.picking", [["origin", "=", NUMBER]], ["scheduled_date"])
    assert picking["scheduled_date"] == f"{later(house, 10):%Y-%m-%d %H:%M:%S}"


async def test_confirmed_again_it_is_the_same_appointment(house: House) -> None:
    confirmed = told(AppointmentConfirmed, later(house, 10))
    world = await begin(house, confirmed, confirmed)
    await begin(house, confirmed)
    assert len(await world.runs()) == 2
    assert (await house.reserved(), (await house.visits())["pickings"]) == (HELD, [(NUMBER, "assigned")])


async def test_moved_it_is_planned_anew(house: House) -> None:
    world = await begin(house)
    await begin(house, told(AppointmentUpdated, later(house, 20)))
    assert await house.reserved() == HELD
    assert (await house.visits())["pickings"] == [(NUMBER, "assigned"), (NUMBER, "cancel")]
    domain = [["origin", "=", NUMBER], ["state", "=", "assigned"]]
    [picking] = await house.erp.search_read("stock.picking", domain, ["scheduled_date"])
    assert picking["scheduled_date"] == f"{later(house, 20):%Y-%m-%d %H:%M:%S}"
    assert await states(world) == {"supply": "waiting", "clear": "waiting"}


@pytest.mark.parametrize(
    ("event", "reserved", "files"),
    [
        (AppointmentCancelled, {}, []),
        (AppointmentNoShow, {}, []),
        (AppointmentArrived, HELD, [NUMBER]),
    ],
)
async def test_however_it_ends(house: House, event: Any, reserved: dict[str, float], files: list[str]) -> None:
    world = await begin(house)
    await begin(house, told(event))
    assert (await states(world), await world.cases()) == ({"supply": "completed", "clear": "completed"}, [])
    assert (await house.reserved(), await house.files()) == (reserved, files)


async def test_an_update_may_cancel(house: House) -> None:
    await begin(house)
    await begin(house, told(AppointmentUpdated, status="cancelled"))
    assert await house.reserved() == {}


async def test_nobody_says_whether_it_took_place(house: House) -> None:
    world = await begin(house)
    await world.later(days=12)
    assert await states(world) == {"supply": "completed", "clear": "completed"}
    assert (await house.reserved(), await house.files()) == ({}, [NUMBER])


async def test_a_service_without_a_package_takes_nothing(house: House) -> None:
    world = await begin(house, told(AppointmentConfirmed, later(house, 10), service=()))
    assert (await states(world))["supply"] == "waiting"
    assert (await house.visits())["pickings"] == []


@pytest.fixture
async def bare(postgres_server: PostgresServer) -> AsyncIterator[House]:
    """Without a drop of gel."""
    async with house_of(postgres_server, [appointments], supplied(gel=0), companies=HERE) as made:
        made.world.answers(EligibilityRequested, covers())
        yield made


async def test_what_is_short_is_asked_for_and_a_case(bare: House) -> None:
    world = await begin(bare)
    day = later(bare, 10).date().isoformat()
    assert (await world.cases(), await bare.reserved()) == (["stock-shortage"], {LEAD: 1.0})
    assert await asked(world) == [("original", day, [(GEL, Decimal(2))])]
    await bare.fill(await bare.product(GEL), "5")
    await world.decide("stock-shortage", Action.RETRY)
    assert (await bare.reserved(), len(await asked(world))) == (HELD, 1)
    await begin(bare, told(AppointmentCancelled))
    assert len(await asked(world)) == 1


@pytest.mark.parametrize(
    ("action", "data", "reserved"),
    [
        (Action.WAIVE, None, {LEAD: 1.0}),
        (Action.SUPPLY, {"product": LEAD, "quantity": "2"}, {LEAD: 3.0}),
        (Action.SUPPLY, {"product": GEL, "quantity": "2", "purchase_order": "P00012"}, {LEAD: 1.0}),
    ],
)
async def test_what_is_met_otherwise_is_not_bought(
    bare: House, action: Action, data: Any, reserved: dict[str, float]
) -> None:
    world = await begin(bare)
    await world.decide("stock-shortage", action, data)
    assert (await world.cases(), await bare.reserved()) == ([], reserved)
    assert [why for why, _, _ in await asked(world)] == ["original", "cancellation"]


async def test_a_shortage_that_is_given_up_frees_the_rest(bare: House) -> None:
    world = await begin(bare)
    await world.decide("stock-shortage", Action.DISCARD)
    assert (await states(world))["supply"] == "failed"
    assert (await bare.reserved(), [why for why, _, _ in await asked(world)]) == ({}, ["original", "cancellation"])


async def test_moved_while_short_demand_moves_with_it(bare: House) -> None:
    world = await begin(bare)
    await begin(bare, told(AppointmentUpdated, later(bare, 20)))
    days = [later(bare, many).date().isoformat() for many in (10, 20)]
    assert await world.cases() == ["stock-shortage"]
    assert [(why, day) for why, day, _ in await asked(world)] == [("original", days[0]), ("change", days[1])]
    await begin(bare, told(AppointmentCancelled))
    assert (await world.cases(), await bare.reserved()) == ([], {})
    assert [why for why, _, _ in await asked(world)] == ["original", "change", "cancellation"]


async def test_moved_to_what_there_is_nothing_is_bought(bare: House) -> None:
    world = await begin(bare)
    await bare.fill(await bare.product(GEL), "5")
    await begin(bare, told(AppointmentUpdated, later(bare, 20)))
    assert (await world.cases(), await bare.reserved()) == ([], HELD)
    assert [why for why, _, _ in await asked(world)] == ["original", "cancellation"]


@pytest.mark.parametrize("known", [False, True])
async def test_leave_is_asked_for_unless_the_appointment_has_it(house: House, *, known: bool) -> None:
    house.world.answers(EligibilityRequested, covers(leave=True))
    number = {"authorization": Identifier(value="NHP-A-1")} if known else {}
    world = await begin(house, told(AppointmentConfirmed, later(house, 10), **number))
    assert len(await world.told(AuthorizationRequested)) == (0 if known else 1)
    assert await house.files() == ([NUMBER] if known else [])
    if not known:
        await world.tell(decision(AuthorizationGranted, AUT))
        await world.settle()
        assert await house.files() == [NUMBER]


async def test_a_denial_leaves_the_supplies_alone(house: House) -> None:
    house.world.answers(EligibilityRequested, covers(leave=True))
    house.world.answers(AuthorizationRequested, lambda _: [decision(AuthorizationDenied, AUT)])
    await begin(house)
    assert (await house.reserved(), await house.files()) == (HELD, [])


async def test_who_has_no_coverage_is_a_case(house: House) -> None:
    event = msgspec.structs.replace(told(AppointmentConfirmed, later(house, 10)), coverage=())
    world = await begin(house, event)
    assert await world.cases() == ["missing-payer-data"]
    await world.decide("missing-payer-data", Action.SUPPLY, {"payer": "70011", "member": "M-1"})
    assert (await house.files(), await house.accounts()) == ([NUMBER], ["70011"])


@pytest.mark.parametrize(
    ("action", "files", "payers"),
    [(Action.RETRY, [NUMBER], ["60054"]), (Action.WAIVE, [NUMBER], []), (Action.DISCARD, [], [])],
)
async def test_a_payer_that_was_silent(
    postgres_server: PostgresServer, action: Action, files: list[str], payers: list[str]
) -> None:
    async with house_of(postgres_server, [appointments], supplied(), companies=HERE) as house:
        world = await begin(house)
        await world.later(hours=1)
        assert await world.cases() == ["missing-payer-data"]
        world.answers(EligibilityRequested, covers())
        await world.decide("missing-payer-data", action)
        assert (await states(world))["clear"] == ("waiting" if files else "failed")
        assert (await house.files(), await house.accounts(), await house.reserved()) == (files, payers, HELD)


@pytest.mark.parametrize(
    ("action", "asked_for", "files"),
    [
        (Action.SUPPLY, 1, [NUMBER]), (Action.WAIVE, 1, [NUMBER]), (Action.RETRY, 2, [NUMBER]), (Action.DISCARD, 1, []),
    ],
)  # fmt: skip
async def test_leave_that_does_not_come(house: House, action: Action, asked_for: int, files: list[str]) -> None:
    house.world.answers(EligibilityRequested, covers(leave=True))
    world = await begin(house)
    await world.later(days=3)
    world.answers(AuthorizationRequested, lambda _: [decision(AuthorizationGranted, AUT)])
    await world.decide("authorization-gap", action, {"number": "PHONE-1"} if action is Action.SUPPLY else None)
    assert (await states(world))["clear"] == ("waiting" if files else "failed")
    assert (await house.files(), len(await world.told(AuthorizationRequested))) == (files, asked_for)


async def test_cancelled_while_the_payer_thinks(house: House) -> None:
    house.world.answers(EligibilityRequested, covers(leave=True))
    world = await begin(house)
    await world.later(days=3)
    assert await world.cases() == ["authorization-gap"]
    await begin(house, told(AppointmentCancelled))
    assert (await world.cases(), await states(world)) == ([], {"supply": "completed", "clear": "cancelled"})
    assert (await house.reserved(), await house.files()) == ({}, [])


async def test_cancelled_before_the_payer_answers(postgres_server: PostgresServer) -> None:
    async with house_of(postgres_server, [appointments], supplied(), companies=HERE) as house:
        world = await begin(house)
        await begin(house, told(AppointmentCancelled))
        assert (await world.cases(), await states(world)) == ([], {"supply": "completed", "clear": "cancelled"})
        assert (await house.reserved(), await house.files()) == ({}, [])


async def test_what_a_person_leaves_out_is_not_prepared(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(*FAILING["clear"], refuse)
        world = await begin(house)
    [kind] = await world.cases()
    await world.decide(kind, Action.WAIVE)
    assert ((await states(world))["clear"], await house.files()) == ("completed", [])


async def test_a_confirmation_of_the_same_leaves_a_waived_shortage_alone(bare: House) -> None:
    world = await begin(bare)
    await world.decide("stock-shortage", Action.WAIVE)
    await begin(bare, told(AppointmentConfirmed, later(bare, 10)))
    assert (await world.cases(), [why for why, _, _ in await asked(world)]) == ([], ["original", "cancellation"])


FAILING = {"clear": (Analytics, "keep"), "supply": (Moves, "reserve")}


async def refuse(*_: Any, **__: Any) -> None:
    raise Rejected("the other side refuses it", "field")


@pytest.mark.parametrize("run", FAILING)
async def test_whatever_fails_nothing_stays_of_it(house: House, run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(*FAILING[run], refuse)
        world = await begin(house)
    [kind] = await world.cases()
    await world.decide(kind, Action.DISCARD)
    assert (await states(world))[run] == "failed"
    held, files = await house.reserved(), await house.files()
    assert (held, files) == ((HELD, []) if run == "clear" else ({}, [NUMBER]))


@pytest.mark.parametrize("short", [False, True])
async def test_a_kill_at_any_boundary_changes_nothing(postgres_server: PostgresServer, *, short: bool) -> None:
    async def scenario(house: House) -> Any:
        world = house.world
        world.answers(EligibilityRequested, covers())
        await begin(house)
        await begin(house, told(AppointmentUpdated, later(house, 20)))
        moved = await house.visits()
        await begin(house, told(AppointmentCancelled))
        return await world.runs(), await world.cases(), await asked(world), moved, await house.visits()

    assert await survives(postgres_server, [appointments], supplied(0 if short else 10), scenario, companies=HERE) > 20


def test_the_flow_declares_everything() -> None:
    assert appointments.undeclared() == []
