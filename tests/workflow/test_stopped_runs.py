"""What a run asked people ends with it, and a run that stops again asks again."""

from __future__ import annotations

import pytest
from tests.workflow.conftest import house_on

from careloom.cases.kinds import Action
from careloom.core.errors import Rejected
from careloom.store.database import Database
from careloom.workflow.declaration import Workflow
from careloom.workflow.desk import Told
from careloom.workflow.errors import StepFailed
from careloom.workflow.run import Run


async def test_a_run_that_stops_again_is_retried_again(database: Database) -> None:
    drives: list[int] = []

    async def buggy(run: Run, what: str) -> None:
        drives.append(1)
        if len(drives) < 3:
            raise KeyError(what)

    workflow = Workflow("buggy", buggy)
    async with house_on(database, [workflow]) as house:
        run = await house.begin(workflow, "gauze")
        await house.settle()
        await house.decide("run-stopped", Action.RETRY)
        assert (await house.state(run), await house.cases()) == ("suspended", ["run-stopped"])
        await house.decide("run-stopped", Action.RETRY)
        assert (await house.state(run), await house.cases()) == ("completed", [])


async def test_a_run_that_was_let_go_without_its_case_leaves_none_behind(database: Database) -> None:
    repaired: list[bool] = []

    async def buggy(run: Run, what: str) -> None:
        if not repaired:
            raise KeyError(what)

    workflow = Workflow("buggy", buggy)
    async with house_on(database, [workflow]) as house:
        run = await house.begin(workflow, "gauze")
        await house.settle()
        repaired.append(True)
        await house.desk.resume(run, Told("Robin Okafor", "repaired"))
        await house.settle()
        assert (await house.state(run), await house.cases()) == ("completed", [])


@pytest.mark.parametrize("asks", ["case", "approval"])
async def test_what_a_branch_still_asks_when_the_run_ends_is_over(database: Database, asks: str) -> None:
    async def ask(run: Run) -> object:
        if asks == "case":
            return await run.case("stock-shortage", "none left")
        return await run.approval("an order", role="purchasing")

    async def fail(run: Run) -> None:
        await run.sleep("1h")
        await run.step(broken, "gauze")

    async def broken(what: str) -> None:
        raise Rejected("none left", "product")

    async def wide(run: Run, what: str) -> str:
        try:
            await run.parallel(ask(run), fail(run))
        except StepFailed:
            return "went another way"
        return "asked"

    workflow = Workflow("wide", wide)
    async with house_on(database, [workflow]) as house:
        run = await house.begin(workflow, "gauze")
        await house.settle()
        assert len(await house.cases()) == 1
        await house.later(3600)
        assert (await house.result(run))[1] == b'"went another way"'
        assert await house.cases() == []
        outcomes = [row["outcome"] for row in await house.rows("select outcome from approval")]
        assert outcomes == (["withdrawn"] if asks == "approval" else [])
