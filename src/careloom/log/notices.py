"""Wakes workers: at once within the process, by NOTIFY across nodes, and polling is the net below both."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from careloom.core.clock import Clock
from careloom.core.errors import CareloomError
from careloom.store.database import Database
from careloom.store.sql import queries
from careloom.store.translation import translated

_SQL = queries("log")
_log = logging.getLogger(__name__)

CHANNEL = "careloom"
PARKED = "parked"
ERASED = "erased"
_LEAST_SECONDS = 0.02
_RECONNECT_SECONDS = 1.0


class Notices:
    """Sends and hears what happened in the log: a bank's letter, `parked` or `erased`."""

    def __init__(self, database: Database, clock: Clock, heard: Callable[[str], None]) -> None:
        self._database = database
        self._clock = clock
        self._heard = heard
        self._due: set[str] = set()
        self._sender: asyncio.Task[None] | None = None
        self._listener: asyncio.Task[None] | None = None
        self._connection: Any = None

    def start(self) -> None:
        """Begin to listen."""
        self._listener = asyncio.get_running_loop().create_task(self._listen())

    def send(self, payload: str) -> None:
        """Tell the other nodes soon; many within 20 ms are one."""
        self._due.add(payload)
        if self._sender is None:
            self._sender = asyncio.get_running_loop().create_task(self._send())

    async def close(self) -> None:
        """Stop listening and sending."""
        for task in (self._listener, self._sender):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        if self._connection is not None and not self._connection.is_closed():
            with suppress(CareloomError), translated():
                await self._connection.close()

    async def _send(self) -> None:
        try:
            while self._due:
                await self._clock.sleep(_LEAST_SECONDS)
                due, self._due = self._due, set()
                async with self._database.acquire() as connection:
                    for payload in due:
                        await connection.execute(_SQL.notify, payload)
        except CareloomError:
            self._due.clear()  # the others poll
        finally:
            self._sender = None

    async def _listen(self) -> None:
        while True:
            try:
                self._connection = await self._database.connect()
                with translated():
                    await self._connection.add_listener(CHANNEL, self._on_notice)
                # What was said meanwhile was missed.
                self._heard(ERASED)
                self._heard(PARKED)
                await _end_of(self._connection)
            except CareloomError as error:
                _log.debug("not listening for now: %s", error)
            await self._clock.sleep(_RECONNECT_SECONDS)

    def _on_notice(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        self._heard(str(payload))


async def _end_of(connection: Any) -> None:
    ended = asyncio.Event()
    connection.add_termination_listener(lambda _: ended.set())
    if not connection.is_closed():
        await ended.wait()
