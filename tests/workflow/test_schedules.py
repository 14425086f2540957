"""Runs that begin by the clock: once each, on any node, after any outage; on a clock that stands still."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.workflow.conftest import House, Outside, house_on

from careloom.core.errors import ConfigurationError, Rejected
from careloom.store.database import Database
from careloom.testing.clock import VirtualClock
from careloom.workflow.calendars import Calendar
from careloom.workflow.calling import Attempt
from careloom.workflow.declaration import Workflow
from careloom.workflow.run import Run
from careloom.workflow.schedule import CatchUp, Schedule
from careloom.workflow.timekeeping import Stand, Standing, standings

CHICAGO = ZoneInfo("America/Chicago")


async def fetch(day: str, outside: Outside, attempt: Attempt) -> str:
    return outside.do(f"fetch {day}", attempt.key)


async def feed(run: Run, day: str) -> None:
    await run.step(fetch, day)


async def slow(run: Run, day: str) -> None:
    await run.sleep("3h")
    await run.step(fetch, day)


FEED, SLOW = Workflow("feed", feed, owner="supply-chain"), Workflow("slow", slow)


def local(due: datetime) -> str:
    return f"{due.astimezone(CHICAGO):%m-%d %H:%M}"


def schedule(cron: str = "0 6 * * mon-fri", workflow: Workflow = FEED, catch_up: CatchUp = "last") -> Schedule:
    return Schedule("daily", cron, workflow, local, "America/Chicago", window="2h", catch_up=catch_up)


def at(text: str) -> VirtualClock:
    return VirtualClock(datetime.fromisoformat(text).replace(tzinfo=CHICAGO).astimezone(UTC))


async def to_next(house: House) -> None:
    """To the next due time, and until what it began is done."""
    due = house.timer.times["daily"].after(house.clock.now())
    assert due is not None
    await house.later((due - house.clock.now()) / timedelta(seconds=1))


async def stand(house: House, one: Schedule) -> Standing:
    [found] = await standings(house.database, [one], house.timer, house.clock.now())
    return found


async def test_a_month_of_business_days(database: Database) -> None:
    calendars: Mapping[str, Calendar] = {"house": Calendar("house", holidays=frozenset({date(2026, 3, 17)}))}
    daily = Schedule("daily", "0 6 * * *", FEED, local, "America/Chicago", calendar="house")
    async with house_on(database, [FEED], clock=at("2026-03-01"), schedules=[daily], calendars=calendars) as house:
        await house.settle()
        for _ in range(21):
            await to_next(house)
        days = [day for day in range(1, 32) if date(2026, 3, day).weekday() < 5 and day != 17]
        assert house.outside.calls == [f"fetch 03-{day:02} 06:00" for day in days]
        assert await house.cases() == []


async def test_nothing_begins_before_its_time_or_for_the_past(database: Database) -> None:
    async with house_on(database, [FEED], clock=at("2026-03-02T06:00:01"), schedules=[schedule()]) as house:
        await house.settle()
        await house.later(86_400 - 2)
        assert house.outside.calls == []
        await house.later(1)
        assert house.outside.calls == ["fetch 03-03 06:00"]


async def test_the_hour_that_is_left_out_and_the_one_that_comes_twice(database: Database) -> None:
    nightly = schedule("30 1,2 * * *")
    async with house_on(database, [FEED], clock=at("2026-03-07T12:00"), schedules=[nightly]) as house:
        await house.settle()
        for _ in range(48):
            await house.later(1800)
        assert house.outside.calls == ["fetch 03-08 01:30", "fetch 03-08 03:00"]
        house.outside.calls.clear()
    async with house_on(
        database, [FEED], clock=at("2026-10-31T12:00"), schedules=[nightly], outside=Outside()
    ) as house:
        await house.settle()
        house.outside.calls.clear()  # what the months between left to be made up for
        for _ in range(48):
            await house.later(1800)
        assert house.outside.calls == ["fetch 11-01 01:30", "fetch 11-01 02:30"]


@pytest.mark.parametrize(
    ("catch_up", "made_up", "stands"),
    [
        ("last", ["03-05 06:00"], Stand.DONE),
        ("all", ["03-03 06:00", "03-04 06:00", "03-05 06:00"], Stand.DONE),
        ("none", [], Stand.MISSED),
    ],
)
async def test_after_an_outage(database: Database, catch_up: CatchUp, made_up: list[str], stands: Stand) -> None:
    one = schedule(catch_up=catch_up)
    async with house_on(database, [FEED], clock=at("2026-03-02T06:30"), schedules=[one]) as house:
        await house.settle()
    async with house_on(database, [FEED], clock=at("2026-03-05T12:00"), schedules=[one]) as house:
        assert (await stand(house, one)).stand is Stand.LATE
        await house.settle()
        assert sorted(house.outside.calls) == [f"fetch {day}" for day in made_up]
        assert await house.cases() == ["silence"]
        assert (await stand(house, one)).stand is stands
        house.outside.calls.clear()
        await to_next(house)
        assert house.outside.calls == ["fetch 03-06 06:00"]
        assert await house.cases() == ["silence"]


async def test_a_short_outage_is_made_up_for_within_the_window_and_is_no_case(database: Database) -> None:
    one = schedule(catch_up="none")
    async with house_on(database, [FEED], clock=at("2026-03-02T06:30"), schedules=[one]) as house:
        await house.settle()
    async with house_on(database, [FEED], clock=at("2026-03-03T07:59"), schedules=[one]) as house:
        assert (await stand(house, one)).stand is Stand.WAITING
        await house.settle()
        assert (house.outside.calls, await house.cases()) == (["fetch 03-03 06:00"], [])


async def test_more_is_made_up_for_than_fits_into_one_transaction(database: Database) -> None:
    one = schedule("*/10 * * * *", catch_up="all")
    async with house_on(database, [FEED], clock=at("2026-03-02T00:00"), schedules=[one]) as house:
        await house.settle()
    async with house_on(database, [FEED], clock=at("2026-03-03T12:05"), schedules=[one]) as house:
        await house.settle()
        assert len(set(house.outside.calls)) == len(house.outside.calls) == 36 * 6


async def test_another_time_begins_from_now(database: Database) -> None:
    async with house_on(database, [FEED], clock=at("2026-03-02T12:00"), schedules=[schedule("0 6 1 * *")]) as house:
        await house.settle()
    async with house_on(database, [FEED], clock=at("2026-03-20T12:00"), schedules=[schedule("0 * * * *")]) as house:
        await house.settle()
        assert (house.outside.calls, await house.cases()) == ([], [])
        await to_next(house)
        assert house.outside.calls == ["fetch 03-20 13:00"]


async def test_two_nodes_begin_a_run_once(database: Database) -> None:
    clock, one = at("2026-03-02T05:00"), schedule()
    async with (
        house_on(database, [FEED], clock=clock, schedules=[one]) as first,
        house_on(database, [FEED], clock=clock, schedules=[one]) as second,
    ):
        await first.settle()
        await second.settle()
        # Both believe that the schedules are theirs: what each would do while the other still does it.
        for house in (first, second):
            await house.timer.tick(clock.now())
        await clock.advance(3600)
        for house in (first, second, first):
            await house.timer.tick(clock.now())
            house.timer.forget()
        for house in (first, second):
            await house.settle()
            await house.timer.tick(clock.now())
        assert len(await first.rows("select 1 from run")) == 1
        [fire] = await first.rows("select due, run from schedule_fire")
        assert fire["run"] == one.run_at(fire["due"])


async def test_another_node_takes_the_schedules_over(database: Database) -> None:
    clock, one, outside = at("2026-03-02T05:00"), schedule(), Outside()
    async with house_on(database, [FEED], clock=clock, schedules=[one], outside=outside) as second:
        async with house_on(database, [FEED], clock=clock, schedules=[one], outside=outside) as first:
            await first.settle()
            await second.settle()
            await clock.advance(3600)
            await first.settle()
            await second.settle()
        for _ in range(3):  # it takes the lanes that are free at its next balance
            await second.later(86_400)
    assert outside.calls == ["fetch 03-02 06:00", "fetch 03-03 06:00", "fetch 03-04 06:00", "fetch 03-05 06:00"]


async def test_waiting_within_the_window_and_late_after_it(database: Database) -> None:
    one = schedule(workflow=SLOW)
    async with house_on(database, [SLOW], clock=at("2026-03-02T05:59"), schedules=[one]) as house:
        await house.settle()
        assert (await stand(house, one)).stand is Stand.RESTING
        await house.later(60)
        assert (await stand(house, one)).stand is Stand.WAITING
        await house.later(2 * 3600)
        assert await house.cases() == ["run-late"]
        await house.later(1)
        assert (await stand(house, one)).stand is Stand.LATE
        await house.later(3600)
        found = await stand(house, one)
        assert (found.stand, found.run) == (Stand.DONE, one.run_at(datetime(2026, 3, 2, 12, tzinfo=UTC)))
        assert found.next == datetime(2026, 3, 3, 12, tzinfo=UTC)
        assert await house.cases() == ["run-late"]


async def test_a_run_that_failed(database: Database, outside: Outside) -> None:
    outside.fail["fetch 03-02 06:00"] = [Rejected("no such list", "list")]
    one = schedule()
    async with house_on(database, [FEED], clock=at("2026-03-02T05:59"), schedules=[one], outside=outside) as house:
        await house.settle()
        await house.later(60)
        assert (await stand(house, one)).stand is Stand.FAILED


@pytest.mark.parametrize("bug", [KeyError("x"), None])
async def test_a_schedule_with_a_bug_holds_up_nothing_else(database: Database, bug: Exception | None) -> None:
    repaired: list[bool] = []

    def buggy(due: datetime) -> object:
        if not repaired and bug is not None:
            raise bug
        return local(due) if repaired else object()  # which cannot be kept

    broken = Schedule("broken", "0 6 * * *", FEED, buggy, "America/Chicago")
    clock = at("2026-03-02T05:59")
    async with house_on(database, [FEED], clock=clock, schedules=[broken, schedule()]) as house:
        await house.settle()
        await house.later(60)
        assert house.outside.calls == ["fetch 03-02 06:00"]
        repaired.append(True)
        await house.later(60)
        assert house.outside.calls == ["fetch 03-02 06:00"] * 2


async def test_a_schedule_of_a_workflow_that_is_not_there(database: Database) -> None:
    with pytest.raises(ConfigurationError, match="no workflow feed"):
        async with house_on(database, [SLOW], schedules=[schedule()]):
            pass


async def test_two_schedules_of_one_name(database: Database) -> None:
    with pytest.raises(ConfigurationError, match="two schedules"):
        async with house_on(database, [FEED], schedules=[schedule(), schedule()]):
            pass
