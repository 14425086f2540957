"""A step that was tried and did not end well may have had some of its effect: it is undone too."""

from __future__ import annotations

import pytest
from tests.workflow.conftest import Outside, house_on

from careloom.cases.kinds import Action
from careloom.core.errors import AmbiguousError, Rejected
from careloom.store.database import Database
from careloom.workflow.calling import Attempt
from careloom.workflow.declaration import Workflow
from careloom.workflow.desk import Told
from careloom.workflow.run import Run


async def reserve(what: str, outside: Outside, attempt: Attempt) -> str:
    return outside.do(f"reserve {what}", attempt.key)


async def bill(what: str, outside: Outside, attempt: Attempt) -> None:
    outside.do(f"bill {what}", attempt.key)
    if "bill" in outside.fail:
        raise outside.fail["bill"][0]


async def release(what: str, outside: Outside, attempt: Attempt) -> None:
    outside.do(f"release {what}", attempt.key)


async def credit(what: str, outside: Outside, attempt: Attempt) -> None:
    outside.do(f"credit {what}", attempt.key)


async def order(run: Run, what: str) -> None:
    await run.step(reserve, what, undo=release, undo_by=(what,))
    await run.step(bill, what, undo=credit)
    await run.sleep("1d")


async def asking(run: Run, what: str) -> None:
    await run.step(reserve, what, undo=release, undo_by=(what,))
    await run.step(bill, what, undo=credit, on_failure="case")
    raise Rejected("nothing more goes")


ORDER, ASKING = Workflow("order", order), Workflow("asking", asking)
PARTIAL = Rejected("posted, and then something else went wrong")


async def test_a_partial_effect_is_undone(database: Database, outside: Outside) -> None:
    outside.fail["bill"] = [PARTIAL]
    async with house_on(database, [ORDER], outside=outside) as house:
        run = await house.begin(ORDER, "gauze")
        await house.settle()
        assert await house.state(run) == "failed"
    assert outside.calls == ["reserve gauze", "bill gauze", "credit gauze", "release gauze"]


async def test_an_effect_whose_answer_was_lost_is_undone(database: Database, outside: Outside) -> None:
    outside.fail["bill"] = [AmbiguousError("no answer")]
    async with house_on(database, [ORDER], outside=outside) as house:
        run = await house.begin(ORDER, "gauze")
        for _ in range(20):
            await house.settle()
            await house.later(3600)
        assert await house.state(run) == "failed"
    assert outside.calls[-2:] == ["credit gauze", "release gauze"]


async def test_a_step_that_gives_something_is_undone_by_what_it_is_known_by(
    database: Database, outside: Outside
) -> None:
    outside.fail["reserve gauze"] = [Rejected("there is none")]
    async with house_on(database, [ORDER], outside=outside) as house:
        await house.begin(ORDER, "gauze")
        await house.settle()
    assert outside.calls == ["reserve gauze", "release gauze"]


@pytest.mark.parametrize("action", [Action.DISCARD, Action.WAIVE])
async def test_what_a_person_gave_up_or_waived_is_undone(database: Database, outside: Outside, action: Action) -> None:
    outside.fail["bill"] = [PARTIAL]
    async with house_on(database, [ASKING], outside=outside) as house:
        run = await house.begin(ASKING, "gauze")
        await house.settle()
        [kind] = await house.cases()
        await house.decide(kind, action)
        await house.settle()
        assert await house.state(run) == "failed"
    assert outside.calls == ["reserve gauze", "bill gauze", "credit gauze", "release gauze"]


async def test_a_run_is_cancelled_while_a_person_has_its_step(database: Database, outside: Outside) -> None:
    """Nobody need decide any more what became of the step."""
    outside.fail["bill"] = [PARTIAL]
    async with house_on(database, [ASKING], outside=outside) as house:
        run = await house.begin(ASKING, "gauze")
        await house.settle()
        await house.desk.cancel(run, Told("Robin Okafor", "the wrong patient"))
        await house.settle()
        assert (await house.state(run), await house.cases()) == ("cancelled", [])
    assert outside.calls == ["reserve gauze", "bill gauze", "credit gauze", "release gauze"]


async def test_a_step_that_never_began_is_not_undone(database: Database, outside: Outside) -> None:
    async def cut(run: Run, what: str) -> None:
        await run.step(reserve, what, undo=release)
        await run.sleep("1d")
        await run.step(bill, what, undo=credit)

    workflow = Workflow("cut", cut)
    async with house_on(database, [workflow], outside=outside) as house:
        run = await house.begin(workflow, "gauze")
        await house.settle()
        await house.desk.cancel(run, Told("Robin Okafor", "the wrong patient"))
        await house.settle()
    assert outside.calls == ["reserve gauze", "release reserve gauze"]
