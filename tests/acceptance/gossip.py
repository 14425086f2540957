"""A sink, and a proxy before Odoo, that repeat in their errors what they were sent, as real receivers do."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from careloom.sim.odoo import SimulatedOdoo


class Gossip:
    """Rejects what holds `hated`, and quotes it. `taken` is what the sink accepted."""

    def __init__(self, odoo: SimulatedOdoo, hated: str) -> None:
        self.url = ""
        self.taken: list[str] = []
        self.quoted = 0
        self._odoo = odoo
        self._hated = hated
        self._session = aiohttp.ClientSession()

    async def sink(self, request: web.Request) -> web.Response:
        body = await request.text()
        if self._hated in body:
            self.quoted += 1
            return web.json_response({"error": f"cannot take {body}"}, status=422)
        self.taken.append(body)
        return web.json_response({})

    async def odoo(self, request: web.Request) -> web.Response:
        body = await request.read()
        if request.path.endswith("/load") and self._hated.encode() in body:
            self.quoted += 1
            return web.json_response(self._refusal(json.loads(body)))
        headers = {"Authorization": request.headers.get("Authorization", ""), "Content-Type": request.content_type}
        async with self._session.request(
            request.method, self._odoo.url + request.path_qs, data=body, headers=headers
        ) as answer:
            return web.Response(status=answer.status, body=await answer.read(), content_type=answer.content_type)

    def _refusal(self, asked: dict[str, list[list[str]]]) -> dict[str, object]:
        """As `load()` reports a constraint of the database: the whole row is in its words."""
        messages = [
            {
                "type": "error", "record": number, "rows": {"from": number, "to": number}, "field": "name",
                "message": f"Contact {row} already exists. DETAIL: Failing row contains ({', '.join(map(str, row))})",
            }
            for number, row in enumerate(asked["data"])
            if any(self._hated in str(cell) for cell in row)
        ]  # fmt: skip
        return {"ids": False, "messages": messages, "nextrow": 0}

    async def close(self) -> None:
        await self._session.close()


@asynccontextmanager
async def gossiping(odoo: SimulatedOdoo, hated: str) -> AsyncIterator[Gossip]:
    """Serve it."""
    made = Gossip(odoo, hated)
    app = web.Application()
    app.router.add_post("/sink", made.sink)
    app.router.add_route("*", "/{tail:.*}", made.odoo)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield made
    finally:
        await runner.cleanup()
        await made.close()
