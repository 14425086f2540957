"""Calls made side by side are one piece of work, and none is left waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from careloom.identity.index.collecting import Collecting


async def test_what_is_asked_in_one_moment_is_one_piece_of_work() -> None:
    pieces: list[list[int]] = []

    async def work(asked: Sequence[int]) -> Sequence[int]:
        pieces.append(list(asked))
        await asyncio.sleep(0)
        return [one * 2 for one in asked]

    collecting = Collecting(work, most=8, workers=1)
    assert await asyncio.gather(*(collecting.ask(n) for n in range(20))) == [n * 2 for n in range(20)]
    assert [len(piece) for piece in pieces] == [8, 8, 4]


async def test_whoever_asks_as_the_worker_ends_is_answered() -> None:
    async def work(asked: Sequence[int]) -> Sequence[int]:
        return asked

    collecting = Collecting(work, most=8, workers=1)
    async with asyncio.timeout(10):
        for n in range(50):
            assert await collecting.ask(n) == n
    await collecting.close()


async def test_each_call_fails_for_its_own_reasons() -> None:
    async def work(asked: Sequence[int]) -> Sequence[int]:
        if 3 in asked:
            raise ValueError("three")
        return asked

    collecting = Collecting(work, most=8, workers=1)
    answers = await asyncio.gather(*(collecting.ask(n) for n in range(5)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [int, int, int, ValueError, int]


async def test_a_caller_who_goes_takes_no_answer_from_others() -> None:
    going = asyncio.Event()

    async def work(asked: Sequence[int]) -> Sequence[int]:
        await going.wait()
        return asked

    collecting = Collecting(work, most=8, workers=2)
    gone, stays = collecting.ask(1), collecting.ask(2)
    await asyncio.sleep(0)
    gone.cancel()
    going.set()
    assert await stays == 2
    await collecting.close()
    with pytest.raises(asyncio.CancelledError):
        await gone
