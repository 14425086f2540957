"""However many look, what they look at is read once in a while."""

from __future__ import annotations

import asyncio

import pytest

from careloom.console.shelf import Shelf


class Reading:
    """A clock, and something that is read."""

    def __init__(self) -> None:
        self.now, self.times = 0.0, 0

    async def read(self) -> int:
        self.times += 1
        await asyncio.sleep(0)
        if self.times == 13:
            raise RuntimeError("away")
        return self.times


async def test_all_who_look_at_once_share_one_reading() -> None:
    shelf, it = Shelf(), Reading()
    looks = await asyncio.gather(*(shelf.kept("x", lambda: it.now, 2, it.read) for _ in range(20)))
    assert looks == [1] * 20
    it.now = 1.9
    assert await shelf.kept("x", lambda: it.now, 2, it.read) == 1
    it.now = 2.0
    assert await shelf.kept("x", lambda: it.now, 2, it.read) == 2
    assert await shelf.kept("y", lambda: it.now, 2, it.read) == 3


async def test_what_somebody_changed_is_read_anew_and_a_reading_that_failed_is_tried_again() -> None:
    shelf, it = Shelf(), Reading()
    it.times = 11
    assert await shelf.kept("x", lambda: it.now, 2, it.read) == 12
    shelf.forget("x")
    with pytest.raises(RuntimeError):
        await shelf.kept("x", lambda: it.now, 2, it.read)
    assert await shelf.kept("x", lambda: it.now, 2, it.read) == 14
