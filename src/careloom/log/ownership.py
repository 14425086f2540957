"""Which lanes of a subscription this node works: those whose advisory lock it holds.

The locks live on one session connection. When the node dies, or the connection breaks, PostgreSQL frees them and
another node takes the lanes. What the old owner still had in hand cannot be committed: the cursor's guard refuses it.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Sequence
from typing import Any

from careloom.store.database import Database
from careloom.store.sql import queries
from careloom.store.translation import translated

_SQL = queries("subscription")


def lock_class(name: str) -> int:
    """A signed 32-bit number for a name, as PostgreSQL's two-key advisory locks want it."""
    return zlib.crc32(name.encode()) - (1 << 31)


class LockSession:
    """The session connection that holds this node's locks; replaced when it breaks."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Any = None
        self._turn = asyncio.Lock()
        self._on_loss: list[Callable[[], None]] = []

    def on_loss(self, callback: Callable[[], None]) -> None:
        """Called when the session ended and every lock with it."""
        self._on_loss.append(callback)

    async def fetch(self, sql: str, *arguments: object) -> Sequence[Any]:
        """Run a statement on the session. Raises Unavailable when there is none to be had."""
        async with self._turn:
            if self._connection is None or self._connection.is_closed():
                self._connection = await self._database.connect()
                self._connection.add_termination_listener(self._lost)
            with translated():
                rows: Sequence[Any] = await self._connection.fetch(sql, *arguments)
                return rows

    async def close(self) -> None:
        """End the session; the locks go with it."""
        async with self._turn:
            if self._connection is not None and not self._connection.is_closed():
                self._connection.remove_termination_listener(self._lost)
                with translated():
                    await self._connection.close()
            self._connection = None

    def _lost(self, _connection: object) -> None:
        for callback in self._on_loss:
            callback()


class Ownership:
    """The lanes of one subscription that this node holds."""

    def __init__(self, session: LockSession, subscription: str, lanes: Sequence[int]) -> None:
        self._session = session
        self._class = lock_class(f"careloom/{subscription}")
        self._presence = lock_class(f"careloom node/{subscription}")
        self._lanes = lanes
        self._announced = False
        self.owned: set[int] = set()
        session.on_loss(self._lost)

    async def balance(self, busy: set[int]) -> set[int]:
        """Take free lanes up to this node's fair share, hand surplus idle ones back; the lanes that are new."""
        if not self._announced:
            await self._session.fetch(_SQL.announce_node, self._presence)
            self._announced = True
        nodes = (await self._session.fetch(_SQL.count_nodes, self._presence))[0][0]
        share = -(-len(self._lanes) // max(1, nodes))
        await self._hand_back(len(self.owned) - share, busy)
        missing = [lane for lane in self._lanes if lane not in self.owned]
        if len(self.owned) >= share or not missing:
            return set()
        rows = await self._session.fetch(_SQL.try_lock_lanes, self._class, missing, share - len(self.owned))
        if not self._announced:
            return set()  # the session, and these locks with it, ended before the answer was read
        taken = {row["lane"] for row in rows}
        self.owned |= taken
        return taken

    async def _hand_back(self, surplus: int, busy: set[int]) -> None:
        for lane in sorted(self.owned - busy)[: max(0, surplus)]:
            self.owned.discard(lane)
            await self._session.fetch(_SQL.unlock_lane, self._class, lane)

    def _lost(self) -> None:
        self.owned.clear()
        self._announced = False
