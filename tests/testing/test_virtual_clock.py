"""The virtual clock: time passes on request only, and sleepers wake in order."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom.core.clock import Clock
from careloom.testing.clock import START, VirtualClock


def test_it_stands_still_until_moved() -> None:
    clock: Clock = VirtualClock()
    assert (clock.now(), clock.monotonic()) == (START, 0.0)
    assert (clock.now(), clock.monotonic()) == (START, 0.0)


async def test_now_and_monotonic_move_together() -> None:
    clock = VirtualClock(datetime(2026, 7, 1, tzinfo=UTC))
    await clock.advance(90)
    assert clock.now() == datetime(2026, 7, 1, 0, 1, 30, tzinfo=UTC)
    assert clock.monotonic() == 90


async def test_a_sleeper_wakes_at_its_time_and_not_before() -> None:
    clock = VirtualClock()
    sleeper = asyncio.create_task(clock.sleep(10))
    await clock.until_sleeping()
    await clock.advance(9.999)
    assert not sleeper.done()
    await clock.advance(0.001)
    assert sleeper.done()


@given(st.lists(st.integers(1, 50), min_size=1, max_size=20))
def test_sleepers_wake_in_order_and_see_their_own_time(pauses: list[int]) -> None:
    async def scenario() -> list[tuple[int, float]]:
        clock = VirtualClock()
        woken: list[tuple[int, float]] = []

        async def sleep(number: int, pause: int) -> None:
            await clock.sleep(pause)
            woken.append((number, clock.monotonic()))

        tasks = [asyncio.create_task(sleep(number, pause)) for number, pause in enumerate(pauses)]
        await clock.until_sleeping(len(pauses))
        await clock.advance(60)
        await asyncio.gather(*tasks)
        return woken

    expected = sorted(enumerate(pauses), key=lambda one: (one[1], one[0]))
    assert asyncio.run(scenario()) == [(number, float(pause)) for number, pause in expected]


async def test_one_who_sleeps_again_wakes_again_within_one_stretch() -> None:
    clock = VirtualClock()
    ticks: list[float] = []

    async def tick() -> None:
        for _ in range(3):
            await clock.sleep(2)
            ticks.append(clock.monotonic())

    ticking = asyncio.create_task(tick())
    await clock.until_sleeping()
    await clock.advance(7)
    await ticking
    assert ticks == [2, 4, 6]
    assert clock.monotonic() == 7


async def test_to_the_next_sleeper_and_no_further() -> None:
    clock = VirtualClock()
    late, early = asyncio.create_task(clock.sleep(5)), asyncio.create_task(clock.sleep(3))
    await clock.until_sleeping(2)
    assert await clock.advance_to_next() == 3
    assert (early.done(), late.done(), clock.sleeping) == (True, False, 1)
    late.cancel()


async def test_a_cancelled_sleeper_is_forgotten() -> None:
    clock = VirtualClock()
    sleeper = asyncio.create_task(clock.sleep(5))
    await clock.until_sleeping()
    sleeper.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sleeper
    assert clock.sleeping == 0
    await clock.advance(10)
    assert clock.now() == START + timedelta(seconds=10)


async def test_no_time_and_past_time_are_only_a_turn_of_the_loop() -> None:
    clock = VirtualClock()
    await clock.sleep(0)
    await clock.sleep(-1)
    assert clock.monotonic() == 0


async def test_time_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="go back"):
        await VirtualClock().advance(-1)
