"""What durable runs cost. Run: python -m benchmarks runs

Three-step runs a second beside the peer, DBOS, where that is installed (the dependency group `bench`), by turns on the
same server; the memory of 10,000 runs that wait; how long it takes from a message in the log to the step that it leads
to; and what live work feels of a backfill. Everything goes through the same path as in a hub: intake, translation, the
subscription that begins runs, the engine. Each figure is measured in a process of its own.
"""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from careloom.cases.book import Cases
from careloom.core.clock import SystemClock
from careloom.core.envelope import Event, Recorded
from careloom.core.ids import Uuid7
from careloom.core.outcomes import Done
from careloom.core.receipts import Received
from careloom.log.handling import Handled, Subscription
from careloom.log.lanes import Bank
from careloom.log.node import LogNode
from careloom.model import encode
from careloom.model.events import RegistrationCreated
from careloom.model.examples import examples
from careloom.security.sealing import MasterKey
from careloom.store.database import Database
from careloom.store.embedded import EmbeddedPostgres
from careloom.store.migrate import migrate
from careloom.workflow.backfill import Backfill
from careloom.workflow.calling import Attempt, Calls
from careloom.workflow.declaration import Registry, Workflow
from careloom.workflow.desk import RunDesk, Told
from careloom.workflow.engine import Engine
from careloom.workflow.feeding import feeding
from careloom.workflow.journal import RunStore
from careloom.workflow.run import Run
from careloom.workflow.surroundings import Surroundings
from careloom.workflow.telling import Teller
from careloom.workflow.timer import Timer

RUNS, CONCURRENCY, ROUNDS = 400, 16, 5
WAITING = int(os.environ.get("CARELOOM_BENCH_WAITING", "10000"))
BACKFILLED = 100_000
SECONDS = float(os.environ.get("CARELOOM_BENCH_SECONDS", "8"))
LIVE_A_SECOND = 10.0
Row = dict[str, Any]
TOLD = Told("benchmark", "to see what live work feels of it")


def run() -> Iterator[Row]:
    """Start a server, measure each on a database of its own, stop it."""
    with tempfile.TemporaryDirectory(prefix="careloom-benchmark-") as folder:
        server = _Server(Path(folder))
        try:
            yield from _by_turns(server)
            for name in ("waiting", "latency", "backfill"):
                yield from _measured(name, server)
        finally:
            server.stop()


def _by_turns(server: _Server) -> Iterator[Row]:
    """Three-step runs a second, ours and the peer's by turns: the machine's good and bad minutes meet both."""
    names = ["steps", "dbos"]
    if not importlib.util.find_spec("dbos"):
        print("   the peer dbos is not installed (uv sync --group bench): measured without it")
        names.remove("dbos")
    rates: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(ROUNDS):
        for name in names:
            rates[name] += [row["value"] for row in _measured(name, server)]
    for name, found in rates.items():
        yield _row(f"runs_three_steps_16_{name}", median(found), "runs/s")
    if "dbos" in rates:
        shares = [ours / theirs * 100 for ours, theirs in zip(rates["steps"], rates["dbos"], strict=True)]
        yield _row("runs_three_steps_16_share_of_dbos", median(shares), "%", ">=", 80.0)


