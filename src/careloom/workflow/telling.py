"""Appends events and opens cases in the transaction of the step that caused them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from careloom.core.clock import Clock
from careloom.core.envelope import Event
from careloom.log.keyring import Keyring
from careloom.log.lanes import Bank
from careloom.log.ports import CaseBook, Connection, NewCase
from careloom.log.telling import told
from careloom.log.writing import Writer
from careloom.store.sql import queries

_LOG = queries("log")
_ACCOUNTS = queries("subscription")
Owed = Callable[[str], int]
"""How many subscriptions of the deployment will handle an event of this type."""


class Teller:
    """Writes to the log on behalf of runs; call `write` once in a transaction, as its last act."""

    def __init__(self, writer: Writer, keyring: Keyring, book: CaseBook, clock: Clock, owed: Owed) -> None:
        self._writer = writer
        self._keyring = keyring
        self.book = book
        self._clock = clock
        self._owed = owed

    async def write(self, connection: Connection, events: Sequence[Event], cases: Sequence[NewCase] = ()) -> None:
        """Append these, open those."""
        everything = [*events, *await self.book.open(connection, cases)]
        if not everything:
            return
        debts = [(event.correlation, self._owed(event.type)) for event in everything]
        # What a message led to by way of a run is not the message's own fate, so it is owed but not counted.
        owing = [(message, owed, False) for message, owed in debts if owed]
        if owing:
            await connection.execute(_ACCOUNTS.put_on, *map(list, zip(*owing, strict=True)))
        entries = await told(connection, self._writer, self._keyring, everything, self._clock.now())
        await self._writer.write(connection, entries)
        await connection.execute(_LOG.notify, Bank.EVENTS.value)
