"""`python -m tests.chaos.sink`: a target in a process of its own that takes every event and tells what came."""

from __future__ import annotations

import asyncio
import sys

from aiohttp import web

ARRIVALS: list[dict[str, str]] = []
_KEPT = {
    "ce-id": "id", "ce-subject": "subject", "ce-time": "time", "ce-type": "type", "ce-correlation": "message",
    "ce-position": "position", "idempotency-key": "key",
}  # fmt: skip


async def _take(request: web.Request) -> web.Response:
    await request.read()
    ARRIVALS.append({name: request.headers.get(header, "") for header, name in _KEPT.items()})
    return web.json_response({"taken": len(ARRIVALS)})


async def _tell(_: web.Request) -> web.Response:
    return web.json_response(ARRIVALS)


async def _serve() -> None:
    app = web.Application()
    app.add_routes([web.post("/events", _take), web.get("/arrivals", _tell)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.write(f"http://127.0.0.1:{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve())
