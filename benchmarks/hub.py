"""The whole hub against a load generator on the same cores: acknowledgements, end to end, memory, and a full log.

The generator and the sink are those of `../shared/bench`; without them this benchmark has nothing to measure with.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import asyncpg
import psutil

from careloom.store.embedded import EmbeddedPostgres

TOOLS = Path(__file__).resolve().parents[2] / "shared" / "bench"
CONNECTIONS = (1, 8, 32, 256)
SECONDS = float(os.environ.get("CARELOOM_BENCH_SECONDS", "8"))
PROCESSES = int(os.environ.get("CARELOOM_BENCH_PROCESSES", "2"))  # as many as the reference machine has cores
FULL_LOG = int(os.environ.get("CARELOOM_BENCH_EVENTS", "1000000"))
Row = dict[str, Any]


def run() -> Iterator[Row]:
    """Yield a row per figure."""
    if not TOOLS.is_dir():
        print("   no load generator beside the project: nothing measured")
        return
    with _folder() as folder, _hub(folder, work=False) as hub:
        yield from _acks(hub, "hub_acks", goals=True)
    with _folder() as folder, _sink() as sink:
        with _hub(folder, sink=sink) as hub:
            yield from _acks(hub, "hub_working_acks", goals=False, connections=(32,))
            _drained(sink)
            yield from _end_to_end(hub, sink, "hub_end_to_end", 3000.0)
            yield _row("hub_rss", hub.peak_rss(), "MB", "<=", 300.0)
        yield from _full_log(folder, sink)
    yield from _with_persons()


def _with_persons() -> Iterator[Row]:
    """What finding out who each patient is costs: by turns without and with it, each on a log of its own.

    In the first round most of the generator's patients are new, in the second all are known, each with the account of
    another visit. All share 16 family names, 16 given names, one street and four towns, so that each new one is
    compared with some thirty others: a worse day than any real one.
    """
    sections = ("", "[identity]\nenabled = true\n")
    found: dict[str, list[list[float]]] = {more: [] for more in sections}
    for _ in range(2):
        for more, rates in found.items():
            with _folder() as folder, _sink() as sink, _hub(folder, sink=sink, more=more) as hub:
                rates.append([rate for _ in range(2) for rate in _loaded(hub, sink)])
    without, with_them = ([sum(column) / len(column) for column in zip(*found[more], strict=True)] for more in sections)
    names = ("new_acks", "new_end_to_end", "known_acks", "known_end_to_end")
    for name, plain, taken in zip(names, without, with_them, strict=True):
        yield _row(f"hub_{name}_without_persons", plain, "messages/s")
        yield _row(f"hub_{name}_with_persons", taken, "messages/s")
        yield _row(f"hub_{name}_persons_take", (1 - taken / max(plain, 1e-9)) * 100, "%", "<=", 30.0)


def _loaded(hub: Hub, sink: int) -> tuple[float, float]:
    """Messages a second as they are acknowledged, and as they come out at the sink."""
    _control(sink, "/reset", "POST")
    report = hub.load(32, SECONDS)
    stats = _drained(sink)
    took = (stats["last"] or 0.0) - (stats["first"] or 0.0)
    return report["acked_per_s"], stats["count"] / took if took else 0.0


class Hub:
    """A hub in a process of its own."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
        self.process = process
        self.port = port
        self.folder = folder
        self._runs = 0

    def load(self, connections: int, seconds: float, *extra: str) -> dict[str, Any]:
        """Send for so long; the generator's own report."""
        self._runs += 1
        prefix = f"B{int(time.time()) % 100000}R{self._runs}X"
        options = ["--conns", str(connections), "--duration", str(seconds), "--warmup", "2", "--prefix", prefix, *extra]
        command = [sys.executable, str(TOOLS / "mllp_load.py"), "--port", str(self.port), *options]
        done = subprocess.run(command, capture_output=True, check=True)
        report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return report

    def peak_rss(self) -> float:
        """The most memory that its Python processes ever had, added up, in MB; PostgreSQL's own is not in it."""
        found = psutil.Process(self.process.pid)
        ours = [one.pid for one in (found, *found.children()) if "python" in one.name()]
        return sum(_high_water(pid) for pid in ours)


def _high_water(pid: int) -> float:
    text = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in text.splitlines() if line.startswith("VmHWM"))


