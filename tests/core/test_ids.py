"""UUIDv7: strictly increasing, whatever the clock does, and readable."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest

from careloom.core.ids import Uuid7, made_at

NOW = datetime(2026, 3, 1, 8, 0, 0, 123_000, tzinfo=UTC)


class SteeredClock:
    """Says what it is told."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        raise AssertionError("ids depend on the wall clock only")

    async def sleep(self, seconds: float) -> None:
        raise AssertionError(f"nobody sleeps {seconds} s for an id")


def test_it_is_a_version_7_uuid_of_the_rfc_variant() -> None:
    id_ = Uuid7()()
    assert (id_.version, id_.variant) == (7, "specified in RFC 4122")


def test_the_time_can_be_read_back_to_the_millisecond() -> None:
    assert made_at(Uuid7(SteeredClock())()) == NOW


@pytest.mark.parametrize("count", [10, 4097, 9000])
def test_many_within_one_millisecond_still_increase(count: int) -> None:
    new_id = Uuid7(SteeredClock())
    ids = [new_id() for _ in range(count)]
    assert all(earlier < later for earlier, later in pairwise(ids))
    assert made_at(ids[-1]) - NOW == timedelta(milliseconds=(count - 1) // 4096)


def test_they_increase_also_when_the_clock_steps_back() -> None:
    clock = SteeredClock()
    new_id = Uuid7(clock)
    first = new_id()
    clock.time -= timedelta(hours=1)
    second = new_id()
    clock.time = NOW + timedelta(milliseconds=1)
    assert first < second < new_id()


def test_threads_never_get_the_same_one() -> None:
    new_id = Uuid7()

    def take(_: int) -> list[UUID]:
        return [new_id() for _ in range(2000)]

    with ThreadPoolExecutor(8) as pool:
        ids = [id_ for part in pool.map(take, range(8)) for id_ in part]
    assert len(set(ids)) == 16_000


def test_two_nodes_in_the_same_millisecond_differ() -> None:
    assert len({Uuid7(SteeredClock())() for _ in range(1000)}) == 1000
