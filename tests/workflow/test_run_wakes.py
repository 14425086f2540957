"""What came between a node's reading of a run and its letting go of it is not lost."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from tests.workflow.conftest import Outside, house_on
from tests.workflow.processes import DISCHARGED, Wish

from careloom.store.database import Database
from careloom.workflow.declaration import Workflow
from careloom.workflow.run import Run
from careloom.workflow.states import State


async def test_an_event_that_comes_while_its_run_is_looked_at_again_wakes_it(
    database: Database, outside: Outside
) -> None:
    async def waits(run: Run, wish: Wish) -> None:
        await run.wait_for(DISCHARGED, "K-1")

    workflow = Workflow("ward.waits", waits)
    async with house_on(database, [workflow], [DISCHARGED], outside=outside) as house:
        run = await house.begin(workflow, Wish("x"))
        await house.settle()
        house.engine.stop()
        assert house.task is not None
        await house.task
        journal = await house.around.store.load(run)
        journal.wait(journal.waits["1"])
        await house.around.arrived([(DISCHARGED.name, "K-1")], UUID(int=5), datetime(2100, 1, 1, tzinfo=UTC))
        await house.around.store.suspend(journal, State.WAITING, None)
        [row] = await house.rows("select due from run where id = $1", run)
        assert row["due"] == house.clock.now()