def _acks(hub: Hub, name: str, *, goals: bool, connections: tuple[int, ...] = CONNECTIONS) -> Iterator[Row]:
    for count in connections:
        report = hub.load(count, SECONDS)
        rate_goal, wait_goal = ((">=", 8000.0), ("<=", 30.0)) if goals and count >= 32 else ((None, None), (None, None))
        yield _row(f"{name}_{count}", report["acked_per_s"], "acks/s", *rate_goal)
        yield _row(f"{name}_{count}_p50", report["p50_ms"], "ms")
        yield _row(f"{name}_{count}_p99", report["p99_ms"], "ms", *wait_goal)


def _end_to_end(hub: Hub, sink: int, name: str, goal: float | None) -> Iterator[Row]:
    """Saturate the hub, and count what arrives at the sink while it is fed and until it has caught up."""
    _control(sink, "/reset", "POST")
    report = hub.load(32, SECONDS * 2)
    stats = _drained(sink)
    rate = stats["count"] / (stats["last"] - stats["first"])
    yield _row(name, rate, "messages/s", ">=" if goal else None, goal)
    yield _row(f"{name}_acked", report["acked_per_s"], "acks/s")
    yield _row(f"{name}_lost", report["acked_total"] - stats["count"], "messages", "<=", 0.0)


def _drained(sink: int) -> dict[str, Any]:
    """Wait until the sink has seen nothing new for two seconds."""
    last, since = -1, time.monotonic()
    while time.monotonic() - since < 2.0:
        stats = _control(sink, "/stats")
        if stats["count"] != last:
            last, since = stats["count"], time.monotonic()
        time.sleep(0.2)
    return stats


def _full_log(folder: Path, sink: int) -> Iterator[Row]:
    """The same again with a million more entries in the log."""
    asyncio.run(_fill(folder / "data"))
    with _hub(folder, sink=sink) as hub:
        yield from _end_to_end(hub, sink, "hub_full_log_end_to_end", 3000.0)
    with _hub(folder, work=False) as hub:
        yield from _acks(hub, "hub_full_log_acks", goals=True, connections=(32,))


async def _fill(data: Path) -> None:
    """Entries, receipts and deliveries as a long past would have left them; unchained, since nobody verifies."""
    server = EmbeddedPostgres(data)
    try:
        connection = await asyncpg.connect(await server.start())
        await connection.execute(_FILL.format(each=FULL_LOG // 128), timeout=1200)
        await connection.close()
    finally:
        await server.stop()


_FILL = """
insert into event select l.lane, l.head + n, gen_random_uuid(), l.bank, 'hl7v2:ADT^A04', 'past', gen_random_uuid(), 1,
    now(), now(), '', gen_random_uuid(), null, 0, decode(repeat('ab', 1070), 'hex'), '\\x00'
    from lane l, generate_series(1, {each}) n;
insert into receipt select 'past', 'P' || l.lane || '-' || n, gen_random_uuid(), '\\x00',
    decode(repeat('cd', 120), 'hex') from lane l, generate_series(1, {each}) n where l.bank = 'm';
insert into delivery select s.name, l.lane, l.head + n, gen_random_uuid(), 'done', null, null, 1, 0, now()
    from subscription s join lane l using (bank), generate_series(1, {each}) n;
update lane set head = head + {each}, messages = messages + case bank when 'm' then {each} else 0 end;
update cursor set seq = l.head from lane l where l.lane = cursor.lane;
analyze;
"""


def _row(name: str, value: float, unit: str, op: str | None = None, goal: float | None = None) -> Row:
    return {"name": name, "value": value, "unit": unit, "goal": {"op": op, "value": goal} if op else None}


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="careloom-bench-", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _hub(folder: Path, *, sink: int | None = None, work: bool = True, more: str = "") -> Iterator[Hub]:
    port = _free_port()
    text = f"[hub]\nwork = {str(work).lower()}\nprocesses = {PROCESSES}\n"
    text += '[store]\ndata = "data"\n[api]\nenabled = false\n'
    text += f'[systems.ehr]\nkind = "mllp"\nport = {port}\n'
    if sink:
        text += f'[systems.sink]\nkind = "http"\nurl = "http://127.0.0.1:{sink}/"\nidempotent = true\n'
        text += '[deliveries.sink]\nsystem = "sink"\nevents = ["registration.created.v1"]\n'
    (folder / "careloom.toml").write_text(text + more)
    command = [sys.executable, "-m", "careloom", "run", "--log-level", "warning"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if line.startswith(b"ready"):
                    break
            yield Hub(process, port, folder)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


@contextlib.contextmanager
def _sink() -> Iterator[int]:
    port = _free_port()
    command = [sys.executable, str(TOOLS / "http_sink.py"), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield port
        finally:
            process.terminate()


def _control(port: int, path: str, method: str = "GET") -> dict[str, Any]:
    with urlopen(Request(f"http://127.0.0.1:{port}{path}", method=method)) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
