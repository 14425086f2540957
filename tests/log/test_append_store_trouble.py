"""Intake when the store is in trouble: patience, then an honest answer; nothing twice, and neighbours unharmed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from careloom.cases.book import Cases
from careloom.core.errors import Unavailable
from careloom.core.ids import Uuid7
from careloom.core.receipts import Accepted, Received, Repeated
from careloom.log.append import PATIENCE_SECONDS, Appender
from careloom.log.keyring import Keyring
from careloom.log.lanes import open_lanes
from careloom.log.writing import Writer
from careloom.store.database import Database
from careloom.store.sql import queries
from careloom.testing.clock import VirtualClock

Message = Callable[..., Received]
GONE = Unavailable("the store was told to fail")


class TroubledDatabase:
    """A database that can be away, and can lose the answers of commits."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.away = False
        self.answers_to_lose = 0
        self.tries = 0

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Any]:
        self.tries += 1
        if self.away:
            raise GONE
        async with self._database.acquire() as connection:
            yield _TroubledConnection(connection, self)


class _TroubledConnection:
    def __init__(self, connection: Any, trouble: TroubledDatabase) -> None:
        self._connection = connection
        self._trouble = trouble

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def fetch(self, sql: str, *arguments: Any) -> Any:
        rows = await self._connection.fetch(sql, *arguments)
        if self._trouble.answers_to_lose and sql == queries("log").append_messages:
            self._trouble.answers_to_lose -= 1
            raise GONE
        return rows


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def trouble(database: Database) -> TroubledDatabase:
    return TroubledDatabase(database)


@pytest.fixture
async def intake(log: Any, trouble: TroubledDatabase, clock: VirtualClock) -> AsyncIterator[Appender]:
    async with log.database.acquire() as connection:
        lanes = await open_lanes(connection, 8)
    new_id, keyring = Uuid7(), Keyring(log.master)
    opened = Appender(trouble, Writer(lanes, new_id), keyring, Cases(clock, new_id), clock, new_id)  # type: ignore[arg-type]
    yield opened
    trouble.away = False
    await opened.close()


async def test_a_commit_whose_answer_was_lost_is_answered_as_a_repeat_of_itself(
    log: Any, intake: Appender, trouble: TroubledDatabase, clock: VirtualClock, message: Message
) -> None:
    trouble.answers_to_lose = 1
    first, twin = intake.accept(message("M1")), intake.accept(message("M1"))
    await clock.advance_to_next()
    receipt = await first
    row = (await log.rows("select id from event"))[0]
    assert receipt == Repeated(row["id"], b"AA|M1")
    assert await twin == receipt
    assert await log.value("select count(*) from event") == 1


async def test_a_short_outage_is_waited_out(
    log: Any, intake: Appender, trouble: TroubledDatabase, clock: VirtualClock, message: Message
) -> None:
    trouble.away = True
    call = intake.accept(message("M1"))
    while clock.monotonic() < PATIENCE_SECONDS / 2:
        await clock.advance_to_next()
    assert not call.done()
    trouble.away = False
    await clock.advance_to_next()
    assert isinstance(await call, Accepted)


async def test_after_its_patience_it_says_unavailable_and_nothing_was_stored(
    log: Any, intake: Appender, trouble: TroubledDatabase, clock: VirtualClock, message: Message
) -> None:
    trouble.away = True
    calls = [intake.accept(message(f"M{number}")) for number in range(3)]
    while not calls[0].done():
        await clock.until_sleeping()
        await clock.advance_to_next()
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(result) for result in results] == [Unavailable] * 3
    assert clock.monotonic() <= PATIENCE_SECONDS
    assert 10 < trouble.tries < 30
    assert await log.value("select (select count(*) from event) + (select count(*) from receipt)") == 0


async def test_after_an_outage_the_next_message_is_taken_as_ever(
    intake: Appender, trouble: TroubledDatabase, clock: VirtualClock, message: Message
) -> None:
    trouble.away = True
    lost = intake.accept(message("M1"))
    while not lost.done():
        await clock.advance_to_next()
    assert isinstance(lost.exception(), Unavailable)
    trouble.away = False
    assert isinstance(await intake.accept(message("M1")), Accepted)


async def test_an_entry_that_the_store_cannot_take_does_not_take_its_neighbours_with_it(
    log: Any, intake: Appender, message: Message, caplog: pytest.LogCaptureFixture
) -> None:
    async with log.database.acquire() as connection:
        await connection.execute("alter table event add constraint poison check (type <> 'poison')")
    types = ["hl7v2:ADT^A04"] * 7
    types.insert(4, "poison")
    with caplog.at_level(logging.ERROR):
        calls = [intake.accept(message(f"M{number}", type=type_)) for number, type_ in enumerate(types)]
        results = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(results.pop(4), Unavailable)
    assert all(isinstance(result, Accepted) for result in results)
    assert await log.value("select count(*) from receipt") == 7
    assert [record.levelname for record in caplog.records] == ["ERROR"]


async def test_an_unexpected_error_is_logged_by_type_and_place_only(
    intake: Appender, message: Message, caplog: pytest.LogCaptureFixture
) -> None:
    broken = message("M1", subject="Patient/G/" + "Quillfeather" * 6000)
    with caplog.at_level(logging.ERROR), pytest.raises(Unavailable):
        await intake.accept(broken)
    assert "Quillfeather" not in caplog.text
    assert "sealing.py" in caplog.text
