"""The world of the tests of processes, with a small process in it: an event begins it, and it waits for another."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from tests.conftest import PostgresServer
from tests.workflow.conftest import Outside

from careloom.cases.kinds import Action
from careloom.flows import Flow
from careloom.model import EligibilityAnswered, EligibilityRequested, RegistrationCreated
from careloom.model.examples import examples
from careloom.store.database import Database
from careloom.testing.crashes import every_crash
from careloom.testing.processes import World
from careloom.workflow.calling import Attempt
from careloom.workflow.errors import StepFailed
from careloom.workflow.run import Run

coverage = Flow("coverage", owner="patient-access", sla="1d")
answered = coverage.awaits(EligibilityAnswered, by=lambda event: event.response.request[0].value)
REGISTERED: Any = examples()[RegistrationCreated.type]
ASKED: Any = examples()[EligibilityRequested.type]
ANSWERED: Any = examples()[EligibilityAnswered.type]


async def open_account(number: str, outside: Outside, attempt: Attempt) -> str:
    return outside.do(f"open {number}", attempt.key)


async def close_account(opened: str, outside: Outside, attempt: Attempt) -> None:
    outside.do(f"undo {opened}", attempt.key)


async def bill(number: str, outside: Outside, attempt: Attempt) -> None:
    outside.do(f"bill {number}", attempt.key)


@coverage.workflow(RegistrationCreated)
async def admit(run: Run, registration: RegistrationCreated) -> None:
    number = registration.patient.identifier[0].value
    await run.step(open_account, number, undo=close_account)
    await run.emit(ASKED)
    answer = await run.wait_for(EligibilityAnswered, ASKED.request.identifier[0].value, within="1h")
    if answer is None:
        decided = await run.case("missing-payer-data", "the payer gave no answer")
        if decided is None or decided.given_up:
            raise StepFailed("eligibility", "the payer gave no answer")
    await run.step(bill, number)


def answering(event: EligibilityRequested) -> list[EligibilityAnswered]:
    response = msgspec.structs.replace(ANSWERED.response, request=event.request.identifier)
    return [msgspec.structs.replace(ANSWERED, response=response)]


@asynccontextmanager
async def opened(dsn: str, outside: Outside, kill_at: int | None = None) -> AsyncIterator[World]:
    database = await Database.open(dsn)
    try:
        async with World.open(database, [coverage], lambda: {"outside": outside}, kill_at=kill_at) as world:
            yield world
    finally:
        await database.close()


async def test_an_event_begins_a_run_that_another_lets_go_on(dsn: str, outside: Outside) -> None:
    async with opened(dsn, outside) as world:
        world.answers(EligibilityRequested, answering)
        await world.tell(REGISTERED)
        await world.settle()
        assert await world.runs() == [("coverage.admit", "completed")]
        assert len(await world.told(EligibilityRequested)) == 1
    assert len(outside.held) == 2


async def test_an_answer_that_came_before_the_wait_counts(dsn: str, outside: Outside) -> None:
    async with opened(dsn, outside) as world:
        [early] = answering(ASKED)
        await world.tell(REGISTERED, early)
        await world.settle()
        assert await world.runs() == [("coverage.admit", "completed")]


async def test_nobody_answers_and_a_person_gives_up(dsn: str, outside: Outside) -> None:
    async with opened(dsn, outside) as world:
        await world.tell(REGISTERED)
        await world.settle()
        assert await world.runs() == [("coverage.admit", "waiting")]
        await world.later(hours=1)
        assert await world.cases() == ["missing-payer-data"]
        await world.decide("missing-payer-data", Action.DISCARD)
        assert await world.runs() == [("coverage.admit", "failed")]
    assert [call.split()[0] for call in outside.calls] == ["open", "undo"]


@pytest.mark.parametrize("given_up", [False, True])
async def test_a_kill_at_any_boundary_changes_nothing(postgres_server: PostgresServer, *, given_up: bool) -> None:
    outsides: list[Outside] = []

    @asynccontextmanager
    async def fresh(kill_at: int | None) -> AsyncIterator[World]:
        outsides.append(Outside())
        name = await postgres_server.take()
        async with opened(postgres_server.address(name), outsides[-1], kill_at) as world:
            yield world
        postgres_server.give_back(name)

    async def scenario(world: World) -> Any:
        if not given_up:
            world.answers(EligibilityRequested, answering)
        await world.tell(REGISTERED)
        await world.settle()
        if given_up:
            await world.later(hours=1)
            await world.decide("missing-payer-data", Action.DISCARD)
        told = len(await world.told(EligibilityRequested))
        return await world.runs(), await world.cases(), told, outsides[-1].held

    assert await every_crash(fresh, scenario) > 10
