"""The service level of a run counts our own time: a payer that takes days makes nobody late, unless it says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.workflow.conftest import House, house_on
from tests.workflow.processes import EVENT, reader

from careloom.cases.kinds import Action
from careloom.flows import Flow
from careloom.model import PatientDischarged
from careloom.store.database import Database
from careloom.testing.clock import VirtualClock
from careloom.workflow.desk import Told
from careloom.workflow.run import Run

DAY = 86_400
ROBIN = Told("Robin Okafor", "audit")
ward = Flow("ward", owner="nursing", sla="2d")
left = ward.awaits(PatientDischarged, by=lambda event: event.patient.identifier[0].value)
assert isinstance(EVENT, PatientDischarged)
NUMBER = EVENT.patient.identifier[0].value


@ward.workflow()
async def settle(run: Run, number: str) -> str:
    """A day of ours, a wait for somebody outside, a case."""
    await run.sleep("1d")
    came = await run.wait_for(PatientDischarged, number, within="90d")
    answer = await run.case("stock-shortage", "who closes it", within="90d")
    return f"{came is not None} {answer is not None}"


@ward.workflow()
async def both(run: Run, number: str) -> None:
    """While a person is asked too, the time is ours."""
    await run.parallel(
        run.wait_for(PatientDischarged, number, within="90d"),
        run.case("stock-shortage", "who closes it", within="90d"),
    )


COUNTING = replace(settle, waiting_counts=True)


async def begun(house: House, number: str = NUMBER) -> UUID:
    run = await house.begin(house.around.registry.workflows[0], number)
    await house.settle()
    return run


async def lateness(house: House, run: UUID) -> tuple[bool, list[str]]:
    return (await reader(house).one(run)).late, [one for one in await house.cases() if one == "run-late"]


async def test_what_a_run_waits_for_outside_is_not_its_time(database: Database) -> None:
    async with house_on(database, [settle], ward.signals) as house:
        run = await begun(house)
        await house.later(DAY)
        assert (await reader(house).one(run)).late_at is None, "nobody knows when, while it waits"
        await house.later(60 * DAY)
        assert await lateness(house, run) == (False, [])
        await house.tell(EVENT, "m-1")
        await house.handled(lambda: house.rows("select 1 from work_case where kind = 'stock-shortage'"))
        await house.settle()
        assert (await reader(house).one(run)).late_at is not None
        await house.later(DAY - 60)
        assert await lateness(house, run) == (False, [])
        await house.later(60)
        assert await lateness(house, run) == (True, ["run-late"]), "a day of ours before, and a day after"
        await house.later(5 * DAY)
        assert len([one for one in await house.cases() if one == "run-late"]) == 1


async def test_a_flow_may_say_that_every_day_counts(database: Database) -> None:
    async with house_on(database, [COUNTING], ward.signals) as house:
        run = await begun(house)
        await house.later(DAY)
        await house.later(DAY - 1)
        assert await lateness(house, run) == (False, [])
        await house.later(1)
        assert await lateness(house, run) == (True, ["run-late"])


async def test_its_time_goes_on_when_the_wait_is_over_without_an_event(database: Database) -> None:
    async with house_on(database, [settle], ward.signals) as house:
        run = await begun(house, "nobody")
        await house.later(DAY)
        await house.later(90 * DAY)
        assert await lateness(house, run) == (False, [])
        await house.later(DAY)
        assert await lateness(house, run) == (True, ["run-late"])


async def test_the_time_in_which_a_person_holds_it_counts(database: Database) -> None:
    async with house_on(database, [settle], ward.signals) as house:
        run = await begun(house)
        await house.later(DAY)
        await house.later(30 * DAY)
        await house.desk.suspend(run, ROBIN)
        await house.later(DAY)
        assert await lateness(house, run) == (True, ["run-late"])


async def test_a_person_who_is_asked_beside_it_makes_it_our_time(database: Database) -> None:
    async with house_on(database, [both], ward.signals) as house:
        run = await begun(house)
        await house.later(DAY)
        await house.decide("stock-shortage", Action.WAIVE)
        assert (await reader(house).one(run)).late_at is None, "now only somebody outside is waited for"
        await house.later(30 * DAY)
        assert await lateness(house, run) == (False, [])
        left_of_it: Any = (await house.rows("select late_left from run"))[0]["late_left"]
        assert timedelta(hours=23) < left_of_it <= timedelta(days=1)


@pytest.mark.parametrize("looked", [1, 3])
async def test_its_time_stands_still_across_restarts(database: Database, clock: VirtualClock, looked: int) -> None:
    async with house_on(database, [settle], ward.signals, clock=clock) as house:
        run = await begun(house)
        await house.later(DAY)
    for _ in range(looked):
        await clock.advance(10 * DAY)
        async with house_on(database, [settle], ward.signals, clock=clock) as house:
            await house.settle()
            assert await lateness(house, run) == (False, [])


async def test_a_run_that_ended_is_late_no_more(database: Database) -> None:
    async with house_on(database, [settle], ward.signals) as house:
        run = await begun(house)
        await house.later(DAY)
        await house.desk.cancel(run, ROBIN)
        await house.settle()
        [row] = await house.rows("select state, late_at, late_left from run")
        assert tuple(row) == ("cancelled", None, None)
        await house.later(30 * DAY)
        assert await lateness(house, run) == (False, [])
