"""A clock that stands still until a test moves it."""

from __future__ import annotations

import asyncio
from bisect import insort
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@dataclass(order=True, slots=True)
class _Sleeper:
    due: float
    number: int
    woken: asyncio.Future[None] = field(compare=False)


class VirtualClock:
    """A `careloom.core.clock.Clock`: time passes in `advance` and `advance_to_next` only.

    Sleepers wake in the order of their due times, those of the same time in the order in which they lay down; each
    sees the time it asked for. One event loop, no threads.
    """

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self._passed = 0.0
        self._sleepers: list[_Sleeper] = []
        self._number = 0
        self._lay_down = asyncio.Event()

    @property
    def sleeping(self) -> int:
        """How many are asleep."""
        return len(self._sleepers)

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        return self._passed

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        self._number += 1
        sleeper = _Sleeper(self._passed + seconds, self._number, asyncio.get_running_loop().create_future())
        insort(self._sleepers, sleeper)
        self._lay_down.set()
        try:
            await sleeper.woken
        finally:
            if sleeper in self._sleepers:
                self._sleepers.remove(sleeper)

    async def advance(self, seconds: float) -> None:
        """Let `seconds` pass. Whoever wakes gets its turn at its own time, and may sleep again within the stretch."""
        if seconds < 0:
            raise ValueError("time does not go back")
        target = self._passed + seconds
        while self._sleepers and self._sleepers[0].due <= target:
            await self._wake_next()
        self._passed = max(self._passed, target)

    async def advance_to_next(self) -> float:
        """Wait until somebody sleeps, and go to the time the first of them wakes; gives the seconds that passed."""
        await self.until_sleeping()
        before = self._passed
        await self._wake_next()
        return self._passed - before

    async def until_sleeping(self, count: int = 1) -> None:
        """Return once at least `count` are asleep."""
        while len(self._sleepers) < count:
            self._lay_down.clear()
            await self._lay_down.wait()

    async def _wake_next(self) -> None:
        sleeper = self._sleepers.pop(0)
        self._passed = max(self._passed, sleeper.due)
        if not sleeper.woken.done():
            sleeper.woken.set_result(None)
        # Two turns of the loop: one for the future to tell its task, one for the task to go on.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
