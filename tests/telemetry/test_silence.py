"""Silence alarms on the virtual clock: one case for one stretch of quiet, closed by traffic, none in maintenance."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from careloom.cases.book import Cases
from careloom.cases.recording import Recorder
from careloom.core.ids import Uuid7
from careloom.core.receipts import Received
from careloom.log.handling import Handled, Subscription
from careloom.log.lanes import Bank
from careloom.log.node import LogNode
from careloom.security.sealing import MasterKey
from careloom.store.database import Database
from careloom.telemetry.cadence import Rest
from careloom.telemetry.silence import Feed, Silences
from careloom.testing.clock import VirtualClock

MASTER = MasterKey(bytes(range(32)))
EVERY = timedelta(minutes=15)


@dataclass
class House:
    """A log, its feeds and those who watch them."""

    database: Database
    log: LogNode
    clock: VirtualClock
    recorder: Recorder
    sent: int = 0

    def watching(self, *feeds: Feed, held: Sequence[str] = ()) -> Silences:
        named = {one.system: one for one in feeds}
        return Silences(self.database, self.recorder, self.clock, named, lambda system: system in held)

    async def send(self, system: str, many: int = 1) -> None:
        for _ in range(many):
            self.sent += 1
            await self.log.intake.accept(
                Received(
                    system=system, key=f"K{self.sent}", type="json:x", subject=f"Thing/{self.sent % 7}", body=b"{}",
                    acknowledgement=b"", time=self.clock.now(),
                )
            )  # fmt: skip

    async def cases(self, state: str = "open") -> list[tuple[str, str, str]]:
        rows = await self.rows("select system, kind, owner from work_case where state = $1 order by system", state)
        return [(row["system"], row["kind"], row["owner"]) for row in rows]

    async def rows(self, sql: str, *arguments: object) -> Sequence[Any]:
        async with self.database.acquire() as connection:
            return await connection.fetch(sql, *arguments)


@pytest.fixture
async def house(database: Database) -> AsyncIterator[House]:
    clock = VirtualClock()
    new_id = Uuid7(clock)
    book = Cases(clock, new_id)
    log = await LogNode.open(database, MASTER, book, clock, new_id, lanes=4)
    yield House(database, log, clock, Recorder(log.keyring, book, clock, new_id))
    await log.close()


def feed(system: str = "ehr", **more: Any) -> Feed:
    return Feed(system, more.pop("rest", Rest()), every=EVERY, **more)


async def test_a_quiet_feed_is_one_case_for_its_owner_until_it_speaks_again(house: House) -> None:
    watch = house.watching(feed(owner="interfaces"), feed("lab"))
    await house.send("ehr")
    await house.clock.advance(14 * 60)
    await house.send("lab")
    assert await watch.look() == []
    await house.clock.advance(2 * 60)
    assert await watch.look() == ["ehr"]
    for _ in range(5):
        await house.clock.advance(60)
        assert await watch.look() == ["ehr"]
    assert await house.cases() == [("ehr", "silence", "interfaces")]
    await house.send("ehr", 3)
    assert await watch.look() == []
    assert (await house.cases(), await house.cases("resolved")) == ([], [("ehr", "silence", "interfaces")])


async def test_the_case_is_told_of_once_and_its_end_once(house: House) -> None:
    watch = house.watching(feed())
    await house.clock.advance(16 * 60)
    await watch.look()
    await watch.look()
    await house.send("ehr")
    await watch.look()
    await watch.look()
    rows = await house.rows("select type from event where type like 'exception.%' order by recorded, lane, seq")
    assert sorted(row["type"] for row in rows) == ["exception.raised.v1", "exception.resolved.v1"]


async def test_a_second_node_and_a_restarted_one_open_no_second_case(house: House) -> None:
    first, second = house.watching(feed()), house.watching(feed())
    await house.clock.advance(16 * 60)
    await first.look()
    await second.look()
    third = house.watching(feed())
    await house.clock.advance(16 * 60)
    await third.look()
    assert len(await house.cases()) == 1


async def test_while_no_hub_ran_nobody_could_send(house: House) -> None:
    await house.send("ehr")
    await house.clock.advance(86_400)
    watch = house.watching(feed())
    assert await watch.look() == []
    await house.clock.advance(15 * 60)
    assert await watch.look() == ["ehr"]


async def test_maintenance_raises_nothing_whoever_announced_it(house: House) -> None:
    now = house.clock.now()
    away = Rest(maintenance=((now, now + timedelta(hours=2)),))
    watch = house.watching(feed(rest=away), feed("erp"), held=["erp"])
    await house.clock.advance(3600)
    assert await watch.look() == []
    await house.clock.advance(3600 + 16 * 60)
    assert await watch.look() == ["ehr"]


async def test_a_feed_that_may_be_quiet_is_never_silent(house: House) -> None:
    watch = house.watching(feed(watched=False))
    await house.clock.advance(86_400 * 30)
    assert await watch.look() == []
    assert watch.due_seconds() == {}


async def test_what_was_folded_is_what_the_log_has_at_every_look(house: House) -> None:
    watch = house.watching(feed(), feed("lab"))
    for number in range(20):
        await house.send("ehr", number % 4)
        await house.send("lab", 2)
        await house.clock.advance(600)
        await watch.look()
        folded = await house.rows("select system, sum(messages)::int as n from feed_hour group by 1 order by 1")
        counted = await house.rows(
            "select source, count(*)::int as n from event where kind = 'm' group by 1 order by 1"
        )
        assert [tuple(row) for row in folded] == [tuple(row) for row in counted]
    hours = await house.rows("select max(longest) as longest from feed_hour where system = 'lab'")
    assert hours[0]["longest"] == 600


async def test_a_learned_feed_is_missed_after_its_own_gaps(house: House) -> None:
    watch = house.watching(Feed("ehr", Rest()))
    for _ in range(16 * 24):
        await house.send("ehr")
        await house.clock.advance(3600)
    await watch.look()
    assert await house.cases() == []
    watch = house.watching(Feed("ehr", Rest()))
    await house.send("ehr")
    assert await watch.look() == []
    await house.clock.advance(4 * 3600)
    assert await watch.look() == ["ehr"]


async def test_how_long_is_left_can_be_seen(house: House) -> None:
    watch = house.watching(feed())
    await house.clock.advance(60)
    await watch.look()
    assert watch.due_seconds() == {("ehr",): 14 * 60}


async def test_what_nobody_handles_is_folded_too(house: House) -> None:
    """Folding reads the log by itself: it is no subscription, and holds none up."""
    house.log.start([Subscription("translate", Bank.MESSAGES, _never)])
    await house.send("ehr", 3)
    await house.watching(feed()).look()
    assert (await house.rows("select sum(messages)::int as n from feed_hour"))[0]["n"] == 3


def _never(_: object) -> Handled:
    raise RuntimeError("a bug")
