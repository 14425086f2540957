from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from careloom.core.envelope import Kind, Position, Recorded
from careloom.core.errors import ConfigurationError
from careloom.systems.http.connector import Settings, open_target
from careloom.systems.http.fake import FakeTarget


@pytest.fixture
def event() -> Callable[..., Recorded]:
    def build(**given: Any) -> Recorded:
        fields: dict[str, Any] = {
            "id": UUID("01890a5d-ac96-774b-bcce-b302099a8057"),
            "kind": Kind.EVENT,
            "type": "registration.created.v1",
            "source": "systems/ehr",
            "subject": "Patient/NORTHSIDE/MRN7001",
            "token": UUID("6f1c1f7e-2b63-5e0a-9d5e-111111111111"),
            "time": datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC),
            "data": b'{"account":"A-1"}',
            "datacontenttype": "application/json",
            "correlation": UUID("01890a5d-ac96-774b-bcce-b302099a8000"),
            "causation": None,
            "position": Position(12, 4711),
            "recorded": datetime(2026, 3, 4, 5, 6, 8, tzinfo=UTC),
        }
        return Recorded(**(fields | given))

    return build


@pytest.fixture
async def receiver():
    async with FakeTarget() as fake:
        yield fake


@pytest.fixture
async def target(receiver: FakeTarget):
    """Opens targets at the fake receiver with further settings; secrets are in a dict."""
    opened = []

    def open_(secrets: dict[str, str] | None = None, **settings: Any):
        def resolve(reference: str) -> str:
            if reference not in (secrets or {}):
                raise ConfigurationError(f"the secret {reference} is not set")
            return (secrets or {})[reference]

        made = Settings(**{"url": f"http://127.0.0.1:{receiver.port}/events?site=1", **settings})
        opened.append(open_target("warehouse", made, secrets=resolve))
        return opened[-1]

    yield open_
    for one in opened:
        await one.close()
