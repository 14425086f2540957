"""A bad network in front of an Odoo: it passes every request on, and loses some of the answers."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

_HOP_BY_HOP = ("Connection", "Transfer-Encoding", "Content-Encoding", "Content-Length", "Date", "Server")

_SESSION = web.AppKey("session", aiohttp.ClientSession)


@dataclass
class Lossy:
    """`late` is the share of answers that come only after the client has given up, `dropped` of those that never come,
    with the connection closed. Each was done by the server. `quiet` passes everything."""

    upstream: str
    seed: int
    late: float
    dropped: float
    quiet: bool = False
    url: str = ""
    passed: int = 0
    lost: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._over = asyncio.Event()

    async def pass_on(self, request: web.Request) -> web.StreamResponse:
        session = request.app[_SESSION]
        target = self.upstream + request.path_qs
        headers = {name: value for name, value in request.headers.items() if name not in ("Host", "Content-Length")}
        body = await request.read()
        async with session.request(request.method, target, data=body, headers=headers, allow_redirects=False) as answer:
            content = await answer.read()
            kept = {name: value for name, value in answer.headers.items() if name not in _HOP_BY_HOP}
        self.passed += 1
        fate = "" if self.quiet else self._fate()
        if fate:
            self.lost[fate] += 1
        if fate == "late":
            await self._over.wait()
        if fate and request.transport is not None:
            request.transport.close()
        return web.Response(status=answer.status, body=content, headers=kept)

    def _fate(self) -> str:
        drawn = self._random.random()
        return "late" if drawn < self.late else "dropped" if drawn < self.late + self.dropped else ""

    def end(self) -> None:
        """Let go of the answers that are late."""
        self._over.set()


@asynccontextmanager
async def lossy(upstream: str, *, seed: int = 1, late: float = 0.10, dropped: float = 0.05) -> AsyncIterator[Lossy]:
    """The bad network on a port of its own."""
    made = Lossy(upstream.rstrip("/"), seed, late, dropped)
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{tail:.*}", made.pass_on)
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session:
        app[_SESSION] = session
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield made
        finally:
            made.end()
            await runner.cleanup()
