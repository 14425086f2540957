"""One wait for several events, a case that an event makes needless, one run for many events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from tests.conftest import PostgresServer

from careloom.cases.kinds import Action
from careloom.flows import Flow
from careloom.model import AuthorizationDenied, AuthorizationGranted, AuthorizationRequested, ExceptionResolved
from careloom.model.catalogue.coverage import AuthorizationEvent
from careloom.model.examples import examples
from careloom.store.database import Database
from careloom.testing.processes import World, every_crash
from careloom.workflow.answers import Answer
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
