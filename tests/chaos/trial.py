"""One trial: a hub that is fed, delivers to a sink and to Odoo, and is killed again and again while it does."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import time
import urllib.request
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos import judge
from tests.chaos.feed import Feed, make_feed
from tests.chaos.judge import Finding
from tests.chaos.processes import (
    Erp,
    Hub,
    careloom,
    deployment_folder,
    free_port,
    gone,
    postmaster,
    server,
    simulated_odoo,
)
from tests.chaos.sender import Account, Allowance, Line
from tests.chaos.watch import Watch, connected

EVENTS = ("registration.created.v1", "patient.updated.v1", "patient.merged.v1")
ORPHAN_SECONDS = 30.0
DRAIN_SECONDS = 120.0
WHILE_STARTING = 0.15


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is sent, and how often what is killed. `seed` decides all that chance decides here.

    With more than one of `processes`, others than the killed one do the work, and must end with it.
    """

    seed: int
    messages: int
    hub_kills: int
    postgres_kills: int
    processes: int = 1


@dataclass
class Tally:
    """What was done to the hub, and in what state it was met."""

    hub_kills: int = 0
    while_starting: int = 0
    postgres_kills: int = 0
    with_unanswered: int = 0
    slowest_start: float = 0.0
    slowest_end_of_postgres: float = 0.0
    orphans: list[str] = field(default_factory=list)


@dataclass
class Result:
    """What a trial found."""

    plan: Plan
    seconds: float
    tally: Tally
    account: Account
    watch: Watch
    findings: list[Finding]

    @property
    def holds(self) -> bool:
        return all(finding.holds for finding in self.findings)


async def run(plan: Plan) -> Result:
    """Feed and kill, let the hub catch up, and judge."""
    began = time.monotonic()
    feed = make_feed(plan.seed, plan.messages)
    account, tally = Account(), Tally()
    with deployment_folder() as folder:
        async with simulated_odoo() as erp, server("tests.chaos.sink") as [sink]:
            port = free_port()
            hub = Hub(folder, configure(folder, port, sink, erp, plan.processes))
            watch = Watch(folder / "data")
            try:
                async with _background(watch.forever()):
                    await _under_fire(plan, hub, feed, port, account, tally)
                    await _caught_up(folder / "data", len(feed.control_ids))
                await watch.look()
                findings = await _judged(hub, feed, account, sink, erp)
                await _stopped(hub, tally)
            finally:
                await hub.kill()
    findings += _about_the_run(watch, tally, account)
    return Result(plan, time.monotonic() - began, tally, account, watch, findings)


def configure(folder: Path, port: int, sink: str, erp: Erp, processes: int = 1) -> dict[str, str]:
    """Write the settings of the hub; gives the environment with the secret in it."""
    (folder / "careloom.toml").write_text(
        f"""
[hub]
name = "chaos"
processes = {processes}
[store]
data = "data"
[api]
enabled = false
[systems.ehr]
kind = "mllp"
port = {port}
[systems.sink]
kind = "http"
url = "{sink}/events"
idempotent = true
[deliveries.sink]
system = "sink"
events = {json.dumps(EVENTS)}
[systems.erp]
kind = "odoo"
url = "{erp.url}"
database = "{erp.database}"
login = "{erp.login}"
api_key = "env:ERP_API_KEY"
[flows.registration]
erp = "erp"
"""
    )
    return {"ERP_API_KEY": erp.api_key}


@asynccontextmanager
async def _background(work: Any) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _under_fire(plan: Plan, hub: Hub, feed: Feed, port: int, account: Account, tally: Tally) -> None:
    allowance = Allowance()
    async with asyncio.TaskGroup() as group:
        for sendings in feed.lines:
            group.create_task(Line(port, account).send_all(sendings, allowance))
        await _kill_again_and_again(plan, hub, feed.sendings, allowance, account, tally)
        await hub.start()
        await allowance.grant(feed.sendings)


async def _kill_again_and_again(
    plan: Plan, hub: Hub, sendings: int, allowance: Allowance, account: Account, tally: Tally
) -> None:
    """Each life of the hub gets its share of the messages at once and dies at a moment of chance."""
    chance = random.Random(plan.seed + 1)
    starting = {turn for turn in range(1, plan.hub_kills) if chance.random() < WHILE_STARTING}
    quiet = [turn for turn in range(plan.hub_kills) if turn not in starting]
    postgres_dies = set(chance.sample(quiet, plan.postgres_kills))
    share = sendings // (len(quiet) + 1) + 1
    for turn in range(plan.hub_kills):
        began = time.monotonic()
        await hub.spawn()
        if turn in starting:
            tally.while_starting += 1
            await asyncio.sleep(chance.uniform(0.0, 2.0))
        else:
            await hub.ready()
            tally.slowest_start = max(tally.slowest_start, time.monotonic() - began)
            await allowance.grant(share)
            await asyncio.sleep(chance.uniform(0.02, 2.0))
        if turn in postgres_dies:
            tally.postgres_kills += _kill_postgres(hub.folder / "data")
            await asyncio.sleep(chance.uniform(0.2, 4.0))
        await _kill_hub(hub, account, tally, wait=chance.random() < 0.5)


