"""A FHIR server, and what a system of this kind is connected with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from careloom.systems.fhir.connector import Settings, connect
from careloom.systems.fhir.endpoint import FhirEndpoint
from careloom.systems.fhir.fake import FakeFhir
from careloom.systems.fhir.sources import FhirSource
from careloom.testing.surroundings import World

Connect = Callable[..., Any]


@pytest.fixture
async def server() -> AsyncIterator[FakeFhir]:
    async with FakeFhir(size=2) as fake:
        yield fake


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
async def connected(world: World) -> AsyncIterator[Connect]:
    opened: list[FhirEndpoint] = []

    def make(settings: dict[str, Any], source: FhirSource | None = None) -> FhirEndpoint:
        opened.append(connect(Settings.model_validate(settings), world.around("ehr"), source))
        return opened[-1]

    yield make
    for one in opened:
        await one.close()
        await one.close()
