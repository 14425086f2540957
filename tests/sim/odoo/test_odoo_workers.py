"""Two workers serve two calls; the third waits; a killed worker answers nobody."""

import asyncio
from typing import Any

import aiohttp
import pytest

from careloom.core.clock import SystemClock
from careloom.sim.odoo.faults import Fate
from careloom.sim.odoo.store import Store, Transaction
from careloom.sim.odoo.watch import Watch
from careloom.sim.odoo.workers import Workers


async def test_the_third_call_waits_for_a_worker(client: Any) -> None:
    release = asyncio.Event()
    client.odoo.faults.hang(until=release, times=2)
    calls = [asyncio.create_task(client.value("res.partner", "search_count", domain=[])) for _ in range(3)]
    await client.odoo.wait_until(lambda: client.odoo.hanging == 2 and client.odoo.waiting == 1)
    assert client.odoo.running == 2
    release.set()
    assert len(set(await asyncio.gather(*calls))) == 1
    assert client.odoo.most_at_once == 2


async def test_killing_the_workers_closes_connections_and_commits_nothing(client: Any) -> None:
    """Measured [e91]: the client sees the connection close, and the service is back at once."""
    client.odoo.faults.hang(until=asyncio.Event(), times=2)
    calls = [asyncio.create_task(client.partner(ref="lost")) for _ in range(2)]
    await client.odoo.wait_until(lambda: client.odoo.hanging == 2)
    assert await client.odoo.kill_workers() == 2
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(one, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError) for one in results)
    assert [call.outcome for call in client.odoo.calls] == ["killed", "killed"]
    assert await client.value("res.partner", "search", domain=[["ref", "=", "lost"]]) == []


async def test_a_killed_workers_place_is_taken_by_one_that_waited(client: Any) -> None:
    client.odoo.faults.hang(until=asyncio.Event(), times=2)
    calls = [asyncio.create_task(client.partner()) for _ in range(3)]
    await client.odoo.wait_until(lambda: client.odoo.hanging == 2 and client.odoo.waiting == 1)
    await client.odoo.kill_workers()
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(one, int) for one in results) == 1


async def test_leaving_the_server_ends_what_still_hangs(client: Any) -> None:
    client.odoo.faults.hang(until=asyncio.Event())
    call = asyncio.create_task(client.partner())
    await client.odoo.wait_until(lambda: client.odoo.hanging == 1)
    await client.odoo.__aexit__(None, None, None)
    with pytest.raises((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
        await call


def workers_on(store: Store, size: int = 2) -> Workers:
    return Workers(size, store, SystemClock(), Watch())


async def test_a_job_that_fails_is_rolled_back() -> None:
    store = Store(["thing"])
    workers = workers_on(store)

    def job(tx: Transaction) -> None:
        tx.insert("thing", {"name": "a"})
        raise LookupError("no")

    with pytest.raises(LookupError):
        await workers.perform(job, Fate())
    assert store.tables["thing"] == {}
    assert workers.running == 0


async def test_a_write_that_met_another_is_counted_and_succeeds() -> None:
    """Odoo's server repeats a failed write by itself; the client notices nothing [e80]."""
    store = Store(["thing"])
    workers = workers_on(store)
    await workers.perform(lambda tx: tx.insert("thing", {"name": "a"}), Fate())
    fate = Fate(meeting=asyncio.Barrier(2))
    jobs = [workers.perform(lambda tx, n=n: tx.update("thing", 1, {"name": n}), fate) for n in ("b", "c")]
    await asyncio.gather(*jobs)
    assert workers.conflicts_met == 1
    assert store.tables["thing"][1]["name"] in ("b", "c")


async def test_a_watch_wakes_only_those_whose_condition_holds() -> None:
    watch, seen = Watch(), [0]
    early = asyncio.create_task(watch.until(lambda: seen[0] >= 1))
    late = asyncio.create_task(watch.until(lambda: seen[0] >= 2))
    await asyncio.sleep(0)
    seen[0] = 1
    watch.notify()
    await early
    assert not late.done()
    seen[0] = 2
    watch.notify()
    await late


async def test_a_condition_that_holds_already_does_not_wait() -> None:
    await Watch().until(lambda: True)
