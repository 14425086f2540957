"""The addon's outbox: no crash loses or doubles anything, and another database is never followed silently."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
from tests.systems.odoo.feed.conftest import Follower, Told

from careloom.core.clock import SystemClock
from careloom.core.errors import ConfigurationError, ContractBroken, Rejected, Unavailable
from careloom.sim.odoo.outbox import OUTBOX, AddonDispatcher
from careloom.sim.odoo.server import SimulatedOdoo
from careloom.testing.surroundings import World

PARTNERS = {"feed_models": ["res.partner"]}


@pytest.fixture(params=["18.0", "19.0"])
async def sim(request: pytest.FixtureRequest) -> AsyncIterator[SimulatedOdoo]:
    async with SimulatedOdoo(version=request.param, addon=True) as made:
        yield made


@pytest.fixture
async def hub(sim: SimulatedOdoo, tmp_path: Path) -> AsyncIterator[Follower]:
    made = Follower("outbox", World(tmp_path, SystemClock()), sim, dict(PARTNERS))
    await made.told()
    yield made
    await made.odoo.close()


def names(events: list[Told]) -> list[str]:
    return [event["partner"]["name"] for event in events]


async def make(hub: Follower, *numbers: int) -> None:
    for number in numbers:
        await hub.odoo.upsert("res.partner", f"careloom.p{number}", {"name": f"Number {number}"})


def called(sim: SimulatedOdoo, method: str) -> int:
    return sum((call.model, call.method) == (OUTBOX, method) for call in sim.calls)


def dispatcher(sim: SimulatedOdoo) -> AddonDispatcher:
    made = sim._reception._dispatcher
    assert isinstance(made, AddonDispatcher)
    return made


async def test_changes_come_in_their_order_and_are_acknowledged(hub: Follower, sim: SimulatedOdoo) -> None:
    await make(hub, 1, 2, 3)
    assert names(await hub.told()) == ["Number 1", "Number 2", "Number 3"]
    assert await hub.told() == []
    assert all(row["acknowledged"] for row in sim.records(OUTBOX))
    assert called(sim, "watch") == 1


async def test_a_rolled_back_transaction_tells_nothing(hub: Follower) -> None:
    with pytest.raises(Rejected):
        await hub.odoo.upsert("res.partner", "careloom.bad", {"name": "Bad", "country_id/id": "base.nowhere"})
    assert await hub.told() == []


async def test_what_the_log_did_not_take_stays_in_the_outbox(hub: Follower, sim: SimulatedOdoo) -> None:
    await make(hub, 1)
    hub.world.intake.fail()
    with pytest.raises(Unavailable):
        await hub.told()
    assert called(sim, "acknowledge") == 0
    hub.world.intake.recover()
    await hub.restart()
    assert names(await hub.told()) == ["Number 1"]


@pytest.mark.parametrize("method", ["watch", "describe", "pull", "acknowledge"])
async def test_a_lost_answer_anywhere_neither_loses_nor_doubles(hub: Follower, sim: SimulatedOdoo, method: str) -> None:
    await make(hub, 1, 2)
    await hub.restart()
    sim.faults.commit_then_drop(1, method=method)
    with pytest.raises(Unavailable):
        await hub.odoo.poll()
    await hub.restart()
    await hub.odoo.poll()
    assert len(hub.messages) == 2
    assert all(row["acknowledged"] for row in sim.records(OUTBOX))


async def test_a_crash_before_the_cursor_was_kept_makes_repeats(hub: Follower) -> None:
    await make(hub, 1, 2)
    before = dict(hub.world.memory.values)
    await hub.told()
    hub.world.memory.values = before
    await hub.restart()
    await hub.odoo.poll()
    assert len(hub.messages) == 2
    assert hub.world.troubles.told == []


async def test_two_nodes_tell_it_once(hub: Follower, sim: SimulatedOdoo) -> None:
    other = Follower("outbox", hub.world, sim, dict(PARTNERS))
    await make(hub, 1)
    await other.odoo.poll()
    await hub.odoo.poll()
    await make(hub, 2)
    await hub.odoo.poll()
    await other.odoo.poll()
    await other.odoo.close()
    assert len(hub.messages) == 2


async def test_another_database_is_a_case_until_a_person_has_looked(hub: Follower, sim: SimulatedOdoo) -> None:
    await make(hub, 1)
    await hub.told()
    dispatcher(sim).database_uuid = UUID(int=7)
    await make(hub, 2)
    with pytest.raises(ConfigurationError, match="feed_epoch"):
        await hub.odoo.poll()
    (trouble,) = hub.world.troubles.open.values()
    assert (trouble.kind, "uuid" in trouble.reason) == ("feed-restored", True)
    assert len(hub.messages) == 1
    hub.settings["feed_epoch"] = 2
    await hub.restart()
    assert names(await hub.told()) == ["Number 1", "Number 2"], "it is followed from its oldest change"
    assert hub.world.troubles.open == {}


async def test_a_sequence_that_went_back_is_a_case(hub: Follower, sim: SimulatedOdoo) -> None:
    await make(hub, 1, 2)
    await hub.told()
    rows = sim._store.tables[OUTBOX]
    del rows[max(rows)]
    with pytest.raises(ConfigurationError, match="ends at 1, and 2 was taken"):
        await hub.odoo.poll()


async def test_a_backup_that_went_on_past_our_cursor_is_a_case(hub: Follower, sim: SimulatedOdoo) -> None:
    await make(hub, 1, 2)
    await hub.told()
    rows = sim._store.tables[OUTBOX]
    rows[2]["acknowledged"] = False  # as it was before: another change has this number now
    await make(hub, 3)
    with pytest.raises(ConfigurationError, match="not any more"):
        await hub.odoo.poll()
    assert len(hub.messages) == 2


async def test_an_outbox_that_was_pruned_is_no_case(hub: Follower, sim: SimulatedOdoo) -> None:
    await make(hub, 1)
    await hub.told()
    sim._store.tables[OUTBOX].clear()
    assert await hub.told() == []
    await make(hub, 2)
    assert names(await hub.told()) == ["Number 2"]


async def test_a_change_that_cannot_be_read_is_refused_alone(hub: Follower, sim: SimulatedOdoo) -> None:
    await make(hub, 1, 2)
    sim._store.tables[OUTBOX][1]["change"]["operation"] = "guess"
    await hub.odoo.poll()
    (refusal,) = hub.world.intake.refusals
    assert (refusal.location.split()[-1], len(hub.messages)) == ("operation", 1)
    await hub.odoo.poll()
    assert len(hub.world.intake.refusals) == 1


async def test_auto_takes_the_outbox_where_it_is_and_stays_with_its_choice(sim: SimulatedOdoo, tmp_path: Path) -> None:
    for server, feed in ((sim, "outbox"), (None, "polling")):
        world = World(tmp_path, SystemClock())
        async with SimulatedOdoo(version=sim.version) as bare:
            made = Follower("auto", world, server or bare, dict(PARTNERS))
            await made.told()
            assert await world.memory.get("feed/chosen") == feed.encode()
            assert made.odoo.card()["feed"]["kind"] == feed
            await made.odoo.close()


async def test_an_outbox_that_is_not_there_is_an_error_that_says_so(sim: SimulatedOdoo, tmp_path: Path) -> None:
    async with SimulatedOdoo(version=sim.version) as bare:
        made = Follower("outbox", World(tmp_path, SystemClock()), bare, dict(PARTNERS))
        with pytest.raises((ContractBroken, Rejected), match=r"careloom\.outbox"):
            await made.odoo.poll()
        await made.odoo.close()
