"""Simulated Odoos, a scripted server for what a simulator should not do, and a clock that never makes a test wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from careloom.sim.odoo.server import SimulatedOdoo
from careloom.systems.odoo import Odoo, Settings
from careloom.systems.resilience import Backoff

Answer = Callable[[str, dict[str, Any]], web.StreamResponse | Awaitable[web.StreamResponse]]


class LeapingClock:
    """Sleeping takes no time: it moves the clock and notes how far."""

    def __init__(self) -> None:
        self.elapsed = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return self.elapsed

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.elapsed += seconds
        await asyncio.sleep(0)


class ScriptedServer:
    """Answers with whatever `answer` gives for a path and a JSON body; tells its version by itself."""

    def __init__(self, series: str) -> None:
        self.series = series
        self.url = ""
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.headers: list[dict[str, str]] = []
        self.answer: Answer = lambda path, body: web.json_response(None)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if request.path == "/web/webclient/version_info":
            return web.json_response({"jsonrpc": "2.0", "id": None, "result": {"server_serie": self.series}})
        if body.get("params", {}).get("service") == "common":
            return web.json_response({"jsonrpc": "2.0", "id": 1, "result": 6})
        self.requests.append((request.path, body))
        self.headers.append(dict(request.headers))
        response = self.answer(request.path, body)
        return response if isinstance(response, web.StreamResponse) else await response


@pytest.fixture
def clock() -> LeapingClock:
    return LeapingClock()


@pytest.fixture(params=["18.0", "19.0"])
async def sim(request: pytest.FixtureRequest) -> AsyncIterator[SimulatedOdoo]:
    async with SimulatedOdoo(version=request.param, workers=8) as server:
        yield server


@pytest.fixture
async def connect(clock: LeapingClock) -> AsyncIterator[Callable[..., Odoo]]:
    """Opens connectors to a simulator or a scripted server; what is not `ledger` or `secrets` is a setting."""
    opened: list[Odoo] = []

    def open_(server: Any, *, ledger: Any = None, secrets: Any = None, **settings: Any) -> Odoo:
        key = getattr(server, "api_key", "secret-key")
        odoo = Odoo(
            "erp",
            Settings(
                url=server.url,
                database=getattr(server, "database", "hospital"),
                login=getattr(server, "login", "svc"),
                api_key="env:ODOO_KEY",
                **settings,
            ),
            secrets=secrets or (lambda _: key),
            clock=clock,
            ledger=ledger,
            backoff=Backoff(jitter=lambda: 1.0),
        )
        opened.append(odoo)
        return odoo

    yield open_
    for odoo in opened:
        await odoo.close()


@pytest.fixture
async def scripted() -> AsyncIterator[Callable[[str], Awaitable[ScriptedServer]]]:
    """Starts scripted servers that claim to be a version."""
    runners: list[web.AppRunner] = []

    async def start(series: str) -> ScriptedServer:
        server = ScriptedServer(series)
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", server.handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        runners.append(runner)
        return server

    yield start
    for runner in runners:
        await runner.cleanup()
