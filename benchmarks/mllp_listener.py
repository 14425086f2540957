"""The MLLP listener with a store that commits at once: CPU per message alone, and acknowledgements a second under load.

The load generator stands beside the project in ../shared/bench; without it only the first figure is measured.
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
import time
from asyncio import Future
from pathlib import Path
from typing import Any
from uuid import UUID

from careloom.core.envelope import Position
from careloom.core.receipts import Accepted, Receipt, Received, Refusal
from careloom.systems.mllp.connection import Connection
from careloom.systems.mllp.framing import frame
from careloom.systems.mllp.listener import Endpoint, MllpListener
from careloom.systems.mllp.recognise import Recogniser

LOAD = Path(__file__).resolve().parents[1] / ".." / "shared" / "bench" / "mllp_load.py"
CONNECTIONS, SECONDS, MESSAGES, ROUNDS = 32, 5, 2_000, 15


class Instant:
    """An intake whose receipts are there at once, so that only the listener is measured."""

    def __init__(self) -> None:
        self._id, self._position = UUID(int=7), Position(0, 1)

    def accept(self, received: Received) -> Future[Receipt]:
        future: Future[Receipt] = asyncio.get_running_loop().create_future()
        future.set_result(Accepted(self._id, self._position, received.acknowledgement))
        return future

    def refuse(self, refusal: Refusal) -> None:
        raise AssertionError(f"the benchmark's own message was refused: {refusal.reason}")


class _Wire(asyncio.Transport):
    """A transport that drops what is written: the cost of sockets is in the other figure."""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 0) if name == "peername" else default

    def write(self, data: Any) -> None:
        pass


def message(number: int) -> bytes:
    """An ADT^A04 of 1 KB of an invented person."""
    body = (
        f"MSH|^~\\&|REG|NORTHSIDE|HUB|ERP|20260304050607||ADT^A04^ADT_A01|B{number:08d}|P|2.5.1|||AL|NE\r"
        f"EVN|A04|20260304050607\rPID|1||MRN{number:06d}^^^NORTHSIDE^MR||QUILLFEATHER^ODALYS||19810203|F\r"
        "PV1|1|O|CLINIC^2\rNTE|1||"
    )
    return (body + "X" * (1023 - len(body)) + "\r").encode()


async def _cpu() -> float:
    """Microseconds of CPU for one message from the octets of a chunk to the octets of its acknowledgement."""
    listener = MllpListener(Endpoint(), Recogniser("bench"), Instant())
    connection: Connection = listener._connection()
    connection.connection_made(_Wire())
    blocks = [frame(message(number)) for number in range(MESSAGES)]
    start = time.process_time()
    for block in blocks:
        connection.data_received(block)
        await asyncio.sleep(0)
    took = time.process_time() - start
    assert listener.counts.accepted == MESSAGES, "every message is acknowledged"
    return took / MESSAGES * 1e6


async def _serve() -> None:
    """Runs in a process of its own: prints its port, and at the end of stdin its CPU seconds and what it accepted."""
    listener = MllpListener(Endpoint(), Recogniser("bench"), Instant())
    await listener.start()
    print(listener.port, flush=True)
    before = resource.getrusage(resource.RUSAGE_SELF)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"cpu": cpu, "accepted": listener.counts.accepted}), flush=True)
    await listener.close(1)


def _under_load() -> list[dict[str, Any]]:
    server = subprocess.Popen(
        [sys.executable, __file__, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert server.stdin is not None
    assert server.stdout is not None
    port = server.stdout.readline().strip()
    arguments = ["--port", port, "--conns", str(CONNECTIONS), "--duration", str(SECONDS), "--warmup", "1"]
    load = subprocess.run([sys.executable, str(LOAD), *arguments], capture_output=True, text=True, check=True)
    told, _ = server.communicate("")
    result, own = json.loads(load.stdout.splitlines()[-1]), json.loads(told)
    assert result["nacked"] == result["lost_in_flight"] == 0, "nothing is refused or lost"
    assert own["accepted"] == result["acked_total"], "every acknowledgement was for a message accepted"
    where = f"{CONNECTIONS} connections, generator on the same machine"
    return [
        _row(f"mllp: acknowledgements, {where}", result["acked_per_s"], "1/s", {"op": ">=", "value": 15_000}),
        _row(f"mllp: p99 of an acknowledgement, {where}", result["p99_ms"], "ms", None),
        _row("mllp: CPU of a message with its socket", own["cpu"] / own["accepted"] * 1e6, "us", None),
    ]


def _row(name: str, value: float, unit: str, goal: dict[str, Any] | None) -> dict[str, Any]:
    return {"name": name, "value": round(value, 1), "unit": unit, "goal": goal}


def _run(main: Any) -> Any:
    try:
        import uvloop
    except ImportError:
        return asyncio.run(main)
    return uvloop.run(main)


def run() -> list[dict[str, Any]]:
    """One row for each figure; `goal` is None where there is none."""
    rows = [
        _row(
            "mllp: CPU of a message of 1 KB", min(_run(_cpu()) for _ in range(ROUNDS)), "us", {"op": "<=", "value": 45}
        )
    ]
    return rows + _under_load() if LOAD.exists() else rows


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        _run(_serve())
    else:
        for row in run():
            print(f"{row['name']}: {row['value']} {row['unit']} (goal {row['goal']})")
