"""What makes polling by `write_date` lose or repeat changes (`odoo/CONTRACT.md` section 5), each tried."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.systems.odoo.feed.conftest import Follower, Told

from careloom.core.errors import ConfigurationError, Unavailable
from careloom.sim.odoo.server import SimulatedOdoo
from careloom.systems.odoo.feed.marks import Mark
from careloom.testing.clock import VirtualClock
from careloom.testing.surroundings import World

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
Hub = Callable[..., Awaitable[Follower]]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture(params=["18.0", "19.0"])
async def sim(request: pytest.FixtureRequest, clock: VirtualClock) -> AsyncIterator[SimulatedOdoo]:
    async with SimulatedOdoo(version=request.param, clock=clock) as made:
        yield made


@pytest.fixture
async def hub(sim: SimulatedOdoo, clock: VirtualClock, tmp_path: Path) -> AsyncIterator[Hub]:
    """Starts a hub that follows partners and has looked once."""
    started: list[Follower] = []

    async def start(world: World | None = None, **settings: Any) -> Follower:
        given = {"feed_models": ["res.partner"], "feed_sweep_seconds": 3600, **settings}
        made = Follower("polling", world or World(tmp_path, clock), sim, given)
        started.append(made)
        await made.told()
        return made

    yield start
    for one in started:
        await one.odoo.close()


async def make(follower: Follower, number: int, **values: Any) -> int:
    made = await follower.odoo.upsert("res.partner", f"careloom.p{number}", {"name": f"Number {number}", **values})
    return made.record_id


def written(sim: SimulatedOdoo, record: int, at: datetime) -> None:
    """As if a transaction that began then had just committed."""
    row = sim._store.tables["res.partner"][record]
    row["write_date"] = at.replace(tzinfo=None)


def names(events: list[Told]) -> list[str]:
    return [event["partner"]["name"] for event in events]


async def test_the_first_look_tells_nothing(hub: Hub, sim: SimulatedOdoo) -> None:
    follower = await hub()
    assert follower.messages == []
    assert await follower.told() == []


async def test_a_row_of_the_same_second_is_seen_and_none_is_told_twice(hub: Hub, clock: VirtualClock) -> None:
    """19.0: `>` skips the rest of the second. 18.0: `>` repeats what was read. Both: seconds, though stored finer."""
    follower = await hub()
    await clock.advance(10.2)
    await make(follower, 1)
    assert names(await follower.told()) == ["Number 1"]
    await clock.advance(0.3)
    await make(follower, 2)
    assert names(await follower.told()) == ["Number 2"]
    assert await follower.told() == []


async def test_a_transaction_that_commits_late_is_found_by_the_overlap(
    hub: Hub, sim: SimulatedOdoo, clock: VirtualClock
) -> None:
    follower = await hub()
    await clock.advance(1000)
    await make(follower, 1)
    assert names(await follower.told()) == ["Number 1"]
    written(sim, await make(follower, 2), clock.now() - timedelta(seconds=120))
    assert names(await follower.told()) == ["Number 2"]


async def test_without_the_overlap_it_is_lost_until_the_sweep(
    hub: Hub, sim: SimulatedOdoo, clock: VirtualClock
) -> None:
    follower = await hub(feed_overlap_seconds=5)
    await clock.advance(1000)
    await make(follower, 1)
    await follower.told()
    written(sim, await make(follower, 2), clock.now() - timedelta(seconds=120))
    assert await follower.told() == []
    await clock.advance(3600)
    assert names(await follower.told()) == ["Number 2"]


async def test_what_is_written_again_as_it_was_is_not_told(hub: Hub, clock: VirtualClock) -> None:
    follower = await hub()
    record = await make(follower, 1, city="Riverton")
    await follower.told()
    await clock.advance(60)
    await follower.odoo.write("res.partner", [record], {"city": "Riverton"})
    assert await follower.told() == []


async def test_deleted_records_are_found_by_the_sweep_alone(hub: Hub, sim: SimulatedOdoo, clock: VirtualClock) -> None:
    follower = await hub()
    record = await make(follower, 1, ref="R-1")
    await follower.told()
    await follower.odoo._connection.call("res.partner", "unlink", {}, ids=(record,))
    assert await follower.told() == []
    await clock.advance(3600)
    (event,) = await follower.told()
    assert (event["type"], event["identifier"][0]["value"]) == ("record.deleted.v1", "R-1")
    await clock.advance(3600)
    assert await follower.told() == []


async def test_many_rows_of_one_second_are_all_read(hub: Hub, clock: VirtualClock) -> None:
    """All rows of a batch share their `write_date`, and a page may end among them."""
    follower = await hub()
    await clock.advance(10)
    rows = [{"name": f"Batch {number:04}"} for number in range(1203)]
    await follower.odoo._connection.call("res.partner", "create", {"vals_list": rows}) if (
        await follower.odoo.version()
    ).major > 18 else await _created_18(follower, rows)
    assert sorted(names(await follower.told())) == [row["name"] for row in rows]
    assert await follower.told() == []


async def _created_18(follower: Follower, rows: list[dict[str, str]]) -> None:
    """Legacy calls take the values of `create` by position; `load` does the same in one transaction."""
    data = [[f"careloom.b{number}", row["name"]] for number, row in enumerate(rows)]
    await follower.odoo._connection.call("res.partner", "load", {"fields": ["id", "name"], "data": data})


async def test_a_restart_neither_loses_nor_doubles(hub: Hub, clock: VirtualClock) -> None:
    follower = await hub()
    await make(follower, 1)
    await follower.told()
    await make(follower, 2)
    await follower.restart()
    assert names(await follower.told()) == ["Number 2"]
    await follower.restart()
    assert await follower.told() == []


async def test_what_the_log_did_not_take_is_told_in_the_same_words(hub: Hub, clock: VirtualClock) -> None:
    follower = await hub()
    record = await make(follower, 1)
    follower.world.intake.fail()
    with pytest.raises(Unavailable):
        await follower.told()
    follower.world.intake.recover()
    await follower.odoo.write("res.partner", [record], {"city": "Riverton"})
    await follower.restart()
    told = await follower.told()
    assert [event["partner"].get("address") for event in told] == [None, [{"city": "Riverton"}]]
    assert len({message.key for message in follower.messages}) == 2


async def test_a_crash_after_the_log_took_it_makes_a_repeat(hub: Hub, clock: VirtualClock) -> None:
    follower = await hub()
    await make(follower, 1)
    memory = dict(follower.world.memory.values)
    put = follower.world.memory.put

    async def dies(key: str, value: bytes) -> None:
        if key.startswith("feed/mark"):
            raise ConnectionError
        await put(key, value)

    follower.world.memory.put = dies  # type: ignore[method-assign]
    with pytest.raises(ConnectionError):
        await follower.odoo.poll()
    follower.world.memory.put = put  # type: ignore[method-assign]
    assert memory.keys() <= follower.world.memory.values.keys()
    await follower.restart()
    assert names(await follower.told()) == ["Number 1"]
    assert await follower.told() == []
    assert len(follower.messages) == 1


async def test_two_nodes_that_both_look_tell_it_once(hub: Hub, clock: VirtualClock) -> None:
    first = await hub()
    second = await hub(first.world)
    await make(first, 1)
    await first.odoo.poll()
    await second.odoo.poll()
    record = await make(second, 1, city="Riverton")
    await second.odoo.poll()
    await first.odoo.poll()
    await second.odoo.write("res.partner", [record], {"city": "Elsewhere"})
    await first.odoo.poll()
    await second.odoo.poll()
    assert len(first.messages) == 3


async def test_a_database_from_a_backup_is_a_case_and_not_followed(
    hub: Hub, sim: SimulatedOdoo, clock: VirtualClock
) -> None:
    follower = await hub()
    record = await make(follower, 1)
    await follower.told()
    await clock.advance(3600)
    written(sim, record, NOW - timedelta(days=1))
    assert await follower.told() == []
    (trouble,) = follower.world.troubles.open.values()
    assert (trouble.kind, trouble.place) == ("feed-restored", "res.partner")
    await follower.restart()
    with pytest.raises(ConfigurationError, match="feed_epoch"):
        await follower.odoo.poll()
    follower.settings["feed_epoch"] = 2
    await follower.restart()
    assert await follower.told() == []
    assert follower.world.troubles.open == {}
    await make(follower, 2)
    assert names(await follower.told()) == ["Number 2"]


async def test_a_model_that_may_not_be_read_is_a_case_and_holds_nothing_up(hub: Hub, sim: SimulatedOdoo) -> None:
    allowed = sim._user(sim.login).rights
    assert allowed is not None
    allowed["res.partner"] = frozenset()
    follower = await hub()
    assert follower.world.troubles.open.keys() == {("feed-unreadable", "res.partner")}


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_model_that_can_be_read_again_closes_its_case_and_nothing_is_lost(
    hub: Hub, sim: SimulatedOdoo, restarted: bool
) -> None:
    follower = await hub()
    allowed = sim._user(sim.login).rights
    assert allowed is not None
    rights = allowed["res.partner"]
    for number in (1, 2):
        allowed["res.partner"] = frozenset()
        assert await follower.told() == []
        assert follower.world.troubles.open.keys() == {("feed-unreadable", "res.partner")}
        allowed["res.partner"] = rights
        await make(follower, number)
        if restarted:
            await follower.restart()
        assert names(await follower.told()) == [f"Number {number}"]
        assert follower.world.troubles.open == {}


def test_the_overlap_ends_once_nothing_older_can_appear() -> None:
    mark = Mark().moved("2026-03-01 07:59:58", NOW)
    assert mark.start(NOW, 130) == "2026-03-01 07:57:48"
    assert mark.start(NOW + timedelta(seconds=130), 130) == "2026-03-01 07:57:48"
    assert mark.start(NOW + timedelta(seconds=131), 130) == "2026-03-01 07:59:59"
    assert mark.moved("2026-03-01 07:00:00", NOW) is mark
    assert Mark().start(NOW, 130) is None
