"""What people see of runs: pages, timelines, counts; never what is sealed."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from tests.workflow.conftest import Outside, house_on
from tests.workflow.processes import DISCHARGED, EVENT, SECRET, SUPPLY, Wish, reader, release, reserve

from careloom.core.errors import FormatError, Rejected, Unavailable
from careloom.store.database import Database
from careloom.store.sql import queries
from careloom.workflow.declaration import Workflow
from careloom.workflow.desk import Told
from careloom.workflow.errors import NoSuchRun
from careloom.workflow.reading import WantedRuns
from careloom.workflow.run import Run
from careloom.workflow.standing import place
from careloom.workflow.states import State

ROBIN = Told("Robin Okafor", "asked by the ward")


async def test_a_timeline_has_steps_waits_acts_children_and_cases(database: Database, outside: Outside) -> None:
    async def whole(run: Run, wish: Wish) -> None:
        await run.step(reserve, wish.what, undo=release)
        await run.child(SUPPLY, Wish("saline", days=1))
        await run.case("stock-shortage", "no gauze")
        await run.wait_for(DISCHARGED, EVENT.patient.identifier[0].value, within="10d")

    workflow = Workflow("ward.whole", whole, sla=timedelta(hours=1))
    async with house_on(database, [workflow, SUPPLY], [DISCHARGED], outside=outside) as house:
        run = await house.begin(workflow, Wish("gauze"))
        await house.settle()
        await house.later(86_400)
        await house.desk.suspend(run, ROBIN)
        await house.desk.resume(run, ROBIN)
        await house.settle()
        story = await reader(house).story(run)

        assert [(one.path, one.name, one.sort, one.state) for one in story.steps] == [
            ("1", "reserve", "step", "done"),
            ("2", "ward.supply", "run", "done"),
        ]
        assert [(one.path, one.sort, one.name) for one in story.waits] == [("3", "case", "stock-shortage")]
        assert [(one.what, one.by, one.why) for one in story.acts] == [
            ("suspended", *ROBIN), ("resumed", *ROBIN),
        ]  # fmt: skip
        [child] = story.children
        assert (child.id, child.workflow, child.state) == (story.steps[1].reference, "ward.supply", "completed")
        assert sorted((one.kind, one.path, one.state) for one in story.cases if one.path) == [
            ("run-held", "held", "resolved"),
            ("stock-shortage", "3", "open"),
        ]
        assert [one.kind for one in story.cases if one.path is None] == ["run-late"]
        assert (story.run.state, story.run.late, story.run.held, story.stopped) == ("waiting", True, False, False)
        assert story.run.age_seconds == 86_400
        assert SECRET not in json.dumps(story.as_dict())
        assert (await reader(house).story(child.id)).run.parent == run


async def test_a_step_that_failed_says_why_and_when_it_is_tried_again(database: Database, outside: Outside) -> None:
    outside.fail["reserve gauze"] = [Unavailable("it restarts", retry_after=600), Rejected("no such product", "sku")]
    async with house_on(database, [SUPPLY], outside=outside) as house:
        run = await house.begin(SUPPLY, Wish("gauze"))
        await house.settle()
        [step] = (await reader(house).story(run)).steps
        assert (step.state, step.attempts, step.error) == ("retry", 1, "it restarts")
        assert step.due == house.clock.now() + timedelta(seconds=600)
        await house.later(600)
        story = await reader(house).story(run)
        assert [(one.state, one.error, one.due) for one in story.steps] == [("failed", "no such product", None)]
        assert (story.run.state, story.run.error) == ("failed", "reserve: no such product")
        assert [one.kind for one in story.cases] == ["run-failed"]


async def test_what_could_not_be_undone_says_why(database: Database, outside: Outside) -> None:
    outside.fail["release reserve gauze"] = [Rejected("the month is closed", "date")]
    async with house_on(database, [SUPPLY], outside=outside) as house:
        run = await house.begin(SUPPLY, Wish("gauze"))
        await house.settle()
        await house.desk.cancel(run, ROBIN)
        await house.settle()
        story = await reader(house).story(run)
        assert [(one.path, one.state, one.error) for one in story.steps] == [
            ("1", "done", None),
            ("undo.1", "left", "the month is closed"),
        ]
        assert (story.run.cancelled_by, story.run.cancelled_why) == ROBIN
        assert [one.kind for one in story.cases] == ["compensation-failed"]


async def test_pages_go_on_where_the_last_one_ended(database: Database, outside: Outside) -> None:
    async with house_on(database, [SUPPLY], outside=outside) as house:
        made = [await house.begin(SUPPLY, Wish(f"w{number}")) for number in range(5)]  # all at one time
        seen: list[UUID] = []
        after: tuple[datetime, UUID] | None = None
        for _ in range(3):
            page = await reader(house).page(WantedRuns(), after, 2)
            seen += [one.id for one in page.runs]
            after = page.after
        assert (seen, after) == (sorted(made, reverse=True), None)


async def test_filters(database: Database, outside: Outside) -> None:
    other = Workflow("ward.other", SUPPLY.function)
    outside.fail["reserve bad"] = [Rejected("none", "sku")]
    async with house_on(database, [SUPPLY, other], outside=outside) as house:
        noon = house.clock.now()
        good = await house.begin(SUPPLY, Wish("gauze"))
        bad = await house.begin(other, Wish("bad"))
        await house.settle()
        await house.later(60)
        late = await house.begin(SUPPLY, Wish("saline", days=0))
        await house.settle()

        async def found(wanted: WantedRuns) -> set[UUID]:
            return {one.id for one in (await reader(house).page(wanted, None, 10)).runs}

        minute = noon + timedelta(seconds=60)
        assert await found(WantedRuns()) == {good, bad, late}
        assert await found(WantedRuns(workflow="ward.supply")) == {good, late}
        assert await found(WantedRuns(state=State.WAITING)) == {good}
        assert await found(WantedRuns(state=State.FAILED)) == {bad}
        assert await found(WantedRuns(state=State.COMPLETED)) == {late}
        assert await found(WantedRuns(unfinished=True)) == {good}
        assert await found(WantedRuns(about="order/gauze")) == {good}
        assert await found(WantedRuns(about="order/gauze", state=State.FAILED)) == set()
        assert await found(WantedRuns(about="order/nothing")) == set()
        assert await found(WantedRuns(begun_from=minute)) == {late}
        assert await found(WantedRuns(begun_before=minute)) == {good, bad}


async def test_counts_are_of_what_there_is_to_do_and_what_ended_lately(database: Database, outside: Outside) -> None:
    slow = Workflow("ward.slow", SUPPLY.function, sla=timedelta(hours=1))
    async with house_on(database, [SUPPLY, slow], outside=outside) as house:
        for workflow, days in ((SUPPLY, 9), (SUPPLY, 9), (SUPPLY, 0), (slow, 9)):
            await house.begin(workflow, Wish("gauze", days=days))
        await house.settle()
        await house.later(7200)
        counts = await reader(house).counts()
        assert [(one.workflow, one.state, one.runs, one.late) for one in counts] == [
            ("ward.slow", "waiting", 1, 1),
            ("ward.supply", "completed", 1, 0),
            ("ward.supply", "waiting", 2, 0),
        ]
        await house.later(86_400)
        assert [one.state for one in await reader(house).counts("ward.supply")] == ["waiting"]
        with pytest.raises(FormatError, match="last 92 days"):
            await reader(house).counts(since=house.clock.now() - timedelta(days=93))


async def test_what_is_sealed_is_opened_with_a_reason_that_is_on_record(database: Database, outside: Outside) -> None:
    async with house_on(database, [SUPPLY], outside=outside) as house:
        run = await house.begin(SUPPLY, Wish("gauze", days=0))
        await house.settle()
        opened = await house.desk.look(run, Told("Robin Okafor", "the ward asks"))
        assert json.loads(opened.input) == {"what": "gauze", "days": 0, "whom": SECRET}
        assert (opened.steps["1"], opened.result) == (b'"reserve gauze"', b'"charge reserve gauze"')
        assert [one.what for one in (await reader(house).story(run)).acts] == ["looked"]
        assert len(await house.rows("select id from event where type = 'body.revealed.v1'")) == 1


async def test_a_run_that_is_not_there(database: Database, outside: Outside) -> None:
    async with house_on(database, [], outside=outside, works=False) as house:
        for ask in (reader(house).one, reader(house).story):
            with pytest.raises(NoSuchRun, match="careloom workflow list"):
                await ask(UUID(int=1))


@pytest.mark.parametrize(
    ("statement", "index"),
    [("page_open", "run_open"), ("page_unwell", "run_unwell"), ("page", "run_begun"), ("page_about", "run_about_pkey")],
)
async def test_pages_are_read_from_an_index(database: Database, statement: str, index: str) -> None:
    sql = queries("runs")[statement]
    arguments = ["null"] * 6 + ["10", "gen_random_uuid()"]
    for number in range(8, 0, -1):
        sql = sql.replace(f"${number}", arguments[number - 1])
    async with database.acquire() as connection, connection.transaction():
        await connection.execute("set local enable_seqscan = off")
        plan = "\n".join(row[0] for row in await connection.fetch(f"explain {sql}"))
    assert index in plan, plan


async def test_counts_are_read_from_indices(database: Database) -> None:
    sql = queries("runs").counts.replace("$1", "'ward.supply'").replace("$2", "now()").replace("$3", "now()")
    async with database.acquire() as connection, connection.transaction():
        await connection.execute("set local enable_seqscan = off")
        plan = "\n".join(row[0] for row in await connection.fetch(f"explain {sql}"))
    assert "run_open" in plan and "run_begun" in plan, plan


def test_places_are_in_the_order_of_the_code() -> None:
    paths = ["undo.2", "10", "2", "3.2.1", "3.1.11", "3.1.2", "1", "root"]
    assert sorted(paths, key=place) == ["1", "2", "3.1.2", "3.1.11", "3.2.1", "10", "root", "undo.2"]
