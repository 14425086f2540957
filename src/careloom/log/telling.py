"""Events about what the log itself does, made within the transaction that does it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from careloom.core.envelope import Event
from careloom.log.keyring import Keyring
from careloom.log.ports import Connection
from careloom.log.writing import Prepared, Writer


async def told(
    connection: Connection, writer: Writer, keyring: Keyring, events: Sequence[Event], now: datetime
) -> list[Prepared]:
    """Sealed under keys that are made in this transaction where there are none; for `Writer.write`, which the caller
    calls once, since lanes are locked in order."""
    if not events:
        return []
    keys = await keyring.within(connection, {name for event in events for name in (event.subject, *event.others)})
    return writer.prepare(events, keys, now)
