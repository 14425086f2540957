"""Breaker, rate and gate, on a clock that leaps."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from careloom.core.errors import AccessRefused, AmbiguousError, HeldBack, Rejected, Throttled, Unavailable
from careloom.core.outcomes import Category, Retry
from careloom.systems.resilience import (
    Backoff,
    Breaker,
    BreakerLimits,
    BreakerState,
    Gate,
    TokenBucket,
)


class LeapingClock:
    def __init__(self) -> None:
        self.elapsed = 0.0

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.elapsed

    async def sleep(self, seconds: float) -> None:
        self.elapsed += seconds
        await asyncio.sleep(0)


class Refused(AccessRefused):
    stops = True


@pytest.fixture
def clock() -> LeapingClock:
    return LeapingClock()


@pytest.fixture
def breaker(clock: LeapingClock) -> Breaker:
    return Breaker("erp", clock, BreakerLimits(failures=3, open_seconds=10.0, refused_seconds=100.0))


def fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        breaker.admit()
        breaker.failed()


def test_the_breaker_opens_after_so_many_failures_in_a_row(breaker: Breaker) -> None:
    fail(breaker, 2)
    breaker.succeeded()
    fail(breaker, 2)
    assert breaker.state is BreakerState.CLOSED
    fail(breaker, 1)
    assert breaker.state is BreakerState.OPEN
    with pytest.raises(Unavailable) as error:
        breaker.admit()
    assert error.value.retry_after == 10.0


def test_one_probe_decides(breaker: Breaker, clock: LeapingClock) -> None:
    fail(breaker, 3)
    clock.elapsed += 10
    breaker.admit()
    assert breaker.state is BreakerState.HALF_OPEN
    with pytest.raises(Unavailable):
        breaker.admit()
    breaker.failed()
    assert breaker.state is BreakerState.OPEN
    assert breaker.retry_after == 10.0
    clock.elapsed += 10
    breaker.admit()
    breaker.succeeded()
    assert (breaker.state, breaker.retry_after) == (BreakerState.CLOSED, 0.0)


def test_a_cancelled_probe_leaves_its_place(breaker: Breaker, clock: LeapingClock) -> None:
    fail(breaker, 3)
    clock.elapsed += 10
    breaker.admit()
    breaker.abandoned()
    breaker.admit()
    assert breaker.state is BreakerState.HALF_OPEN


def test_a_refusal_holds_until_the_identity_changes(breaker: Breaker) -> None:
    breaker.refused("old key")
    with pytest.raises(Unavailable, match="refuses our credentials") as error:
        breaker.admit("old key")
    assert error.value.retry_after == 100.0
    assert error.value.category is Category.AUTHENTICATION, "whoever waits for a key waits for no network"
    breaker.admit("new key")
    breaker.succeeded()
    assert breaker.state is BreakerState.CLOSED


def test_a_refusal_is_probed_after_a_long_wait(breaker: Breaker, clock: LeapingClock) -> None:
    breaker.refused("key")
    clock.elapsed += 100
    breaker.admit("key")
    assert breaker.state is BreakerState.HALF_OPEN


async def test_the_bucket_keeps_the_rate_after_a_burst(clock: LeapingClock) -> None:
    bucket = TokenBucket(clock, rate=2.0, burst=4)
    for _ in range(10):
        await bucket.take()
    assert clock.elapsed == pytest.approx((10 - 4) / 2.0)


async def test_a_bucket_without_rate_does_not_wait_but_can_be_paused(clock: LeapingClock) -> None:
    bucket = TokenBucket(clock, rate=None)
    for _ in range(5):
        await bucket.take()
    assert clock.elapsed == 0.0
    bucket.pause(7.0)
    await bucket.take()
    assert clock.elapsed == 7.0


async def test_the_gate_caps_concurrency(breaker: Breaker, clock: LeapingClock) -> None:
    gate = Gate(breaker, TokenBucket(clock, None), concurrency=2)
    running, most = 0, 0

    async def call() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1

    await asyncio.gather(*(gate.run(call) for _ in range(9)))
    assert most == 2


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (Unavailable("away"), BreakerState.OPEN),
        (AmbiguousError("lost"), BreakerState.OPEN),
        (Refused("key"), BreakerState.REFUSED),
        (AccessRefused("one model"), BreakerState.CLOSED),
        (Rejected("bad row"), BreakerState.CLOSED),
    ],
)
async def test_what_the_gate_learns(
    breaker: Breaker, clock: LeapingClock, error: Exception, state: BreakerState
) -> None:
    gate = Gate(breaker, TokenBucket(clock, None), concurrency=1)

    async def call() -> None:
        raise error

    for _ in range(3):
        with pytest.raises((type(error), Unavailable)):
            await gate.run(call)
    assert gate.breaker.state is state


async def test_being_throttled_pauses_the_rate(breaker: Breaker, clock: LeapingClock) -> None:
    gate = Gate(breaker, TokenBucket(clock, None), concurrency=1)

    async def throttled() -> None:
        raise Throttled("slower", retry_after=30.0)

    async def fine() -> str:
        return "ok"

    with pytest.raises(Throttled):
        await gate.run(throttled)
    assert await gate.run(fine) == "ok"
    assert clock.elapsed == 30.0


async def test_a_cancelled_call_frees_its_slot(breaker: Breaker, clock: LeapingClock) -> None:
    gate = Gate(breaker, TokenBucket(clock, None), concurrency=1)
    started = asyncio.Event()

    async def forever() -> None:
        started.set()
        await asyncio.Event().wait()

    async def fine() -> str:
        return "ok"

    task = asyncio.create_task(gate.run(forever))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await gate.run(fine) == "ok"


def test_backoff_grows_to_its_limit_with_jitter() -> None:
    assert [Backoff(first=1.0, longest=6.0, jitter=lambda: 1.0).wait(n) for n in range(1, 6)] == [1, 2, 4, 6, 6]
    assert Backoff(first=1.0, jitter=lambda: 0.0).wait(1) == 0.5
    assert 0.05 <= Backoff().wait(1) <= 0.1


def test_while_a_probe_is_out_nobody_else_has_a_chance(breaker: Breaker, clock: LeapingClock) -> None:
    fail(breaker, 3)
    clock.elapsed += 10.0
    assert breaker.retry_after == 0.0
    breaker.admit()

    assert breaker.retry_after > 0.0
    with pytest.raises(HeldBack):
        breaker.admit()


def test_what_was_held_back_was_not_tried(breaker: Breaker) -> None:
    fail(breaker, 3)

    with pytest.raises(HeldBack) as held:
        breaker.admit()

    outcome = held.value.outcome()
    assert isinstance(outcome, Retry)
    assert not outcome.counted
