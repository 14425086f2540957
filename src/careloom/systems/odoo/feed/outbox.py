"""The feed of the addon `careloom_connector`: changes that Odoo itself wrote down in the transaction that made them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeVar

import msgspec

from careloom.core.errors import ConfigurationError
from careloom.systems.odoo.connection import Connection
from careloom.systems.odoo.faults import Fault, OdooContractBroken, make
from careloom.systems.odoo.feed.messages import body_of, message
from careloom.systems.odoo.feed.reading import Reading
from careloom.systems.odoo.feed.watches import Watch
from careloom.systems.reception import Reception
from careloom.systems.seam import Memory, Trouble, Troubles

MODEL: Final = "careloom.outbox"
RESTORED: Final = "feed-restored"
_CURSOR: Final = "feed/outbox"
_ADVICE: Final = "Compare what was told with what it holds, then raise feed_epoch to follow it from its oldest change"
_T = TypeVar("_T")


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """Of which database changes were taken up to `seq`, and acknowledged up to `acknowledged`. A person raises `epoch`
    to begin anew."""

    uuid: str
    epoch: int
    seq: int = 0
    acknowledged: int = 0


class Described(msgspec.Struct, frozen=True):
    """What the outbox says of itself. `last` is the newest change that it still holds, 0 when it is empty."""

    database_uuid: str
    last: int = 0
    unacknowledged: int = 0


class Pulled(msgspec.Struct, frozen=True):
    """Changes by sequence."""

    changes: list[dict[str, Any]]


class Outbox:
    """Takes what the outbox holds, in its order. `told` counts the messages that were new to the log."""

    def __init__(
        self,
        reading: Reading,
        watches: Sequence[Watch],
        reception: Reception,
        memory: Memory,
        troubles: Troubles,
        *,
        epoch: int = 1,
        rows: int = 200,
    ) -> None:
        self._reading = reading
        self._connection: Connection = reading.connection
        self._watches = watches
        self._reception = reception
        self._memory = memory
        self._troubles = troubles
        self._epoch = epoch
        self._rows = rows
        self._declared = False
        self.told = 0

    async def look(self) -> None:
        """Take all that there is, and acknowledge it once the log has it.

        Raises the errors of `faults`, ConfigurationError when it is another database, or an older one, than was
        followed; Unavailable when the log took nothing: then it is taken by the next look.
        """
        if not self._declared:
            fitted = await self._reading.fitted(self._watches)
            await self._call("watch", watches=[watch.declared() for watch in fitted])
            self._declared = True
        now = _read(await self._call("describe"), Described)
        cursor = await self._known(await self._cursor(now), now)
        while True:
            pulled = _read(await self._call("pull", after=cursor.seq, limit=self._rows), Pulled)
            if not pulled.changes:
                return
            cursor = await self._take(cursor, pulled.changes)

    async def _take(self, cursor: Cursor, changes: Sequence[dict[str, Any]]) -> Cursor:
        # The log first, then the cursor, then the outbox: what a crash leaves between is pulled again, and a repeat.
        units = [message(body_of(change), f"{cursor.uuid}/{cursor.epoch}/{change['seq']}") for change in changes]
        taken = await self._reception.take_units(units, origin="outbox")
        self.told += taken.accepted
        if taken.conflicting:
            raise await self._restored("the outbox holds other changes under numbers that were taken")
        moved = msgspec.structs.replace(cursor, seq=max(int(change["seq"]) for change in changes))
        await self._keep(moved)
        return await self._acknowledged(moved)

    async def _acknowledged(self, cursor: Cursor) -> Cursor:
        await self._call("acknowledge", upto=cursor.seq)
        done = msgspec.structs.replace(cursor, acknowledged=cursor.seq)
        await self._keep(done)
        return done

    async def _cursor(self, now: Described) -> Cursor:
        """Where we are in this outbox. Raises ConfigurationError when it is not the one that was followed."""
        kept = await self._memory.get(_CURSOR)
        cursor = None if kept is None else msgspec.json.decode(kept, type=Cursor)
        if cursor is None or cursor.epoch < self._epoch:
            cursor = Cursor(uuid=now.database_uuid, epoch=self._epoch)
            await self._keep(cursor)
            await self._troubles.settle(RESTORED, resolution="begun anew")
        if now.database_uuid != cursor.uuid:
            raise await self._restored("this is another database than was followed: its uuid is another one")
        if 0 < now.last < cursor.seq:
            raise await self._restored(f"the outbox ends at {now.last}, and {cursor.seq} was taken already")
        return cursor

    async def _known(self, cursor: Cursor, now: Described) -> Cursor:
        """The cursor, with all that was taken acknowledged. Raises ConfigurationError when what was acknowledged once
        is not any more: then the database is an older one, that went on under the same numbers."""
        if not cursor.seq or not now.unacknowledged:
            return cursor
        if cursor.acknowledged < cursor.seq:
            return await self._acknowledged(cursor)
        if await self._call("acknowledge", upto=cursor.seq):
            raise await self._restored("changes that were acknowledged are not any more")
        return cursor

    async def _restored(self, what: str) -> ConfigurationError:
        problem = f"{what}; the database was restored from a backup, or is a copy. {_ADVICE}"
        await self._troubles.report(Trouble(RESTORED, problem))
        return ConfigurationError(f"{self._reception.system}: {problem}")

    async def _keep(self, cursor: Cursor) -> None:
        await self._memory.put(_CURSOR, msgspec.json.encode(cursor))

    async def _call(self, method: str, **arguments: Any) -> Any:
        """Each of the outbox's methods may be repeated: it changes nothing that a repeat would change again."""
        return await self._connection.call(MODEL, method, arguments, repeatable=True)


def _read(answer: Any, kind: type[_T]) -> _T:
    try:
        return msgspec.convert(answer, kind)
    except msgspec.ValidationError:
        fault = Fault("unexpected answer", MODEL, kind.__name__.lower())
        advice = "the addon answers in a way that this hub does not know: update one of them"
        raise make(OdooContractBroken, fault, advice) from None
