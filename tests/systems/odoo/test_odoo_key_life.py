"""How long the key holds, who says so, and the cases at 30, 7 and 1 days."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from tests.systems.odoo.conftest import LeapingClock

from careloom.core.errors import AccessRefused
from careloom.systems.odoo import Settings
from careloom.systems.odoo.connection import Connection
from careloom.systems.odoo.keylife import Bound, KeyLife, KeyNotes, KeyWatch, Remembered
from careloom.testing.surroundings import World

DAY = timedelta(days=1)


class Bench:
    """A watch over one scripted Odoo, with the keys that it lists."""

    def __init__(self, server: Any, base: Path) -> None:
        self.clock = LeapingClock()
        self.world = World(base, clock=self.clock)
        self.key = "key-one"
        self.keys: list[tuple[int, float | None]] = []
        self.answer: Any = None
        server.answer = self.serve
        settings = Settings(url=server.url, database="hospital", login="svc", api_key="env:KEY")
        self.connection = Connection("erp", settings, lambda _: self.key, self.clock)
        around = self.world.around("erp")
        self.notes = KeyNotes(around.memory, around.digest, self.clock)
        self.watch = self.made()

    def made(self) -> KeyWatch:
        """A watch as another process, or a later one, would make it."""
        return KeyWatch(self.connection, lambda: self.key, self.notes, self.world.troubles, self.clock)

    def serve(self, path: str, _: dict[str, Any]) -> web.Response:
        if path.endswith("context_get"):
            return web.json_response({"uid": 6})
        if isinstance(self.answer, str):
            return web.json_response({"name": self.answer, "message": "", "debug": ""}, status=403)
        return web.json_response([_row(id_, days) for id_, days in self.keys])

    async def life(self) -> tuple[int | None, str, str]:
        await self.watch.look()
        life = self.watch.life
        assert life is not None
        return life.days(self.clock.now()), life.bound.value, life.source

    @property
    def open(self) -> list[str | None]:
        return [place for kind, place in self.world.troubles.open if kind == "key-expiry"]

    async def after(self, days: float) -> list[str | None]:
        """The open cases once so many days have passed in all."""
        self.clock.elapsed = days * DAY.total_seconds()
        await self.watch.look()
        return self.open


def _row(id_: int, days: float | None) -> dict[str, Any]:
    end = False if days is None else f"{LeapingClock().now() + days * DAY:%Y-%m-%d %H:%M:%S}"
    return {"id": id_, "name": f"k{id_}", "scope": False, "expiration_date": end}


@pytest.fixture
async def bench(scripted: Any, tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(await scripted("19.0"), tmp_path)
    yield made
    await made.connection.close()


async def test_one_key_is_the_one_in_use(bench: Bench) -> None:
    bench.keys = [(4, 80)]
    assert await bench.life() == (80, "exactly", "odoo")


async def test_a_key_without_an_end(bench: Bench) -> None:
    bench.keys = [(4, None)]
    assert await bench.life() == (None, "exactly", "odoo")
    assert await bench.after(400) == []


async def test_of_several_the_first_to_end_is_a_lower_bound(bench: Bench) -> None:
    bench.keys = [(4, 80), (5, 20), (6, None)]
    assert await bench.life() == (20, "at least", "odoo")


async def test_the_key_that_rotation_made_is_known_among_several(bench: Bench) -> None:
    bench.keys = [(4, 80), (5, 20)]
    fingerprint = bench.notes.fingerprint(bench.key)
    await bench.notes.keep(Remembered(fingerprint=fingerprint, first_seen=bench.clock.now(), id=4))
    assert await bench.life() == (80, "exactly", "odoo")


async def test_without_the_right_to_read_what_rotation_remembered_counts(bench: Bench) -> None:
    bench.answer = "odoo.exceptions.AccessError"
    now = bench.clock.now()
    fingerprint = bench.notes.fingerprint(bench.key)
    await bench.notes.keep(Remembered(fingerprint=fingerprint, first_seen=now, id=4, expires=now + 60 * DAY))
    assert await bench.life() == (60, "exactly", "rotation")


async def test_else_ninety_days_from_when_it_was_first_seen_are_an_upper_bound(bench: Bench) -> None:
    bench.answer = "odoo.exceptions.AccessError"
    assert await bench.life() == (90, "at most", "first seen")
    bench.clock.elapsed = 10 * DAY.total_seconds()
    bench.watch = bench.made()
    assert await bench.life() == (80, "at most", "first seen")
    bench.key = "key-two"
    assert await bench.life() == (90, "at most", "first seen")


async def test_a_refused_key_is_no_missing_right(bench: Bench) -> None:
    bench.answer = "odoo.exceptions.AccessDenied"
    with pytest.raises(AccessRefused):
        await bench.watch.look()


async def test_a_case_at_thirty_seven_and_one_days_once_each(bench: Bench) -> None:
    bench.keys = [(4, 90)]
    assert await bench.after(59.9) == []
    assert await bench.after(60.5) == ["30 days"]
    assert await bench.after(82.9) == ["30 days"]
    assert await bench.after(83.5) == ["7 days"]
    assert await bench.after(89.5) == ["1 day"]
    assert await bench.after(95) == ["1 day"]
    assert [one.place for one in bench.world.troubles.told] == ["30 days", "7 days", "1 day"]


async def test_a_case_that_a_person_closed_stays_closed_also_after_a_restart(bench: Bench) -> None:
    bench.keys = [(4, 20)]
    assert await bench.after(0) == ["30 days"]
    bench.world.troubles.open.clear()
    bench.watch = bench.made()
    assert await bench.after(1) == []
    assert await bench.after(14) == ["7 days"]


async def test_a_late_start_warns_once(bench: Bench) -> None:
    bench.keys = [(4, 3)]
    assert await bench.after(0) == ["7 days"]
    assert len(bench.world.troubles.told) == 1


async def test_a_new_key_settles_the_case_and_is_warned_of_in_its_turn(bench: Bench) -> None:
    bench.keys = [(4, 20)]
    assert await bench.after(0) == ["30 days"]
    bench.key, bench.keys = "key-two", [(5, 100)]
    assert await bench.after(1) == []
    assert await bench.after(71) == ["30 days"]


async def test_the_case_says_when_and_what_to_do_and_no_key(bench: Bench) -> None:
    bench.keys = [(4, 20)]
    await bench.watch.look()
    [told] = bench.world.troubles.told
    assert told.reason == "the API key ends on 2026-01-21 00:00 UTC; run `careloom odoo rotate-key erp`"


def test_what_the_card_says() -> None:
    now = LeapingClock().now()
    assert KeyLife(now + 3.5 * DAY, Bound.AT_MOST, "first seen").card(now) == {
        "expires": "2026-01-04T12:00:00+00:00",
        "days": 3,
        "bound": "at most",
        "source": "first seen",
    }


async def test_nothing_that_is_remembered_holds_the_key(bench: Bench) -> None:
    bench.keys = [(4, 20)]
    await bench.watch.look()
    assert all(bench.key.encode() not in value for value in bench.world.memory.values.values())
