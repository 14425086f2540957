"""Told at half of the time and when it is over, once each: by one node of several, across restarts, on the clock."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from tests.cases.conftest import ROBIN, Queue, queue_on

from careloom.cases.desk import Decision
from careloom.cases.escalation import EVERY_SECONDS
from careloom.cases.kinds import Action
from careloom.core.errors import Unavailable
from careloom.store.database import Database
from careloom.testing.clock import START, VirtualClock

HOUR = 3600.0
LEVELS = ["half-time", "overdue"]


async def _levels(queue: Queue) -> list[str]:
    return [told["level"] for _, told in await queue.told("exception.escalated.v1")]


async def _look(queue: Queue) -> int:
    return await queue.work.escalations.look()


async def test_each_bound_is_told_when_it_is_reached_and_not_before(queue: Queue, clock: VirtualClock) -> None:
    case = await queue.one()  # silence: two hours
    for seconds, told in ((HOUR - 1, 0), (1, 1), (HOUR - 1, 0), (1, 1), (30 * 24 * HOUR, 0)):
        await clock.advance(seconds)
        assert await _look(queue) == told
        assert await _look(queue) == 0
    assert await _levels(queue) == LEVELS
    entries = [one for one in await queue.work.reader.history(case, reveal=False) if one.what == "escalated"]
    assert [(one.share, one.at) for one in entries] == [
        (50, START + timedelta(hours=1)), (100, START + timedelta(hours=2))
    ]  # fmt: skip
    standing = await queue.work.reader.one(case)
    assert (standing.escalated, standing.overdue, standing.state) == (100, True, "open")


async def test_the_event_is_the_hook_for_notifications(queue: Queue, clock: VirtualClock) -> None:
    case = await queue.one()
    await queue.work.desk.claim(case, ROBIN)
    await clock.advance(HOUR)
    await _look(queue)
    [(_, told)] = await queue.told("exception.escalated.v1")
    assert (told["level"], told["case"]["owner"], told["case"]["assignee"], told["case"]["severity"]) == (
        "half-time", "integration", ROBIN.name, "high"
    )  # fmt: skip
    assert told["occurred"] == (START + timedelta(hours=1)).isoformat().replace("+00:00", "Z")


async def test_who_looks_late_tells_both_in_order(queue: Queue, clock: VirtualClock) -> None:
    await queue.one()
    await clock.advance(100 * HOUR)
    assert await _look(queue) == 2
    assert await _levels(queue) == LEVELS


async def test_several_nodes_tell_once(queue: Queue, database: Database, clock: VirtualClock) -> None:
    for number in range(30):
        await queue.one(system=f"s{number}")
    nodes = [queue, *(queue_on(database, clock) for _ in range(3))]
    await clock.advance(HOUR)
    assert sum(await asyncio.gather(*map(_look, nodes))) == 30
    assert await _levels(queue) == ["half-time"] * 30


async def test_a_restart_forgets_nothing_and_repeats_nothing(
    queue: Queue, database: Database, clock: VirtualClock
) -> None:
    await queue.one()
    await clock.advance(HOUR)
    await _look(queue)
    again = queue_on(database, clock)
    assert await _look(again) == 0
    await clock.advance(HOUR)
    assert await _look(queue_on(database, clock)) == 1
    assert await _levels(queue) == LEVELS


async def test_a_crash_between_telling_and_marking_is_neither(
    queue: Queue, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await queue.one()
    await clock.advance(HOUR)
    write = queue.work.recorder.write

    async def crash(connection: Any, events: Any) -> None:
        await write(connection, events)
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(queue.work.recorder, "write", crash)
        with pytest.raises(ZeroDivisionError):
            await _look(queue)
    assert await _levels(queue) == []
    assert await _look(queue) == 1
    assert await _levels(queue) == ["half-time"]


async def test_what_has_ended_is_not_told_of(queue: Queue, clock: VirtualClock) -> None:
    case = await queue.one()
    await queue.work.desk.act(case, ROBIN, Decision(Action.WAIVE, "known"))
    await clock.advance(100 * HOUR)
    assert await _look(queue) == 0
    assert not (await queue.work.reader.one(case)).overdue, "it ended in time"


async def test_quiet_cases_age_without_being_told_of(queue: Queue, clock: VirtualClock) -> None:
    await queue.one(type="exception.raised.v1")
    await clock.advance(100 * HOUR)
    assert await _look(queue) == 2
    assert await _levels(queue) == []


async def test_a_month_of_looking_takes_no_time(queue: Queue, clock: VirtualClock) -> None:
    """Five kinds with times from hours to days, looked at by the clock; each bound is met within one look."""
    kinds = ("stock-shortage", "silence", "mapping", "invoice-mismatch", "delayed-payment")
    for kind in kinds:
        await queue.one(kind=kind)
    due = {row["kind"]: row["due"] for row in await queue.rows("select kind, due from work_case")}
    for _ in range(30 * 24):
        await clock.advance(HOUR)
        await _look(queue)
    rows = await queue.rows(
        "select c.kind, h.share, h.at from case_history h join work_case c on c.id = h.case_id"
        " where h.what = 'escalated' order by h.number"
    )
    assert len(rows) == 2 * len(kinds)
    for row in rows:
        bound = START + (due[row["kind"]] - START) * row["share"] / 100
        assert bound <= row["at"] < bound + timedelta(hours=1)


async def test_it_goes_on_looking_while_the_store_is_away(
    queue: Queue, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []

    async def look() -> int:
        looks.append(clock.now())
        raise Unavailable("away")

    monkeypatch.setattr(queue.work.escalations.__class__, "look", lambda self: look())
    task = asyncio.create_task(queue.work.escalations.keep_looking())
    for _ in range(3):
        await clock.advance_to_next()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert len(looks) >= 3 and looks[1] - looks[0] == timedelta(seconds=EVERY_SECONDS)