def _kill_postgres(data: Path) -> bool:
    process = postmaster(data)
    if process is None:
        return False
    os.kill(process, signal.SIGKILL)
    return True


async def _kill_hub(hub: Hub, account: Account, tally: Tally, *, wait: bool) -> None:
    """`wait`: see PostgreSQL go before the next life begins, or let the next hub meet it still leaving."""
    process = postmaster(hub.folder / "data")
    tally.hub_kills += 1
    tally.with_unanswered += account.waiting > 0
    await hub.kill()
    if wait and process is not None:
        began = time.monotonic()
        if not await asyncio.to_thread(gone, process, ORPHAN_SECONDS):
            tally.orphans.append(f"PostgreSQL {process} outlived its hub by {ORPHAN_SECONDS:g} s")
        tally.slowest_end_of_postgres = max(tally.slowest_end_of_postgres, time.monotonic() - began)


async def _stopped(hub: Hub, tally: Tally) -> None:
    process = postmaster(hub.folder / "data")
    code = await hub.stop()
    if code != 0:
        tally.orphans.append(f"told to stop, the hub ended with exit code {code}")
    if process is not None and not gone(process, 0.0):
        tally.orphans.append("PostgreSQL outlived a hub that was stopped in order")


async def _caught_up(data: Path, messages: int) -> None:
    """Return when nothing is in flight and nobody is behind."""
    query = (
        "select (select sum(delivered + filtered) from tally) = $1"
        " and not exists (select 1 from parked) and not exists (select 1 from flight)"
    )
    deadline = time.monotonic() + DRAIN_SECONDS
    while time.monotonic() < deadline:
        async with connected(data) as connection:
            if await connection.fetchval(query, messages):
                return
        await asyncio.sleep(0.2)


async def _judged(hub: Hub, feed: Feed, account: Account, sink: str, erp: Erp) -> list[Finding]:
    async with connected(hub.folder / "data") as connection:
        findings = await judge.in_the_log(connection, account.acknowledged)
        rows = await connection.fetch("select id from event where kind = 'e'")
    arrivals = await asyncio.to_thread(_arrivals, sink)
    findings += judge.at_the_sink(arrivals, (str(row["id"]) for row in rows))
    findings += await asyncio.to_thread(judge.in_odoo, erp, feed)
    return [*findings, await _audited(hub.folder), await _conserved(hub.folder, len(feed.control_ids))]


def _arrivals(sink: str) -> list[dict[str, str]]:
    with urllib.request.urlopen(f"{sink}/arrivals", timeout=60) as answer:
        found: list[dict[str, str]] = json.load(answer)
        return found


async def _audited(folder: Path) -> Finding:
    code, output, errors = await careloom(folder, "audit", "verify", "--json")
    broken = [] if code == 0 and json.loads(output)["holds"] else [f"exit {code}: {output}{errors}"]
    return Finding("the audit chain verifies", f"{json.loads(output)['entries'] if output else 0} entries", broken)


async def _conserved(folder: Path, messages: int) -> Finding:
    code, output, errors = await careloom(folder, "status", "--json")
    numbers = json.loads(output)["messages"] if output else {}
    good = code == 0 and numbers["received"] == numbers["delivered"] == messages and numbers["refused"] == 0
    figure = ", ".join(f"{name} {value}" for name, value in numbers.items())
    return Finding("in the end all was delivered", figure, [] if good else [f"exit {code}: {output}{errors}"])


def _about_the_run(watch: Watch, tally: Tally, account: Account) -> list[Finding]:
    figure = f"{watch.looks} looks, {watch.blind} while the store was away, at most {watch.most_in_flight} in flight"
    ends = f"{tally.hub_kills + 1} ends of the hub, slowest of PostgreSQL {tally.slowest_end_of_postgres:.1f} s"
    answers = ", ".join(f"{count} {code}" for code, count in sorted(account.answers.items()))
    return [
        Finding("every number adds up at every moment", figure, watch.violations),
        Finding("PostgreSQL is never orphaned", ends, tally.orphans),
        Finding("no good message was refused", answers, account.refused),
    ]


def as_json(result: Result) -> dict[str, Any]:
    """For build/chaos.json."""
    plan, tally = result.plan, result.tally
    return {
        "seed": plan.seed,
        "holds": result.holds,
        "seconds": round(result.seconds, 1),
        "messages": plan.messages,
        "processes": plan.processes,
        "hub_kills": tally.hub_kills,
        "hub_kills_while_starting": tally.while_starting,
        "hub_kills_with_unanswered_messages": tally.with_unanswered,
        "postgres_kills": tally.postgres_kills,
        "slowest_start_seconds": round(tally.slowest_start, 2),
        "broken_lines": result.account.broken_lines,
        "findings": [_finding(finding) for finding in result.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    broken: Sequence[str] = finding.broken
    return {"promise": finding.promise, "holds": finding.holds, "figure": finding.figure, "broken": list(broken)}
