"""A change in Odoo through a real hub on PostgreSQL: polled, woken, killed and started again, delivered once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import msgspec
import pytest
from tests.chaos.processes import Hub, deployment_folder
from tests.systems.odoo.feed.business import Business, Desk

from careloom.core.clock import SystemClock
from careloom.sim.odoo.server import SimulatedOdoo
from careloom.systems.http.fake import FakeTarget, Request, answering
from careloom.systems.webhook.fake import SECRET, Signer

SETTINGS = """
[hub]
name = "house"
flows = ["careloom.flows.standards"]
[store]
url = "file:{folder}/dsn"
[api]
port = 0
[systems.erp]
kind = "odoo"
url = "{odoo}"
database = "{database}"
login = "{login}"
api_key = "file:key"
feed = "{feed}"
feed_seconds = {seconds}
feed_models = ["res.partner"]
feed_wake_secret = "file:wake"
feed_hint_secret = "file:hint"
[systems.sink]
kind = "http"
url = "http://127.0.0.1:{sink}/effects"
[deliveries.out]
system = "sink"
events = ["partner.changed.v1", "record.deleted.v1"]
"""


@dataclass
class House:
    """The hub's folder, the Odoo, and the keys of what arrived at the sink, by the partner's number: what a kill cut
    off is sent again, under the same key."""

    folder: Path
    sim: SimulatedOdoo
    business: Business
    effects: dict[str, set[str]] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def took(self, request: Request) -> bytes | None:
        event = msgspec.json.decode(request.body)
        event = event.get("data", event)
        number = event["partner"]["identifier"][0]["value"]
        self.effects.setdefault(number, set()).add(request.headers["idempotency-key"])
        self.changed.set()
        return answering(204)(request)

    async def until(self, count: int) -> None:
        async with asyncio.timeout(60):
            while len(self.effects) < count:
                self.changed.clear()
                await self.changed.wait()

    async def known(self) -> None:
        """Return once the hub has looked for the first time: it read how partners are, or asked the outbox."""
        looks = {("res.partner", "search_read"): 1, ("careloom.outbox", "pull"): 2}
        async with asyncio.timeout(60):
            await self.sim.wait_until(
                lambda: sum(looks.get((call.model, call.method), 0) for call in self.sim.calls) >= 2
            )


@asynccontextmanager
async def house(folder: Path, dsn: str, feed: str, seconds: float) -> AsyncIterator[House]:
    async with (
        SimulatedOdoo("19.0", addon=feed == "outbox") as sim,
        FakeTarget() as sink,
        aiohttp.ClientSession() as session,
    ):
        clerk = Desk(session, sim.url, sim.database, sim.login, sim.api_key)
        made = House(folder, sim, Business(clerk, clerk))
        sink.reply = made.took
        for name, text in (("dsn", dsn), ("key", sim.api_key), ("wake", SECRET), ("hint", "a-long-word-in-the-path")):
            (folder / name).write_text(text)
        (folder / "careloom.toml").write_text(
            SETTINGS.format(
                folder=folder,
                odoo=sim.url,
                database=sim.database,
                login=sim.login,
                feed=feed,
                seconds=seconds,
                sink=sink.port,
            )
        )
        yield made


@pytest.mark.timeout(240)
@pytest.mark.parametrize("feed", ["polling", "outbox"])
async def test_every_change_arrives_once_though_the_hub_is_killed(feed: str, dsn: str) -> None:
    with deployment_folder() as folder:
        async with house(folder, dsn, feed, seconds=0.2) as made:
            hub = Hub(folder)
            await hub.start()
            await made.known()
            for number in range(1, 31):
                await made.business.partner(ref=f"R-{number}")
                if number in (8, 17):
                    await made.until(number - 4)
                    await hub.kill()
                    await hub.start()
            await made.until(30)
            await hub.stop()
    assert set(made.effects) == {f"R-{number}" for number in range(1, 31)}
    assert [len(keys) for keys in made.effects.values()] == [1] * 30


@pytest.mark.timeout(240)
async def test_a_wake_up_call_brings_the_next_look_forward(dsn: str) -> None:
    with deployment_folder() as folder:
        async with house(folder, dsn, "polling", seconds=3_600) as made, aiohttp.ClientSession() as session:
            hub = Hub(folder)
            await hub.start()
            await made.known()
            base = f"http://127.0.0.1:{hub.ports['api']}/v1/systems/erp"

            async def call(path: str, body: bytes, headers: dict[str, str]) -> int:
                async with session.post(f"{base}/{path}", data=body, headers=headers) as reply:
                    return reply.status

            body = b'{"type":"careloom.outbox.changed"}'
            await made.business.partner(ref="R-1")
            assert await call("wake", body, {}) == 401
            signed = Signer().request(body, id="msg-1", timestamp=int(SystemClock().now().timestamp()))
            assert await call("wake", body, dict(signed.headers)) == 204
            await made.until(1)
            await made.business.partner(ref="R-2")
            assert await call("hint/guess", b'{"_model":"res.partner"}', {}) == 401
            assert await call("hint/a-long-word-in-the-path", b'{"_model":"res.partner"}', {}) == 204
            await made.until(2)
            await hub.stop()
    assert {number: len(keys) for number, keys in made.effects.items()} == {"R-1": 1, "R-2": 1}
