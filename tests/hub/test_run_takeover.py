"""Runs on two real nodes, one of which is killed: the other goes on with them, and redoes nothing that was recorded."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from itertools import pairwise
from pathlib import Path

import pytest
from tests.chaos.processes import Hub
from tests.hub.hospital import Hospital, adt, line

FLOW = """
import os
import time
from pathlib import Path

from careloom.flows import Flow
from careloom.model import RegistrationCreated
from careloom.workflow.calling import Attempt
from careloom.workflow.run import Run

rounds = Flow(
    "rounds", owner="x", sla="1h", business_owner="y", bound="1m", recovery_time="1h", recovery_point="0s",
    pattern="event", system_of_record="the ward", runbook="flow-rounds",
)


async def visit(number: int, attempt: Attempt) -> int:
    with Path("visits.txt").open("a") as visits:
        visits.write(f"{attempt.run} {number} {attempt.key} {os.getpid()} {time.time():.3f}\\n")
    return number


@rounds.workflow(RegistrationCreated)
async def walk(run: Run, registration: RegistrationCreated) -> None:
    for number in range(8):
        await run.step(visit, number)
        await run.sleep("1s")
"""
RUNS, VISITS = 24, 8
Visits = list[list[str]]
"""Each visit: run, number, key, process, time."""


@pytest.fixture
async def two_nodes(hospital: Hospital) -> AsyncIterator[list[Hub]]:
    """Two hubs in processes of their own on one database."""
    (hospital.folder / "flows").mkdir(exist_ok=True)
    (hospital.folder / "flows" / "rounds.py").write_text(FLOW)
    hospital.configure(hub='flows = ["careloom.flows.registration", "careloom.flows.standards", "flows.rounds"]')
    text = hospital.config.read_text().replace('url = "file:dsn"', "")
    hospital.config.write_text(f"{text}\n[flows.rounds]\n")
    async with AsyncExitStack() as stack:
        nodes = []
        for _ in range(2):
            nodes.append(Hub(hospital.folder, {"CARELOOM_DATABASE_URL": hospital.dsn}))
            stack.push_async_callback(nodes[-1].stop)
        await asyncio.gather(*(node.start() for node in nodes))
        yield nodes


async def test_a_killed_nodes_runs_go_on_at_the_other(hospital: Hospital, two_nodes: list[Hub]) -> None:
    first, second = two_nodes
    killed = str(first.pid)
    async with line(second.ports["ehr"]) as sender:
        for number in range(RUNS):
            assert (await sender.send(adt("A04", f"C{number}", f"N-{number}"))).code == "AA"
    await until(hospital.folder, lambda visits: by_process(visits).keys() >= {killed, str(second.pid)})
    await first.kill()
    visits = await until(hospital.folder, lambda visits: len({one[2] for one in visits}) == RUNS * VISITS)
    assert longest_gap(visits) > 0
    print(f"the longest pause of a run, beside the second it sleeps: {longest_gap(visits) - 1:.1f} s")
    times = Counter(one[2] for one in visits)
    # What was in hand at the kill is tried once more, under the same key.
    assert max(times.values()) <= 2
    for key, count in times.items():
        assert count == 1 or killed in {one[3] for one in visits if one[2] == key}
    for run, numbers in by_run(visits).items():
        assert sorted(set(numbers)) == list(range(VISITS)), run


def by_process(visits: Visits) -> Counter[str]:
    return Counter(one[3] for one in visits)


def by_run(visits: Visits) -> dict[str, list[int]]:
    found = defaultdict(list)
    for one in visits:
        found[one[0]].append(int(one[1]))
    return found


def longest_gap(visits: Visits) -> float:
    at = defaultdict(list)
    for one in visits:
        at[one[0]].append(float(one[4]))
    return max(later - before for times in at.values() for before, later in pairwise(times))


async def until(folder: Path, condition: Callable[[Visits], bool]) -> Visits:
    """Read the file again and again until it is as wanted."""
    file = folder / "visits.txt"
    async with asyncio.timeout(90):
        while True:
            visits = [one.split() for one in await asyncio.to_thread(_lines, file)]
            visits = [one for one in visits if len(one) == 5]  # the last may be half written
            if condition(visits):
                return visits


def _lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []
