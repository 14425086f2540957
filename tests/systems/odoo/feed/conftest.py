"""A simulated or a real Odoo that is followed by both feeds at once, each of its own hub."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from tests.systems.odoo.feed.business import Business, Desk

from careloom.core.clock import SystemClock
from careloom.core.receipts import Received
from careloom.mapping.catalogue import mapping_for
from careloom.mapping.reading import reader
from careloom.mapping.source import Settings
from careloom.model import encode
from careloom.sim.odoo.server import SimulatedOdoo
from careloom.systems.odoo.feed.followed import FollowedOdoo
from careloom.systems.odoo.feed.outbox import MODEL
from careloom.systems.registry import kinds
from careloom.testing.surroundings import World

REAL_URL = os.environ.get("CARELOOM_TEST_ODOO_URL")
TARGETS = ["18.0", "19.0", *(["real"] if REAL_URL else [])]
SENDER = Settings(name="erp")
Told = dict[str, Any]


@dataclass
class Follower:
    """One hub that follows the Odoo, in memory."""

    feed: str
    world: World
    server: Any
    settings: dict[str, Any] = field(default_factory=dict)
    seen: int = 0
    odoo: FollowedOdoo = field(init=False)

    def __post_init__(self) -> None:
        self.world.learn({"ODOO_KEY": self.server.api_key})
        self.start()

    def start(self) -> None:
        """As after a restart: what was in memory is gone."""
        given = {
            "url": self.server.url,
            "database": self.server.database,
            "login": self.server.login,
            "api_key": "env:ODOO_KEY",
            "feed": self.feed,
            "feed_sweep_seconds": 0,
            **self.settings,
        }
        kind = kinds()["odoo"]
        made = kind.connect(kind.read(given), self.world.around("erp"))
        assert isinstance(made, FollowedOdoo)
        self.odoo = made

    async def restart(self) -> None:
        await self.odoo.close()
        self.start()

    @property
    def messages(self) -> list[Received]:
        return self.world.intake.messages

    async def told(self) -> list[Told]:
        """The events of what changed since it was asked last."""
        await self.odoo.poll()
        assert not self.world.intake.refusals
        fresh, self.seen = self.messages[self.seen :], len(self.messages)
        return [event for message in fresh for event in events_of(message)]


def events_of(message: Received) -> list[Told]:
    """The events that a message becomes, as JSON with their type."""
    model = message.type.removeprefix("odoo:")
    mapping = mapping_for("odoo", model)
    assert mapping is not None, f"nothing maps {model}"
    made = mapping.translate(reader("odoo").parse(message.body, SENDER), SENDER)
    return [{"type": one.type, **json.loads(encode(one))} for one in made.events]


@dataclass
class Stage:
    """The Odoo, those at work in it, and its followers."""

    server: Any
    business: Business
    followers: list[Follower]

    async def told(self) -> list[Told]:
        """What changed, in the order of the first feed; all feeds tell the same."""
        every = [await follower.told() for follower in self.followers]
        for follower, one in zip(self.followers[1:], every[1:], strict=True):
            assert comparable(one) == comparable(every[0]), follower.feed
        return every[0]

    async def types(self) -> list[str]:
        return sorted(one["type"].removesuffix(".v1") for one in await self.told())


def comparable(events: list[Told]) -> list[str]:
    """Events without what only one feed can know: the moment to the microsecond, and who moved what has no trace."""
    made = []
    for event in events:
        record = {name: value for name, value in event["record"].items() if name in ("model", "id", "system")}
        made.append(json.dumps({**event, "occurred": "", "record": record}, sort_keys=True))
    return sorted(made)


@pytest.fixture(params=TARGETS)
async def server(request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    """An Odoo with the addon; a real one may be without it."""
    if request.param != "real":
        async with SimulatedOdoo(version=request.param, workers=8, addon=True) as made:
            yield made
        return
    named = {"database": "DB", "login": "LOGIN", "api_key": "KEY"}
    given = {name: os.environ[f"CARELOOM_TEST_ODOO_{variable}"] for name, variable in named.items()}
    yield SimpleNamespace(url=REAL_URL, admin_api_key=os.environ.get("CARELOOM_TEST_ODOO_ADMIN", "admin"), **given)


@pytest.fixture
async def business(server: Any) -> AsyncIterator[Business]:
    async with aiohttp.ClientSession() as session:
        clerk = Desk(session, server.url, server.database, server.login, server.api_key)
        yield Business(clerk, Desk(session, server.url, server.database, "admin", server.admin_api_key))


@pytest.fixture
async def stage(server: Any, business: Business, tmp_path: Path) -> AsyncIterator[Stage]:
    followers = [Follower("polling", World(tmp_path, SystemClock()), server)]
    if await followers[0].odoo._reading.has(MODEL):
        followers.append(Follower("outbox", World(tmp_path, SystemClock()), server))
    for follower in followers:
        await follower.told()  # what the outbox still holds of others before us
    yield Stage(server, business, followers)
    for follower in followers:
        await follower.odoo.close()
