"""An endpoint that only fails is left alone, by every node and over restarts, until a person enables it."""

from __future__ import annotations

import asyncio

import pytest

from careloom.core.errors import HeldBack
from careloom.core.outcomes import Done, Retry
from careloom.systems.http.fake import answering
from careloom.systems.trial import event
from careloom.systems.webhook_out.standing import HELD_SECONDS, Standing, State, enable, recall
from careloom.testing.clock import VirtualClock
from careloom.testing.surroundings import World

DAY = 86_400.0


@pytest.fixture
def standing(world: World):
    """Nodes of one endpoint that is disabled after a day of at least three failures."""
    nodes: list[Standing] = []

    def node() -> Standing:
        nodes.append(Standing(world.around("billing"), seconds=DAY, failures=3))
        return nodes[-1]

    return node


async def test_a_day_of_nothing_but_failures_disables_and_tells(world: World, standing, clock: VirtualClock) -> None:
    one = standing()
    for hours in (0, 1, 1):
        await clock.advance(hours * 3600)
        await one.failed("HTTP 503")
    assert (one.disabled, world.troubles.told) == (False, [])
    await clock.advance(DAY)
    await one.failed("HTTP 503")
    assert (one.disabled, one.retry_after) == (True, HELD_SECONDS)
    (trouble,) = world.troubles.told
    assert trouble.kind == "endpoint-disabled"
    assert "nothing but failures since 2026-03-01 08:00 UTC (4)" in trouble.reason
    assert "careloom webhook enable billing" in trouble.reason
    with pytest.raises(HeldBack):
        await one.admit()
    await one.close()


async def test_few_failures_do_not_disable_however_long_ago_they_began(standing, clock: VirtualClock) -> None:
    one = standing()
    await one.failed("HTTP 503")
    await clock.advance(9 * DAY)
    await one.failed("HTTP 503")
    assert not one.disabled


async def test_one_success_begins_the_count_anew(world: World, standing, clock: VirtualClock) -> None:
    one = standing()
    for _ in range(5):
        await one.failed("HTTP 503")
    await clock.advance(DAY)
    await one.succeeded()
    assert await recall(world.memory) == State()
    await one.failed("HTTP 503")
    assert (one.disabled, (await recall(world.memory)).failures) == (False, 1)


async def test_a_success_on_another_node_counts_as_well(world: World, standing, clock: VirtualClock) -> None:
    failing, working = standing(), standing()
    await working.admit()
    for _ in range(5):
        await failing.failed("no connection")
    await clock.advance(61)
    await working.succeeded()
    assert await recall(world.memory) == State()


async def test_another_node_and_a_restart_know_that_it_is_disabled(standing) -> None:
    first = standing()
    await first.disable("it is gone")
    second = standing()
    assert second.retry_after == 0  # not asked yet
    with pytest.raises(HeldBack, match="it is gone"):
        await second.admit()
    assert second.retry_after == HELD_SECONDS
    await first.close()
    await second.close()


async def test_every_node_notices_within_seconds_that_it_was_enabled(
    world: World, standing, clock: VirtualClock
) -> None:
    nodes = [standing(), standing()]
    await nodes[0].disable("it is gone")
    with pytest.raises(HeldBack):
        await nodes[1].admit()
    assert await enable(world.memory)
    assert [node.disabled for node in nodes] == [True, True]
    await clock.until_sleeping(2)
    await clock.advance(5)
    assert [node.disabled for node in nodes] == [False, False]
    await nodes[0].admit()
    assert not await enable(world.memory)


async def test_a_store_that_is_away_does_not_end_the_watch(world: World, standing, clock: VirtualClock) -> None:
    from careloom.core.errors import Unavailable

    one = standing()
    await one.disable("it is gone")
    get = world.memory.get

    async def failing(key: str) -> bytes | None:
        raise Unavailable("the store was told to fail")

    world.memory.get = failing
    await clock.advance_to_next()
    world.memory.get = get
    await enable(world.memory)
    await clock.advance_to_next()
    assert not one.disabled


async def test_closing_ends_the_watch(standing, clock: VirtualClock) -> None:
    one = standing()
    await one.disable("it is gone")
    await clock.until_sleeping()
    await one.close()
    await one.close()
    assert clock.sleeping == 0


async def test_410_disables_at_once_and_the_event_is_not_lost(
    world: World, endpoint, target, clock: VirtualClock
) -> None:
    endpoint.target.reply = answering(410)
    made = target()
    outcome = await made.post(event(1))
    assert isinstance(outcome, Retry) and not outcome.counted
    assert (made.state, made.retry_after) == ("disabled", HELD_SECONDS)
    assert "answered 410" in world.troubles.told[0].reason
    endpoint.target.reply = endpoint._answer
    await enable(world.memory)
    await clock.until_sleeping()
    await clock.advance(5)
    assert await made.post(event(1)) == Done("HTTP 204")


async def test_days_of_503_disable_a_target(world: World, endpoint, target, clock: VirtualClock) -> None:
    endpoint.target.reply = answering(503)
    made = target(disable_after=5 * DAY, disable_failures=10)
    for _ in range(200):
        outcome = await made.post(event(1))
        if made.state == "disabled":
            break
        assert isinstance(outcome, Retry)
        await clock.advance(max(made.retry_after, 3600))
    assert 119 <= len(endpoint.target.requests) <= 122
    assert len(world.attempts.recorded) == len(endpoint.target.requests)
    await asyncio.sleep(0)
