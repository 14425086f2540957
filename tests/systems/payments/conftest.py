"""The invented gateway, and what the hub hands to its connector."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from careloom.systems.payments.connector import Payments, Settings, connect
from careloom.systems.payments.fake import SECRET, Gateway
from careloom.systems.trial import START
from careloom.testing.clock import VirtualClock
from careloom.testing.surroundings import World

Connect = Callable[..., Payments]


@pytest.fixture
def world(tmp_path: Path) -> World:
    found = World(tmp_path, VirtualClock(START))
    found.learn({"GATEWAY": SECRET, "GATEWAY_TOKEN": "sk-invented"})
    return found


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with Gateway(page=2) as found:
        yield found


@pytest.fixture
async def connected(world: World, gateway: Gateway) -> AsyncIterator[Connect]:
    """Connects to the gateway, with its interface and its list of events; `api` are further settings of that."""
    made: list[Payments] = []

    def run(**api: Any) -> Payments:
        given = {"url": gateway.url, "token": "env:GATEWAY_TOKEN", "answer_timeout": 0.2, **api}
        poll = {"url": f"{gateway.url}/events", "grace": 0}
        made.append(
            connect(Settings.model_validate({"secret": "env:GATEWAY", "api": given, "poll": poll}), world.around())
        )
        return made[-1]

    yield run
    for one in made:
        await one.close()
