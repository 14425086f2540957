"""Posts a second of the HTTP target, with all its parts, to the sink that stands beside the project."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from careloom.core.envelope import Kind, Position, Recorded
from careloom.core.outcomes import Done
from careloom.systems.http.connector import Settings, open_target

SINK = Path(__file__).resolve().parents[1] / ".." / "shared" / "bench" / "http_sink.py"
POSTS, CONNECTIONS, ROUNDS = 4_000, 32, 8


def event(number: int) -> Recorded:
    """An event with a body of 1 KB."""
    data = b'{"id":"%d","note":"%s"}' % (number, b"x" * 1000)
    return Recorded(
        id=UUID(int=number), kind=Kind.EVENT, type="registration.created.v1", source="systems/ehr", subject="Patient/1",
        token=UUID(int=1), time=datetime(2026, 3, 4, tzinfo=UTC), data=data, datacontenttype="application/json",
        correlation=UUID(int=2), causation=None, position=Position(0, number),
        recorded=datetime(2026, 3, 4, tzinfo=UTC),
    )  # fmt: skip


async def _post(port: int) -> tuple[float, float]:
    """Posts a second, and CPU microseconds of a post."""
    settings = Settings(url=f"http://127.0.0.1:{port}/events", connections=CONNECTIONS)
    target = open_target("bench", settings, secrets=str)
    events = iter([event(number) for number in range(POSTS)])

    async def worker() -> None:
        for one in events:
            outcome = await target.post(one)
            assert isinstance(outcome, Done), "the sink takes everything"

    start, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(worker() for _ in range(CONNECTIONS)))
    took, used = time.perf_counter() - start, time.process_time() - cpu
    await target.close()
    return POSTS / took, used / POSTS * 1e6


def _run(main: Any) -> Any:
    try:
        import uvloop
    except ImportError:
        return asyncio.run(main)
    return uvloop.run(main)


def run() -> list[dict[str, Any]]:
    """One row for each figure; none where the sink is absent."""
    if not SINK.exists():
        return []
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    sink = subprocess.Popen([sys.executable, str(SINK), "--port", str(port)], stdout=subprocess.PIPE, text=True)
    try:
        assert sink.stdout is not None
        sink.stdout.readline()
        rate, cpu = max(_run(_post(port)) for _ in range(ROUNDS))
    finally:
        sink.terminate()
        sink.communicate()
    return [
        {
            "name": f"http: posts, {CONNECTIONS} connections",
            "value": round(rate),
            "unit": "1/s",
            "goal": {"op": ">=", "value": 5000},
        },
        {"name": "http: CPU of a post", "value": round(cpu, 1), "unit": "us", "goal": None},
    ]


if __name__ == "__main__":
    for row in run():
        print(f"{row['name']}: {row['value']} {row['unit']} (goal {row['goal']})")
