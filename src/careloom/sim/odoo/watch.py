"""Waiting for something to become true, without polling."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

Condition = Callable[[], bool]


class Watch:
    """Whoever changes what others may wait for calls `notify`."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Condition, asyncio.Future[None]]] = []

    def notify(self) -> None:
        """Wake those whose condition holds now."""
        for condition, woken in self._waiting:
            if not woken.done() and condition():
                woken.set_result(None)

    async def until(self, condition: Condition) -> None:
        """Return once `condition` holds."""
        if condition():
            return
        entry = (condition, asyncio.get_running_loop().create_future())
        self._waiting.append(entry)
        try:
            await entry[1]
        finally:
            self._waiting.remove(entry)
