"""What durable intake costs. Run: python -m benchmarks.log_append

Both rows of a pair come from one run, on one embedded PostgreSQL, with 64 senders that each wait for the answer to one
message before the next. `full` is `LogNode.intake`: sealed, chained, deduplicated, receipted. `raw` is the limit that
PostgreSQL and the driver set: the same micro-batches of the same rows, made beforehand, with lanes locked, dedupe by
ON CONFLICT and the answer after commit, and nothing else. CPU is this process's own (`time.process_time`), so that it
can be compared between runs on a machine that others use too; the server's comes on top.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from careloom.cases.book import Cases
from careloom.core.clock import SystemClock
from careloom.core.ids import Uuid7
from careloom.core.receipts import Received
from careloom.log.lanes import DEFAULT_LANES, open_lanes
from careloom.log.node import LogNode
from careloom.security.sealing import MasterKey
from careloom.store.database import Database
from careloom.store.embedded import EmbeddedPostgres
from careloom.store.migrate import migrate
from careloom.store.sql import queries

SENDERS, MESSAGES, SUBJECTS = 64, 16_000, 5_000
BODY, ACKNOWLEDGEMENT = b"x" * 1024, b"a" * 120
_SQL = queries("log")
_CLAIM = """
insert into receipt (system, key, id, digest, acknowledgement)
select * from unnest($1::text[], $2::text[], $3::uuid[], $4::bytea[], $5::bytea[])
on conflict (system, key) do nothing returning id
"""
_COLUMNS = (
    "lane", "seq", "id", "kind", "type", "source", "token", "key", "time", "recorded", "contenttype", "correlation",
    "causation", "joins", "body", "hash",
)  # fmt: skip

Accept = Callable[[int], Awaitable[Any]]


class RawAppender:
    """Commits prebuilt rows in micro-batches: whatever arrived while the last commit ran."""

    def __init__(self, database: Database, prebuilt: list[tuple[UUID, tuple[object, ...]]]) -> None:
        self._database = database
        self._prebuilt = prebuilt
        self._queue: list[tuple[int, asyncio.Future[None]]] = []
        self._flusher: asyncio.Task[None] | None = None

    def accept(self, number: int) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        answer = loop.create_future()
        self._queue.append((number, answer))
        if self._flusher is None:
            self._flusher = loop.create_task(self._flush())
        return answer

    async def _flush(self) -> None:
        while self._queue:
            batch, self._queue = self._queue, []
            await self._commit([number for number, _ in batch])
            for _, answer in batch:
                answer.set_result(None)
        self._flusher = None

    async def _commit(self, numbers: list[int]) -> None:
        lanes = sorted({number % DEFAULT_LANES for number in numbers})
        async with self._database.acquire() as connection, connection.transaction():
            claimed = await connection.fetch(
                _CLAIM,
                ["ehr"] * len(numbers),
                [f"M{number:09}" for number in numbers],
                [self._prebuilt[number][0] for number in numbers],
                [b""] * len(numbers),
                [ACKNOWLEDGEMENT] * len(numbers),
            )
            assert len(claimed) == len(numbers)
            heads = {row["lane"]: row["head"] for row in await connection.fetch(_SQL.lock_lanes, lanes, [])}
            before = dict(heads)
            records = []
            for number in numbers:
                lane = number % DEFAULT_LANES
                heads[lane] += 1
                records.append((lane, heads[lane], *self._prebuilt[number][1]))
            await connection.copy_records_to_table("event", records=records, columns=_COLUMNS)
            await connection.execute(
                _SQL.advance_lanes,
                lanes,
                [heads[lane] for lane in lanes],
                [b""] * len(lanes),
                [heads[lane] - before[lane] for lane in lanes],
            )


def _prebuilt(count: int) -> list[tuple[UUID, tuple[object, ...]]]:
    """Rows of the size that the full path writes: 1 KiB of content, its seal and its hash."""
    now, token, new_id = datetime.now(UTC), uuid4(), Uuid7()
    rows = []
    for _ in range(count):
        id_ = new_id()
        row = (id_, "m", "hl7v2:ADT^A04", "ehr", token, 1, now, now, "", id_, None, 0, BODY + bytes(50), bytes(32))
        rows.append((id_, row))
    return rows


async def _measure(accept: Accept, count: int) -> tuple[float, float]:
    """Messages a second, and microseconds of CPU a message."""
    numbers = iter(range(count))

    async def sender() -> None:
        for number in numbers:
            await accept(number)

    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(sender() for _ in range(SENDERS)))
    return count / (time.perf_counter() - wall), (time.process_time() - cpu) / count * 1e6


async def _database(dsn: str, name: str) -> Database:
    connection = await asyncpg.connect(dsn)
    await connection.execute(f"create database {name} template template0 encoding 'UTF8'")
    await connection.close()
    database = await Database.open(dsn.replace("/careloom?", f"/{name}?"))
    async with database.acquire() as connection:
        await migrate(connection)
        await open_lanes(connection)
    return database


async def _raw(dsn: str, count: int) -> tuple[float, float]:
    database = await _database(dsn, "raw")
    appender = RawAppender(database, _prebuilt(count))
    found = await _measure(appender.accept, count)
    await database.close()
    return found


async def _full(dsn: str, count: int) -> tuple[float, float]:
    database = await _database(dsn, "whole")
    clock, new_id = SystemClock(), Uuid7()
    node = await LogNode.open(database, MasterKey(bytes(range(32))), Cases(clock, new_id), clock, new_id)

    def accept(number: int) -> Awaitable[Any]:
        received = Received(
            system="ehr",
            key=f"M{number:09}",
            type="hl7v2:ADT^A04",
            subject=f"Patient/GENHOSP/{number % SUBJECTS}",
            body=BODY,
            acknowledgement=ACKNOWLEDGEMENT,
            time=clock.now(),
        )
        return node.intake.accept(received)

    found = await _measure(accept, count)
    async with database.acquire() as connection:
        stored = await connection.fetchval("select count(*) from event")
    assert stored == count
    await node.close()
    await database.close()
    return found


async def measure(count: int = MESSAGES) -> list[dict[str, Any]]:
    """The rows; `goal` is what we aim at, None where there is no aim."""
    with tempfile.TemporaryDirectory(prefix="careloom-benchmark-") as folder:
        server = EmbeddedPostgres(Path(folder))
        dsn = await server.start()
        try:
            raw, full = await _raw(dsn, count), await _full(dsn, count)
        finally:
            await server.stop()
    return [
        {"name": "log_append_limit_raw", "value": round(raw[0]), "unit": "messages/s", "goal": None},
        {"name": "log_append_limit_full", "value": round(full[0]), "unit": "messages/s", "goal": None},
        {"name": "log_append_cpu_raw", "value": round(raw[1], 1), "unit": "us/message", "goal": None},
        {"name": "log_append_cpu_full", "value": round(full[1], 1), "unit": "us/message", "goal": None},
    ]


def run() -> list[dict[str, Any]]:
    """Start a server, measure, stop it."""
    with suppress(ImportError):
        import uvloop

        return uvloop.run(measure())
    return asyncio.run(measure())


if __name__ == "__main__":
    json.dump(run(), sys.stdout, indent=2)
