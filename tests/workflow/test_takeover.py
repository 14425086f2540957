"""Several nodes: each run is driven by one of them, and a dead node's runs go on elsewhere."""

from __future__ import annotations

import asyncio

from tests.workflow.conftest import Outside, house_on
from tests.workflow.test_runs import ORDER, reserve

from careloom.core.clock import SystemClock
from careloom.store.database import Database
from careloom.workflow.declaration import Workflow
from careloom.workflow.engine import BALANCE_SECONDS
from careloom.workflow.errors import Stale
from careloom.workflow.run import Run


async def test_two_nodes_share_the_runs_and_do_each_step_once(database: Database, dsn: str) -> None:
    async def quick(run: Run, what: str) -> str:
        return await run.step(reserve, what)

    workflow, outside = Workflow("quick", quick), Outside()
    second = await Database.open(dsn)
    async with (
        house_on(database, [workflow], outside=outside, clock=SystemClock()) as one,
        house_on(second, [workflow], outside=outside, clock=SystemClock()) as two,
    ):
        runs = [await (one if number % 2 else two).begin(workflow, f"item {number}") for number in range(60)]
        async with asyncio.timeout(60):
            while await one.rows("select 1 from run where ended is null limit 1"):
                pass
        states = {await one.state(run) for run in runs}
    await second.close()
    assert states == {"completed"}
    assert sorted(outside.calls) == sorted(f"reserve item {number}" for number in range(60))


async def test_a_dead_nodes_runs_go_on_elsewhere(database: Database, dsn: str) -> None:
    """The step in hand is tried again under the same key; what was recorded is not."""
    begun, never = asyncio.Event(), asyncio.Event()

    async def stuck(what: str, outside: Outside) -> str:
        outside.calls.append(f"try {what}")
        begun.set()
        if len(outside.calls) == 2:
            await never.wait()
        return what

    async def two_steps(run: Run, what: str) -> None:
        await run.step(reserve, what)
        await run.step(stuck, what)

    workflow, outside = Workflow("two-steps", two_steps), Outside()
    second = await Database.open(dsn)
    async with (
        house_on(second, [workflow], outside=outside, clock=SystemClock()) as alive,
        house_on(database, [workflow], outside=outside, clock=SystemClock()) as dead,
    ):
        async with asyncio.timeout(60):
            while len(dead.engine.owned) + len(alive.engine.owned) < 16 or not dead.engine.owned:
                await dead.rows("select 1")
        lane = min(dead.engine.owned)
        run = dead.around.new_id()
        while run.int % 16 != lane:
            run = dead.around.new_id()
        await dead.begin(workflow, "gauze", run)
        await asyncio.wait_for(begun.wait(), 60)
        assert dead.task is not None
        await dead.log.session.close()  # what PostgreSQL does with the locks of a process that was killed
        dead.task.cancel()
        async with asyncio.timeout(5 * BALANCE_SECONDS + 10):
            while await alive.state(run) != "completed":
                pass
        never.set()
    await second.close()
    assert outside.calls == ["reserve gauze", "try gauze", "try gauze"]


async def test_of_two_drivers_of_one_run_the_slower_is_refused(database: Database, outside: Outside) -> None:
    async with house_on(database, [ORDER], outside=outside, works=False) as house:
        run = await house.begin(ORDER, "gauze")
        mine, theirs = await house.around.store.load(run), await house.around.store.load(run)
        await house.around.store.compensate(theirs, "the other was faster")
        try:
            await house.around.store.compensate(mine, "too late")
        except Stale:
            return
        raise AssertionError("both wrote")
