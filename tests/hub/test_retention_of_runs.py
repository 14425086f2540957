"""Runs and what belongs to them are let go of long after their end, in order, and never one that is not over."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from tests.hub.test_retention import retention
from tests.workflow.conftest import House, house_on

from careloom.cases.kinds import Action
from careloom.cases.rights import Actor
from careloom.core.errors import PermanentError
from careloom.hub.retention import AT_ONCE
from careloom.model.amounts import Money
from careloom.store.database import Database
from careloom.store.sql import queries
from careloom.testing.clock import VirtualClock
from careloom.workflow.calling import Attempt
from careloom.workflow.declaration import Workflow
from careloom.workflow.desk import Told
from careloom.workflow.run import Run
from careloom.workflow.schedule import Schedule

DAY = 86_400
KEPT = 400
OF_A_RUN = ("run_step", "run_progress", "run_about", "run_act", "approval", "approval_vote", "schedule_fire", "run")
TOTAL = Money(value=Decimal("900.00"), currency="USD")


async def counted(what: str, attempt: Attempt) -> str:
    return f"{what} {attempt.number}"


async def listed(cursor: int | None, chunk: int) -> tuple[list[str], None]:
    return ["a", "b"], None


async def whole(run: Run, what: str) -> str:
    """Uses each thing that is kept of a run."""
    await run.each(listed, counted, chunk=10)
    decision = await run.approval(f"order of {what}", role="purchasing", amount=TOTAL, asked_by="Mika Sorensen")
    return await run.step(counted, f"{what} {decision.approved}")


async def asking(run: Run, days: int) -> str:
    answer = await run.case("stock-shortage", "there is too little", within=f"{days}d")
    return "nobody" if answer is None else answer.by


async def nothing(run: Run, what: str) -> str:
    return what


async def parent(run: Run, days: int) -> None:
    await run.child(NOTHING, "of the parent")
    await run.sleep(f"{days}d")


async def broken(run: Run, what: str) -> None:
    await run.step(refused, what)


async def refused(what: str) -> None:
    raise PermanentError(f"{what} is refused")


WHOLE = Workflow("whole", whole, about=lambda what: [f"order/{what}"])
ASKING, NOTHING, PARENT, BROKEN = (
    Workflow("asking", asking), Workflow("nothing", nothing), Workflow("parent", parent), Workflow("broken", broken),
)  # fmt: skip


async def sizes(house: House) -> dict[str, int]:
    return {table: (await house.rows(f"select count(*) as n from {table}"))[0]["n"] for table in OF_A_RUN}


async def left(house: House) -> list[Any]:
    return [row["workflow"] for row in await house.rows("select workflow from run order by workflow")]


async def look(house: House, days: int = KEPT) -> int:
    return await retention(house.database, house.clock, attempts=None, calls=None, answers=None, runs=days).look()


async def test_a_run_goes_with_all_that_refers_to_it(database: Database) -> None:
    daily = Schedule("nightly", "0 3 * * *", WHOLE, given=lambda due: "gauze")
    async with house_on(database, [WHOLE], schedules=[daily]) as house:
        await house.settle()
        await house.later(DAY)
        [row] = await house.rows("select id from run")
        run: UUID = row["id"]
        await house.desk.suspend(run, Told("Robin Okafor", "audit"))
        await house.desk.resume(run, Told("Robin Okafor", "over"))
        await house.settle()
        await house.vote(Actor("Ana Ruiz", frozenset({"purchasing"})))
        assert await house.state(run) == "completed"
        assert all((await sizes(house)).values()), "the test needs one of each"
        before = len(await house.rows("select 1 from case_history"))
        assert await look(house) == 0
        house.engine.stop()
        await house.clock.advance(KEPT * DAY)
        assert await look(house) == 0, "the last day is not over"
        await house.clock.advance(DAY)
        assert await look(house) == 1
        assert set((await sizes(house)).values()) == {0}
        assert len(await house.rows("select 1 from case_history")) == before, "what people decided stays on record"
        assert await house.rows("select upto from schedule"), "and a schedule knows how far it was"


async def test_a_run_that_is_not_over_stays(database: Database) -> None:
    async with house_on(database, [ASKING]) as house:
        await house.begin(ASKING, 3_000)
        await house.settle()
        await house.later(2_000 * DAY)
        assert await look(house) == 0
        assert await left(house) == ["asking"]


async def test_a_run_whose_case_is_open_stays_until_somebody_closed_it(database: Database) -> None:
    async with house_on(database, [BROKEN]) as house:
        run = await house.begin(BROKEN, "gauze")
        await house.settle()
        assert (await house.state(run), await house.cases()) == ("failed", ["run-failed"])
        await house.later(2 * KEPT * DAY)
        assert await look(house) == 0
        await house.decide("run-failed", Action.RESOLVE)
        assert await look(house) == 1
        assert await left(house) == []


async def test_a_run_whose_step_is_asked_about_stays(database: Database) -> None:
    async with house_on(database, [NOTHING]) as house:
        run = await house.begin(NOTHING, "gauze")
        await house.settle()
        await house.later(2 * KEPT * DAY)
        async with database.acquire() as connection:
            await connection.execute(
                "insert into work_case (id, kind, system, reason, message, opened, run, due)"
                " values (gen_random_uuid(), 'stock-shortage', 'nothing', 'too little', $1, $2, $3, $2)",
                run, house.clock.now(), f"{run}/1",
            )  # fmt: skip
        assert await look(house) == 0
        await house.rows("update work_case set state = 'resolved', resolved = opened")
        assert await look(house) == 1


async def test_what_a_run_began_stays_as_long_as_it_is_read_and_goes_first(database: Database) -> None:
    async with house_on(database, [PARENT, NOTHING]) as house:
        await house.begin(PARENT, 600)
        await house.settle()
        await house.later(500 * DAY)
        assert (await look(house), await left(house)) == (0, ["nothing", "parent"])
        await house.later(100 * DAY)
        assert (await look(house), await left(house)) == (1, ["parent"])
        await house.later((KEPT + 1) * DAY)
        assert (await look(house), await left(house)) == (1, [])


async def test_many_go_in_short_transactions_parents_after_their_children(
    database: Database, clock: VirtualClock
) -> None:
    fill = """
    insert into run (id, lane, workflow, version, code, key, token, input, correlation, since, begun, changed, parent)
    select md5(n::text)::uuid, n % 16, 'w', 1, '', 1, md5('t')::uuid, '', md5('c')::uuid, at, at, at,
           case when n > 5 then md5((n % 5 + 1)::text)::uuid end
    from generate_series(1, $2) n, cast($1 as timestamptz) as at"""
    count = AT_ONCE + 50
    async with house_on(database, [], clock=clock, works=False) as house:
        await house.rows(fill, clock.now(), count)
        for state in ("running", "completed"):
            ended = ", ended = begun" if state == "completed" else ""
            await house.rows(f"update run set state = '{state}'{ended}")
        await clock.advance(401 * DAY)
        assert await look(house) == count


@pytest.mark.parametrize(("statement", "index"), [("trim_runs", "run_ended"), ("trim_notices", "notice_until")])
async def test_what_is_old_is_found_by_an_index(database: Database, statement: str, index: str) -> None:
    async with database.acquire() as connection, connection.transaction():
        await connection.execute("set local enable_seqscan = off")
        when = VirtualClock().now()
        plan = "\n".join(
            row[0] for row in await connection.fetch(f"explain {queries('retention')[statement]}", when, 9)
        )
    assert index in plan, plan
    if statement == "trim_runs":
        assert "work_case_run" in plan and "run_parent" in plan, plan


async def test_notices_go_once_they_may_be_told_again(database: Database, clock: VirtualClock) -> None:
    async with database.acquire() as connection:
        for days in (1, 30):
            await connection.execute(
                "insert into notice (token, claim, name, channel, claimed, until)"
                " values (gen_random_uuid(), gen_random_uuid(), 'due', 'smtp', $1, $2)",
                clock.now(), clock.now() + timedelta(days=days),
            )  # fmt: skip
    await clock.advance(92 * DAY)
    assert await retention(database, clock).look() == 1
    await clock.advance(30 * DAY)
    assert await retention(database, clock).look() == 1


async def test_nobody_else_takes_votes_back(database: Database) -> None:
    """Not even once the run has ended."""
    async with house_on(database, [WHOLE]) as house:
        await house.begin(WHOLE, "gauze")
        await house.settle()
        await house.vote(Actor("Ana Ruiz", frozenset({"purchasing"})))
        with pytest.raises(PermanentError, match="approval_vote_stays"):
            await house.rows("delete from approval_vote")
        async with database.acquire() as connection, connection.transaction():
            await connection.execute("select set_config('careloom.retention', 'on', true)")
            await connection.execute("delete from approval_vote")
        assert await house.rows("select 1 from approval_vote") == []


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()
