"""The application called in process, and what surrounds it: keys with scopes, a publishing policy, an audit."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from starlette.types import Message

from careloom.gateway.app import create_app
from careloom.gateway.classes import Scope
from careloom.gateway.services import USUAL_SCOPES, AuditEntry, HttpIntake, Services
from careloom.security.apikeys import Principal
from careloom.systems.mllp.recognise import Recogniser
from careloom.testing.clock import VirtualClock
from careloom.testing.intake import MemoryIntake

PORTAL = Principal(UUID(int=11), "portal")
DESK = Principal(UUID(int=12), "front-desk")
PROBE = Principal(UUID(int=13), "probe")
PIONEER = Principal(UUID(int=14), "pioneer")
KEYS = {"clm_portal": PORTAL, "clm_desk": DESK, "clm_probe": PROBE, "clm_pioneer": PIONEER}
SCOPES = {
    PORTAL: USUAL_SCOPES,
    DESK: USUAL_SCOPES | {Scope.READ_PHI, Scope.READ_FINANCIAL},
    PROBE: frozenset[Scope](),
    PIONEER: USUAL_SCOPES | {Scope.PREVIEW},
}
WHEN = datetime(2026, 3, 1, 8, tzinfo=UTC)


class Ring:
    def check(self, key: str) -> Principal | None:
        return KEYS.get(key)


class Policy:
    """The portal may publish discharges, as the system `portal`."""

    def system(self, principal: Principal, type: str) -> str | None:
        return "portal" if principal == PORTAL and type == "patient.discharged.v1" else None


@dataclass(frozen=True)
class Reply:
    """What came back. Header names are lower case; those that came twice are joined by a comma."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def problem(self) -> str:
        """The kind of the problem, which it must be."""
        assert self.headers["content-type"] == "application/problem+json"
        assert self.json["status"] == self.status
        return str(self.json["type"]).removeprefix("urn:careloom:problem:")


@dataclass
class Api:
    """A running application."""

    app: FastAPI
    services: Services
    intake: MemoryIntake
    clock: VirtualClock
    audit: list[AuditEntry] = field(default_factory=list)

    async def call(
        self,
        method: str,
        target: str,
        *,
        key: str | None = "clm_portal",
        body: bytes = b"",
        payload: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """One request; `payload` is sent as JSON."""
        given = {"host": "hub.example.org", **(headers or {})}
        if key is not None:
            given["authorization"] = f"Bearer {key}"
        if payload is not None:
            body = json.dumps(payload).encode()
            given.setdefault("content-type", "application/json")
        return await exchange(self.app, method, target, body, given)

    async def get(self, target: str, **more: Any) -> Reply:
        return await self.call("GET", target, **more)

    async def post(self, target: str, **more: Any) -> Reply:
        return await self.call("POST", target, **more)


async def exchange(app: Any, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> Reply:
    """What any ASGI application answers to one request."""
    path, _, query = target.partition("?")
    told: list[Message] = []
    coming = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if not coming:
            await asyncio.get_running_loop().create_future()
        return coming.pop()

    async def send(message: Message) -> None:
        told.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
        "client": ("127.0.0.1", 40000),
        "server": ("127.0.0.1", 8080),
    }
    await app(scope, receive, send)
    start = told[0]
    joined: dict[str, str] = {}
    for name, value in start["headers"]:
        known = joined.get(name.decode())
        joined[name.decode()] = f"{known}, {value.decode('latin-1')}" if known else value.decode("latin-1")
    return Reply(start["status"], joined, b"".join(one.get("body", b"") for one in told[1:]))


def open_api(**surroundings: Any) -> Api:
    """The application with an intake in memory and a clock that stands still, changed by `surroundings`."""
    clock = surroundings.pop("clock", None) or VirtualClock(WHEN)
    intake, audit = MemoryIntake(), []
    fields: dict[str, Any] = {
        "intake": intake,
        "keys": Ring(),
        "systems": {"ehr": HttpIntake(recogniser=Recogniser("ehr", clock=clock))},
        "status": lambda: {"received": len(intake.messages)},
        "clock": clock,
        "scopes": SCOPES.__getitem__,
        "audit": audit.append,
        "publishing": Policy(),
    }
    services = Services(**fields | surroundings)
    return Api(create_app(services), services, intake, clock, audit)
