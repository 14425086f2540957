"""Events of the log end what look-ups keep, whichever process recorded them."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
from tests.gateway.asking import Behind

from careloom.core.errors import Unavailable
from careloom.gateway.desk import Answered
from careloom.gateway.lookup_shapes import StockQuery
from careloom.gateway.lookups import Lookups
from careloom.hub.invalidation import EVERY_SECONDS, Invalidation
from careloom.log.lanes import open_lanes
from careloom.store.database import Database
from careloom.testing.clock import VirtualClock

ANNA, GLOVES = UUID(int=1), StockQuery(product="GLOVE-M")
MOVED = "stock.moved.v1"


class Room:
    """A process that answers look-ups, and a log that another one writes."""

    def __init__(self, database: Database, lanes: Any, **bounds: Any) -> None:
        self.clock = VirtualClock()
        self.behind = Behind()
        given = {"cache_seconds": 300, "invalidated_by": frozenset({MOVED}), **bounds}
        self.lookups = Lookups([self.behind.lookup(**given)], self.clock)
        self.invalidation = Invalidation(self.lookups, database, lanes, self.clock)
        self._database = database

    async def record(self, *types: str, lane: int = 5, kind: str = "e") -> None:
        """Another process records events of these types."""
        async with self._database.acquire() as connection, connection.transaction():
            for type_ in types:
                await connection.execute(
                    "with moved as (update lane set head = head + 1 where lane = $1 returning head)"
                    " insert into event select $1, head, gen_random_uuid(), $3, $2, 'erp', gen_random_uuid(), 1,"
                    " now(), now(), '', gen_random_uuid(), null, 0, '', '' from moved",
                    lane,
                    type_,
                    kind,
                )

    async def asked(self) -> int:
        """Ask once more; how often the system was asked in all."""
        [desk] = self.lookups
        assert isinstance(await desk.ask(GLOVES, ANNA), Answered)
        return len(self.behind.asked)


@pytest.fixture
async def room(database: Database) -> Room:
    async with database.acquire() as connection:
        lanes = await open_lanes(connection, 4)
    return Room(database, lanes)


async def test_an_event_of_another_process_ends_what_is_kept(room: Room) -> None:
    await room.invalidation.look()
    assert [await room.asked(), await room.asked()] == [1, 1]
    await room.record(MOVED)
    assert await room.invalidation.look() == 1
    assert [await room.asked(), await room.asked()] == [2, 2]


async def test_what_happened_before_says_nothing(room: Room) -> None:
    await room.record(MOVED, MOVED)
    assert await room.invalidation.look() == 0
    assert await room.asked() == 1
    assert await room.invalidation.look() == 0
    assert await room.asked() == 1


async def test_other_events_and_messages_end_nothing(room: Room) -> None:
    await room.invalidation.look()
    await room.asked()
    await room.record("patient.updated.v1")
    await room.record(MOVED, kind="j")
    await room.record(MOVED, lane=0, kind="m")
    await room.invalidation.look()
    assert await room.asked() == 1


async def test_events_in_several_lanes_are_seen_at_once(room: Room) -> None:
    await room.invalidation.look()
    await room.asked()
    await room.record("patient.updated.v1", "invoice.paid.v1", lane=4)
    await room.record(MOVED, lane=7)
    assert await room.invalidation.look() == 3
    assert await room.asked() == 2


async def test_more_than_is_read_ends_everything(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("careloom.hub.invalidation._MOST", 3)
    await room.invalidation.look()
    await room.asked()
    await room.record(*["patient.updated.v1"] * 3, MOVED)
    await room.invalidation.look()
    assert await room.asked() == 2
    await room.invalidation.look()
    assert await room.asked() == 2


async def test_it_looks_by_itself_and_while_the_log_is_away_nothing_is_current(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    looking = asyncio.ensure_future(room.invalidation.keep_looking())
    await room.clock.until_sleeping()
    await room.asked()

    async def away() -> int:
        raise Unavailable("the store is away")

    monkeypatch.setattr(room.invalidation, "look", away)
    await room.clock.advance(EVERY_SECONDS)
    assert await room.asked() == 2
    looking.cancel()


async def test_where_nothing_is_kept_nobody_looks(database: Database) -> None:
    async with database.acquire() as connection:
        lanes = await open_lanes(connection, 4)
    for bounds in ({"cache_seconds": 0}, {"invalidated_by": frozenset()}):
        room = Room(database, lanes, **bounds)
        assert not room.invalidation.needed
        await room.invalidation.keep_looking()
