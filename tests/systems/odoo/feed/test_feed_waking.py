"""Calls that bring the next look forward: who may make them, and that what they say is thrown away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tests.systems.odoo.feed.conftest import Follower

from careloom.sim.odoo.server import SimulatedOdoo
from careloom.systems.odoo import Odoo
from careloom.systems.odoo.feed.followed import FollowedOdoo, WokenOdoo, following
from careloom.systems.odoo.settings import Settings
from careloom.systems.registry import kinds
from careloom.systems.seam import Endpoint, Polled, Request
from careloom.systems.webhook.fake import SECRET, Signer
from careloom.testing.clock import VirtualClock
from careloom.testing.surroundings import World

BODY = b'{"type":"careloom.outbox.changed"}'
GIVEN: dict[str, Any] = {"url": "http://127.0.0.1:1", "database": "d", "login": "l", "api_key": "env:K"}
WOKEN = {
    "feed_models": ["res.partner"],
    "feed_seconds": 600,
    "feed_wake_secret": "env:WAKE",
    "feed_hint_secret": "env:HINT",
}


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path, VirtualClock())
    made.learn({"WAKE": SECRET, "HINT": "a-long-word"})
    return made


@pytest.fixture
async def hub(world: World) -> AsyncIterator[Follower]:
    async with SimulatedOdoo("19.0", clock=world.clock) as sim:
        made = Follower("polling", world, sim, dict(WOKEN))
        await made.told()
        yield made
        await made.odoo.close()


def signed(world: World, body: bytes = BODY, path: str = "wake") -> Request:
    asked = Signer().request(body, id="msg-1", timestamp=int(world.clock.now().timestamp()))
    return Request("POST", path, "", dict(asked.headers), body)


async def answered(hub: Follower, request: Request) -> int:
    assert isinstance(hub.odoo, WokenOdoo)
    return (await hub.odoo.answer(request)).status


async def looked(hub: Follower) -> bool:
    calls = len(hub.server.calls)
    await hub.odoo.poll()
    return len(hub.server.calls) > calls


async def test_it_looks_when_it_is_time_or_when_somebody_rang(hub: Follower, world: World) -> None:
    assert isinstance(world.clock, VirtualClock)
    assert not await looked(hub)
    assert await answered(hub, signed(world)) == 204
    assert await looked(hub)
    assert not await looked(hub)
    await world.clock.advance(600)
    assert await looked(hub)


async def test_a_call_to_another_node_is_heard_too(hub: Follower, world: World) -> None:
    other = Follower("polling", world, hub.server, dict(WOKEN))
    assert await answered(other, signed(world)) == 204
    assert await looked(hub)
    assert not await looked(hub)
    await other.odoo.close()


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"headers": {}}, 401),
        ({"body": b'{"type":"another"}'}, 401),
        ({"method": "GET"}, 405),
        ({"path": "elsewhere"}, 401),
        ({"path": "hint"}, 401),
        ({"path": "hint/guess"}, 401),
        ({"path": "hint/"}, 401),
        ({"path": "hint/a-long-word"}, 204),
    ],
)
async def test_only_those_who_know_the_secret_are_heard(
    hub: Follower, world: World, change: dict[str, Any], status: int
) -> None:
    request = signed(world)
    made = {name: getattr(request, name) for name in ("method", "path", "query", "headers", "body")} | change
    assert await answered(hub, Request(**made)) == status
    assert await looked(hub) is (status == 204)


async def test_an_old_call_is_refused(hub: Follower, world: World) -> None:
    assert isinstance(world.clock, VirtualClock)
    request = signed(world)
    await world.clock.advance(301)
    assert await answered(hub, request) == 401


async def test_what_odoo_s_own_webhook_says_is_thrown_away(hub: Follower) -> None:
    body = b'{"_model":"res.partner","_id":1,"name":"Nobody"}'
    assert await answered(hub, Request("POST", "hint/a-long-word", "", {}, body)) == 204
    assert await hub.told() == []


def test_an_odoo_is_what_its_settings_make_of_it(world: World) -> None:
    plain, polled = Settings(**GIVEN), Settings(**GIVEN, feed="polling")
    woken = Settings(**GIVEN, feed="outbox", feed_wake_secret="env:WAKE")
    assert [following(one) for one in (plain, polled, woken)] == [Odoo, FollowedOdoo, WokenOdoo]
    kind = kinds()["odoo"]
    made = [kind.connect(one, world.around("erp")) for one in (plain, polled, woken)]
    assert [isinstance(one, Endpoint) for one in made] == [False, False, True]
    assert all(isinstance(one, Polled) for one in made[1:])
    assert [one.every for one in made if isinstance(one, FollowedOdoo)] == [10.0, 0.5]


def test_models_that_nobody_knows_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"hr\.employee is not followed"):
        Settings(**GIVEN, feed_models=("hr.employee",))
