"""From rows that changed to messages of the log, each told once.

What is to be told is kept first, then given to the log, then remembered as told: after a crash between any of these the
same bytes are given again under the same key, and the log knows them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from careloom.systems.odoo.feed.messages import body_of, instant, message, state_of, who, whose
from careloom.systems.odoo.feed.pages import Row
from careloom.systems.odoo.feed.reading import Reading
from careloom.systems.odoo.feed.seen import Record, Seen
from careloom.systems.odoo.feed.watches import Watch
from careloom.systems.reception import Reception
from careloom.systems.seam import Memory

_DETAILS: Final = 100
"""Records of one `web_read`; documents come with their lines."""
_PENDING: Final = "feed/pending/"


class Told(msgspec.Struct, frozen=True, array_like=True):
    """One record that is being told: the message, empty where none is due, and how the record is from then on."""

    id: int
    key: str
    body: bytes
    record: Record | None


class Telling:
    """Tells changes to the log, and remembers what it told. `told` counts the messages that were new to the log."""

    def __init__(self, reading: Reading, reception: Reception, seen: Seen, memory: Memory, epoch: int) -> None:
        self._reading = reading
        self._reception = reception
        self._seen = seen
        self._memory = memory
        self._epoch = epoch
        self.told = 0

    async def differing(self, watch: Watch, rows: Sequence[Row]) -> list[int]:
        """The ids of the rows whose state is not the one we know."""
        found = []
        for row in rows:
            known = await self._seen.get(watch.model, row["id"])
            if known is None or known.differs(state_of(row, watch.state)):
                found.append(row["id"])
        return found

    async def tell(self, watch: Watch, ids: Sequence[int], at: str = "") -> None:
        """Read these records, and tell those that changed. State and record are of one reading.

        `at` is when it happened, as Odoo writes it, for records that bear no trace of that themselves.
        """
        for start in range(0, len(ids), _DETAILS):
            found: list[Told] = []
            for row in await self._reading.details(watch, ids[start : start + _DETAILS]):
                known, state = await self._seen.get(watch.model, row["id"]), state_of(row, watch.state)
                if known is None or known.differs(state):
                    made = Record(known.revision + 1 if known else 1, str(row["write_date"]), state)
                    found.append(await self._changed(watch, row, known, made, max(at, made.written)))
            await self._give(watch, found)

    async def tell_gone(self, watch: Watch, ids: Sequence[int], at: str) -> None:
        """Tell that these records are deleted. `at` is when that was noticed, as RFC 3339."""
        found = []
        for id_ in ids:
            known = await self._seen.get(watch.model, id_)
            if known is not None:
                found.append(await self._gone(watch, id_, known, at))
        await self._give(watch, found)

    async def resume(self, watch: Watch) -> None:
        """Tell what was about to be told when a process ended."""
        kept = await self._memory.get(_PENDING + watch.model)
        if kept is not None:
            await self._finish(watch, msgspec.json.decode(kept, type=list[Told]))

    async def _give(self, watch: Watch, found: Sequence[Told]) -> None:
        if found:
            await self._memory.put(_PENDING + watch.model, msgspec.json.encode(found))
            await self._finish(watch, found)

    async def _finish(self, watch: Watch, found: Sequence[Told]) -> None:
        units = [message(one.body, one.key) for one in found if one.body]
        taken = await self._reception.take_units(units, origin=f"polling {watch.model}")
        self.told += taken.accepted
        for one in found:
            await self._seen.put(watch.model, one.id, one.record)
        await self._seen.save()
        await self._memory.delete(_PENDING + watch.model)

    async def _changed(self, watch: Watch, row: Row, known: Record | None, made: Record, at: str) -> Told:
        origin = {name: row.pop(name, None) for name in ("write_date", "write_uid", "company_id")}
        change = await self._change(watch, row["id"], "create" if known is None else "write", instant(at))
        change |= {
            "company": whose(origin["company_id"]),
            "user": who(origin["write_uid"]),
            "before": None if known is None else known.state,
            "after": made.state,
            "record": row,
        }
        return Told(row["id"], self._key(watch, row["id"], made), body_of(change), made)

    async def _gone(self, watch: Watch, id_: int, known: Record, at: str) -> Told:
        if not watch.deletes:
            return Told(id_, "", b"", None)
        change = await self._change(watch, id_, "unlink", at)
        change |= {"before": known.state, "after": None, "record": None}
        return Told(id_, f"{self._epoch}/{watch.model}/{id_}/unlink", body_of(change), None)

    async def _change(self, watch: Watch, id_: int, operation: str, at: str) -> dict[str, Any]:
        series = await self._reading.series()
        return {"v": 1, "model": watch.model, "id": id_, "operation": operation, "at": at, "series": series}

    def _key(self, watch: Watch, id_: int, made: Record) -> str:
        state = msgspec.json.encode(made.state, order="sorted")
        digest = hashlib.blake2b(state, digest_size=8).hexdigest()
        return f"{self._epoch}/{watch.model}/{id_}/{made.revision}/{made.written}/{digest}"
