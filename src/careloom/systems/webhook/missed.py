"""Finds the events that a webhook did not bring, in its sender's list of them, and takes them in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from careloom.core.errors import ContractBroken
from careloom.mapping.reading import Unit, Unread, reader
from careloom.mapping.reading.json import at
from careloom.systems.reception import Reception
from careloom.systems.seam import Surroundings, Trouble
from careloom.systems.webhook import sameness
from careloom.systems.webhook.pages import Listing, Page
from careloom.systems.webhook.settings import PollSettings

MISSED: Final = "webhook-missed"
SEQUENCE_GAP: Final = "sequence-gap"
_KEY: Final = "poll"


class Progress(msgspec.Struct):
    """What is remembered between two looks: how far the list was read, and how many events were missed since the case
    about it was opened."""

    since: str = ""
    cursor: str = ""
    sequence: int | None = None
    missed: int = 0


@dataclass(slots=True)
class Look:
    """What one look found. `absent` counts sequence numbers that the list itself does not have."""

    missed: int = 0
    known: int = 0
    different: int = 0
    refused: int = 0
    absent: int = 0
    newest: str = ""
    marked: bool = False
    numbers: list[int] = field(default_factory=list)


class MissedEvents:
    """Looks into one sender's list. What was read is remembered only after it is committed: a look that is cut in the
    middle is done again from there, and what it had taken is then known."""

    def __init__(
        self, settings: PollSettings, around: Surroundings, listing: Listing, reception: Reception, *, by_id: bool
    ) -> None:
        """`by_id` says that the webhook's events are known by the id of the delivery, not by one in their body."""
        self._settings = settings
        self._around = around
        self._listing = listing
        self._reception = reception
        self._by_id = by_id
        self._shape = around.source.json
        self._source = around.source
        if self._shape is not None and self._shape.items is not None:
            self._source = msgspec.structs.replace(around.source, json=msgspec.structs.replace(self._shape, items=None))

    async def look(self) -> Look:
        """Read the list from where the last look ended, and take what is not known. Raises what a call may raise,
        ContractBroken for a list that is not as declared, Unavailable when the store is away."""
        progress = await self._recall()
        found = Look(newest=progress.since)
        ascending = not self._settings.newest_first
        async for page in self._listing.pages(progress.since, progress.cursor):
            ripe = self._ripe(page.items)
            await self._take(ripe, found)
            whole = len(ripe) == len(page.items)
            if ascending:
                self._advance(progress, found, page if whole else None)
                await self._remember(progress)
                if not whole:
                    break
        if not ascending:
            self._advance(progress, found, None)
        await self._tell(progress, found)
        await self._remember(progress)
        return found

    def _ripe(self, items: Sequence[Any]) -> list[Any]:
        """Those that the webhook had its time to bring. In a list that begins with the oldest, what stands behind one
        that is not ripe waits with it, so that the mark never passes it."""
        if not self._settings.time:
            return list(items)
        latest = self._around.clock.now() - timedelta(seconds=self._settings.grace)
        ripe = []
        for item in items:
            if self._time(item) <= latest:
                ripe.append(item)
            elif not self._settings.newest_first:
                break
        return ripe

    def _time(self, item: Any) -> datetime:
        value = at(item, self._settings.time)
        try:
            if isinstance(value, str) and not value.isdecimal():
                moment = datetime.fromisoformat(value)
                return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return datetime.fromtimestamp(float(value), UTC)
        except (TypeError, ValueError, OverflowError, OSError):
            raise ContractBroken(f"an event of the list has no time at {self._settings.time}; correct it") from None

    async def _take(self, items: Sequence[Any], found: Look) -> None:
        taken = await self._reception.take_units(self._units(items), origin="list of events")
        found.missed += taken.accepted
        found.known += taken.repeated
        found.different += taken.conflicting
        found.refused += len(taken.refused)
        if items and self._settings.mark:
            self._mark(items, found)
        if self._settings.sequence:
            found.numbers += [int(self._text(item, self._settings.sequence)) for item in items]

    def _mark(self, items: Sequence[Any], found: Look) -> None:
        """By its place in the list: a mark may be an id that has no order."""
        if not self._settings.newest_first:
            found.newest = self._text(items[-1], self._settings.mark)
        elif not found.marked:
            found.newest = self._text(items[0], self._settings.mark)
        found.marked = True

    def _units(self, items: Sequence[Any]) -> Iterator[Unit | Unread]:
        read = reader(self._reception.format)
        for item in items:
            id_ = self._text(item, self._settings.id)
            document = at(item, self._settings.event) if self._settings.event else item
            for unit in read.units(self._body(document), self._source):
                if isinstance(unit, Unit) and self._by_id:
                    yield msgspec.structs.replace(unit, key=id_)
                else:
                    yield unit

    def _body(self, document: Any) -> bytes:
        body = sameness.written(document, self._settings.ignore)
        if self._source is self._around.source:
            return body
        return msgspec.json.encode(msgspec.json.decode(body))  # as a member of a body with several was written

    def _text(self, item: Any, pointer: str) -> str:
        value = at(item, pointer)
        if value is None or isinstance(value, bool | dict | list):
            raise ContractBroken(f"an event of the list has no value at {pointer}; correct the pointer")
        return str(value)

    def _advance(self, progress: Progress, found: Look, page: Page | None) -> None:
        """Only ever past what is committed; `page` is one that was taken whole."""
        progress.since = found.newest
        if page is not None and page.cursor and not self._settings.since:
            progress.cursor = page.cursor
        for number in sorted(set(found.numbers)):
            if progress.sequence is not None and number > progress.sequence + 1:
                found.absent += number - progress.sequence - 1
            progress.sequence = max(number, progress.sequence or number)
        found.numbers.clear()

    async def _tell(self, progress: Progress, found: Look) -> None:
        """One case while events are missed; closed by the first look that misses none."""
        troubles = self._around.troubles
        if found.missed:
            progress.missed += found.missed
            reason = f"the webhook did not bring {found.missed} events that its sender's list has; they are taken now"
            await troubles.report(Trouble(MISSED, reason))
        elif progress.missed:
            resolution = f"a look found nothing missing; {progress.missed} events were taken from the list"
            await troubles.settle(MISSED, resolution=resolution)
            progress.missed = 0
        if found.absent:
            reason = f"{found.absent} sequence numbers are missing in the sender's list; ask the sender for them"
            await troubles.report(Trouble(SEQUENCE_GAP, reason))

    async def _recall(self) -> Progress:
        kept = await self._around.memory.get(_KEY)
        if kept is None:
            return Progress(since=self._settings.start)
        return msgspec.json.decode(kept, type=Progress)

    async def _remember(self, progress: Progress) -> None:
        await self._around.memory.put(_KEY, msgspec.json.encode(progress))
