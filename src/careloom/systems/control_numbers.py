"""Control numbers: the same for the same event, another for every other."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Final

from careloom.core.errors import Contention
from careloom.systems.seam import Memory

_MOST: Final = 999_999_999
_TRIES: Final = 32
_MONTHS: Final = 3
_MONTH: Final = timedelta(days=30)


class ControlNumbers:
    """Draws the number of an interchange (ISA13) from what it is for, so that a repeat has the number of the first.

    A number is remembered for about three months, in which no other interchange gets it. Two nodes that draw at the
    same instant could meet on one of a thousand million numbers: they do not ask each other.
    """

    def __init__(self, system: str, memory: Memory) -> None:
        self._system = system
        self._memory = memory

    async def of(self, key: str, at: datetime) -> int:
        """The number for `key`; `at` must be the same for the same key. Raises Contention when none is found free."""
        months = _months(at)
        for attempt in range(_TRIES):
            number = self._drawn(key, attempt)
            holders = [await self._memory.get(_place(month, number)) for month in months]
            known = [one for one in holders if one is not None]
            if not known:
                await self._memory.put(_place(months[0], number), key.encode())
                return number
            if all(one == key.encode() for one in known):
                return number
        raise Contention("no control number is free; this should pass")

    async def forget(self, now: datetime) -> None:
        """Let go of what is older."""
        kept = set(_months(now))
        for key in await self._memory.keys("control/"):
            if key.split("/")[1] not in kept and key.split("/")[1] < min(kept):
                await self._memory.delete(key)

    def _drawn(self, key: str, attempt: int) -> int:
        digest = hashlib.blake2b(f"{self._system}/{key}/{attempt}".encode(), digest_size=8).digest()
        return 1 + int.from_bytes(digest) % _MOST


def _months(at: datetime) -> list[str]:
    return list(dict.fromkeys(f"{at - back * _MONTH:%Y%m}" for back in range(_MONTHS)))


def _place(month: str, number: int) -> str:
    return f"control/{month}/{number:09}"
