"""A payer on a socket, and a connection to it with everything around in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from careloom.mapping.catalogue import mapping_for
from careloom.mapping.reading import Unit, reader
from careloom.mapping.source import Settings as Sender
from careloom.systems.payer.connector import Payer, Settings, connect
from careloom.systems.payer.fake import FakePayer
from careloom.testing.surroundings import World

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
Open = Callable[..., Awaitable[tuple[Payer, FakePayer]]]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, secrets={"PASSWORD": "trial-password"})


@pytest.fixture
async def asked(world: World) -> AsyncIterator[Open]:
    """A payer that is asked in real time, in a style, and the other side of it."""
    opened: list[Any] = []

    async def run(style: str = "raw", desk: Any = None, **more: Any) -> tuple[Payer, FakePayer]:
        fake = FakePayer(style)  # type: ignore[arg-type]
        await fake.__aenter__()
        realtime = {"url": fake.url, "style": style, "answer_timeout": 0.2, **more}
        settings = Settings(
            sender="EXAMPLEHOSP", receiver="EXAMPLEPAYER", company="9EXAMPLEHO", realtime=realtime, desk=desk
        )
        payer = connect(settings, world.around("northplan"))
        opened.append((payer, fake))
        return payer, fake

    yield run
    for payer, fake in opened:
        await payer.close()
        await fake.__aexit__(None, None, None)


@pytest.fixture
def sample() -> Callable[[str], list[Any]]:
    """The events of a sample."""

    def run(name: str) -> list[Any]:
        found: list[Any] = []
        folder = SAMPLES / "x12_mapping" if (SAMPLES / "x12_mapping" / name).is_file() else SAMPLES / "x12"
        for unit in reader("x12").units((folder / name).read_bytes(), Sender()):
            assert isinstance(unit, Unit)
            mapping = mapping_for("x12", unit.type)
            assert mapping is not None
            found += mapping.translate(reader("x12").parse(unit.body, Sender()), Sender()).events
        return found

    return run
