"""Looks through all ids of a model now and then: for records that are gone, which no `write_date` tells, and for what
a transaction longer than the overlap brought too late."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from careloom.systems.odoo.feed.pages import by_id
from careloom.systems.odoo.feed.reading import Reading
from careloom.systems.odoo.feed.seen import Record, Seen
from careloom.systems.odoo.feed.telling import Telling
from careloom.systems.odoo.feed.watches import Watch

_ROWS: Final = 5_000


class Sweeping:
    """Compares what there is with what we know."""

    def __init__(self, reading: Reading, telling: Telling, seen: Seen) -> None:
        self._reading = reading
        self._telling = telling
        self._seen = seen

    async def sweep(self, watch: Watch, now: datetime) -> bool:
        """Tell what was missed. False, and nothing is told, where records were written earlier than we know: then the
        database is an older one than it was."""
        known = await self._seen.records(watch.model)
        there: dict[int, str] = {}
        async for rows in by_id(self._reading.records, watch.model, watch.domain, (), _ROWS):
            there |= {row["id"]: str(row["write_date"]) for row in rows}
        if any(id_ in known and written[:19] < known[id_].written[:19] for id_, written in there.items()):
            return False
        await self._look_again(watch, known, there)
        await self._telling.tell_gone(watch, sorted(known.keys() - there.keys()), now.isoformat())
        return True

    async def _look_again(self, watch: Watch, known: dict[int, Record], there: dict[int, str]) -> None:
        """Rows that were written since we last looked at them: mostly noise, but one may have been missed."""
        written = [id_ for id_, at in there.items() if id_ not in known or known[id_].written[:19] != at[:19]]
        await self._telling.tell(watch, written)
        for id_ in written:
            record = await self._seen.get(watch.model, id_)
            if record is not None and record.written < there[id_]:
                await self._seen.put(watch.model, id_, msgspec.structs.replace(record, written=there[id_]))
        await self._seen.save()
