"""Opens a case for a feed that went quiet, one for each stretch of quiet, and closes it when traffic is back."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from careloom.cases.recording import Recorder
from careloom.core.clock import Clock
from careloom.core.errors import CareloomError
from careloom.log.ownership import lock_class
from careloom.log.ports import Connection, NewCase
from careloom.store.database import Database
from careloom.store.sql import queries
from careloom.telemetry.cadence import WEEKS, Declared, Hour, Learned, Rest, learn

_SQL = queries("telemetry")
_log = logging.getLogger(__name__)
_CLASS: Final = lock_class("careloom feeds")
EVERY_SECONDS: Final = 15.0
LEARN_SECONDS: Final = 3600.0
AT_ONCE: Final = 5_000
KIND: Final = "silence"
PLACE: Final = "feed"
Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Feed:
    """One system that sends. `every` None: what its history says; `watched` False: it may be quiet."""

    system: str
    rest: Rest
    every: timedelta | None = None
    watched: bool = True
    owner: str = ""


@dataclass(frozen=True, slots=True)
class FeedStanding:
    """How new what a system sent is. `last` is its newest message, None before the first; from `aging_at` on somebody
    should look, from `due` on it is silent; both None where nothing says how often it sends. `rests`: it may be quiet
    now."""

    system: str
    last: datetime | None
    aging_at: datetime | None
    due: datetime | None
    rests: bool
    watched: bool


class Silences:
    """Looks every few seconds; of several nodes one looks at a time. `held` says of a system whether somebody announced
    that it is away. Time counts from the start of this process on: while no hub ran, nobody could send."""

    def __init__(
        self,
        database: Database,
        recorder: Recorder,
        clock: Clock,
        feeds: Mapping[str, Feed],
        held: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._database = database
        self._recorder = recorder
        self._clock = clock
        self._feeds = feeds
        self._held = held
        self._since = clock.now()
        self._learned: Mapping[str, Learned] = {}
        self._learn_at: datetime | None = None
        self._due: dict[str, datetime] = {}
        self._silent: set[str] = set()

    async def standings(self) -> list[FeedStanding]:
        """Of all systems that send, by name, as of the last look. Half of the time that a feed may be quiet is when it
        ages. Raises Unavailable."""
        now = self._clock.now()
        async with self._database.acquire() as connection:
            last = {row["system"]: row["last"] for row in await connection.fetch(_SQL.feed_last)}
            await self._learn(connection)
        found = []
        for system, feed in sorted(self._feeds.items()):
            newest = last.get(system)
            due = self._due_of(feed, newest)
            if newest is not None or due is not None:
                rests = feed.rest.covers(now) or self._held(system)
                aging = None if due is None else self._aging(feed, newest, due)
                found.append(FeedStanding(system, newest, aging, due, rests, feed.watched))
        return found

    def _aging(self, feed: Feed, last: datetime | None, due: datetime) -> datetime:
        begin = max(self._since, last or self._since)
        return begin + (due - begin) / 2 if feed.every is None else feed.rest.awake_until(begin, feed.every / 2)

    def due_seconds(self) -> Mapping[Labels, float]:
        """Until each feed counts as silent; negative for one that is."""
        now = self._clock.now()
        return {(system,): (due - now).total_seconds() for system, due in self._due.items()}

    async def look(self) -> list[str]:
        """Fold in what came, open and close cases; the systems that are silent now. Raises Unavailable."""
        async with self._database.acquire() as connection, connection.transaction():
            if not await connection.fetchval(_SQL.try_fold, _CLASS):
                return []
            while await connection.fetchval(_SQL.fold_feeds, AT_ONCE):
                pass
            last = {row["system"]: row["last"] for row in await connection.fetch(_SQL.feed_last)}
            await self._learn(connection)
            return await self._judge(connection, last)

    async def keep_looking(self) -> None:
        """For ever; while the store is away nobody is silent, for nothing can be taken in."""
        while True:
            try:
                await self.look()
            except CareloomError as error:
                _log.warning("feeds are looked at again in %g s: %s", EVERY_SECONDS, error)
                self._since = self._clock.now()
            await self._clock.sleep(EVERY_SECONDS)

    async def _judge(self, connection: Connection, last: Mapping[str, datetime]) -> list[str]:
        now = self._clock.now()
        silent, back = [], []
        for system, feed in self._feeds.items():
            due = self._due_of(feed, last.get(system))
            if due is None:
                self._due.pop(system, None)
            else:
                self._due[system] = due
            if due is not None and due <= now and not feed.rest.covers(now) and not self._held(system):
                silent.append(system)
            elif system in last and last[system] > self._since:
                back.append(system)
        await self._tell(connection, silent, back, now)
        return silent

    def _due_of(self, feed: Feed, last: datetime | None) -> datetime | None:
        if not feed.watched:
            return None
        cadence = self._learned.get(feed.system) if feed.every is None else Declared(feed.every, feed.rest)
        return None if cadence is None else cadence.due(max(self._since, last or self._since))

    async def _tell(self, connection: Connection, silent: list[str], back: list[str], now: datetime) -> None:
        """Each node writes only what it has not written itself: the index over open cases does the rest."""
        fresh = [system for system in silent if system not in self._silent]
        events = [*await self._recorder.book.open(connection, [self._case(system, now) for system in fresh])]
        for system in back:
            events += await self._recorder.book.settle(connection, system, KIND, PLACE, "messages come again")
        await self._recorder.write(connection, events)
        self._silent = set(silent)

    def _case(self, system: str, now: datetime) -> NewCase:
        late = now - self._due[system]
        _log.warning("%s is silent: its next message was due %s ago", system, late)
        reason = (
            "nothing came for longer than this feed is ever quiet; look whether the sender is up and where it sends"
        )
        return NewCase(kind=KIND, system=system, reason=reason, field=PLACE, owner=self._feeds[system].owner)

    async def _learn(self, connection: Connection) -> None:
        now = self._clock.now()
        if self._learn_at is not None and now < self._learn_at:
            return
        self._learn_at = now + timedelta(seconds=LEARN_SECONDS)
        hours: dict[str, list[Hour]] = defaultdict(list)
        for row in await connection.fetch(_SQL.feed_history, now - timedelta(weeks=WEEKS)):
            hours[row["system"]].append(Hour(row["hour"], row["messages"], row["longest"], row["last"]))
        learned = {}
        for system, feed in self._feeds.items():
            if feed.every is None and (found := learn(hours[system], now, feed.rest)) is not None:
                learned[system] = found
        self._learned = learned
