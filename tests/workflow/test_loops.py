"""Loops over many items: chunk by chunk, resumed at the chunk, what fails put aside; on a clock that stands still."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from tests.workflow.conftest import House, Outside, house_on

from careloom.cases.kinds import Action
from careloom.core.errors import AmbiguousError, Rejected, Unavailable
from careloom.store.database import Database
from careloom.testing.clock import VirtualClock
from careloom.workflow.calling import Attempt
from careloom.workflow.declaration import Workflow
from careloom.workflow.desk import Told
from careloom.workflow.errors import StepFailed
from careloom.workflow.loop import BREATH_SECONDS, Counted
from careloom.workflow.progress import progress_of
from careloom.workflow.run import Run

ROWS = 100


@dataclass
class Pages:
    """A table that is read page by page."""

    rows: int = ROWS
    read: list[int] = field(default_factory=list)
    fail: list[Exception] = field(default_factory=list)

    async def lines(self, file: str, cursor: int | None, size: int) -> tuple[Sequence[str], int | None]:
        start = cursor or 0
        self.read.append(start)
        if self.fail:
            raise self.fail.pop(0)
        end = min(start + size, self.rows)
        return [f"{file}-{number}" for number in range(start, end)], end if end < self.rows else None


async def post(line: str, outside: Outside, attempt: Attempt) -> str:
    return outside.do(line, attempt.key)


def load(pages: Pages, **options: object) -> Workflow:
    options = {"chunk": 10, "aside": 3, "total": pages.rows, "key": str, **options}

    async def load(run: Run, file: str) -> Counted:
        return await run.each(pages.lines, post, file, **options)  # type: ignore[arg-type]

    return Workflow("load", load, owner="finance")


async def counted(house: House, run: object) -> tuple[int, int]:
    [one] = await progress_of(house.database, run)  # type: ignore[arg-type]
    return one.done, one.aside


async def test_each_item_is_handled_once_and_one_row_is_kept(database: Database, outside: Outside) -> None:
    pages = Pages()
    workflow = load(pages)
    async with house_on(database, [workflow], outside=outside) as house:
        run = await house.begin(workflow, "f")
        await house.settle()
        assert await house.result(run) == ("completed", b'{"done":100,"aside":0}', None)
        assert outside.calls == [f"f-{number}" for number in range(ROWS)]
        assert len(outside.effects) == ROWS
        [step] = await house.rows("select path, sort, state, length(body) as size from run_step where run = $1", run)
        assert (step["path"], step["sort"], step["state"]) == ("1", "each", "done")
        assert step["size"] < 100
        [progress] = await progress_of(database, run)
        assert (progress.done, progress.total, progress.ended, progress.seconds_left) == (ROWS, ROWS, True, 0.0)


async def test_an_empty_source(database: Database, outside: Outside) -> None:
    workflow = load(Pages(rows=0))
    async with house_on(database, [workflow], outside=outside) as house:
        run = await house.begin(workflow, "f")
        await house.settle()
        assert (await house.result(run))[1] == b'{"done":0,"aside":0}'


async def test_a_kill_resumes_at_the_chunk(database: Database, outside: Outside, clock: VirtualClock) -> None:
    pages, stuck = Pages(), asyncio.Event()

    async def stick(line: str, outside: Outside, attempt: Attempt) -> None:
        outside.do(line, attempt.key)
        if line == "f-25" and not stuck.is_set():
            stuck.set()
            await asyncio.Event().wait()

    async def load(run: Run, file: str) -> Counted:
        return await run.each(pages.lines, stick, file, chunk=10)

    workflow = Workflow("load", load)
    async with house_on(database, [workflow], outside=outside, clock=clock) as house:
        run = await house.begin(workflow, "f")
        house.engine.wake()
        await stuck.wait()
        assert await counted(house, run) == (20, 0)
        [driven] = [task for task in asyncio.all_tasks() if "Engine._drive" in repr(task)]
        driven.cancel()  # as a kill: nothing of the chunk in hand is kept
    async with house_on(database, [workflow], outside=outside, clock=clock) as house:
        await house.settle()
        assert (await house.result(run))[1] == b'{"done":100,"aside":0}'
    assert outside.calls == [f"f-{number}" for number in [*range(26), *range(20, ROWS)]]
    assert len(outside.effects) == ROWS
    assert pages.read == [0, 10, 20, 20, *range(30, 100, 10)]


async def test_an_item_that_fails_is_put_aside_as_a_case(database: Database, outside: Outside) -> None:
    for line in ("f-13", "f-57"):
        outside.fail[line] = [Rejected("the account is closed", "account")]
    workflow = load(Pages())
    async with house_on(database, [workflow], outside=outside) as house:
        run = await house.begin(workflow, "f")
        await house.settle()
        assert (await house.result(run))[1] == b'{"done":98,"aside":2}'
        rows = await house.rows("select kind, reason, field, owner from work_case order by field")
        assert [tuple(row) for row in rows] == [
            ("item-aside", f"post: item {line}: the account is closed", f"item {line}", "finance")
            for line in ("f-13", "f-57")
        ]


async def test_a_bug_in_one_item_says_where_and_quotes_nothing(database: Database, outside: Outside) -> None:
    async def broken(line: str) -> None:
        raise KeyError("Jordan Example")

    async def load(run: Run, file: str) -> Counted:
        return await run.each(Pages(rows=1).lines, broken, file)

    workflow = Workflow("load", load)
    async with house_on(database, [workflow], outside=outside) as house:
        await house.begin(workflow, "f")
        await house.settle()
        [row] = await house.rows("select reason, field from work_case")
        assert row["field"] == "item 1.1"
        assert "KeyError" in row["reason"] and "Jordan" not in row["reason"]


async def test_over_its_limit_it_waits_for_a_person_who_has_it_go_on(database: Database, outside: Outside) -> None:
    for number in range(10, 20):
        outside.fail[f"f-{number}"] = [Rejected("closed", "account")]
    workflow = load(Pages())
    async with house_on(database, [workflow], outside=outside) as house:
        run = await house.begin(workflow, "f")
        await house.settle()
        assert (await house.state(run), await counted(house, run)) == ("waiting", (10, 4))
        assert sorted(await house.cases()) == ["batch-stopped"] + ["item-aside"] * 4
        await house.decide("batch-stopped", Action.RETRY)
        assert await counted(house, run) == (10, 8)
        await house.decide("batch-stopped", Action.RETRY)
        assert (await house.result(run))[1] == b'{"done":90,"aside":10}'
    assert len(outside.calls) == ROWS


async def test_over_its_limit_it_is_given_up(database: Database, outside: Outside) -> None:
    async def load(run: Run, file: str) -> str:
        try:
            await run.each(Pages().lines, post, file, aside=0)
        except StepFailed as error:
            return error.reason
        return "it went on"

    outside.fail["f-5"] = [Rejected("closed", "account")]
    workflow = Workflow("load", load)
    async with house_on(database, [workflow], outside=outside) as house:
        run = await house.begin(workflow, "f")
        await house.settle()
        await house.decide("batch-stopped", Action.DISCARD)
        assert (await house.result(run))[1] == b'"given up by Robin Okafor"'
    assert len(outside.calls) == 6


async def test_what_passes_is_tried_again_without_the_others(database: Database, outside: Outside) -> None:
    outside.fail["f-4"] = [Unavailable("it restarts", retry_after=60)]
    outside.fail["f-7"] = [AmbiguousError("no answer")]
    workflow = load(Pages(rows=10))
    async with house_on(database, [workflow], outside=outside) as house:
        run = await house.begin(workflow, "f")
        await house.settle()
        assert (await house.state(run), await counted(house, run)) == ("waiting", (8, 0))
        await house.later(60)
        assert (await house.result(run))[1] == b'{"done":10,"aside":0}'
    assert outside.calls[10:] == ["f-4", "f-7"]


async def test_when_the_other_side_is_away_few_items_find_out(database: Database, outside: Outside) -> None:
    for number in range(ROWS):
        outside.fail[f"f-{number}"] = [Unavailable("away", retry_after=60)]
    workflow = load(Pages())
    async with house_on(database, [workflow], outside=outside) as house:
        await house.begin(workflow, "f")
        await house.settle()
        assert outside.calls == ["f-0", "f-1", "f-2"]


async def test_attempts_of_an_item_end(database: Database, outside: Outside) -> None:
    outside.fail["f-4"] = [Unavailable("away", retry_after=60) for _ in range(99)]
    workflow = load(Pages(rows=10))
    async with house_on(database, [workflow], outside=outside) as house:
        run = await house.begin(workflow, "f")
        for _ in range(8):
            await house.later(60)
        assert (await house.result(run))[1] == b'{"done":9,"aside":1}'
        [row] = await house.rows("select reason from work_case")
        assert row["reason"].endswith("away (given up after 6 attempts)")
    assert outside.calls.count("f-4") == workflow.retry.attempts


async def test_a_page_that_cannot_be_read_is_read_later_or_by_a_persons_word(
    database: Database, outside: Outside
) -> None:
    pages = Pages(fail=[Unavailable("away", retry_after=60), Rejected("no such file", "file")])
    workflow = load(pages)
    async with house_on(database, [workflow], outside=outside) as house:
        run = await house.begin(workflow, "f")
        await house.settle()
        assert (await house.state(run), await house.cases()) == ("waiting", [])
        await house.later(60)
        assert await house.cases() == ["batch-stopped"]
        await house.decide("batch-stopped", Action.RETRY)
        assert (await house.result(run))[1] == b'{"done":100,"aside":0}'


async def test_a_source_that_would_never_end_is_stopped(database: Database, outside: Outside) -> None:
    async def forever(cursor: str | None, size: int) -> tuple[Sequence[str], str | None]:
        return (["f-1"], "here") if cursor is None else ([], "here")

    async def load(run: Run, file: str) -> Counted:
        return await run.each(forever, post)

    workflow = Workflow("load", load)
    async with house_on(database, [workflow], outside=outside) as house:
        await house.begin(workflow, "f")
        await house.settle()
        assert await house.cases() == ["batch-stopped"]


async def test_a_rate_is_kept_and_told(database: Database, outside: Outside) -> None:
    workflow = load(Pages(), rate=2.0)
    async with house_on(database, [workflow], outside=outside) as house:
        await house.begin(workflow, "f")
        await house.settle()
        for chunk in range(1, 5):
            assert len(outside.calls) == chunk * 10
            await house.later(4.9)
            assert len(outside.calls) == chunk * 10
            await house.later(0.1)


async def test_progress_says_how_fast_and_how_long(database: Database, clock: VirtualClock, outside: Outside) -> None:
    async def slow(line: str, outside: Outside, attempt: Attempt) -> None:
        await clock.advance(0.25)
        outside.do(line, attempt.key)

    async def load(run: Run, file: str) -> Counted:
        return await run.each(Pages().lines, slow, file, chunk=10, aside=0, total=ROWS)

    outside.fail["f-59"] = [Rejected("closed", "account")]
    workflow = Workflow("load", load)
    async with house_on(database, [workflow], outside=outside, clock=clock) as house:
        run = await house.begin(workflow, "f")
        await house.settle()
        [progress] = await progress_of(database, run)
        assert (progress.done, progress.aside, progress.total, progress.ended) == (59, 1, ROWS, False)
        assert progress.pace == pytest.approx(4.0)
        assert progress.seconds_left == pytest.approx(10.0)


async def test_a_long_loop_lets_go_so_that_a_node_can_stop(database: Database, clock: VirtualClock) -> None:
    outside = Outside()
    workflow = load(Pages())
    async with house_on(database, [workflow], outside=outside, clock=clock) as house:
        outside.after = lambda line: house.engine.stop() if line == "f-33" else None
        run = await house.begin(workflow, "f")
        house.engine.wake()
        assert house.task is not None
        await house.task
        assert (await counted(house, run), await house.state(run)) == ((34, 0), "waiting")
    outside.after = lambda line: None
    async with house_on(database, [workflow], outside=outside, clock=clock) as house:
        await house.settle()
        assert (await house.result(run))[1] == b'{"done":100,"aside":0}'
    assert outside.calls == [f"f-{number}" for number in range(ROWS)]


async def test_a_long_loop_gives_others_their_turn(database: Database, clock: VirtualClock, outside: Outside) -> None:
    drives: list[int] = []

    async def slow(line: str, outside: Outside, attempt: Attempt) -> None:
        await clock.advance(BREATH_SECONDS / 20)
        outside.do(line, attempt.key)

    async def load(run: Run, file: str) -> Counted:
        drives.append(1)
        return await run.each(Pages().lines, slow, file, chunk=10)

    workflow = Workflow("load", load)
    async with house_on(database, [workflow], outside=outside, clock=clock) as house:
        run = await house.begin(workflow, "f")
        await house.settle()
        assert (await house.result(run))[1] == b'{"done":100,"aside":0}'
    assert len(drives) == 4  # after 30 items each: longer than a breath
    assert outside.calls == [f"f-{number}" for number in range(ROWS)]


async def test_it_is_held_and_cancelled_between_chunks(database: Database, outside: Outside) -> None:
    workflow = load(Pages(), rate=1.0)
    async with house_on(database, [workflow], outside=outside) as house:
        run = await house.begin(workflow, "f")
        await house.settle()
        await house.desk.suspend(run, Told("Robin Okafor", "the month is being closed"))
        await house.later(60)
        assert len(outside.calls) == 10
        await house.desk.resume(run, Told("Robin Okafor", "it is closed"))
        await house.settle()
        assert len(outside.calls) == 20
        await house.desk.cancel(run, Told("Robin Okafor", "wrong file"))
        await house.settle()
        assert (await house.state(run), len(outside.calls)) == ("cancelled", 20)


async def test_items_side_by_side(database: Database, outside: Outside) -> None:
    going: list[int] = []
    most: list[int] = []

    async def wide(line: str, outside: Outside, attempt: Attempt) -> None:
        going.append(1)
        most.append(len(going))
        await asyncio.sleep(0)
        outside.do(line, attempt.key)
        going.pop()

    async def load(run: Run, file: str) -> Counted:
        return await run.each(Pages().lines, wide, file, chunk=30, at_once=8)

    workflow = Workflow("load", load)
    async with house_on(database, [workflow], outside=outside) as house:
        run = await house.begin(workflow, "f")
        await house.settle()
        assert (await house.result(run))[1] == b'{"done":100,"aside":0}'
    assert max(most) == 8
    assert len(outside.effects) == ROWS


async def test_a_hundred_thousand_rows_replay_from_one(database: Database, outside: Outside) -> None:
    handled: list[int] = []

    async def count(line: str) -> None:
        handled.append(1)

    async def load(run: Run, file: str) -> None:
        await run.each(Pages(rows=100_000).lines, count, file)
        await run.sleep("1d")

    workflow = Workflow("load", load)
    async with house_on(database, [workflow], outside=outside) as house:
        run = await house.begin(workflow, "f")
        await house.settle()
        assert (len(handled), await house.state(run)) == (100_000, "waiting")
        assert len((await house.around.store.load(run)).steps) == 1
        await house.later(86_400)
        assert (len(handled), await house.state(run)) == (100_000, "completed")
