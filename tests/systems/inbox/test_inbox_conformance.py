"""The inbox is a connector and a route of the gateway: both together pass the suite."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self, cast
from uuid import UUID

import aiohttp
import pytest

from careloom.gateway.app import create_app
from careloom.gateway.server import Serving, serve
from careloom.gateway.services import HttpIntake, Services
from careloom.security.apikeys import Principal
from careloom.systems.inbox.connector import Inbox
from careloom.systems.mllp.trials import admission
from careloom.systems.seam import Connection
from careloom.systems.trial import Answer
from careloom.testing.conformance import Check, checks
from careloom.testing.surroundings import World

_ANSWERS = {200: Answer.TAKEN, 201: Answer.TAKEN, 401: Answer.STRANGER, 409: Answer.REFUSED, 422: Answer.REFUSED}


class Keys:
    def check(self, key: str) -> Principal | None:
        return Principal(UUID(int=1), "portal") if key == "clm_portal" else None


class Portal:
    """Posts admissions with its API key."""

    direction: ClassVar[str] = "in"
    foreign: ClassVar[Mapping[str, str]] = {}
    settings: ClassVar[Mapping[str, Any]] = {"principals": ["portal"]}
    source: ClassVar[Mapping[str, Any]] = {}
    secrets: ClassVar[Mapping[str, str]] = {}
    _serving: Serving | None = None

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._http.close()
        await self._stop()

    def surround(self, world: World) -> None:
        self._world = world

    async def meet(self, connection: Connection) -> None:
        inbox = cast(Inbox, connection)
        intake = HttpIntake(recogniser=inbox.recogniser, max_message=inbox.max_message, principals=inbox.principals)
        await self._stop()
        services = Services(self._world.intake, Keys(), {"trial": intake}, dict, self._world.clock)
        self._serving = await serve(create_app(services))

    async def send(self, number: int, *, other: bool = False, spoiled: bool = False, stranger: bool = False) -> Answer:
        body = admission(number, other=other).replace(b"ADT^A04^ADT_A01" if spoiled else b"\x00", b"")
        headers = {
            "content-type": "application/hl7-v2",
            "authorization": f"Bearer {'clm_nobody' if stranger else 'clm_portal'}",
        }
        assert self._serving is not None
        url = f"http://127.0.0.1:{self._serving.port}/v1/systems/trial/messages"
        async with self._http.post(url, data=body, headers=headers) as response:
            return _ANSWERS.get(response.status, Answer.LATER)

    async def _stop(self) -> None:
        if self._serving is not None:
            await self._serving.close()


@pytest.mark.parametrize("check", checks("inbox", trials={"in": Portal}), ids=str)
async def test_the_inbox_keeps_its_promises(check: Check, tmp_path: Path) -> None:
    await check.run(tmp_path)
