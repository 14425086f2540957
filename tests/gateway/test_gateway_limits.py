"""No consumer can starve another: quotas by key and traffic, a cap on what is under way."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gateway.asking import Behind
from tests.gateway.calling import Api, open_api

from careloom.gateway.classes import Traffic
from careloom.gateway.limits import ConsumerLimits, Limiter, Limits, Quota
from careloom.gateway.lookups import Lookups
from careloom.testing.clock import VirtualClock

ANNA, BERT = UUID(int=1), UUID(int=2)


def limited(requests: int, seconds: float = 10.0, **more: object) -> Limits:
    return Limits(everyone=ConsumerLimits(read=Quota(requests=requests, seconds=seconds), **more))


def limiter(clock: VirtualClock, limits: Limits) -> Limiter:
    return Limiter(limits, clock)


async def test_a_quota_is_spent_and_comes_back_with_time() -> None:
    clock = VirtualClock()
    one = limiter(clock, limited(10))
    assert [one.take(ANNA, "anna", Traffic.READ).wait for _ in range(11)] == [0] * 10 + [1]
    await clock.advance(1.0)
    assert one.take(ANNA, "anna", Traffic.READ).wait == 0
    assert one.take(ANNA, "anna", Traffic.READ).wait == 1
    await clock.advance(100.0)
    full = one.take(ANNA, "anna", Traffic.READ)
    assert (full.remaining, full.wait, full.reset) == (9, 0, 1)


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(1, 20)), max_size=20), st.integers(1, 30))
def test_within_any_time_no_more_than_the_quota_and_what_came_back_is_admitted(
    bursts: list[tuple[float, int]], requests: int
) -> None:
    async def scenario() -> None:
        clock = VirtualClock()
        one = limiter(clock, limited(requests))
        admitted = 0
        for pause, count in bursts:
            await clock.advance(pause)
            admitted += sum(one.take(ANNA, "anna", Traffic.READ).wait == 0 for _ in range(count))
            assert admitted <= requests + clock.monotonic() * requests / 10.0 + 1e-6

    asyncio.run(scenario())


def test_kinds_of_traffic_and_consumers_have_quotas_of_their_own() -> None:
    few, many = ConsumerLimits(read=Quota(requests=1)), ConsumerLimits(read=Quota(requests=5))
    one = limiter(VirtualClock(), Limits(everyone=few, consumers={"bert": many}))
    assert one.take(ANNA, "anna", Traffic.READ).wait == 0
    assert one.take(ANNA, "anna", Traffic.READ).wait > 0
    assert one.take(ANNA, "anna", Traffic.PUBLISH).wait == 0
    assert [one.take(BERT, "bert", Traffic.READ).wait for _ in range(5)] == [0] * 5


def test_what_is_under_way_is_counted_and_let_go() -> None:
    one = limiter(VirtualClock(), Limits(everyone=ConsumerLimits(concurrency=2)))
    assert [one.enter(ANNA, "anna") for _ in range(3)] == [True, True, False]
    assert one.enter(BERT, "bert")
    one.leave(ANNA)
    assert one.enter(ANNA, "anna")
    one.leave(ANNA), one.leave(ANNA), one.leave(BERT)
    assert one._under_way == {}


async def test_at_ten_times_its_quota_one_is_told_to_wait_and_the_other_notices_nothing() -> None:
    api = open_api(limits=limited(20))
    greedy, modest = [], []
    for turn in range(200):
        greedy.append(await api.get("/v1/status", key="clm_portal"))
        if turn % 10 == 0:
            modest.append(await api.get("/v1/status", key="clm_desk"))
    assert [one.status for one in modest] == [200] * 20
    assert [one.status for one in greedy] == [200] * 20 + [429] * 180
    refused = greedy[-1]
    assert refused.problem == "quota-exceeded"
    assert int(refused.headers["retry-after"]) == 1
    assert refused.headers["ratelimit-policy"] == '"read";q=20;w=10'
    assert refused.headers["ratelimit"] == '"read";r=0;t=10'
    assert modest[-1].headers["ratelimit"].startswith('"read";r=0')


async def test_after_the_seconds_it_was_told_a_consumer_is_let_in_again() -> None:
    api = open_api(limits=limited(3, 60.0))
    for _ in range(3):
        assert (await api.get("/v1/status")).status == 200
    refused = await api.get("/v1/status")
    await api.clock.advance(float(refused.headers["retry-after"]))
    assert (await api.get("/v1/status")).status == 200


async def test_a_call_without_a_key_uses_up_nobody_s_quota() -> None:
    api = open_api(limits=limited(1))
    for _ in range(5):
        assert (await api.get("/v1/status", key="clm_unknown")).status == 401
        assert (await api.get("/healthz", key=None)).status == 200
    assert (await api.get("/v1/status")).status == 200


async def holding(limits: Limits) -> tuple[Api, Behind]:
    behind = Behind()
    clock = VirtualClock()
    api = open_api(limits=limits, clock=clock, lookups=Lookups([behind.lookup(budget_seconds=5.0)], clock))
    behind.hold()
    return api, behind


async def test_a_consumer_may_not_fill_the_house() -> None:
    api, behind = await holding(Limits(everyone=ConsumerLimits(concurrency=2)))
    waiting = [asyncio.ensure_future(api.get(f"/v1/lookups/stock?product=P-{n}")) for n in range(2)]
    await behind.until(2)
    refused = await api.get("/v1/lookups/stock?product=P-3")
    assert (refused.status, refused.problem) == (429, "too-many-at-once")
    assert refused.headers["retry-after"] == "1"
    assert (await api.get("/v1/status", key="clm_desk")).status == 200
    behind.release()
    assert [(await one).status for one in waiting] == [200, 200]
    assert (await api.get("/v1/lookups/stock?product=P-3")).status == 200


async def test_a_caller_that_hangs_up_gives_its_place_back() -> None:
    api, behind = await holding(Limits(everyone=ConsumerLimits(concurrency=1)))
    waiting = asyncio.ensure_future(api.get("/v1/lookups/stock?product=P-1"))
    await behind.until(1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert api.audit[-1].status == 499
    behind.release()
    assert (await api.get("/v1/lookups/stock?product=P-1")).status == 200
    await api.services.lookups.close()
