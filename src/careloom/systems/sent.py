"""Which events went out already: a repeat is not written again after the other side took its file away."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from careloom.core.ids import made_at
from careloom.systems.seam import Memory

_PREFIX: Final = "sent/"
_REMEMBERED: Final = timedelta(days=30)


class Sent:
    """Remembers the ids of events for a month, which is longer than any is tried again."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._forgotten = ""

    async def has(self, event: UUID) -> bool:
        """Whether it went out."""
        return await self._memory.get(f"{_PREFIX}{event}") is not None

    async def add(self, event: UUID, control: int) -> None:
        """It went out, in the interchange of this number."""
        await self._memory.put(f"{_PREFIX}{event}", str(control).encode())

    async def forget(self, now: datetime) -> None:
        """Let go of what is older, once a day."""
        if self._forgotten == now.date().isoformat():
            return
        self._forgotten = now.date().isoformat()
        for key in await self._memory.keys(_PREFIX):
            if now - made_at(UUID(key.removeprefix(_PREFIX))) > _REMEMBERED:
                await self._memory.delete(key)
