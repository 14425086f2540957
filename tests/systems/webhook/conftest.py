from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from careloom.hub.sections import SourceSection
from careloom.systems.registry import kinds
from careloom.systems.seam import Request
from careloom.systems.webhook.connector import Webhook
from careloom.systems.webhook.fake import SECRET, SOURCE, EventList, Signer
from careloom.testing.clock import VirtualClock
from careloom.testing.surroundings import World

Opened = Callable[..., Webhook]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def world(tmp_path: Path, clock: VirtualClock) -> World:
    made = World(tmp_path, clock)
    made.learn({"HOOK": SECRET})
    return made


@pytest.fixture
async def webhook(world: World) -> AsyncIterator[Opened]:
    """Connects the kind with further settings; as the hub does, and again as after a restart."""
    opened: list[Webhook] = []

    def open_(source: Mapping[str, Any] = SOURCE, **settings: Any) -> Webhook:
        kind = kinds()["webhook"]
        given = settings if "secrets" in settings else {"secret": "env:HOOK", **settings}
        around = world.around("vendor", SourceSection.model_validate(dict(source)).for_mapping())
        made = kind.connect(kind.read(given, world.base), around)
        assert isinstance(made, Webhook)
        opened.append(made)
        return made

    yield open_
    for one in opened:
        await one.close()


@pytest.fixture
def request_of(clock: VirtualClock) -> Callable[..., Request]:
    """A signed request; `late` seconds ago by the sender's clock."""

    def make(body: bytes, id: str = "msg-1", *, late: float = 0, signer: Signer | None = None) -> Request:
        return (signer or Signer()).request(body, id=id, timestamp=int(clock.now().timestamp() - late))

    return make


@pytest.fixture
async def listing() -> AsyncIterator[EventList]:
    """The vendor's list of events."""
    async with EventList() as opened:
        yield opened
