"""Backfills: many runs begun slowly, held and resumed by people, behind whatever is live."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import pytest
from tests.workflow.conftest import House, Outside, house_on

from careloom.store.database import Database
from careloom.store.sql import queries
from careloom.testing.clock import VirtualClock
from careloom.workflow.backfill import Backfill
from careloom.workflow.calling import Attempt
from careloom.workflow.declaration import Workflow
from careloom.workflow.desk import Told
from careloom.workflow.progress import progress_of
from careloom.workflow.run import Run
from careloom.workflow.surroundings import BACKFILL, LANES, LIVE
from careloom.workflow.turns import BACKFILL_SLOTS, COURTESY, QUIET_SECONDS, Turns

TOLD = Told("Robin Okafor", "a year of orders was never counted")


async def recount(order: str, outside: Outside, attempt: Attempt) -> str:
    return outside.do(order, attempt.key)


async def counting(run: Run, order: str) -> None:
    await run.step(recount, order)


COUNT = Workflow("count", counting)
RECOUNT = Backfill("recount", COUNT, key=str, subject=lambda order: f"Order/{order}", rate=50)
WORKFLOWS = [COUNT, RECOUNT.process]


def orders(count: int) -> list[str]:
    return [f"O-{number}" for number in range(count)]


async def begun(house: House) -> int:
    return len(await house.rows("select 1 from run where workflow = 'count'"))


async def test_runs_are_begun_at_a_rate_and_once_each(database: Database, outside: Outside) -> None:
    async with house_on(database, WORKFLOWS, outside=outside) as house:
        run, _ = await RECOUNT.begin(house.around, orders(35), TOLD)
        await house.settle()
        for chunk in range(1, 4):
            assert await begun(house) == chunk * 10
            await house.later(0.15)
            assert await begun(house) == chunk * 10
            await house.later(0.05)
        assert (await house.result(run))[1] == b'{"done":35,"aside":0}'
        assert sorted(outside.calls) == sorted(orders(35))
        [progress] = await progress_of(database, run)
        assert (progress.done, progress.total, progress.ended) == (35, 35, True)
        urgencies = await house.rows("select distinct urgency from run")
        assert [row["urgency"] for row in urgencies] == [BACKFILL]


async def test_it_is_held_and_resumed_and_each_act_is_on_record(database: Database, outside: Outside) -> None:
    async with house_on(database, WORKFLOWS, outside=outside) as house:
        run, _ = await RECOUNT.begin(house.around, orders(35), TOLD)
        await house.settle()
        await house.desk.suspend(run, Told("Robin Okafor", "the month is being closed"))
        await house.later(60)
        assert await begun(house) == 10
        await house.desk.resume(run, Told("Robin Okafor", "it is closed"))
        await house.settle()
        for _ in range(3):
            await house.later(1)
        assert await begun(house) == 35
        acts = await house.rows("select what, why from run_act where run = $1 order by id", run)
        assert [row["what"] for row in acts] == ["began", "suspended", "resumed"]
        assert acts[0]["why"] == TOLD.why


async def test_it_goes_on_in_another_process(database: Database, outside: Outside, clock: VirtualClock) -> None:
    async with house_on(database, WORKFLOWS, outside=outside, clock=clock) as house:
        run, _ = await RECOUNT.begin(house.around, orders(35), TOLD)
        await house.settle()
    async with house_on(database, WORKFLOWS, outside=outside, clock=clock) as house:
        for _ in range(3):
            await house.later(1)
        assert await house.state(run) == "completed"
    assert sorted(outside.calls) == sorted(orders(35))


async def test_it_is_begun_once_by_its_id(database: Database, outside: Outside) -> None:
    async with house_on(database, WORKFLOWS, outside=outside) as house:
        run, fresh = await RECOUNT.begin(house.around, orders(5), TOLD)
        assert fresh and await RECOUNT.begin(house.around, orders(5), TOLD, run=run) == (run, False)
        await house.settle()
        assert sorted(outside.calls) == orders(5)
        assert len(await house.rows("select 1 from run_act")) == 1


async def test_from_a_query(database: Database, outside: Outside) -> None:
    async def since(month: str, cursor: int | None, size: int, outside: Outside) -> tuple[list[dict[str, str]], None]:
        return [{"order": f"{month}-{number}", "patient": f"MRN{number}"} for number in range(3)], None

    query = Backfill(
        "by-month", COUNT, source=since, query=str, key=lambda row: row["order"], given=lambda row: row["order"],
        subject=lambda row: f"Patient/G/{row['patient']}",
    )  # fmt: skip
    async with house_on(database, [COUNT, query.process], outside=outside) as house:
        await query.begin(house.around, "2026-02", TOLD, rate=1000)
        await house.settle()
    assert sorted(outside.calls) == ["2026-02-0", "2026-02-1", "2026-02-2"]


async def test_live_runs_are_never_starved(database: Database, outside: Outside, clock: VirtualClock) -> None:
    """With 1,000 runs of a backfill due, the live run that comes is the next to be driven."""
    async with house_on(database, WORKFLOWS, outside=outside, clock=clock, works=False) as house:
        for number in range(1_000):
            run = house.around.new_id()
            await house.around.begin(run, COUNT, f"old-{number}", "Order/old", urgency=BACKFILL)
    await clock.advance(1)
    marks = [asyncio.Event() for _ in range(3)]
    outside.after = lambda _: [mark.set() for number, mark in enumerate(marks, 1) if len(outside.calls) >= 100 * number]
    async with house_on(database, WORKFLOWS, outside=outside, clock=clock) as house:
        came: list[int] = []
        for live, mark in enumerate(marks):
            await mark.wait()
            await house.begin(COUNT, f"live-{live}")
            came.append(len(outside.calls))
        await house.settle()
        assert len(outside.calls) == 1_003
        for live, before in enumerate(came):
            # Only what was being driven when it came, or is driven beside it, may be called before it.
            assert outside.calls.index(f"live-{live}") - before <= 2 * BACKFILL_SLOTS


async def test_beside_live_work_a_backfill_has_one_slot_and_its_turns(clock: VirtualClock) -> None:
    turns = Turns(clock)
    assert turns.free(BACKFILL, []) == BACKFILL_SLOTS
    turns.began(LIVE)
    assert (turns.free(BACKFILL, []), turns.free(BACKFILL, [BACKFILL])) == (1, 0)
    turns.ended(BACKFILL, 0.1)
    assert (turns.free(BACKFILL, []), turns.pause()) == (0, pytest.approx(COURTESY * 0.1))
    await clock.advance(COURTESY * 0.1)
    assert (turns.free(BACKFILL, []), turns.pause()) == (1, 0)
    turns.ended(LIVE, 0.1)
    turns.ended(BACKFILL, 60)
    assert (turns.free(BACKFILL, []), turns.pause()) == (0, pytest.approx(QUIET_SECONDS))
    await clock.advance(QUIET_SECONDS + 0.001)
    assert turns.free(BACKFILL, [BACKFILL]) == BACKFILL_SLOTS - 1


async def test_beside_live_work_without_an_end_a_backfill_has_a_turn_all_the_same(clock: VirtualClock) -> None:
    turns = Turns(clock)
    turns.ended(BACKFILL, 0.1)
    turns.began(LIVE)
    await clock.advance(COURTESY * 0.1 + 0.001)
    assert (turns.free(BACKFILL, []), turns.free(BACKFILL, [LIVE, LIVE])) == (1, 0)
    turns.began(LIVE)
    await clock.advance(QUIET_SECONDS / 2)
    turns.began(LIVE)
    await clock.advance(QUIET_SECONDS / 2)
    assert turns.free(BACKFILL, [LIVE, LIVE]) == 1


HOT = {
    "due_runs": (list(range(LANES)), "now", [], BACKFILL, 4),
    "next_due": (list(range(LANES)), []),
}


@pytest.mark.parametrize("name", HOT)
async def test_a_long_queue_is_never_read_as_a_whole(database: Database, clock: VirtualClock, name: str) -> None:
    fill = """
    insert into run (id, lane, workflow, version, code, urgency, key, token, input, correlation, since, begun, changed,
                     due)
    select md5(n::text)::uuid, n % 16, 'w', 1, '', n / 16 % 2, 1, md5('t')::uuid, '', md5('c')::uuid, at, at, at,
           at + n * interval '1 second' from generate_series(1, 20000) n, cast($1 as timestamptz) as at"""
    arguments = [clock.now() + timedelta(days=1) if one == "now" else one for one in HOT[name]]
    async with database.acquire() as connection:
        await connection.execute(fill, clock.now())
        await connection.execute("analyze run")
        plan = await connection.fetch(f"explain (analyze, format text) {queries('runs')[name]}", *arguments)
    text = "\n".join(row[0] for row in plan)
    assert "Seq Scan on run" not in text and "run_due" in text
    read = [float(rows) * int(loops) for rows, loops in re.findall(r"actual time=\S+ rows=([\d.]+) loops=(\d+)", text)]
    assert read and max(read) <= LANES * 4, text
