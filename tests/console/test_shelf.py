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


async def turns() -> None:
    """Whoever is at work behind comes to its end."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_what_may_still_be_shown_is_shown_at_once_and_read_anew_behind_it() -> None:
    shelf, it = Shelf(), Reading()

    async def look() -> int:
        return await shelf.kept("x", lambda: it.now, 2, it.read, still=10)

    assert await look() == 1
    it.now = 2.0
    assert [await look() for _ in range(5)] == [1] * 5 and it.times == 1, "nobody waits, and nothing was read yet"
    await turns()
    assert await look() == 2, "one read it for all"
    it.now, it.times = 5.0, 12
    assert await look() == 2
    await turns()
    assert (await look(), it.times) == (2, 13), "it is away: what there is may still be shown"
    it.now, it.times = 12.0, 12
    with pytest.raises(RuntimeError):
        await look()
    assert await look() == 14
