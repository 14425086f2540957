"""Gathering: what waits travels together, one subject never overtakes itself, and errors stay where they belong."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom.core.errors import CareloomError, Rejected
from careloom.systems.odoo.gathering import Gathering


class Desk:
    """Notes each batch; works only while `open` is set."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.open.set()
        self.batches: list[tuple[str, list[int]]] = []
        self.at_work = 0
        self.most_at_work = 0

    async def work(self, lane: str, items: Sequence[int]) -> list[int | CareloomError]:
        self.batches.append((lane, list(items)))
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        await self.open.wait()
        await asyncio.sleep(0)
        self.at_work -= 1
        if any(item < -100 for item in items):
            raise RuntimeError("a bug")
        return [Rejected("negative") if item < 0 else item * 2 for item in items]


async def test_what_waits_goes_out_together_by_lane() -> None:
    desk = Desk()
    gathering = Gathering(desk.work, workers=1, most=3)
    asked = [gathering.ask(lane, (lane, n), n) for n in range(5) for lane in ("a", "b")]
    assert await asyncio.gather(*asked) == [n * 2 for n in range(5) for _ in "ab"]
    assert sorted(desk.batches) == [("a", [0, 1, 2]), ("a", [3, 4]), ("b", [0, 1, 2]), ("b", [3, 4])]


async def test_workers_bound_what_runs_at_once() -> None:
    desk = Desk()
    gathering = Gathering(desk.work, workers=2, most=1)
    await asyncio.gather(*(gathering.ask("a", n, n) for n in range(9)))
    assert desk.most_at_work == 2


async def test_an_error_is_that_item_s_own_and_a_raise_is_everyone_s() -> None:
    gathering = Gathering(Desk().work, workers=1, most=9)
    found = await asyncio.gather(*(gathering.ask("a", n, n) for n in (1, -1, 2)), return_exceptions=True)
    assert found[0] == 2
    assert isinstance(found[1], Rejected)
    assert found[2] == 4
    with pytest.raises(RuntimeError):
        await gathering.ask("a", 7, -500)
    assert await gathering.ask("a", 8, 8) == 16


async def test_one_who_gives_up_does_not_hold_the_others_up() -> None:
    desk = Desk()
    desk.open.clear()
    gathering = Gathering(desk.work, workers=1, most=9)
    first, second = gathering.ask("a", "s", 1), gathering.ask("a", "s", 2)
    await asyncio.sleep(0)
    first.cancel()
    desk.open.set()
    assert await second == 4


async def test_closing_cancels_what_waits() -> None:
    desk = Desk()
    desk.open.clear()
    gathering = Gathering(desk.work, workers=1, most=1)
    asked = [gathering.ask("a", n, n) for n in range(3)]
    await asyncio.sleep(0)
    await gathering.close()
    assert all(one.cancelled() for one in asked)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 3)), max_size=30), st.integers(1, 3), st.integers(1, 4))
async def test_a_subject_keeps_its_order_across_lanes(asked: list[tuple[str, int]], workers: int, most: int) -> None:
    seen: list[tuple[int, int]] = []

    async def work(lane: str, items: Sequence[tuple[int, int]]) -> list[int | CareloomError]:
        subjects = [subject for subject, _ in items]
        assert len(set(subjects)) == len(subjects)
        await asyncio.sleep(0)
        seen.extend(items)
        return [number for _, number in items]

    gathering: Gathering[str, tuple[int, int], int] = Gathering(work, workers=workers, most=most)
    asked_for = [gathering.ask(lane, subject, (subject, number)) for number, (lane, subject) in enumerate(asked)]
    assert await asyncio.gather(*asked_for) == list(range(len(asked)))
    for subject in range(4):
        numbers = [number for one, number in seen if one == subject]
        assert numbers == sorted(numbers)
