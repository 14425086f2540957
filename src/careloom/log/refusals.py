"""Refused bodies are kept, sealed and bounded, so that an operator can see what a sender tried to send."""

from __future__ import annotations

import asyncio
import logging

from careloom.core.clock import Clock
from careloom.core.ids import IdFactory
from careloom.core.receipts import Refusal
from careloom.log.keyring import Keyring
from careloom.store.database import Database
from careloom.store.sql import queries

_SQL = queries("log")
_log = logging.getLogger(__name__)

KEPT_BYTES = 64 * 1024
WAITING = 256
KEPT = 2_000
TRIM_EVERY = 100


class RefusalShelf:
    """Writes refusals in the background. A flood of garbage fills neither memory nor disk: beyond `WAITING`
    unwritten ones, further ones are counted and dropped; the sender was refused and still has them. Of each system
    the newest `KEPT` stay."""

    def __init__(self, database: Database, keyring: Keyring, clock: Clock, new_id: IdFactory) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock
        self._new_id = new_id
        self._waiting: list[Refusal] = []
        self._writer: asyncio.Task[None] | None = None
        self._until_trim = TRIM_EVERY
        self.dropped = 0

    def keep(self, refusal: Refusal) -> None:
        """Write it soon; never raises."""
        if len(self._waiting) >= WAITING:
            self.dropped += 1
            return
        self._waiting.append(refusal)
        if self._writer is None:
            self._writer = asyncio.get_running_loop().create_task(self._drain())

    async def close(self) -> None:
        """Wait for what was handed in."""
        while self._writer is not None:
            await asyncio.wait([self._writer])

    async def _drain(self) -> None:
        try:
            while self._waiting:
                refusal = self._waiting.pop(0)
                try:
                    await self._write(refusal)
                except Exception as error:
                    self.dropped += 1
                    _log.warning("a refused body of %r was not kept: %s", refusal.system, type(error).__name__)
        finally:
            self._writer = None

    async def _write(self, refusal: Refusal) -> None:
        id_ = self._new_id()
        subject = f"System/{refusal.system}"
        async with self._database.acquire() as connection:
            key = (await self._keyring.ensure(connection, [subject]))[subject]
            body = key.seal(subject, refusal.body[:KEPT_BYTES], id_)
            row = (id_, refusal.system, self._clock.now(), refusal.reason, refusal.location, refusal.peer, key.id, body)
            await connection.execute(_SQL.keep_refusal, *row)
            self._until_trim -= 1
            if self._until_trim <= 0:
                await connection.execute(_SQL.trim_refusals, refusal.system, KEPT)
                self._until_trim = TRIM_EVERY
