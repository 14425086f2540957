"""Calls connectors that look for what is new, each on one node at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from careloom.core.clock import Clock
from careloom.core.errors import CareloomError
from careloom.log.ownership import LockSession, lock_class
from careloom.store.database import Database
from careloom.store.sql import queries
from careloom.systems.seam import Polled

_SQL = queries("systems")
_log = logging.getLogger(__name__)
_CLASS = lock_class("careloom polling")


class Polling:
    """Looks into each of these systems for ever. The lock of a node that died is free at once, and another looks."""

    def __init__(self, systems: Mapping[str, Polled], database: Database, clock: Clock) -> None:
        self._systems = systems
        self._clock = clock
        self._session = LockSession(database)
        self._mine: set[str] = set()
        self._session.on_loss(self._mine.clear)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin."""
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._keep(name), name=f"poll {name}") for name in self._systems]

    async def close(self) -> None:
        """Stop; a look that is under way is cut, and what it had not finished is found by the next one."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._session.close()

    async def _keep(self, name: str) -> None:
        system = self._systems[name]
        while True:
            try:
                if await self._is_mine(name):
                    await system.poll()
            except CareloomError as error:
                _log.warning("%s: %s; it is looked into again in %g s", name, error, system.every)
            except Exception as error:
                # Its text may hold what was read; the kind and the place in the code do not.
                _log.error("%s: a look ended with %s, which is a bug", name, _where(error))
            await self._clock.sleep(system.every)

    async def _is_mine(self, name: str) -> bool:
        if name not in self._mine and (await self._session.fetch(_SQL.try_lock, _CLASS, lock_class(name)))[0][0]:
            self._mine.add(name)
        return name in self._mine


def _where(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{place}"
