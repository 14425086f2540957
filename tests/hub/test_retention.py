"""Attempts to deliver and calls of the API are let go of after their time, and never before."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import pytest

from careloom.hub.retention import _CLASS, AT_ONCE, EVERY_SECONDS, Retention
from careloom.store.database import Database
from careloom.store.sql import queries
from careloom.testing.clock import VirtualClock

ATTEMPTS = """
insert into delivery_attempt (system, event, at, result, seconds)
select 'crm', gen_random_uuid(), $1::timestamptz - day * interval '1 day', 'delivered', 0.1
from generate_series(0, $2::int - 1) day
"""
CALLS = """
insert into api_call (at, consumer, method, route, data_class, criticality, status, outcome, seconds)
select $1::timestamptz - day * interval '1 day', 'lab', 'GET', '/v1/status', 'operational', 'normal', 200, '', 0.1
from generate_series(0, $2::int - 1) day
"""
ANSWERS = """
insert into expectation (system, kind, key, since, due, answered)
select 'payer', '999', gen_random_uuid(), $1::timestamptz - day * interval '1 day', $1,
       case when day % 2 = 0 then $1::timestamptz - day * interval '1 day' end
from generate_series(0, $2::int - 1) day
"""
TABLES = ("delivery_attempt", "api_call", "expectation")


async def fill(database: Database, clock: VirtualClock, days: int) -> None:
    """One attempt, one call and one expectation, of which half are answered, for each of the last so many days."""
    async with database.acquire() as connection:
        for statement in (ATTEMPTS, CALLS, ANSWERS):
            await connection.execute(statement, clock.now(), days)


async def counts(database: Database) -> tuple[int, ...]:
    async with database.acquire() as connection:
        return tuple([await connection.fetchval(f"select count(*) from {table}") for table in TABLES])


def retention(
    database: Database,
    clock: VirtualClock,
    attempts: int | None = 90,
    calls: int | None = 400,
    answers: int | None = 400,
    notices: int | None = 90,
    runs: int | None = 400,
) -> Retention:
    return Retention(
        database, clock, attempts_days=attempts, calls_days=calls, answers_days=answers, notices_days=notices,
        runs_days=runs,
    )  # fmt: skip


async def test_each_is_kept_its_own_time(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "careloom.hub.retention")
    clock = VirtualClock()
    await fill(database, clock, 500)
    assert await retention(database, clock).look() == 409 + 99 + 49
    assert await counts(database) == (91, 401, 451)  # what is still awaited stays
    assert await retention(database, clock).look() == 0
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 3
    assert "let go of 409 attempts to deliver from before" in told[0] and "store.keep_attempts_days" in told[0]
    assert "let go of 99 calls of the API" in told[1] and "store.keep_calls_days" in told[1]


async def test_what_is_kept_for_ever_stays(database: Database) -> None:
    clock = VirtualClock()
    await fill(database, clock, 500)
    assert await retention(database, clock, attempts=None, calls=None, answers=None).look() == 0
    assert await retention(database, clock, attempts=10, calls=None, answers=None).look() == 489
    assert await counts(database) == (11, 500, 500)


async def test_it_is_looked_at_again_every_hour(database: Database) -> None:
    clock = VirtualClock()
    await fill(database, clock, 91)
    one = retention(database, clock)
    looking = asyncio.ensure_future(one.keep_looking())
    try:
        await clock.until_sleeping(1)
        assert await counts(database) == (91, 91, 91)
        for _ in range(24):
            await clock.advance(EVERY_SECONDS)
            await clock.until_sleeping(1)
        assert await counts(database) == (90, 91, 91)
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


async def test_of_several_nodes_one_lets_go_and_the_others_do_not_wait(database: Database) -> None:
    clock = VirtualClock()
    await fill(database, clock, 200)
    async with database.acquire() as other, other.transaction():
        assert await other.fetchval("select pg_try_advisory_xact_lock($1, 0)", _CLASS)
        assert await retention(database, clock).look() == 0
    assert await retention(database, clock).look() == 109


async def test_very_many_go_in_short_transactions_that_use_the_index(database: Database) -> None:
    clock = VirtualClock()
    async with database.acquire() as connection:
        await connection.execute(
            ATTEMPTS.replace("'1 day'", "'1 second'"), clock.now() - timedelta(days=100), 2 * AT_ONCE + 7
        )
        await connection.execute("analyze delivery_attempt")
        plan = await connection.fetch(f"explain {queries('retention').trim_attempts}", clock.now(), AT_ONCE)
    assert any("delivery_attempt_at" in str(row) for row in plan)
    assert not any("Seq Scan" in str(row) for row in plan)
    assert await retention(database, clock).look() == 2 * AT_ONCE + 7
