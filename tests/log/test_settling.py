"""When what was handled cannot be committed: nothing is lost, nothing doubled, and nobody else is held up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from careloom.core.envelope import Recorded
from careloom.core.errors import Contention
from careloom.core.outcomes import Done
from careloom.core.receipts import Received
from careloom.log.handling import Handled, Subscription
from careloom.log.lanes import Bank
from careloom.store.database import Database

Message = Callable[..., Received]
Make = Callable[..., Subscription]


class MeetingDatabase:
    """Tells the first two who come that they met another writer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.meetings = 2

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Any]:
        if self.meetings:
            self.meetings -= 1
            raise Contention("two transactions met")
        async with self._database.acquire() as connection:
            yield connection


async def test_two_writers_that_met_commit_again_without_handling_again(
    log: Any, message: Message, translate: Make, deliver: Make, sink: Any
) -> None:
    async def take(event: Recorded) -> Handled:
        return sink.take(event)

    node = await log.node(translate(), deliver(take))
    meeting = MeetingDatabase(node.database)
    node.workers[1]._settler._database = meeting
    await node.intake.accept(message("M1"))
    assert (await log.settled(1)).delivered == 1
    assert (meeting.meetings, len(sink.seen)) == (0, 1)


async def test_a_lane_that_the_store_cannot_take_does_not_hold_up_the_others_and_is_not_lost(
    log: Any, message: Message, deliver: Make, event: Any, sink: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def translator(received: Recorded) -> Handled:
        return Handled(Done(), (event(received), event(received, received.data.decode())))

    async def take(one: Recorded) -> Handled:
        return sink.take(one)

    await log.value("alter table event add constraint poison check (type <> 'poison')")
    node = await log.node(lanes=8)
    lanes = {node.lanes.of(Bank.MESSAGES, log.master.token(f"Patient/G/{number}")): number for number in range(50)}
    for number in lanes.values():
        await node.intake.accept(
            message(f"M{number}", f"Patient/G/{number}", "poison" if number == lanes[3] else "fine")
        )
    with caplog.at_level(logging.WARNING):
        node.start([Subscription("translate", Bank.MESSAGES, translator), deliver(take)])
        await sink.until(7)
        numbers = await log.numbers()
        assert (numbers.in_flight, numbers.holds) == (8 - numbers.delivered, True)
        await log.value("alter table event drop constraint poison")
        assert (await log.settled(8)).delivered == 8
    assert {record.levelname for record in caplog.records} == {"WARNING"}
    assert "could not settle lane 3" in caplog.text
    assert "constraint poison" in caplog.text


async def test_after_every_connection_was_lost_work_goes_on_and_no_delivery_is_doubled(
    log: Any, message: Message, translate: Make, deliver: Make, sink: Any
) -> None:
    async def take(event: Recorded) -> Handled:
        return sink.take(event)

    node = await log.node(translate(), deliver(take))
    calls = [node.intake.accept(message(f"M{n}", f"Patient/G/{n % 20}", str(n))) for n in range(300)]
    await sink.until(10)
    await log.value(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    )
    await asyncio.gather(*calls)
    numbers = await log.settled(300)
    assert (numbers.delivered, numbers.parked) == (300, 0)
    assert await log.value("select count(*) from event where kind = 'e'") == 300
    assert await log.value("select count(*) from delivery where subscription = 'deliver'") == 300
    assert {event.data.decode() for event in sink.seen} == {str(number) for number in range(300)}


async def test_a_bug_beside_the_handler_is_logged_by_place_and_does_not_end_the_worker(
    log: Any, message: Message, translate: Make, deliver: Make, sink: Any, caplog: pytest.LogCaptureFixture
) -> None:
    failures = [ValueError("Quillfeather")]

    def gate() -> float:
        if failures:
            raise failures.pop()
        return 0.0

    async def take(event: Recorded) -> Handled:
        return sink.take(event)

    with caplog.at_level(logging.ERROR):
        node = await log.node(translate(), deliver(take, gate=gate))
        await node.intake.accept(message("M1"))
        await sink.until(1)
    assert "deliver met a bug and goes on: ValueError at test_settling.py" in caplog.text
    assert "Quillfeather" not in caplog.text
