"""What makes steps fail sees what is left: undone or not, by whom, in which order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from tests.conftest import PostgresServer
from tests.flows.house import wipe

from careloom.flows import Flow
from careloom.store.database import Database
from careloom.testing.failures import AFTER, BEFORE, WAIVING, every_failure, every_undo_failing
from careloom.testing.processes import World
from careloom.workflow.run import Run

ward = Flow("ward", owner="nursing", sla="5d")
shelf: set[str] = set()
OpenWorld = Callable[[int | None], AbstractAsyncContextManager[World]]


async def take(what: str) -> str:
    shelf.add(what)
    return what


async def count(what: str) -> int:
    shelf.add(what)
    return len(shelf)


async def put_back(what: str) -> None:
    shelf.discard(what)


async def put_by_hand(what: str) -> None:
    shelf.discard(what)


@ward.workflow()
async def fetch(run: Run, by_key: bool) -> None:
    await run.parallel(
        run.step(take, "gauze", undo=put_back, undo_by=("gauze",)),
        run.step(take, "saline", undo=put_by_hand, undo_by=("saline",)),
    )
    await run.step(count, "tape", undo=put_back, undo_by=("tape",) if by_key else None, on_failure="case")


@pytest.fixture
async def again(postgres_server: PostgresServer, database: Database) -> OpenWorld:
    @asynccontextmanager
    async def opened(_: int | None) -> AsyncIterator[World]:
        shelf.clear()
        await wipe(database)
        async with World.open(database, [ward]) as world:
            yield world

    return opened


async def fetched(world: World, *, by_key: bool) -> None:
    await world.begin(fetch, by_key)
    await world.settle()


async def look(_: World) -> set[str]:
    return set(shelf)


@pytest.mark.parametrize("by_key", [False, True])
async def test_what_is_not_undone_by_a_key_stays(again: OpenWorld, *, by_key: bool) -> None:
    whole, found = await every_failure(again, lambda world: fetched(world, by_key=by_key), look)
    assert whole == {"gauze", "saline", "tape"}
    assert {one.way for one in found} == {BEFORE, AFTER}
    assert all(one.runs == (("ward.fetch", "failed"),) and not one.stopped for one in found)
    left = {(one.target.name, one.target.nth, one.way) for one in found if one.books}
    assert left == (set() if by_key else {("count", 1, AFTER)})


async def test_a_step_may_be_waived(again: OpenWorld) -> None:
    _, found = await every_failure(
        again, lambda world: fetched(world, by_key=True), look, ways=(BEFORE,), word=WAIVING
    )  # fmt: skip
    [waived] = [one for one in found if one.waived]
    assert (waived.target.name, waived.runs, waived.books) == (
        "count", (("ward.fetch", "completed"),), {"gauze", "saline"},
    )  # fmt: skip


async def test_each_undoing_fails_by_itself(again: OpenWorld) -> None:
    found = await every_undo_failing(again, lambda world: fetched(world, by_key=False), "count")
    assert sorted(one.undo.name for one in found) == ["put_back", "put_by_hand"]
    for one in found:
        assert one.cases.count("compensation-failed") == 1
        assert one.states == {name: "left" if name == one.undo.name else "undone" for name in one.states}
