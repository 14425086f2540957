"""What a deploy would strand, told before it does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.workflow.conftest import Outside, house_on
from tests.workflow.processes import Wish, charge, release, reserve, supply

from careloom.store.database import Database
from careloom.testing.clock import VirtualClock
from careloom.workflow.declaration import Workflow
from careloom.workflow.run import Run
from careloom.workflow.versions import compare


async def harmless(run: Run, wish: Wish) -> str:
    """Other code that does the same."""
    what = wish.what
    reserved = await run.step(reserve, what, undo=release)
    await run.sleep("2d")
    return await run.step(charge, reserved)


async def breaking(run: Run, wish: Wish) -> str:
    await run.step(charge, wish.what)
    return await run.step(reserve, wish.what)


async def only_gauze(run: Run, wish: Wish) -> str:
    """Strands some of the runs only."""
    return await (supply if wish.what == "gauze" else breaking)(run, wish)


Function = Callable[..., Awaitable[Any]]


@pytest.mark.parametrize(
    ("deployed", "code", "replayed", "stranded"),
    [
        ([(supply, 1)], "current", 0, 0),
        ([(supply, 1), (breaking, 2)], "older", 0, 0),
        ([(harmless, 1)], "changed", 2, 0),
        ([(breaking, 1)], "changed", 2, 2),
        ([(only_gauze, 1)], "changed", 2, 1),
        ([(supply, 2)], "missing", 0, 2),
        ([], "missing", 0, 2),
    ],
)
async def test_a_deploy_is_compared_with_the_runs(
    database: Database, outside: Outside, deployed: list[tuple[Function, int]], code: str, replayed: int, stranded: int
) -> None:
    clock = VirtualClock()
    before = Workflow("ward.supply", supply)
    async with house_on(database, [before], outside=outside, clock=clock) as house:
        runs = [await house.begin(before, Wish(what)) for what in ("gauze", "saline")]
        done = await house.begin(before, Wish("x", days=0))
        await house.settle()
        assert await house.state(done) == "completed"
    after = [Workflow("ward.supply", function, version=version) for function, version in deployed]
    async with house_on(database, after, outside=outside, clock=clock, works=False) as house:
        [found] = await compare(house.around)
        assert (found.workflow, found.version, found.runs, found.fingerprint) == ("ward.supply", 1, 2, before.code)
        assert (found.code, found.replayed, found.stranded) == (code, replayed, stranded)
        assert found.as_dict()["oldest"] == clock.now().isoformat()
        if code == "changed" and stranded:
            assert found.example == runs[-1 if stranded == 1 else 0]
            assert found.difference == "at step 1 it recorded step 'reserve', and the code asks for step 'charge'"
        [at_most] = await compare(house.around, most=1)
        assert at_most.replayed == min(replayed, 1)
    assert outside.calls.count("charge gauze") == 0
