"""What it costs to know who is who. Run: python -m benchmarks persons

An index of CARELOOM_BENCH_PERSONS persons (a million unless said), filled by COPY; then 64 at once ask. Paced: so many
a second come in, whether those before were answered or not, and each waits from the moment it was due. Flat out: each
of 64 asks again as soon as it is answered. `new` were never seen (one in twelve is somebody known, misspelt, under
another number), `changed` are known and moved, `unchanged` are known and as they were. CARELOOM_BENCH_DATABASE names
a filled database to use again.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from statistics import quantiles
from typing import Any

import asyncpg

from benchmarks.person_people import People
from careloom.cases.book import Cases
from careloom.core.clock import SystemClock
from careloom.core.ids import Uuid7
from careloom.identity.index.arriving import Comer
from careloom.identity.index.index import PersonIndex
from careloom.identity.index.sealed import Seal
from careloom.identity.index.seam import Arrival
from careloom.identity.index.weighing import Weighing
from careloom.identity.matching.shipped import default_model
from careloom.log.lanes import open_lanes
from careloom.log.node import LogNode
from careloom.security.sealing import MasterKey
from careloom.store.database import Database
from careloom.store.embedded import EmbeddedPostgres
from careloom.store.migrate import migrate
from careloom.workflow.telling import Teller

PERSONS = int(os.environ.get("CARELOOM_BENCH_PERSONS", "1000000"))
DATABASE = os.environ.get("CARELOOM_BENCH_DATABASE", "")
ASKING, RATES, SECONDS = 64, (100, 300), float(os.environ.get("CARELOOM_BENCH_SECONDS", "8"))
MASTER = MasterKey(bytes(range(32)))
_CHUNK = 10_000
_COLUMNS = ("id", "number", "source", "person", "digest", "compared", "keys", "known", "features", "content")
Row = dict[str, Any]
Make = Callable[[int], Arrival]


def run() -> Iterator[Row]:
    """Start a server, fill an index, ask it, stop it."""
    if DATABASE:
        yield from asyncio.run(_measured(DATABASE))
        return
    with tempfile.TemporaryDirectory(prefix="careloom-benchmark-") as folder:
        server = EmbeddedPostgres(Path(folder))
        dsn = asyncio.run(server.start())
        try:
            yield from asyncio.run(_measured(dsn))
        finally:
            asyncio.run(server.stop())


async def _measured(dsn: str) -> list[Row]:
    people, rows = People(), []
    connection = await asyncpg.connect(dsn)
    await migrate(connection)
    if await connection.fetchval("select not exists (select from person_record)"):
        rows.append(_row("persons_filled", await _fill(connection, people), "records/s"))
    size = await connection.fetchval("select pg_total_relation_size('person_record')")
    rows.append(_row("persons_stored", size / PERSONS, "octets/record"))
    await connection.close()
    database = await Database.open(dsn, size=12)
    async with database.acquire() as held:
        await open_lanes(held)
    clock, new_id = SystemClock(), Uuid7()
    book = Cases(clock, new_id)
    node = await LogNode.open(database, MASTER, book, clock, new_id)
    telling = Teller(node.writer, node.keyring, book, clock, lambda _: 0)
    shipped = Weighing(default_model())
    index = PersonIndex(database, MASTER, book, telling, clock, new_id, shipped=shipped, make=Weighing)
    rows += [row async for row in _asked(index, people)]
    await index.close()
    await node.close()
    await database.close()
    return rows


async def _fill(connection: Any, people: People) -> float:
    """Records a second. The index of keys is made at the end, as a first load would."""
    seal, matcher, new_id = Seal(MASTER), Weighing(default_model()), Uuid7()
    await connection.execute("drop index person_record_keys")
    started = time.perf_counter()
    for first in range(0, PERSONS, _CHUNK):
        records = [
            _record(people.arrival(n), seal, matcher, new_id) for n in range(first, min(first + _CHUNK, PERSONS))
        ]
        await connection.copy_records_to_table("person_record", records=records, columns=_COLUMNS)
    await connection.execute("set maintenance_work_mem = '1GB'")
    await connection.execute(
        "create index person_record_keys on person_record using gin (keys) with (fastupdate = off)"
    )
    taken = time.perf_counter() - started
    await connection.execute("vacuum analyze person_record")
    await connection.execute("checkpoint")
    return PERSONS / taken


def _record(arrival: Arrival, seal: Seal, matcher: Weighing, new_id: Uuid7) -> tuple[object, ...]:
    digest = seal.fingerprint(arrival.patient)
    comer = Comer.of(arrival, seal.number(arrival.source, arrival.number), digest, matcher, seal)
    id_ = new_id()
    return (
        id_, comer.number, arrival.source, id_, digest, comer.compared, comer.keys, seal.known(id_, arrival.number),
        seal.features(id_, comer.features), seal.content(id_, arrival.patient, arrival.occurred),
    )  # fmt: skip


async def _asked(index: PersonIndex, people: People) -> Any:
    fresh = iter(range(PERSONS, 10**9))
    begun = int(time.time()) % 10**5 * 1000 if DATABASE else 0  # so that a database used again meets new ones

    def new(number: int) -> Arrival:
        return people.again(number % PERSONS) if number % 12 == 0 else people.arrival(begun + next(fresh))

    kinds: dict[str, Make] = {
        "unchanged": lambda number: people.arrival(number * 7919 % PERSONS),
        "changed": lambda number: people.arrival(number * 7919 % PERSONS, moved=1 + begun + number),
        "new": new,
    }
    for turn, (name, make) in enumerate(kinds.items()):
        await _flat_out(index, [make(10**6 + n) for n in range(300)])  # everything is warm, as it is by day
        for rate in RATES:
            found = await _paced(index, [make(turn * 10**5 + rate * 100 + n) for n in range(int(rate * SECONDS))], rate)
            for row in _percentiles(f"persons_{name}_{rate}_a_second", found):
                yield row
        found, seconds = await _flat_out(index, [make(2 * 10**6 + n) for n in range(int(250 * SECONDS))])
        for row in _percentiles(f"persons_{name}_{ASKING}_flat_out", found, goal=False):
            yield row
        yield _row(f"persons_{name}_{ASKING}_flat_out", len(found) / seconds, "resolutions/s")


async def _paced(index: PersonIndex, arrivals: Sequence[Arrival], rate: int) -> list[float]:
    """Seconds of each from when it was due, which no answer holds up."""
    loop, taken, tasks = asyncio.get_running_loop(), [], []
    began = loop.time() + 0.05

    async def one(arrival: Arrival, due: float) -> None:
        await index.resolve(arrival)
        taken.append(loop.time() - due)

    for place, arrival in enumerate(arrivals):
        due = began + place / rate
        await asyncio.sleep(max(0.0, due - loop.time()))
        tasks.append(asyncio.create_task(one(arrival, max(due, loop.time()))))
    await asyncio.gather(*tasks)
    return taken


async def _flat_out(index: PersonIndex, arrivals: Sequence[Arrival]) -> tuple[list[float], float]:
    waiting, taken = iter(arrivals), []

    async def asker() -> None:
        for arrival in waiting:
            began = time.perf_counter()
            await index.resolve(arrival)
            taken.append(time.perf_counter() - began)

    began = time.perf_counter()
    askers: list[Awaitable[None]] = [asker() for _ in range(ASKING)]
    await asyncio.gather(*askers)
    return taken, time.perf_counter() - began


def _percentiles(name: str, found: Sequence[float], *, goal: bool = True) -> Iterator[Row]:
    cuts = quantiles(found, n=100)
    yield _row(f"{name}_p50", cuts[49] * 1000, "ms", "<=" if goal else None, 3.0)
    yield _row(f"{name}_p99", cuts[98] * 1000, "ms", "<=" if goal else None, 15.0)


def _row(name: str, value: float, unit: str, op: str | None = None, goal: float = 0.0) -> Row:
    row: Row = {"name": name, "value": value, "unit": unit}
    return row | {"goal": {"op": op, "value": goal}} if op else row
