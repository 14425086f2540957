"""The embedded PostgreSQL in bad times: killed, orphaned, taken for another."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from careloom.core.errors import CareloomError, Unavailable
from careloom.store.database import Database, connect
from careloom.store.embedded import EmbeddedPostgres
from careloom.store.supervisor import RESTARTS_PER_MINUTE

HUB = """
import asyncio, sys
from pathlib import Path
from careloom.store.embedded import EmbeddedPostgres
async def main():
    server = EmbeddedPostgres(Path(sys.argv[1]))
    await server.start()
    print(server.pid, flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


class Watched:
    """A server of its own that says when it was restarted or given up."""

    def __init__(self, data: Path) -> None:
        self.restarted: asyncio.Queue[None] = asyncio.Queue()
        self.failed: asyncio.Queue[CareloomError] = asyncio.Queue()
        self.server = EmbeddedPostgres(
            data, on_restart=lambda: self.restarted.put_nowait(None), on_failure=self.failed.put_nowait
        )


@pytest.fixture
async def watched(passable_folder: Path) -> AsyncIterator[Watched]:
    made = Watched(passable_folder / "data")
    yield made
    await made.server.stop()


def end(process: int) -> None:
    """Wait until a process that is not our child is gone."""
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return
    assert select.select([descriptor], [], [], 30)[0], f"process {process} still lives"
    os.close(descriptor)


async def keep_a_row(dsn: str) -> None:
    connection = await connect(dsn)
    await connection.execute("CREATE TABLE kept (number integer); INSERT INTO kept VALUES (42)")
    await connection.close()


async def kept(dsn: str) -> int:
    connection = await connect(dsn)
    try:
        return int(await connection.fetchval("SELECT number FROM kept"))
    finally:
        await connection.close()


@pytest.mark.parametrize("whole", [True, False], ids=["all its processes", "the postmaster alone"])
async def test_it_comes_back_after_kill_9_of(whole: bool, watched: Watched) -> None:
    dsn = await watched.server.start()
    await keep_a_row(dsn)
    killed = watched.server.pid
    assert killed is not None
    for process in [psutil.Process(killed), *(psutil.Process(killed).children(True) if whole else [])]:
        process.kill()
    await asyncio.wait_for(watched.restarted.get(), 60)
    assert watched.server.pid not in (None, killed)
    assert watched.server.restarts == 1
    assert await kept(dsn) == 42


async def test_a_pool_heals_after_a_crash_of_the_server(watched: Watched) -> None:
    database = await Database.open(await watched.server.start(), size=2)
    await keep_a_row(watched.server.dsn)
    assert watched.server.pid is not None
    with pytest.raises(Unavailable):
        async with database.acquire() as first, database.acquire() as second:
            await first.fetchval("SELECT 1")
            os.kill(watched.server.pid, signal.SIGKILL)
            await second.fetchval("SELECT pg_sleep(60)")
    await asyncio.wait_for(watched.restarted.get(), 60)
    for _ in range(4):
        async with database.acquire() as connection, database.acquire():
            assert await connection.fetchval("SELECT number FROM kept") == 42
    await database.close()


async def test_it_is_given_up_when_it_never_stays_up(watched: Watched) -> None:
    await watched.server.start()
    for _ in range(RESTARTS_PER_MINUTE):
        assert watched.server.pid is not None
        os.kill(watched.server.pid, signal.SIGQUIT)
        await asyncio.wait_for(watched.restarted.get(), 60)
    assert watched.server.pid is not None
    os.kill(watched.server.pid, signal.SIGQUIT)
    failure = await asyncio.wait_for(watched.failed.get(), 60)
    assert "within a minute" in str(failure)
    assert watched.server.failure is failure
    await watched.server.stop()
    await watched.server.start()


def run_hub(data: Path) -> tuple[subprocess.Popen[str], int]:
    hub = subprocess.Popen([sys.executable, "-c", HUB, str(data)], stdout=subprocess.PIPE, text=True)
    assert hub.stdout is not None
    return hub, int(hub.stdout.readline())


def kill_hub(hub: subprocess.Popen[str]) -> None:
    hub.kill()
    hub.communicate()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the orphan ends at the next start")
async def test_a_killed_hub_leaves_no_postgres(passable_folder: Path) -> None:
    hub, postmaster = run_hub(passable_folder / "data")
    kill_hub(hub)
    end(postmaster)
    server = EmbeddedPostgres(passable_folder / "data")
    await server.start()
    await server.stop()


async def test_an_orphan_is_stopped_before_the_next_start(passable_folder: Path) -> None:
    hub, postmaster = run_hub(passable_folder / "data")
    os.kill(postmaster, signal.SIGSTOP)  # a stopped one cannot act on the signal of its hub's death
    kill_hub(hub)
    assert psutil.pid_exists(postmaster)
    server = EmbeddedPostgres(passable_folder / "data")
    starting = asyncio.ensure_future(server.start())
    os.kill(postmaster, signal.SIGCONT)
    await starting
    end(postmaster)
    await server.stop()


async def test_a_pid_file_that_names_another_program_by_now_does_no_harm(embedded: EmbeddedPostgres) -> None:
    await keep_a_row(embedded.dsn)
    record = embedded.data / "postgres" / "postmaster.pid"
    lines = record.read_text().splitlines()
    await embedded.stop()
    # The other program must run as PostgreSQL's user: of another user's it would think nothing anyway.
    owner = record.parent.stat()
    other = subprocess.Popen(["/bin/sleep", "600"], user=owner.st_uid if os.geteuid() == 0 else None)
    record.write_text("\n".join([str(other.pid), *lines[1:]]) + "\n")
    os.chown(record, owner.st_uid, owner.st_gid)
    try:
        assert await kept(await embedded.start()) == 42
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


async def test_a_zombie_is_not_taken_for_a_running_server(embedded: EmbeddedPostgres) -> None:
    record = embedded.data / "postgres" / "postmaster.pid"
    lines = record.read_text().splitlines()
    await embedded.stop()
    zombie = subprocess.Popen(["/bin/true"])
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    record.write_text("\n".join([str(zombie.pid), *lines[1:]]) + "\n")
    owner = record.parent.stat()
    os.chown(record, owner.st_uid, owner.st_gid)
    await embedded.start()
    zombie.wait()
