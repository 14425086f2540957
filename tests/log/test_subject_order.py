"""One subject, one order; others never wait for it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

from careloom.core.envelope import Recorded
from careloom.core.errors import Unavailable
from careloom.core.outcomes import Done, Park, Retry
from careloom.core.receipts import Received
from careloom.log.handling import Handled, Handler, RetryPolicy, Subscription
from careloom.testing.clock import START, VirtualClock

Message = Callable[..., Received]
Make = Callable[..., Subscription]
SUBJECTS, EVENTS = 100, 20
WAITS = (
    "select number, extract(epoch from due - at)::float as wait"
    " from parked join attempt using (subscription, lane, seq) where number = attempts and state = 'retry'"
)


async def test_order_per_subject_survives_concurrency_and_random_retries(
    log: Any, message: Message, translate: Make, deliver: Make, sink: Any
) -> None:
    chance = random.Random(11)
    handled = asyncio.Event()

    async def handler(event: Recorded) -> Handled:
        for _ in range(chance.randrange(4)):  # others finish first
            await asyncio.sleep(0)
        if chance.random() < 0.02:
            return Handled(Retry("not yet"))
        if chance.random() < 0.02:
            raise Unavailable("down")
        result: Handled = sink.take(event)
        if len(sink.seen) == SUBJECTS * EVENTS:
            handled.set()
        return result

    retry = RetryPolicy(attempts=50, first_seconds=0.001, longest_seconds=0.005)
    node = await log.node(translate(), deliver(handler, retry=retry))
    for number in range(EVENTS):
        await asyncio.gather(
            *(
                node.intake.accept(message(f"{subject}-{number}", f"Patient/G/{subject}", str(number)))
                for subject in range(SUBJECTS)
            )
        )
    async with asyncio.timeout(60):
        await handled.wait()
    numbers = await log.settled(SUBJECTS * EVENTS)
    assert numbers.delivered == SUBJECTS * EVENTS
    for subject in range(SUBJECTS):
        assert sink.texts(f"Patient/G/{subject}") == [str(number) for number in range(EVENTS)]
    assert await log.value("select count(*) from attempt") > 0


async def test_a_slow_subject_does_not_delay_those_in_other_lanes(
    log: Any, message: Message, translate: Make, deliver: Make, sink: Any
) -> None:
    release = asyncio.Event()
    lanes: dict[str, int] = {}

    async def handler(event: Recorded) -> Handled:
        lanes[event.subject] = event.position.lane
        if event.subject == "Patient/G/slow":
            await release.wait()
        return sink.take(event)

    node = await log.node(translate(), deliver(handler))
    subjects = ["Patient/G/slow", *(f"Patient/G/{number}" for number in range(30))]
    slow_lane = node.lanes.of(deliver(handler).bank, log.master.token("Patient/G/slow"))
    await node.intake.accept(message("slow", subjects[0]))
    await log.eventually(lambda: _is(lambda: "Patient/G/slow" in lanes, log))
    await asyncio.gather(*(node.intake.accept(message(subject, subject)) for subject in subjects[1:]))
    elsewhere = [s for s in subjects if node.lanes.of(deliver(handler).bank, log.master.token(s)) != slow_lane]
    await sink.until(len(elsewhere))
    assert {event.subject for event in sink.seen} == set(elsewhere)
    release.set()
    await sink.until(len(subjects))


async def _is(condition: Callable[[], bool], log: Any) -> bool:
    await log.value("select 1")
    return condition()


async def test_a_parked_subject_parks_what_is_behind_it_and_others_go_on(
    log: Any, message: Message, translate: Make, deliver: Make, sink: Any
) -> None:
    async def handler(event: Recorded) -> Handled:
        return Handled(Park("wrong")) if event.data == b"bad" else sink.take(event)

    node = await log.node(translate(), deliver(handler))
    for body in ("ok", "bad", "later", "latest"):
        await node.intake.accept(message(body, "Patient/G/1", body))
    for number in range(20):
        await node.intake.accept(message(f"other {number}", f"Patient/G/other{number}"))
    await sink.until(21)
    await log.eventually(lambda: log.value("select count(*) = 2 from parked where state = 'behind'"))
    states = await log.rows("select state, attempts from parked order by seq")
    assert [tuple(row) for row in states] == [("case", 1), ("behind", 0), ("behind", 0)]
    assert sink.texts("Patient/G/1") == ["ok"]
    numbers = await log.settled(21)
    assert (numbers.delivered, numbers.parked, numbers.in_flight) == (21, 3, 0)
    assert await log.value("select count(*) from work_case") == 1


async def test_backoff_grows_with_jitter_and_is_bounded_until_a_case_opens(
    log: Any, message: Message, translate: Make, deliver: Make
) -> None:
    clock = VirtualClock()
    tried: list[float] = []

    async def handler(_: Recorded) -> Handled:
        tried.append(clock.monotonic())
        return Handled(Retry("not yet"))

    policy = RetryPolicy(attempts=7, first_seconds=10, longest_seconds=60)
    node = await log.node(translate(), deliver(handler, retry=policy), clock=clock)
    await node.intake.accept(message("M1"))
    waits = await _run(clock, log, "select count(*) from work_case")
    assert len(tried) == 7
    pauses = [later - earlier for earlier, later in pairwise(tried)]
    for number, (pause, step) in enumerate(zip(pauses, (10, 20, 40, 60, 60, 60), strict=True), 1):
        assert pause >= step * 0.1
        assert waits.get(number, 0) <= step
    assert len(waits) > 2
    due = await log.rows("select at from attempt order by number")
    assert [row["at"] >= START + timedelta(seconds=when) for row, when in zip(due, tried, strict=True)] == [True] * 7


async def test_a_wait_that_the_target_asks_for_is_kept(
    log: Any, message: Message, translate: Make, deliver: Make
) -> None:
    clock = VirtualClock()
    tried: list[float] = []

    async def handler(_: Recorded) -> Handled:
        tried.append(clock.monotonic())
        return Handled(Retry("busy", after=300.0) if len(tried) == 1 else Done())

    node = await log.node(translate(), deliver(handler), clock=clock)
    await node.intake.accept(message("M1"))
    waits = await _run(clock, log, "select count(*) from delivery where subscription = 'deliver'")
    assert tried[1] - tried[0] >= 300
    assert 290 < waits[1] <= 300


async def _run(clock: VirtualClock, log: Any, until: str) -> dict[int, float]:
    """Let the clock run as fast as everybody rests, which is also while the database works: so only lower bounds of
    times are exact. Gives the seconds that were to be waited after each attempt, as far as they were seen."""
    waits: dict[int, float] = {}
    async with asyncio.timeout(60):
        while not await log.value(until):
            for row in await log.rows(WAITS):
                waits[row["number"]] = row["wait"]
            await clock.advance_to_next()
    return waits


async def test_while_the_gate_is_closed_nothing_is_handled_and_no_attempt_is_counted(
    log: Any, message: Message, translate: Make, deliver: Make, sink: Any
) -> None:
    closed_for = 5.0
    asked = asyncio.Event()

    def gate() -> float:
        asked.set()
        return closed_for

    async def handler(event: Recorded) -> Handled:
        return sink.take(event)

    node = await log.node(translate(), deliver(handler, gate=gate))
    await node.intake.accept(message("M1"))
    await log.eventually(lambda: log.value("select count(*) from flight"))
    asked.clear()
    node.workers[1].wake()
    await asked.wait()
    assert sink.seen == []
    assert await log.value("select (select count(*) from attempt) + (select count(*) from parked)") == 0
    closed_for = 0.0
    node.workers[1].wake()
    await sink.until(1)


async def test_a_failure_that_closes_the_gate_is_not_counted_against_the_event(
    log: Any, message: Message, translate: Make, deliver: Make, sink: Any
) -> None:
    closed_for = 0.0

    async def handler(event: Recorded) -> Handled:
        nonlocal closed_for
        if not sink.seen and closed_for == 0.0 and not failed.is_set():
            closed_for = 0.01
            failed.set()
            raise Unavailable("down")
        return sink.take(event)

    failed = asyncio.Event()
    policy = RetryPolicy(attempts=1)
    node = await log.node(translate(), deliver(handler, retry=policy, gate=lambda: closed_for))
    await node.intake.accept(message("M1"))
    parked = (await log.eventually(lambda: log.rows("select * from parked")))[0]
    assert (parked["state"], parked["attempts"]) == ("retry", 0)
    closed_for = 0.0
    node.workers[1].wake(parked=True)
    await sink.until(1)
    await log.settled(1)
    assert await log.value("select count(*) from attempt") == 0


async def test_the_number_of_calls_at_once_is_bounded(
    log: Any, message: Message, translate: Make, deliver: Make, sink: Any
) -> None:
    at_once = most = 0

    async def handler(event: Recorded) -> Handled:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0)
        at_once -= 1
        return sink.take(event)

    node = await log.node(translate(), deliver(handler, concurrency=3))
    await asyncio.gather(*(node.intake.accept(message(f"M{number}", f"Patient/G/{number}")) for number in range(60)))
    await sink.until(60)
    assert most == 3


async def test_backoff_stays_within_its_bounds(saying: Callable[..., Handler]) -> None:
    policy = RetryPolicy(first_seconds=0.5, longest_seconds=60)
    assert policy.pause(1, lambda: 1.0) == 0.5
    assert policy.pause(4, lambda: 1.0) == 4.0
    assert policy.pause(50, lambda: 1.0) == 60.0
    assert policy.pause(50, lambda: 0.0) == 6.0
