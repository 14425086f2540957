"""The connection card, and hours of maintenance in which calls wait."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from tests.systems.odoo.conftest import LeapingClock

from careloom.core.errors import HeldBack
from careloom.core.outcomes import Retry
from careloom.sim.odoo.server import SimulatedOdoo
from careloom.systems.odoo import Odoo, Settings
from careloom.systems.odoo.connector import connect as connect_kind
from careloom.systems.odoo.standing import AGAIN_SECONDS, LOOK_SECONDS
from careloom.systems.resilience import BreakerState
from careloom.systems.seam import Polled, Shown
from careloom.testing.surroundings import World

MODULES = [
    {"name": "account", "state": "installed", "latest_version": "19.0.1.3"},
    {"name": "stock", "state": "to upgrade", "latest_version": "19.0.1.1"},
    {"name": "purchase", "state": "uninstalled", "latest_version": False},
]
KEYS = [{"id": 4, "name": "k", "scope": False, "expiration_date": "2026-03-02 00:00:00"}]


class Server:
    """Answers what the standing asks; `refuse` gives models that this user may not see, `away` nothing at all."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.refuse: set[str] = set()
        self.away = False
        self.asked: list[str] = []
        server.answer = self.answer

    def answer(self, path: str, _: dict[str, Any]) -> web.Response:
        call = path.removeprefix("/json/2/")
        self.asked.append(call)
        if self.away:
            return web.Response(status=503)
        if call.partition("/")[0] in self.refuse:
            return web.json_response({"name": "odoo.exceptions.AccessError", "message": "x"}, status=403)
        told = {
            "res.users/context_get": {"uid": 6},
            "ir.module.module/search_read": MODULES,
            "res.users.apikeys/search_read": KEYS,
        }
        return web.json_response(told[call])


@pytest.fixture
async def behind(scripted: Any) -> Server:
    return Server(await scripted("19.0"))


@pytest.fixture
async def odoo(behind: Server, clock: LeapingClock, tmp_path: Path) -> Any:
    settings = Settings(url=behind.server.url, database="hospital", login="svc", api_key="env:KEY")
    world = World(tmp_path, clock=clock)
    world.learn({"KEY": "a-key"})
    made = connect_kind(settings, world.around("erp"))
    yield made
    await made.close()


def test_it_offers_what_the_hub_looks_for() -> None:
    assert issubclass(Odoo, Shown)
    assert {"every", "poll"} <= set(dir(Odoo))
    assert Polled


async def test_before_the_first_look_nothing_is_told(odoo: Odoo) -> None:
    assert odoo.card() == {}


async def test_series_modules_latency_and_the_life_of_the_key(odoo: Odoo) -> None:
    await odoo.poll()
    assert odoo.card() == {
        "odoo": "19.0",
        "modules": {"account": "19.0.1.3", "stock": "19.0.1.1"},
        "latency": {"calls": 2, "p50_ms": 0.0, "p95_ms": 0.0},
        "key": {"expires": "2026-03-02T00:00:00+00:00", "days": 60, "bound": "exactly", "source": "odoo"},
    }


async def test_what_others_add_is_shown_while_there_is_something(odoo: Odoo) -> None:
    told: dict[str, Any] = {}
    odoo.standing.add("feed", lambda: told or None)
    assert odoo.card() == {}
    told["lag_seconds"] = 2.5
    assert odoo.card() == {"feed": {"lag_seconds": 2.5}}


async def test_however_often_it_is_polled_it_looks_once_an_hour(
    odoo: Odoo, behind: Server, clock: LeapingClock
) -> None:
    for _ in range(5):
        await odoo.poll()
    assert behind.asked.count("ir.module.module/search_read") == 1
    clock.elapsed += LOOK_SECONDS
    await odoo.poll()
    assert behind.asked.count("ir.module.module/search_read") == 2


