"""The feed without an addon: looks at what was written since, by the rules of `odoo/CONTRACT.md` section 5."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from careloom.core.clock import Clock
from careloom.core.errors import AccessRefused, ConfigurationError
from careloom.systems.odoo.feed.marks import Mark, Marks
from careloom.systems.odoo.feed.messages import state_of
from careloom.systems.odoo.feed.pages import by_id, written_since
from careloom.systems.odoo.feed.reading import Reading
from careloom.systems.odoo.feed.seen import Record, Seen
from careloom.systems.odoo.feed.sweeping import Sweeping
from careloom.systems.odoo.feed.telling import Telling
from careloom.systems.odoo.feed.watches import Trigger, Watch
from careloom.systems.reception import Reception
from careloom.systems.seam import Memory, Trouble, Troubles

_log = logging.getLogger(__name__)
_MARKS: Final = "feed/marks/"
UNREADABLE: Final = "feed-unreadable"
RESTORED: Final = "feed-restored"


class Limits(msgspec.Struct, frozen=True):
    """`overlap` and `sweep` in seconds; `rows` of a page. A person raises `epoch` to begin anew."""

    overlap: float = 130.0
    sweep: float = 900.0
    rows: int = 500
    epoch: int = 1


class Polling:
    """Follows the watched models, one look at a time."""

    def __init__(
        self,
        reading: Reading,
        watches: Sequence[Watch],
        reception: Reception,
        memory: Memory,
        troubles: Troubles,
        clock: Clock,
        limits: Limits,
    ) -> None:
        self._reading = reading
        self._declared = watches
        self._watches: Sequence[Watch] | None = None
        self._system = reception.system
        self._memory = memory
        self._troubles = troubles
        self._clock = clock
        self._limits = limits
        self._seen = Seen(memory)
        self._telling = Telling(reading, reception, self._seen, memory, limits.epoch)
        self._sweeping = Sweeping(reading, self._telling, self._seen)
        self._settled: dict[str, dict[int, str]] = {}
        self._readable: set[str] = set()  # an earlier process may have left a case open: the first good look closes it

    @property
    def told(self) -> int:
        """Messages that were new to the log."""
        return self._telling.told

    async def look(self) -> None:
        """Tell what changed since the last look; the first one only learns how everything is.

        Raises the errors of `faults`, Unavailable when the log took nothing: then it is told by the next look.
        """
        if self._watches is None:
            self._watches = await self._reading.fitted(self._declared)
        await self._seen.refresh()
        for watch in self._watches:
            try:
                await self._follow(watch)
                await self._is_readable(watch.model)
            except AccessRefused as error:
                if getattr(error, "stops", False):
                    raise
                self._readable.discard(watch.model)
                reason = f"the API user may not read {watch.model}: give it that right, or leave it out of feed_models"
                await self._troubles.report(Trouble(UNREADABLE, reason, watch.model))

    async def _is_readable(self, model: str) -> None:
        if model not in self._readable:
            await self._troubles.settle(UNREADABLE, model, resolution="it can be read again")
            self._readable.add(model)

    async def _follow(self, watch: Watch) -> None:
        marks = await self._marks(watch)
        if marks is None:
            await self._begin(watch)
            return
        if marks.halted:
            raise ConfigurationError(_restored(watch.model))
        await self._telling.resume(watch)
        after = await self._written(watch, marks)
        for trigger in watch.triggers:
            if not trigger.bumps:
                after = await self._triggered(watch, trigger, after)
        after = await self._swept(watch, after)
        if after != marks:
            await self._keep(watch, after)

    async def _written(self, watch: Watch, marks: Marks) -> Marks:
        now, own = self._clock.now(), marks.own
        start = own.start(now, self._limits.overlap)
        pages = written_since(self._reading.records, watch.model, watch.domain, watch.state, start, self._limits.rows)
        async for rows in pages:
            await self._telling.tell(watch, await self._telling.differing(watch, rows))
            own = own.moved(str(rows[-1]["write_date"]), now)
        return msgspec.structs.replace(marks, own=own)

    async def _triggered(self, watch: Watch, trigger: Trigger, marks: Marks) -> Marks:
        """Look at records whose change moves watched ones without a trace in those."""
        mark, now = marks.triggers.get(trigger.model, Mark()), self._clock.now()
        known, settled = self._settled.get(trigger.model, {}), dict[int, str]()
        start = mark.start(now, self._limits.overlap)
        newest = mark
        async for rows in written_since(self._reading.records, trigger.model, (), (), start, self._limits.rows):
            written = {row["id"]: str(row["write_date"]) for row in rows}
            fresh = {id_ for id_, at in written.items() if known.get(id_) != at}
            if fresh:
                moved = await self._reading.walk(trigger.model, fresh, trigger.path)
                await self._telling.tell(watch, sorted(moved), at=max(written[id_] for id_ in fresh))
            newest = newest.moved(str(rows[-1]["write_date"]), now)
            # A row of the newest second may be written once more within it; the others are settled.
            settled |= {id_: at for id_, at in written.items() if at[:19] < newest.newest}
        self._settled[trigger.model] = settled
        return msgspec.structs.replace(marks, triggers={**marks.triggers, trigger.model: newest})

    async def _swept(self, watch: Watch, marks: Marks) -> Marks:
        now = self._clock.now()
        if marks.swept is not None and (now - marks.swept).total_seconds() < self._limits.sweep:
            return marks
        if not await self._sweeping.sweep(watch, now):
            await self._troubles.report(Trouble(RESTORED, _restored(watch.model), watch.model))
            return msgspec.structs.replace(marks, halted=True)
        return msgspec.structs.replace(marks, swept=now)

    async def _begin(self, watch: Watch) -> None:
        """Learn how everything is, and tell nothing: what was before is for a report, not for events."""
        marks = Marks(epoch=self._limits.epoch, swept=self._clock.now(), own=await self._newest(watch.model, watch))
        triggers = {one.model: await self._newest(one.model) for one in watch.triggers if not one.bumps}
        await self._seen.clear(watch.model)
        count = 0
        async for rows in by_id(self._reading.records, watch.model, watch.domain, watch.state, self._limits.rows):
            for row in rows:
                made = Record(0, str(row["write_date"]), state_of(row, watch.state))
                await self._seen.put(watch.model, row["id"], made)
            await self._seen.save()
            count += len(rows)
        await self._keep(watch, msgspec.structs.replace(marks, triggers=triggers))
        await self._troubles.settle(RESTORED, watch.model, resolution="begun anew")
        _log.info("%s: %d records of %s are known; what changes is told", self._system, count, watch.model)

    async def _newest(self, model: str, watch: Watch | None = None) -> Mark:
        domain: Sequence[Any] = watch.domain if watch else ()
        rows = await self._reading.records.search_read(
            model, domain, ["write_date"], limit=1, order="write_date desc", archived=True
        )
        return Mark().moved(str(rows[0]["write_date"]), self._clock.now()) if rows else Mark()

    async def _marks(self, watch: Watch) -> Marks | None:
        kept = await self._memory.get(_MARKS + watch.model)
        marks = None if kept is None else msgspec.json.decode(kept, type=Marks)
        return marks if marks is not None and marks.epoch == self._limits.epoch else None

    async def _keep(self, watch: Watch, marks: Marks) -> None:
        await self._memory.put(_MARKS + watch.model, msgspec.json.encode(marks))


def _restored(model: str) -> str:
    return (
        f"{model} has records that were written earlier than was known: the database was restored from a backup. "
        "Compare what was told with what it holds, then raise feed_epoch to follow it anew"
    )