def _measured(name: str, server: _Server) -> Iterator[Row]:
    command = [sys.executable, "-m", "benchmarks.runs", name, server.database()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield from (json.loads(line) for line in process.stdout if line.startswith("{"))
        if process.wait():
            raise RuntimeError(f"benchmarks.runs {name} failed")


class _Server:
    """An embedded PostgreSQL that outlives the event loops that use it."""

    def __init__(self, folder: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._server = EmbeddedPostgres(folder)
        self._dsn = self._loop.run_until_complete(self._server.start())

    def database(self) -> str:
        """The address of a fresh, migrated one."""
        return self._loop.run_until_complete(self._make(f"b{uuid4().hex[:12]}"))

    def stop(self) -> None:
        self._loop.run_until_complete(self._server.stop())
        self._loop.close()

    async def _make(self, name: str) -> str:
        connection = await asyncpg.connect(self._dsn)
        await connection.execute(f"create database {name} template template0 encoding 'UTF8'")
        await connection.close()
        return self._dsn.replace("/careloom?", f"/{name}?")


# ---------------------------------------------------------------------------------------------------- a node


class Node:
    """A log and an engine at work, and what became of runs."""

    def __init__(self, database: Database, log: LogNode, around: Surroundings, engine: Engine) -> None:
        self.database = database
        self.log = log
        self.around = around
        self.engine = engine
        self._ended: dict[UUID, asyncio.Future[None]] = {}
        end = around.store.end

        async def told(journal: Any, *arguments: Any, **named: Any) -> None:
            await end(journal, *arguments, **named)
            if (waiter := self._ended.pop(journal.id, None)) is not None:
                waiter.set_result(None)

        around.store.end = told  # type: ignore[method-assign]

    def ended(self, run: UUID) -> asyncio.Future[None]:
        """Done once the run has ended, committed."""
        return self._ended.setdefault(run, asyncio.get_running_loop().create_future())


@asynccontextmanager
async def _node(dsn: str, *workflows: Workflow) -> AsyncIterator[Node]:
    database, clock = await Database.open(dsn), SystemClock()
    async with database.acquire() as connection:
        await migrate(connection)
    new_id = Uuid7()
    book = Cases(clock, new_id)
    log = await LogNode.open(database, MasterKey(bytes(range(32))), book, clock, new_id)
    store = RunStore(database, log.keyring, Teller(log.writer, log.keyring, book, clock, lambda _: 0), clock)
    around = Surroundings(store, Registry(workflows), book.kinds, Calls(_nothing_fits), clock, new_id)
    engine = Engine(around, log.session, Timer(around, []))
    task = asyncio.create_task(engine.run())
    log.start([Subscription("translate", Bank.MESSAGES, _translation(new_id)), *feeding(around.registry, around)])
    yield Node(database, log, around, engine)
    engine.stop()
    await task
    await log.close()
    await database.close()


def _nothing_fits(workflow: str, parameter: str, wanted: Any) -> object:
    raise LookupError(f"{workflow}({parameter}): {wanted}")


_FACT = examples()[RegistrationCreated.type]


def _translation(new_id: Uuid7) -> Callable[[Recorded], Handled]:
    data = encode(_FACT)

    def translate(message: Recorded) -> Handled:
        event = Event(
            id=new_id(), type=RegistrationCreated.type, source=message.source, subject=message.subject,
            time=message.time, data=data, correlation=message.correlation, causation=message.id,
        )  # fmt: skip
        return Handled(Done(), (event,))

    return translate


async def _send(node: Node, key: str) -> UUID:
    receipt = await node.log.intake.accept(
        Received(
            key=key, subject=f"Patient/G/{key}", body=b"x" * 500, system="ehr", type="hl7v2:ADT^A04",
            acknowledgement=b"AA", time=node.around.clock.now(),
        )
    )  # fmt: skip
    return receipt.id


# ---------------------------------------------------------------------------------------------------- figures


async def first(number: int) -> dict[str, int]:
    return {"number": number}


async def three(run: Run, number: int) -> int:
    for step in range(3):
        await run.step(first, number + step)
    return number


THREE = Workflow("three", three)


async def steps(dsn: str) -> list[Row]:
    """Three-step runs a second, 16 at a time."""
    async with _node(dsn, THREE) as node:

        async def one(number: int) -> None:
            run = node.around.new_id()
            ended = node.ended(run)
            await node.around.begin(run, THREE, number, "Order/1")
            await ended

        return [_row("rate", await _rate(one), "runs/s")]


async def dbos(dsn: str) -> list[Row]:
    """The same with the peer."""
    from dbos import DBOS  # type: ignore[import-not-found, unused-ignore]

    DBOS(config={"name": "bench", "system_database_url": dsn, "executor_id": "1", "log_level": "ERROR"})

    @DBOS.step()  # type: ignore[untyped-decorator, unused-ignore]
    async def step(number: int) -> dict[str, int]:
        return {"number": number}

    @DBOS.workflow()  # type: ignore[untyped-decorator, unused-ignore]
    async def three(number: int) -> int:
        for count in range(3):
            await step(number + count)
        return number

    async def one(number: int) -> None:
        await (await DBOS.start_workflow_async(three, number)).get_result()

    DBOS.launch()
    found = await _rate(one)
    DBOS.destroy()
    return [_row("rate", found, "runs/s")]


async def _rate(one: Callable[[int], Any]) -> float:
    async def work(numbers: Iterator[int]) -> None:
        for number in numbers:
            await one(number)

    rate = 0.0
    for runs in (CONCURRENCY * 2, RUNS):  # the first warms up
        numbers, began = iter(range(runs)), time.perf_counter()
        await asyncio.gather(*(work(numbers) for _ in range(CONCURRENCY)))
        rate = runs / (time.perf_counter() - began)
    return rate


async def waiting(dsn: str) -> list[Row]:
    """10,000 runs that wait at once: the memory of the process, PostgreSQL's own is not in it; and until all wait."""

    async def approval(run: Run, number: int) -> None:
        await run.step(first, number)
        await run.sleep("30d")

    workflow = Workflow("approval", approval)
    async with _node(dsn, workflow) as node:
        began, numbers = time.perf_counter(), iter(range(WAITING))

        async def begin() -> None:
            for number in numbers:
                await node.around.begin(node.around.new_id(), workflow, number, f"Order/{number % 1000}")

        await asyncio.gather(*(begin() for _ in range(CONCURRENCY)))
        while await _count(node, "select count(*) from run where state <> 'waiting'"):
            await asyncio.sleep(0.1)
        seconds = time.perf_counter() - began
        assert await _count(node, "select count(*) from run where state = 'waiting'") == WAITING
        gc.collect()
        memory = _memory("VmRSS")
    return [
        _row("runs_waiting_rss", memory, "MB", "<=", 400.0),
        _row("runs_waiting_rss_peak", _memory("VmHWM"), "MB", "<=", 400.0),
        _row("runs_waiting_begun", WAITING / seconds, "runs/s"),
    ]


async def latency(dsn: str) -> list[Row]:
    """From appending a message to its run's step being called, at a steady 10 messages a second."""
    seen: dict[UUID, float] = {}
    admit = _admission(seen)
    async with _node(dsn, admit) as node:
        await _live(node, seen, 2.0)
        waits = await _live(node, seen, SECONDS * 2)
    return [
        _row("runs_event_to_step_p50", median(waits), "ms"),
        _row("runs_event_to_step_p95", _p95(waits), "ms", "<=", 250.0),
    ]


async def backfill(dsn: str) -> list[Row]:
    """The same while 100,000 runs are begun by a backfill, held and resumed by turns so that both see one machine."""
    seen: dict[UUID, float] = {}
    admit = _admission(seen)
    every = Backfill("all", THREE, key=str, subject=lambda number: f"Order/{number % 1000}", source=_numbers, query=int)
    alone: list[float] = []
    beside: list[float] = []
    async with _node(dsn, admit, THREE, every.process) as node:
        desk = RunDesk(node.around)
        await _live(node, seen, 2.0)
        filling = await every.begin(node.around, BACKFILLED, TOLD)
        before, busy = await _driven(node), 0.0
        for _ in range(3):
            began = time.perf_counter()
            beside += await _live(node, seen, SECONDS)
            busy += time.perf_counter() - began
            await desk.suspend(filling, TOLD)
            while await _count(node, "select count(*) from run where due <= now()"):
                await asyncio.sleep(0.1)
            alone += await _live(node, seen, SECONDS)
            await desk.resume(filling, TOLD)
        rate = (await _driven(node) - before) / busy
        await desk.suspend(filling, TOLD)
    more = (_p95(beside) / _p95(alone) - 1) * 100
    return [
        _row("runs_live_p95", _p95(alone), "ms"),
        _row("runs_live_p95_beside_backfill", _p95(beside), "ms"),
        _row("runs_live_p95_more_beside_backfill", more, "%", "<=", 15.0),
        _row("runs_backfill_rate", rate, "runs/s"),
    ]


async def _numbers(count: int, cursor: int | None, chunk: int) -> tuple[list[int], int | None]:
    start = cursor or 0
    end = min(start + chunk, count)
    return list(range(start, end)), end if end < count else None


def _admission(seen: dict[UUID, float]) -> Workflow:
    async def called(attempt: Attempt) -> None:
        seen[attempt.correlation] = time.perf_counter()

    async def admit(run: Run, registration: RegistrationCreated) -> None:  # noqa: ARG001
        await run.step(called)
        for step in range(2):
            await run.step(first, step)

    return Workflow("admit", admit, start=(RegistrationCreated,))


async def _live(node: Node, seen: dict[UUID, float], seconds: float) -> list[float]:
    """Milliseconds from each append to its step, of messages that come evenly; their runs have ended then."""
    sent: dict[UUID, float] = {}

    async def send() -> None:
        began = time.perf_counter()
        sent[await _send(node, uuid4().hex)] = began

    sending = []
    for _ in range(int(seconds * LIVE_A_SECOND)):
        sending.append(asyncio.create_task(send()))
        await asyncio.sleep(1 / LIVE_A_SECOND)
    await asyncio.gather(*sending)
    while not sent.keys() <= seen.keys():
        await asyncio.sleep(0.05)
    return [(seen[message] - began) * 1e3 for message, began in sent.items()]


async def _driven(node: Node) -> int:
    return await _count(node, "select count(*) from run where workflow = 'three' and ended is not null")


async def _count(node: Node, sql: str) -> int:
    async with node.database.acquire() as connection:
        found: int = await connection.fetchval(sql)
    return found


def _p95(waits: list[float]) -> float:
    return quantiles(waits, n=20)[-1]


def _memory(which: str) -> float:
    text = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in text.splitlines() if line.startswith(which))


def _row(name: str, value: float, unit: str, op: str | None = None, goal: float | None = None) -> Row:
    return {"name": name, "value": round(value, 2), "unit": unit, "goal": {"op": op, "value": goal} if op else None}


def _main(name: str, dsn: str) -> None:
    measure = {"steps": steps, "dbos": dbos, "waiting": waiting, "latency": latency, "backfill": backfill}[name]
    with suppress(ImportError):
        import uvloop

        uvloop.install()
    for row in asyncio.run(measure(dsn)):
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    _main(*sys.argv[1:])
