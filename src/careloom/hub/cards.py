"""How each system stands, told by the processes that work and read by those that are asked.

Breakers, latency and what a connector knows are in the memory of a process, and `careloom status` is another one. So
each process writes what it sees into the store, and whoever shows the status puts together what they wrote.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from careloom.core.clock import Clock
from careloom.core.errors import CareloomError
from careloom.security.sealing import SealBroken
from careloom.systems.resilience import BreakerState
from careloom.systems.seam import Memory, Shown

EVERY_SECONDS: Final = 10.0
FRESH: Final = timedelta(seconds=60)
_KEPT: Final = timedelta(days=1)
_KEY: Final = "standing/"
Standings = Mapping[str, Mapping[str, Any]]


class _Told(msgspec.Struct, kw_only=True):
    at: datetime
    works: bool
    state: str
    retry_after: float
    maintenance: datetime | None = None
    card: dict[str, Any] = {}


class Cards:
    """Writes for this process, and reads for all. `works`: it calls the systems, so its breakers say something."""

    def __init__(
        self,
        systems: Mapping[str, object],
        memory: Callable[[str], Memory],
        clock: Clock,
        *,
        works: bool = True,
        process: str | None = None,
    ) -> None:
        self._systems = systems
        self._memory = memory
        self._clock = clock
        self._works = works
        self._key = _KEY + (process or f"{socket.gethostname()}-{os.getpid()}")
        self.standings: Standings = {}

    async def refresh(self) -> None:
        """Write how the systems stand here, and read how they stand everywhere."""
        await self._write(works=self._works)
        self.standings = await read_standings(list(self._systems), self._memory, self._clock.now())

    async def keep_fresh(self) -> None:
        """For ever; while the store is away the status says so by itself."""
        while True:
            with suppress(CareloomError):
                await self.refresh()
            await self._clock.sleep(EVERY_SECONDS)

    async def withdraw(self) -> None:
        """This process ends: what it knows is kept, and its breakers say nothing any more."""
        with suppress(CareloomError):
            await self._write(works=False)

    async def _write(self, *, works: bool) -> None:
        for name, system in self._systems.items():
            told = self._told(system)
            told.works = works
            await self._memory(name).put(self._key, msgspec.json.encode(told))

    def _told(self, system: object) -> _Told:
        now = standing(system)
        return _Told(
            at=self._clock.now(),
            works=False,
            state=now["state"],
            retry_after=now["retry_after"],
            maintenance=getattr(system, "maintenance", None),
            card=dict(now.get("card", {})),
        )


def standing(system: object) -> dict[str, Any]:
    """How a system stands in this process: where its breaker is, until when maintenance lasts, what its card says."""
    wait = getattr(system, "retry_after", None)
    unsaid = "no breaker" if wait is None else BreakerState.OPEN if wait else BreakerState.CLOSED
    found: dict[str, Any] = {"state": str(getattr(system, "state", unsaid)), "retry_after": wait or 0.0}
    until = getattr(system, "maintenance", None)
    if until is not None:
        found |= {"state": "maintenance", "maintenance": until.isoformat()}
    if isinstance(system, Shown):
        found["card"] = dict(system.card())
    return found


async def read_standings(names: list[str], memory: Callable[[str], Memory], now: datetime) -> Standings:
    """How each system stands by what processes wrote: the newest of each fact, and the worst of the fresh states."""
    found = {}
    for name in names:
        told = await _read(memory(name), now)
        if told:
            found[name] = _joined(told, now)
    return found


async def _read(memory: Memory, now: datetime) -> list[_Told]:
    """What was written, oldest first; a process that did not write for a day is forgotten."""
    found = []
    for key in await memory.keys(_KEY):
        with suppress(SealBroken, msgspec.DecodeError):
            value = await memory.get(key)
            if value is None:
                continue
            told = msgspec.json.decode(value, type=_Told)
            if now - told.at > _KEPT:
                await memory.delete(key)
            else:
                found.append(told)
    return sorted(found, key=lambda one: one.at)


def _joined(told: list[_Told], now: datetime) -> Mapping[str, Any]:
    newest = told[-1]
    workers = [one for one in told if one.works and now - one.at <= FRESH]
    held = [one for one in workers if one.state not in (BreakerState.CLOSED, "no breaker")]
    speaks = (held or workers or [newest])[-1]
    card: dict[str, Any] = {}
    for one in told:
        card |= one.card
    joined: dict[str, Any] = {"state": speaks.state, "retry_after": speaks.retry_after}
    if not workers:
        joined = {"state": "not running", "retry_after": 0.0}
    joined["at"] = newest.at.isoformat()
    if speaks.maintenance is not None and speaks.maintenance > now:
        joined["maintenance"] = speaks.maintenance.isoformat()
    return {**joined, "card": card} if card else joined
