"""What measuring and following cost at the door. Run: python -m benchmarks telemetry

The intake of `log_append` with 64 senders, by turns, on one database: bare, counted (as every hub does), followed for
one message in a hundred, and followed for each. CPU is this process's own, so that turns can be compared on a busy one;
each figure is the median of its turns. Spans go to an exporter that drops them, as one with a quick collector would.
Then `/metrics` is read from the store: while all of these messages wait to be translated, which is the most that it has
to count, and again when the database has looked at them.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from benchmarks.log_append import ACKNOWLEDGEMENT, BODY, SUBJECTS, _database, _measure
from careloom.cases.book import Cases
from careloom.core.clock import SystemClock
from careloom.core.ids import Uuid7
from careloom.core.receipts import Intake, Received
from careloom.log.node import LogNode
from careloom.log.watching import IntakeWatch
from careloom.security.sealing import MasterKey
from careloom.store.database import Database
from careloom.store.embedded import EmbeddedPostgres
from careloom.telemetry.reading import Reader
from careloom.telemetry.tally import Tally
from careloom.telemetry.tracing import Tracer
from careloom.telemetry.watching import WatchedIntake

TURNS, MESSAGES = 7, 4_000


class _Dropping(SpanExporter):
    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:  # noqa: ARG002
        return SpanExportResult.SUCCESS


async def measure() -> list[dict[str, Any]]:
    """The rows; the goal is what counting may add to the CPU of a message."""
    with tempfile.TemporaryDirectory(prefix="careloom-benchmark-") as folder:
        server = EmbeddedPostgres(Path(folder))
        database = await _database(await server.start(), "telemetry")
        clock, new_id = SystemClock(), Uuid7()
        node = await LogNode.open(database, MasterKey(bytes(range(32))), Cases(clock, new_id), clock, new_id)
        tracers = {share: Tracer("bench", BatchSpanProcessor(_Dropping()), clock, share) for share in (0.01, 1.0)}
        tally = Tally()
        ways: dict[str, IntakeWatch | None] = {
            "bare": None,
            "counted": WatchedIntake(tally),
            "followed_1_in_100": WatchedIntake(tally, tracers[0.01]),
            "followed_each": WatchedIntake(tally, tracers[1.0]),
        }
        found: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(TURNS + 1):
            for name, watch in ways.items():
                node.intake.watch = watch
                _, cpu = await _measure(_sending(node.intake, clock, f"{name}{turn}"), MESSAGES)
                if turn:  # the first warms up
                    found[name].append(cpu)
        fresh = await _scraped(database, clock)
        async with database.acquire() as connection:
            await connection.execute("vacuum analyze")
        later = await _scraped(database, clock)
        for tracer in tracers.values():
            tracer.close()
        await node.close()
        await database.close()
        await server.stop()
    medians = {name: statistics.median(values) for name, values in found.items()}
    rows = [_row(f"telemetry_intake_cpu_{name}", value, "us/message") for name, value in medians.items()]
    for name in list(ways)[1:]:
        more = (medians[name] / medians["bare"] - 1) * 100
        rows.append(_row(f"telemetry_intake_more_{name}", more, "%", 5.0 if name == "counted" else None))
    scrapes = {"telemetry_scrape": fresh, "telemetry_scrape_analyzed": later}
    return [*rows, *(_row(name, value, "ms", 250.0) for name, value in scrapes.items())]


async def _scraped(database: Database, clock: SystemClock) -> float:
    """What a reading takes while everything waits, in milliseconds."""
    reading = await Reader(database, clock).reading()
    assert reading is not None
    [numbers] = reading.rows["conservation"]
    waiting = (TURNS + 1) * 4 * MESSAGES
    assert numbers["in_flight"] == numbers["received"] == waiting, "all of them wait, and each is counted once"
    return reading.took * 1000


def _sending(intake: Intake, clock: SystemClock, prefix: str) -> Callable[[int], Awaitable[Any]]:
    def accept(number: int) -> Awaitable[Any]:
        return intake.accept(
            Received(
                system="ehr", key=f"{prefix}-{number}", type="hl7v2:ADT^A04",
                subject=f"Patient/GENHOSP/{number % SUBJECTS}", body=BODY, acknowledgement=ACKNOWLEDGEMENT,
                time=clock.now(),
            )
        )  # fmt: skip

    return accept


def _row(name: str, value: float, unit: str, most: float | None = None) -> dict[str, Any]:
    goal = None if most is None else {"op": "<=", "value": most}
    return {"name": name, "value": round(value, 2), "unit": unit, "goal": goal}


def run() -> list[dict[str, Any]]:
    """Start a server, measure, stop it."""
    with suppress(ImportError):
        import uvloop

        return uvloop.run(measure())
    return asyncio.run(measure())
