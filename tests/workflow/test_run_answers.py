"""One wait for several events, a case that an event makes needless, one run for many events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import msgspec
import pytest
from tests.conftest import PostgresServer

from careloom.cases.desk import Decision
from careloom.cases.kinds import Action
from careloom.cases.states import NotPossible
from careloom.flows import Flow
from careloom.model import AuthorizationDenied, AuthorizationGranted, AuthorizationRequested, ExceptionResolved
from careloom.model.catalogue.coverage import AuthorizationEvent
from careloom.model.examples import examples
from careloom.store.database import Database
from careloom.testing.crashes import every_crash
from careloom.testing.processes import CLERK, World
from careloom.workflow.answers import Answer
from careloom.workflow.desk import Told
from careloom.workflow.run import Run

ASKED: Any = examples()[AuthorizationRequested.type]
GRANTED: Any = examples()[AuthorizationGranted.type]
DENIED: Any = examples()[AuthorizationDenied.type]
NUMBER = ASKED.request.identifier[0].value

leave = Flow("leave", owner="utilization-management", sla="5d")
decided = leave.awaits(
    AuthorizationGranted, AuthorizationDenied, by=lambda event: event.authorization.request[0].value, name="decided"
)


def number_of(event: AuthorizationRequested | AuthorizationEvent) -> str:
    if isinstance(event, AuthorizationRequested):
        return event.request.identifier[0].value
    return event.authorization.request[0].value


@leave.workflow(AuthorizationRequested, AuthorizationDenied, once=number_of, given=number_of)
async def follow(run: Run, number: str) -> str:
    first = await run.wait_for(decided, number)
    if isinstance(first, AuthorizationGranted):
        return "granted"
    found = await run.case_unless("authorization-denied", "the payer denied it", decided, number)
    return found.action.value if isinstance(found, Answer) else type(found).__name__


def of_number(event: Any) -> Any:
    decision = msgspec.structs.replace(event.authorization, request=ASKED.request.identifier)
    return msgspec.structs.replace(event, authorization=decision)


@asynccontextmanager
async def opened(dsn: str, kill_at: int | None = None) -> AsyncIterator[World]:
    database = await Database.open(dsn)
    try:
        async with World.open(database, [leave], kill_at=kill_at) as world:
            yield world
    finally:
        await database.close()


async def result(world: World) -> Any:
    [row] = await world.rows("select id from run")
    found = await world.node.around.ended(row["id"])
    assert found is not None, "it has not ended"
    return msgspec.json.decode(found[1] or b"")


@pytest.mark.parametrize("first", [GRANTED, DENIED])
async def test_whichever_of_several_events_comes(dsn: str, first: Any) -> None:
    async with opened(dsn) as world:
        await world.tell(ASKED)
        await world.settle()
        await world.tell(of_number(first))
        await world.settle()
        if first is GRANTED:
            assert await result(world) == "granted"
        else:
            assert await world.cases() == ["authorization-denied"]


async def test_an_event_closes_the_case_that_it_answers(dsn: str) -> None:
    async with opened(dsn) as world:
        await world.tell(ASKED, of_number(DENIED))
        await world.settle()
        await world.tell(of_number(GRANTED))
        await world.settle()
        assert (await result(world), await world.cases()) == ("AuthorizationGranted", [])
        assert len(await world.told(ExceptionResolved)) == 1
        assert await world.rows("select 1 from run_wait") == []


async def test_what_a_person_decided_counts(dsn: str) -> None:
    async with opened(dsn) as world:
        await world.tell(ASKED, of_number(DENIED))
        await world.settle()
        await world.decide("authorization-denied", Action.WAIVE)
        assert await result(world) == "waive"


async def test_there_is_one_run_for_a_number(dsn: str) -> None:
    async with opened(dsn) as world:
        await world.tell(ASKED, of_number(DENIED), ASKED)
        await world.settle()
        assert await world.runs() == [("leave.follow", "waiting")]


async def test_the_first_event_may_be_any(dsn: str) -> None:
    """The event that begins the run is also the first that it waits for."""
    async with opened(dsn) as world:
        await world.tell(of_number(DENIED))
        await world.settle()
        assert await world.cases() == ["authorization-denied"]


async def test_a_kill_at_any_boundary_changes_nothing(postgres_server: PostgresServer) -> None:
    @asynccontextmanager
    async def fresh(kill_at: int | None) -> AsyncIterator[World]:
        name = await postgres_server.take()
        async with opened(postgres_server.address(name), kill_at) as world:
            yield world
        postgres_server.give_back(name)

    async def scenario(world: World) -> Any:
        await world.tell(ASKED, of_number(DENIED))
        await world.settle()
        await world.tell(of_number(GRANTED))
        await world.settle()
        return await result(world), await world.cases(), len(await world.told(ExceptionResolved))

    assert await every_crash(fresh, scenario) > 4


held = Flow("held", owner="utilization-management", sla="5d")


@held.workflow()
async def deny(run: Run, order: str) -> None:
    await run.hold("financial", order, "the payer denied it")
    await run.case("authorization-denied", "the payer denied it")
    await run.release("financial", order)


@held.workflow()
async def bill(run: Run, order: str) -> None:
    await run.step(nothing, held_by=("financial", order))


async def nothing() -> None:
    pass


async def test_what_two_hold_back_waits_for_both_and_for_none_that_ended(dsn: str) -> None:
    database = await Database.open(dsn)
    async with World.open(database, [held]) as world:
        first, second = await world.begin(deny, "O-1"), await world.begin(deny, "O-1")
        await world.settle()
        billed = await world.begin(bill, "O-1")
        await world.settle()
        rows = await world.rows("select id from work_case where run like $1", f"{first}/%")
        await world.node.work.desk.act(rows[0]["id"], CLERK, Decision(Action.APPROVE, "", APPEAL))
        await world.settle()
        assert await state(world, billed) == "waiting"
        await world.node.desk.cancel(second, Told("Robin Okafor", "a mistake"))
        await world.settle()
        assert await state(world, billed) == "completed"
    await database.close()


async def state(world: World, run: UUID) -> str:
    [row] = await world.rows("select state from run where id = $1", run)
    return str(row["state"])


APPEAL = b'{"number": "A-1", "decided": "2026-03-05"}'


wanted = Flow("wanted", owner="supply-chain", sla="5d")


@wanted.workflow()
async def want(run: Run, narrow: bool) -> str:
    offered = [Action.RETRY, Action.WAIVE] if narrow else [Action.APPROVE]
    answer = await run.case("stock-shortage", "nothing is there", actions=offered)
    return "" if answer is None else answer.action.value


async def test_a_case_offers_what_its_run_can_follow(database: Database) -> None:
    async with World.open(database, [wanted]) as world:
        await world.begin(want, True)
        await world.settle()
        [row] = await world.rows("select id from work_case")
        assert (await world.node.work.reader.one(row["id"])).actions == ("retry", "waive")
        with pytest.raises(NotPossible, match="discard is nothing for this case; it offers retry, waive"):
            await world.decide("stock-shortage", Action.DISCARD)
        await world.decide("stock-shortage", Action.WAIVE)
        assert (await world.runs(), await result(world)) == ([("wanted.want", "completed")], "waive")


async def test_a_run_cannot_offer_what_the_kind_of_case_has_not(database: Database) -> None:
    async with World.open(database, [wanted]) as world:
        await world.begin(want, False)
        await world.settle()
        assert await world.cases() == ["run-stopped"]
        [row] = await world.rows("select reason from work_case")
        assert "ValueError" in row["reason"]
