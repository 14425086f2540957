"""What the log tells the API: events in a stable order, and the journey of a message."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Protocol
from uuid import UUID

from careloom.core.envelope import Kind, Position, Recorded
from careloom.core.errors import Unavailable
from careloom.log import journey as journeys
from careloom.log.journey import Journey
from careloom.log.keyring import Keyring
from careloom.log.lanes import Bank, Lanes
from careloom.log.ports import Connection
from careloom.log.steps import Item
from careloom.store.database import Database
from careloom.store.sql import queries

_SQL = queries("subscription")

After = Mapping[int, int]
"""How far somebody has read: lane to sequence. A lane that is not in it was not read yet."""


@dataclass(frozen=True, slots=True)
class Logged:
    """An event of the log. `subject` is the keyed digest that stands for the patient; `data` None: erased."""

    id: UUID
    type: str
    source: str
    subject: UUID
    time: datetime
    recorded: datetime
    position: Position
    correlation: UUID
    causation: UUID | None
    data: bytes | None


@dataclass(frozen=True, slots=True)
class Page:
    """Events, and how far they reach. `more`: there are further ones already."""

    events: Sequence[Logged]
    after: After
    more: bool


class Journal(Protocol):
    """Reads the log. Each method raises Unavailable when it cannot be read."""

    async def page(self, types: Sequence[str], after: After, limit: int) -> Page:
        """The next events of these types, at most `limit`: each event once, those of a subject in their order."""

    async def event(self, id_: UUID) -> Logged | None:
        """One event."""

    async def journey(self, message: UUID) -> Journey | None:
        """A message and everything that came of it; None for what is no message."""


class NoJournal:
    """There is no log to read."""

    async def page(self, types: Sequence[str], after: After, limit: int) -> Page:  # noqa: ARG002
        raise Unavailable("this process reads no log")

    async def event(self, id_: UUID) -> Logged | None:  # noqa: ARG002
        raise Unavailable("this process reads no log")

    async def journey(self, message: UUID) -> Journey | None:  # noqa: ARG002
        raise Unavailable("this process reads no log")


class LogJournal:
    """The `Journal` of a database. A page reads at most `window` entries of each lane, so that a rare type in a long
    log costs many pages and not one that never ends."""

    def __init__(self, database: Database, keyring: Keyring, lanes: Lanes, *, window: int = 20_000) -> None:
        self._database = database
        self._window = window
        self._keyring = keyring
        self._lanes = list(lanes.all(Bank.EVENTS))

    async def page(self, types: Sequence[str], after: After, limit: int) -> Page:
        """See `Journal.page`. Older events come first as far as the order within lanes allows."""
        begin = {lane: after.get(lane, 0) for lane in self._lanes}
        async with self._database.acquire() as connection:
            heads = {row["lane"]: row["head"] for row in await connection.fetch(_SQL.heads, "", self._lanes)}
            ends = {lane: min(heads[lane], begin[lane] + self._window) for lane in self._lanes}
            asked = (self._lanes, list(begin.values()), list(ends.values()), list(types), limit + 1)
            rows = await connection.fetch(_SQL.read_lanes, *asked)
            by_lane = self._by_lane(rows)
            merged = heapq.merge(*by_lane.values(), key=lambda row: row["recorded"])
            taken = list(islice(merged, limit))
            events = await self._opened(connection, [row for row in taken if row["kind"] == Kind.EVENT.value])
        more = len(rows) > len(taken) or ends != heads
        return Page(events, _reached(by_lane, taken, after, ends), more)

    async def event(self, id_: UUID) -> Logged | None:
        """See `Journal.event`."""
        for message in await journeys.find(self._database, self._keyring, str(id_)):
            found = await journeys.journey(self._database, self._keyring, message)
            for one in found.events if found else ():
                if one.id == id_ and one.kind is Kind.EVENT:
                    return _logged(one)
        return None

    async def journey(self, message: UUID) -> Journey | None:
        """See `Journal.journey`."""
        found = await journeys.journey(self._database, self._keyring, message)
        return found if found is not None and found.key else None

    def _by_lane(self, rows: Sequence[Any]) -> dict[int, list[Any]]:
        found: dict[int, list[Any]] = {lane: [] for lane in self._lanes}
        for row in rows:
            found[row["lane"]].append(row)
        return found

    async def _opened(self, connection: Connection, rows: Sequence[Any]) -> list[Logged]:
        items = [Item.of(row) for row in rows]
        keys = await self._keyring.open(connection, {item.key for item in items})
        return [
            _logged(item.opened(keys[item.key])) if item.key in keys else _erased(item, row)
            for item, row in zip(items, rows, strict=True)
        ]


def _reached(by_lane: Mapping[int, Sequence[Any]], taken: Sequence[Any], after: After, ends: After) -> dict[int, int]:
    """The last that was taken of each lane; its end, where nothing is left before it."""
    counts: dict[int, int] = {}
    reached = dict(after)
    for row in taken:
        counts[row["lane"]] = counts.get(row["lane"], 0) + 1
        reached[row["lane"]] = row["seq"]
    for lane, rows in by_lane.items():
        if counts.get(lane, 0) == len(rows):
            reached[lane] = ends[lane]
    return {lane: sequence for lane, sequence in reached.items() if sequence}


def _logged(one: Recorded) -> Logged:
    return Logged(
        one.id,
        one.type,
        one.source,
        one.token,
        one.time,
        one.recorded,
        one.position,
        one.correlation,
        one.causation,
        one.data,
    )


def _erased(item: Item, row: Any) -> Logged:
    return Logged(
        item.id,
        item.type,
        item.source,
        item.token,
        row["time"],
        row["recorded"],
        item.position,
        item.message,
        item.causation,
        None,
    )
