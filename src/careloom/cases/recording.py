"""Writes what tells of cases, and who acted on them, in the transaction of the act."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from careloom.cases.book import Cases
from careloom.core.clock import Clock
from careloom.core.envelope import Event
from careloom.core.ids import IdFactory
from careloom.log.keyring import Keyring
from careloom.log.lanes import Bank, Lanes, open_lanes
from careloom.log.operators import Act, audit_of
from careloom.log.ports import Connection, NewCase
from careloom.log.telling import told
from careloom.log.writing import Writer
from careloom.store.sql import queries

_LOG = queries("log")


class Recorder:
    """Appends to the log for those outside of it who open, move and close cases."""

    def __init__(self, keyring: Keyring, book: Cases, clock: Clock, new_id: IdFactory) -> None:
        self.book = book
        self._keyring = keyring
        self._clock = clock
        self._new_id = new_id
        self._lanes: Lanes | None = None

    async def open(self, connection: Connection, cases: Sequence[NewCase]) -> None:
        """Open these and tell of them; inside the caller's transaction, which writes nothing else to the log."""
        await self.write(connection, await self.book.open(connection, cases))

    async def settle(self, connection: Connection, system: str, kind: str, place: str | None, resolution: str) -> None:
        """Close what a system reported of itself, and tell of it; as `open`."""
        await self.write(connection, await self.book.settle(connection, system, kind, place, resolution))

    async def write(self, connection: Connection, events: Sequence[Event]) -> None:
        """Append them, once in a transaction and as its last act."""
        if not events:
            return
        if self._lanes is None:
            self._lanes = await open_lanes(connection)
        writer = Writer(self._lanes, self._new_id, erased=self._keyring.forget)
        await writer.write(connection, await told(connection, writer, self._keyring, events, self._clock.now()))
        await connection.execute(_LOG.notify, Bank.EVENTS.value)

    def audit(self, what: str, act: Act, targets: Sequence[UUID]) -> Event:
        """The entry that keeps who did it, to which cases, and why; for `write`."""
        names = [str(target) for target in targets]
        return audit_of(what, act, "", names, self._new_id(), self._clock.now())
