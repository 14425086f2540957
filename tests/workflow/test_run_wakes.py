"""What came between a node's reading of a run and its letting go of it is not lost."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
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


async def test_a_child_that_ends_while_its_parent_lets_go_wakes_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end is not committed when the parent looks whether it is to wait."""

    async def child(run: Run, what: str) -> str:
        return what

    async def parent(run: Run, what: str) -> str:
        return f"child gave: {await run.child(began, what)}"

    begins, began = Workflow("parent", parent), Workflow("child", child)
    async with house_on(database, [begins, began]) as house:
        store = house.around.store
        ending, gone = asyncio.Event(), asyncio.Event()
        suspend, write = store.suspend, store.teller.write

        async def letting_go(*given: Any, **named: Any) -> None:
            house.engine.wake()
            await ending.wait()
            await suspend(*given, **named)
            gone.set()

        async def waits() -> bool:
            rows = await house.rows("select 1 from pg_locks where locktype = 'advisory' and not granted")
            return bool(rows)

        async def telling(connection: Any, *what: Any) -> None:
            await write(connection, *what)
            over = await connection.fetch("select 1 from run where parent is not null and ended is not null")
            if over and not ending.is_set():
                ending.set()
                while not gone.is_set() and not await waits():
                    pass

        monkeypatch.setattr(store, "suspend", letting_go)
        monkeypatch.setattr(store.teller, "write", telling)
        run = await house.begin(begins, "gauze")
        await house.settle()
        assert ending.is_set(), "the test needs the child to end"
        assert await house.state(run) == "completed"
