"""A node starts only on a database that it fits."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from careloom.cases.book import Cases
from careloom.core.clock import SystemClock
from careloom.core.errors import ConfigurationError
from careloom.core.ids import Uuid7
from careloom.core.receipts import Received
from careloom.log.lanes import DEFAULT_LANES, Bank, Lanes, open_lanes
from careloom.log.node import LogNode
from careloom.log.verification import verify
from careloom.security.sealing import MasterKey, SealBroken

Message = Callable[..., Received]


async def test_the_number_of_lanes_is_fixed_at_creation(log: Any) -> None:
    assert (await log.node(lanes=None)).lanes == Lanes(DEFAULT_LANES)
    assert (await log.node(lanes=DEFAULT_LANES)).lanes.count == DEFAULT_LANES
    with pytest.raises(ConfigurationError, match=f"created with {DEFAULT_LANES} lanes and the settings ask for 8"):
        await log.node(lanes=8)


async def test_nodes_that_start_together_make_the_lanes_once(log: Any) -> None:
    async def open_one() -> Lanes:
        async with log.database.acquire() as connection:
            return await open_lanes(connection, 4)

    assert set(await asyncio.gather(*(open_one() for _ in range(5)))) == {Lanes(4)}
    assert await log.value("select count(*) from lane") == 8
    assert (await verify(log.database)).broken_at is None


async def test_another_master_key_is_refused_with_the_remedy(log: Any, message: Message) -> None:
    other, clock, new_id = MasterKey(bytes(32)), SystemClock(), Uuid7()
    await (await log.node()).intake.accept(message("M1"))
    with pytest.raises(SealBroken, match="check that the configured master key is the one"):
        await LogNode.open(log.database, other, Cases(clock, new_id), clock, new_id)


def test_a_subject_has_one_lane_in_each_bank_and_subjects_spread_over_them() -> None:
    lanes = Lanes(16)
    tokens = [uuid4() for _ in range(3200)]
    spread = Counter(lanes.of(Bank.MESSAGES, token) for token in tokens)
    assert set(spread) == set(lanes.all(Bank.MESSAGES))
    assert max(spread.values()) < 2 * 3200 / 16
    assert all(lanes.of(Bank.EVENTS, token) == lanes.of(Bank.MESSAGES, token) + 16 for token in tokens)
    assert set(lanes.all(Bank.EVENTS)).isdisjoint(lanes.all(Bank.MESSAGES))
