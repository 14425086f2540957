"""A run that a person holds is not forgotten: a case reminds of it, at half of its time and at the end, once each."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from tests.workflow.conftest import House, Outside, house_on
from tests.workflow.processes import SUPPLY, Wish, reader
from tests.workflow.test_approvals import told

from careloom.cases.catalogue import shipped
from careloom.cases.kinds import Action
from careloom.store.database import Database
from careloom.testing.clock import VirtualClock
from careloom.workflow.declaration import Workflow
from careloom.workflow.desk import Told

ROBIN = Told("Robin Okafor", "the month is being closed")
OWNED = Workflow("ward.supply", SUPPLY.function, owner="supply-chain", criticality="high")
SLA = shipped().of("run-held").sla.total_seconds()


async def held(house: House) -> UUID:
    run = await house.begin(OWNED, Wish("gauze"))
    await house.settle()
    await house.desk.suspend(run, ROBIN)
    await house.settle()
    assert (await house.state(run), await house.cases()) == ("suspended", ["run-held"])
    return run


async def later(house: House, seconds: float) -> None:
    await house.later(seconds)
    await house.work.escalations.look()


async def test_reminded_at_half_and_at_the_end_of_its_time_and_no_more(database: Database, outside: Outside) -> None:
    async with house_on(database, [OWNED], outside=outside) as house:
        run = await held(house)
        await later(house, SLA / 2 - 1)
        assert await told(house) == []
        await later(house, 1)
        assert await told(house) == [("half-time", "supply-chain")]
        await later(house, SLA / 2 - 1)
        assert len(await told(house)) == 1
        await later(house, 1)
        assert await told(house) == [("half-time", "supply-chain"), ("overdue", "supply-chain")]
        await later(house, 100 * SLA)
        assert (len(await told(house)), await house.state(run)) == (2, "suspended")


async def test_reminded_once_across_a_restart(database: Database, outside: Outside, clock: VirtualClock) -> None:
    async with house_on(database, [OWNED], outside=outside, clock=clock) as house:
        await held(house)
    await clock.advance(SLA / 2)
    for _ in range(2):
        async with house_on(database, [OWNED], outside=outside, clock=clock) as house:
            await later(house, 0)
            assert len(await told(house)) == 1


@pytest.mark.parametrize("act", ["resume", "cancel"])
async def test_nobody_is_reminded_once_it_goes_on(database: Database, outside: Outside, act: str) -> None:
    async with house_on(database, [OWNED], outside=outside) as house:
        run = await held(house)
        await getattr(house.desk, act)(run, Told("Ana Ruiz", "it is closed"))
        assert await house.cases() == []
        [case] = (await reader(house).story(run)).cases
        assert (case.state, case.resolution) == (
            "resolved",
            f"{'resumed' if act == 'resume' else 'cancelled'}: it is closed",
        )
        await later(house, 2 * SLA)
        assert await told(house) == []
        assert await house.state(run) == ("completed" if act == "resume" else "cancelled")
        await house.settle()


async def test_a_run_that_nobody_drove_yet_is_reminded_of_too(database: Database, outside: Outside) -> None:
    async with house_on(database, [OWNED], outside=outside, works=False) as house:
        run = await house.begin(OWNED, Wish("gauze"))
        await house.desk.suspend(run, ROBIN)
        assert await house.cases() == ["run-held"]
        await house.desk.cancel(run, ROBIN)
        assert await house.cases() == []


@pytest.mark.parametrize(("action", "state", "calls"), [(Action.RETRY, "completed", 2), (Action.WAIVE, "suspended", 1)])
async def test_its_case_lets_it_go_on_or_keeps_it_held_on_purpose(
    database: Database, outside: Outside, action: Action, state: str, calls: int
) -> None:
    async with house_on(database, [OWNED], outside=outside) as house:
        run = await held(house)
        await house.decide("run-held", action)
        await later(house, 3 * SLA)
        assert (await house.state(run), len(outside.calls), await house.cases()) == (state, calls, [])
        assert await told(house) == []
        if state == "suspended":
            await house.desk.resume(run, ROBIN)
            await house.settle()
            assert await house.state(run) == "completed"


async def test_held_again_it_is_reminded_of_again(database: Database, outside: Outside) -> None:
    async with house_on(database, [OWNED], outside=outside) as house:
        run = await held(house)
        await house.desk.resume(run, ROBIN)
        await house.desk.suspend(run, ROBIN)
        kinds: Any = [(case.kind, case.state) for case in (await reader(house).story(run)).cases]
        assert kinds == [("run-held", "resolved"), ("run-held", "open")]