async def test_a_look_that_fails_is_repeated_soon_and_raises_nothing(
    odoo: Odoo, behind: Server, clock: LeapingClock
) -> None:
    behind.away = True
    await odoo.poll()
    behind.away = False
    await odoo.poll()
    assert "modules" not in odoo.card()
    clock.elapsed += AGAIN_SECONDS
    await odoo.poll()
    assert odoo.card()["key"]["days"] == 59


async def test_a_user_who_may_see_nothing_of_it_still_has_a_card(odoo: Odoo, behind: Server) -> None:
    behind.refuse = {"ir.module.module", "res.users.apikeys"}
    await odoo.poll()
    card = odoo.card()
    assert (card["odoo"], card["modules"]) == ("19.0", {})
    assert card["key"] == {
        "expires": "2026-04-01T00:00:00+00:00",
        "days": 90,
        "bound": "at most",
        "source": "first seen",
    }


async def test_a_case_is_open_when_the_key_ends_soon(odoo: Odoo, clock: LeapingClock, tmp_path: Path) -> None:
    clock.elapsed = 40 * 86_400
    world = World(tmp_path, clock=clock)
    odoo.watch_key(world.around("erp"))
    await odoo.poll()
    assert list(world.troubles.open) == [("key-expiry", "30 days")]


async def test_a_new_key_is_looked_at_with_the_next_poll(behind: Server, clock: LeapingClock, tmp_path: Path) -> None:
    clock.elapsed = 40 * 86_400
    settings = Settings(url=behind.server.url, database="hospital", login="svc", api_key="env:KEY")
    world = World(tmp_path, clock=clock)
    world.learn({"KEY": "a-key"})
    odoo = connect_kind(settings, world.around("erp"))
    await odoo.poll()
    assert list(world.troubles.open) == [("key-expiry", "30 days")]
    world.learn({"KEY": "another-key"})
    KEYS[0]["expiration_date"], before = "2026-06-01 00:00:00", KEYS[0]["expiration_date"]
    await odoo.poll()
    KEYS[0]["expiration_date"] = before
    assert world.troubles.open == {}
    await odoo.close()


# hours of maintenance

SUNDAY = "Thu 02:00-04:00 UTC"  # the clock of these tests begins on a Thursday, 2026-01-01


async def test_calls_wait_for_the_end_of_maintenance_and_nothing_is_counted(
    connect: Callable[..., Odoo], sim: SimulatedOdoo, clock: LeapingClock
) -> None:
    odoo = connect(sim, maintenance=(SUNDAY,), breaker_failures=1)
    assert (odoo.maintenance, odoo.retry_after) == (None, 0.0)
    clock.elapsed = 2.5 * 3600
    with pytest.raises(HeldBack, match="is in maintenance until 2026-01-01 04:00 UTC") as caught:
        await odoo.search_read("res.country", [], ["code"], limit=1)
    outcome = caught.value.outcome()
    assert isinstance(outcome, Retry)
    assert (outcome.after, outcome.counted) == (1.5 * 3600, False)
    assert odoo.maintenance == datetime(2026, 1, 1, 4, tzinfo=UTC)
    assert odoo.retry_after == 1.5 * 3600
    assert odoo.state is BreakerState.CLOSED
    assert sim.calls == []
    clock.elapsed = 4 * 3600
    assert await odoo.search_read("res.country", [], ["code"], limit=1)


async def test_writes_wait_too(connect: Callable[..., Odoo], sim: SimulatedOdoo, clock: LeapingClock) -> None:
    odoo = connect(sim, maintenance=(SUNDAY,))
    clock.elapsed = 3 * 3600
    with pytest.raises(HeldBack):
        await odoo.upsert("res.partner", "careloom.one", {"name": "Una Field"})
    assert sim.calls == []


async def test_nobody_looks_during_maintenance(
    connect: Callable[..., Odoo], sim: SimulatedOdoo, clock: LeapingClock
) -> None:
    odoo = connect(sim, maintenance=(SUNDAY,))
    clock.elapsed = 3 * 3600
    await odoo.poll()
    assert sim.calls == []
