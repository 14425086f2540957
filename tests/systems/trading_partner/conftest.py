"""A partner with a folder or an SFTP server, and a connection to it with everything around in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from careloom.systems.trading_partner.connector import Settings, TradingPartner, connect
from careloom.systems.trading_partner.fake import FakePartner
from careloom.systems.trading_partner.trials import Folder, SftpServer
from careloom.testing.clock import VirtualClock
from careloom.testing.surroundings import World

Open = Callable[..., TradingPartner]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def clock(world: World) -> VirtualClock:
    assert isinstance(world.clock, VirtualClock)
    return world.clock


@pytest.fixture(params=[Folder, SftpServer], ids=["folder", "sftp"])
async def place(request: pytest.FixtureRequest, world: World) -> AsyncIterator[Folder | SftpServer]:
    """The other side, by each way there is to reach it."""
    async with request.param() as made:
        world.learn(made.secrets)
        yield made


@pytest.fixture
def partner(place: Folder | SftpServer) -> FakePartner:
    return place.partner


@pytest.fixture
async def opened(place: Folder | SftpServer, world: World) -> AsyncIterator[Open]:
    """A connection, made anew each time, as after a restart."""
    made: list[TradingPartner] = []

    def run(**more: Any) -> TradingPartner:
        settings = Settings.model_validate({**place.settings, "stable_seconds": 0, **more})
        made.append(connect(settings, world.around("supplier")))
        return made[-1]

    yield run
    for one in made:
        await one.close()
