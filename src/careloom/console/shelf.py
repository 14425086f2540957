"""Readings that many pages show, read once for all who look."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

T = TypeVar("T")


class Shelf:
    """Keeps each reading for some seconds; while one is read anew, whoever asks waits for it, unless the one before
    may still be shown."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, Any]] = {}
        self._reading: dict[str, asyncio.Lock] = {}
        self._behind: dict[str, asyncio.Task[Any]] = {}

    async def kept(
        self, name: str, now: Callable[[], float], seconds: float, read: Callable[[], Awaitable[T]],
        still: float = 0.0,
    ) -> T:  # fmt: skip
        """What `read` gave not longer than `seconds` ago by the clock `now`, else what it gives. What it gave not
        longer than `still` seconds ago is shown at once, and read anew behind it."""
        found: T
        at, found = self._kept.get(name, (-math.inf, None))
        if seconds <= now() - at < still:
            self._renew(name, now, seconds, read)
            return found
        return await self._read(name, now, seconds, read)

    async def _read(self, name: str, now: Callable[[], float], seconds: float, read: Callable[[], Awaitable[T]]) -> T:
        async with self._reading.setdefault(name, asyncio.Lock()):
            at, value = self._kept.get(name, (0.0, None))
            if name not in self._kept or now() - at >= seconds:
                value = await read()
                self._kept[name] = now(), value
            found: T = value
            return found

    def _renew(self, name: str, now: Callable[[], float], seconds: float, read: Callable[[], Awaitable[Any]]) -> None:
        """Once at a time. One that fails is tried again by whoever asks next."""
        if name not in self._behind:
            task = asyncio.get_running_loop().create_task(self._read(name, now, seconds, read), name=f"shelf {name}")
            self._behind[name] = task
            task.add_done_callback(lambda done: self._renewed(name, done))

    def _renewed(self, name: str, done: asyncio.Task[Any]) -> None:
        del self._behind[name]
        if not done.cancelled():
            done.exception()

    def forget(self, name: str) -> None:
        """Somebody changed what it tells."""
        self._kept.pop(name, None)
