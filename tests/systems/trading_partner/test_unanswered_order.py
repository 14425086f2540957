"""An order that nobody answers is a case once its timer is over, by the hub's own timers on PostgreSQL."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from careloom.cases.book import Cases
from careloom.cases.recording import Recorder
from careloom.core.ids import Uuid7
from careloom.hub.alarms import Alarms
from careloom.hub.surroundings import SystemExpectations
from careloom.log.keyring import Keyring
from careloom.security.sealing import MasterKey
from careloom.store.database import Database
from careloom.systems.trading_partner.connector import Settings, connect
from careloom.systems.trading_partner.fake import FakePartner
from careloom.systems.trading_partner.trials import PARTIES, ordered
from careloom.testing.clock import VirtualClock
from careloom.testing.surroundings import World

HOUR = 3600.0


async def cases(database: Database) -> list[tuple[str, str]]:
    async with database.acquire() as connection:
        rows = await connection.fetch("select kind, split_part(field, '/', 1) as field from work_case order by field")
    return [(row["kind"], row["field"]) for row in rows]


async def test_an_order_without_an_answer_is_a_case_after_its_timer(tmp_path: Path, database: Database) -> None:
    clock = VirtualClock()
    world = World(tmp_path, clock)
    store = cast(Any, SimpleNamespace(database=database, master=MasterKey(b"5" * 32)))
    around = dataclasses.replace(world.around("supplier"), expectations=SystemExpectations("supplier", store, clock))
    partner = FakePartner(tmp_path)
    settings = {**PARTIES, "outbox": partner.incoming, "inbox": partner.outgoing, "stable_seconds": 0}
    buyer = connect(
        Settings.model_validate({**settings, "acknowledged_within": 2 * HOUR, "answered_within": 24 * HOUR}), around
    )
    new_id = Uuid7(clock)
    recorder = Recorder(Keyring(store.master), Cases(clock, new_id), clock, new_id)
    alarms = Alarms(database, recorder, clock)
    for number in (1, 2):
        await buyer.post(ordered(number))
    first, _ = partner.files()
    for data in partner.files():
        partner.acknowledge(data)
    await buyer.poll()
    await clock.advance(3 * HOUR)
    assert await alarms.look() == 0, "both were acknowledged"
    partner.leave(partner.answers(partner.received()[0])[0])
    await buyer.poll()
    await clock.advance(22 * HOUR)
    assert await alarms.look() == 1
    assert await alarms.look() == 0, "one case for each"
    assert await cases(database) == [("unanswered", "855")]
    assert first in partner.files()
