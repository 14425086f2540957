from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.hub.fixtures import hospital

from careloom.systems.registry import kinds
from careloom.systems.webhook_out.connector import WebhookTarget
from careloom.systems.webhook_out.fake import Endpoint
from careloom.testing.clock import VirtualClock
from careloom.testing.surroundings import World

Opened = Callable[..., WebhookTarget]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def world(tmp_path: Path, clock: VirtualClock) -> World:
    made = World(tmp_path, clock)
    made.learn(Endpoint.secrets)
    return made


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    """The receiver, which verifies and drops what it has seen."""
    async with Endpoint() as opened:
        yield opened


@pytest.fixture
async def target(world: World, endpoint: Endpoint) -> AsyncIterator[Opened]:
    """Connects the kind with further settings; again as on another node, or after a restart."""
    opened: list[WebhookTarget] = []

    def open_(**settings: Any) -> WebhookTarget:
        kind = kinds()["webhook_out"]
        given = {**endpoint.settings, **settings}
        if "secrets" in settings:
            del given["secret"]
        made = kind.connect(kind.read(given, world.base), world.around("billing"))
        assert isinstance(made, WebhookTarget)
        opened.append(made)
        return made

    yield open_
    for one in opened:
        await one.close()


__all__ = ["hospital"]
