"""Readings that many pages show, read once for all who look."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

T = TypeVar("T")


class Shelf:
    """Keeps each reading for some seconds; while one is read anew, whoever asks waits for it."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, Any]] = {}
        self._reading: dict[str, asyncio.Lock] = {}

    async def kept(self, name: str, now: Callable[[], float], seconds: float, read: Callable[[], Awaitable[T]]) -> T:
        """What `read` gave not longer than `seconds` ago by the clock `now`, else what it gives."""
        async with self._reading.setdefault(name, asyncio.Lock()):
            at, value = self._kept.get(name, (0.0, None))
            if name not in self._kept or now() - at >= seconds:
                value = await read()
                self._kept[name] = now(), value
            found: T = value
            return found

    def forget(self, name: str) -> None:
        """Somebody changed what it tells."""
        self._kept.pop(name, None)
