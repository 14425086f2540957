"""Roles of API keys: given when a key is made or later, known to every node, and gone with the key."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.cases.conftest import queue_on

from careloom.cases.rights import Actor, NotAllowed
from careloom.core.errors import ConfigurationError
from careloom.core.ids import Uuid7
from careloom.hub.keys import ApiKeys
from careloom.log.lanes import open_lanes
from careloom.store.database import Database
from careloom.testing.clock import VirtualClock


def keys_on(database: Database, clock: VirtualClock) -> ApiKeys:
    return ApiKeys(database, clock, Uuid7(clock))


async def test_given_changed_and_known_to_another_node(database: Database) -> None:
    clock = VirtualClock()
    ours, theirs = keys_on(database, clock), keys_on(database, clock)
    said = await ours.create("robin", roles=["purchasing", "cfo", "purchasing"])
    unsaid = await ours.create("portal")
    await theirs.refresh()
    assert [getattr(theirs.check(key), "roles", 0) for key in (said, unsaid)] == [{"purchasing", "cfo"}, None]
    await ours.assign("robin", ["billing"])
    await theirs.refresh()
    assert getattr(theirs.check(said), "roles", 0) == {"billing"}
    assert {row["name"]: row["roles"] for row in await ours.list()} == {"robin": ["billing"], "portal": None}
    await ours.revoke("robin")
    with pytest.raises(ConfigurationError, match="no working API key"):
        await ours.assign("robin", ["cfo"])


@pytest.mark.parametrize("lost", ["revoked", "assigned"])
async def test_what_a_key_handed_on_goes_with_its_role(database: Database, lost: str) -> None:
    clock = VirtualClock()
    keys, queue = keys_on(database, clock), queue_on(database, clock)
    async with database.acquire() as connection:
        await open_lanes(connection, 4)
    await keys.create("robin", roles=["billing"])
    until = clock.now() + timedelta(days=1)
    await queue.work.delegations.hand_on(Actor("robin", frozenset({"billing"})), "billing", "kim", until=until)
    kim = Actor("kim", frozenset())
    case = await queue.one(owner="billing")
    assert (await queue.work.desk.claim(case, kim)).assignee == "kim"
    if lost == "revoked":
        await keys.revoke("robin")
    else:
        await keys.assign("robin", ["purchasing"])
    another = await queue.one(owner="billing", system="lab")
    with pytest.raises(NotAllowed, match="for the role billing"):
        await queue.work.desk.claim(another, kim)
