"""A denial suspends the financial steps of all runs of an order, and whatever overturns it lets each go on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from tests.conftest import PostgresServer
from tests.flows.house import EVERY, House, house_of, survives
from tests.flows.visits import GEL, HERE, LEAD, covers, decision, example, supplied

from careloom.cases.kinds import Action
from careloom.flows.appointments import appointments
from careloom.flows.authorizations import authorizations
from careloom.flows.intake import intake
from careloom.model import (
    AppointmentConfirmed,
    AuthorizationCancelled,
    AuthorizationDenied,
    AuthorizationGranted,
    AuthorizationRequested,
    EligibilityRequested,
    ExceptionEscalated,
    Identifier,
    RegistrationCreated,
)
from careloom.testing.processes import World

FLOWS = [intake, appointments, authorizations]
REGISTERED: Any = example(RegistrationCreated)
VISIT, NUMBER = "V900871", "AP-30551"
TRACE = f"AUT-LAKESIDE-{VISIT}"
HELD = {GEL: 4.0, LEAD: 2.0}
CASE = "authorization-denied"
APPEAL = {"number": "NHP-A-9", "decided": "2026-03-05", "appeal": "APL-1"}


def confirmed() -> Any:
    """An appointment that was ordered by the visit, and needs no leave of its own."""
    fact = example(AppointmentConfirmed)
    coverage = example(EligibilityRequested).request.coverage
    appointment = msgspec.structs.replace(
        fact.appointment,
        order=(Identifier(value=VISIT),),
        authorization=Identifier(value="OLD-1"),
        start="2026-04-09T10:30:00+00:00",
        end="2026-04-09T11:15:00+00:00",
    )
    return msgspec.structs.replace(fact, appointment=appointment, coverage=(coverage,))


@pytest.fixture
async def house(postgres_server: PostgresServer) -> AsyncIterator[House]:
    async with house_of(postgres_server, FLOWS, supplied(), companies=HERE) as made:
        yield made


async def deny(house: House) -> World:
    """The intake is denied, then an appointment of the same order is confirmed."""
    world = house.world
    world.answers(EligibilityRequested, covers(leave=True))
    await world.tell(REGISTERED)
    await world.settle()
    await world.tell(decision(AuthorizationDenied, TRACE))
    await world.settle()
    await world.tell(confirmed())
    await world.settle()
    return world


async def states(world: World) -> dict[str, str]:
    return {name: state for name, state in await world.runs() if name != "appointments.supply"}


WAITING = {"appointments.clear": "waiting", "authorizations.follow": "waiting", "intake.admit": "waiting"}
FREE = {"appointments.clear": "waiting", "authorizations.follow": "completed", "intake.admit": "completed"}


async def test_a_denial_suspends_what_is_financial_and_nothing_else(house: House) -> None:
    world = await deny(house)
    assert (await states(world), await world.cases()) == (WAITING, [CASE])
    assert (await house.files(), await house.forms()) == ([], [f"intake-{VISIT}.txt"])
    assert await house.reserved() == HELD
    waits = await world.rows("select signal from run_wait where sort = 'hold'")
    assert [one["signal"] for one in waits] == ["financial"]


async def overturn(world: World, how: str) -> None:
    if how in ("granted", "cancelled"):
        event = AuthorizationGranted if how == "granted" else AuthorizationCancelled
        await world.tell(decision(event, TRACE))
        await world.settle()
    elif how == "retry":
        world.answers(AuthorizationRequested, lambda _: [decision(AuthorizationGranted, TRACE)])
        await world.decide(CASE, Action.RETRY)
    else:
        action = Action(how)
        await world.decide(CASE, action, APPEAL if action is Action.APPROVE else None)


async def outcome(world: World, workflow: str) -> Any:
    [row] = await world.rows("select id from run where workflow = $1", workflow)
    found = await world.node.around.ended(row["id"])
    assert found is not None, "it has not ended"
    return msgspec.json.decode(found[1] or b"")


@pytest.mark.parametrize(
    ("how", "ended", "payer", "number"),
    [
        ("granted", "overturned", True, "NHP-A-778120"),
        ("approve", "overturned", True, "NHP-A-9"),
        ("retry", "overturned", True, "NHP-A-778120"),
        ("waive", "waived", True, None),
        ("reject", "stands", False, None),
        ("discard", "stands", False, None),
        ("cancelled", "cancelled", False, None),
    ],
)
async def test_every_run_goes_on_where_it_stopped(
    house: House, how: str, ended: str, number: str | None, *, payer: bool
) -> None:
    world = await deny(house)
    await overturn(world, how)
    assert (await states(world), await world.cases()) == (FREE, [])
    assert (await house.files(), await house.reserved()) == ([NUMBER, VISIT], HELD)
    assert await outcome(world, "authorizations.follow") == ended
    admitted = await outcome(world, "intake.admit")
    assert (admitted["payer"], admitted["authorization"]) == (payer, number)
    assert await world.rows("select 1 from run_hold") == []


async def test_denied_again_it_is_a_case_again(house: House) -> None:
    world = await deny(house)
    world.answers(AuthorizationRequested, lambda _: [decision(AuthorizationDenied, TRACE)])
    await world.decide(CASE, Action.RETRY)
    assert (await states(world), await world.cases()) == (WAITING, [CASE])
    await world.decide(CASE, Action.APPROVE, APPEAL)
    assert await states(world) == FREE


async def test_asked_again_and_no_answer_it_is_a_case_again(house: House) -> None:
    world = await deny(house)
    await world.decide(CASE, Action.RETRY)
    assert (await world.cases(), await states(world)) == ([], WAITING)
    await world.later(days=30)
    assert CASE in await world.cases()


async def test_a_denial_ages_and_is_told_of(house: House) -> None:
    """At half of the two days, and when they are over."""
    world = await deny(house)
    levels = []
    for _ in range(3):
        await world.later(days=1)
        await world.node.work.escalations.look()
        await world.settle()
        levels.append([one.level for one in await world.told(ExceptionEscalated)])
    assert levels == [["half-time"], ["half-time", "overdue"], ["half-time", "overdue"]]


@pytest.mark.parametrize("order", [(), (Identifier(value=VISIT),)])
async def test_a_denial_of_what_nobody_here_asked_for(house: House, order: Any) -> None:
    """It holds back the order that it names; without one there is nobody to hold back."""
    house.world.answers(EligibilityRequested, covers())
    await house.world.tell(decision(AuthorizationDenied, "PORTAL-1", order))
    await house.world.settle()
    await house.world.tell(confirmed())
    await house.world.settle()
    assert (await house.world.cases(), await house.files()) == ([CASE], [] if order else [NUMBER])
    await house.world.decide(CASE, Action.APPROVE, APPEAL)
    assert (await house.world.cases(), await house.files()) == ([], [NUMBER])


async def test_two_denials_of_one_order_are_overturned_one_by_one(house: House) -> None:
    world = await deny(house)
    await world.tell(decision(AuthorizationDenied, "PORTAL-1", (Identifier(value=VISIT),)))
    await world.settle()
    await world.tell(decision(AuthorizationGranted, TRACE))
    await world.settle()
    assert (await world.cases(), await house.files()) == ([CASE], [])
    await world.decide(CASE, Action.APPROVE, APPEAL)
    assert (await world.cases(), await house.files()) == ([], [NUMBER, VISIT])


@pytest.mark.parametrize("decided", [AuthorizationGranted, AuthorizationCancelled])
async def test_what_is_not_denied_holds_nothing_back(house: House, decided: Any) -> None:
    house.world.answers(EligibilityRequested, covers(leave=True))
    house.world.answers(AuthorizationRequested, lambda _: [decision(decided, TRACE)])
    await house.world.tell(REGISTERED)
    await house.world.settle()
    assert (await house.world.cases(), await house.files()) == ([], [VISIT])
    assert await house.world.told(AuthorizationDenied) == []
    ended = "granted" if decided is AuthorizationGranted else "cancelled"
    assert await outcome(house.world, "authorizations.follow") == ended


async def test_what_is_never_decided_ends(house: House) -> None:
    await house.world.tell(example(AuthorizationRequested))
    await house.world.settle()
    await house.world.later(days=366)
    assert await house.world.runs() == [("authorizations.follow", "completed")]


@pytest.mark.parametrize("how", ["granted", "approve"])
async def test_a_kill_at_any_boundary_changes_nothing(postgres_server: PostgresServer, how: str) -> None:
    async def scenario(house: House) -> Any:
        world = house.world
        await deny(house)
        held = await states(world), await world.cases(), await house.visits()
        await overturn(world, how)
        told = len(await world.told(AuthorizationGranted))
        return held, await states(world), await world.cases(), told, await house.visits()

    assert (
        await survives(
            postgres_server, FLOWS, supplied(), scenario, companies=HERE, every=2 * EVERY if EVERY > 1 else 1
        )
        > 20
    )


def test_the_flow_declares_everything() -> None:
    assert authorizations.undeclared() == []
