"""A step that waited, for its next attempt or for what held it back, and then fails for good is for a person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from careloom.cases.kinds import Action
from careloom.core.errors import AmbiguousError, Rejected, TransientError
from careloom.flows import Flow
from careloom.log.handling import RetryPolicy
from careloom.store.database import Database
from careloom.testing.processes import World
from careloom.workflow.run import Run

ward = Flow("ward", owner="nursing", sla="5d")
ERRORS: dict[str, Exception] = {
    "transient": TransientError("nobody answers"),
    "ambiguous": AmbiguousError("the answer was lost"),
    "rejected": Rejected("it is refused"),
}
failing: set[str] = set()


async def order(what: str) -> str:
    if what in failing:
        raise ERRORS[what]
    return what


@ward.workflow()
async def fetch(run: Run, what: str) -> str | None:
    policy = RetryPolicy(attempts=3, first_seconds=1, longest_seconds=60)
    return await run.step(order, what, retry=policy, on_failure="case", held_by=("goods", "ward 4"))


@ward.workflow()
async def lock(run: Run, days: int) -> None:
    await run.hold("goods", "ward 4", "it is counted")
    await run.sleep(timedelta(days=days))
    await run.release("goods", "ward 4")


async def result(world: World) -> Any:
    [row] = await world.rows("select id from run where workflow = 'ward.fetch'")
    found = await world.node.around.ended(row["id"])
    assert found is not None, "it has not ended"
    return msgspec.json.decode(found[1] or b"null")


@pytest.mark.parametrize(("error", "kind"), [("transient", "delivery"), ("ambiguous", "ambiguous-outcome")])
@pytest.mark.parametrize(("action", "gives"), [(Action.RETRY, True), (Action.WAIVE, False)])
async def test_when_attempts_ran_out(database: Database, error: str, kind: str, action: Action, *, gives: bool) -> None:
    failing.clear()
    failing.add(error)
    async with World.open(database, [ward]) as world:
        await world.begin(fetch, error)
        await world.settle()
        for _ in range(2):
            assert (await world.runs(), await world.cases()) == ([("ward.fetch", "waiting")], [])
            await world.later(minutes=1)
        assert (await world.runs(), await world.cases()) == ([("ward.fetch", "waiting")], [kind])
        await world.later(hours=2)
        assert await world.cases() == [kind]
        failing.clear()
        await world.decide(kind, action)
        assert (await world.runs(), await world.cases()) == ([("ward.fetch", "completed")], [])
        assert await result(world) == (error if gives else None)


async def test_when_it_was_held_back(database: Database) -> None:
    failing.clear()
    failing.add("rejected")
    async with World.open(database, [ward]) as world:
        await world.begin(lock, 1)
        await world.settle()
        await world.begin(fetch, "rejected")
        await world.settle()
        assert await world.cases() == []
        await world.later(days=1)
        assert await world.cases() == ["rejected-posting"]
        failing.clear()
        await world.decide("rejected-posting", Action.RETRY)
        assert await world.runs() == [("ward.fetch", "completed"), ("ward.lock", "completed")]
        assert await result(world) == "rejected"


async def test_it_is_asked_once_each_time(database: Database) -> None:
    failing.clear()
    failing.add("transient")
    async with World.open(database, [ward]) as world:
        await world.begin(fetch, "transient")
        for _ in range(3):
            await world.settle()
            await world.later(minutes=1)
        await world.later(minutes=1)
        await world.decide("delivery", Action.RETRY)
        for _ in range(3):
            await world.later(minutes=1)
        assert await world.cases() == ["delivery"]
        [row] = await world.rows("select count(*) as cases from work_case")
        assert row["cases"] == 2
        await world.decide("delivery", Action.DISCARD)
        assert await world.runs() == [("ward.fetch", "failed")]
