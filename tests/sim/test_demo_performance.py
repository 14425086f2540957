"""The course of a demo on a clock that tests move: the outage, the wait for the end, and giving up."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from careloom.hub.node import Node
from careloom.sim import performance as playing
from careloom.sim.morning import Morning, morning
from careloom.sim.odoo import SimulatedOdoo
from careloom.sim.performance import PATIENCE_SECONDS, Performance, Unfinished
from careloom.sim.screen import Scene
from careloom.sim.stories import Fate
from careloom.testing.clock import VirtualClock


class Hub:
    """What a performance reads of a hub; a test says how it stands."""

    def __init__(self, refused: int) -> None:
        self.numbers = {
            "received": 9, "delivered": 9, "filtered": 0, "parked": 0, "in_flight": 0, "holds": True,
            "refused": refused,
        }  # fmt: skip
        self.subscription = {"name": "translate", "behind": 0, "oldest_seconds": 0.0, "parked": 0, "retrying": 0}
        self.breaker = "closed"
        self.looks = 0

    def as_dict(self) -> dict[str, Any]:
        return {
            "messages": dict(self.numbers),
            "subscriptions": [dict(self.subscription)],
            "systems": {"erp": {"state": self.breaker}},
        }

    async def read(self, *_: object) -> dict[str, Any]:
        self.looks += 1
        return self.as_dict()


@pytest.fixture(scope="module")
def script() -> Morning:
    return morning(10, 1)


@pytest.fixture
def hub(script: Morning, monkeypatch: pytest.MonkeyPatch) -> Hub:
    made = Hub(script.fates()[Fate.REFUSED])
    monkeypatch.setattr(playing, "read_status", made.read)
    return made


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def odoo() -> SimulatedOdoo:
    return SimulatedOdoo("19.0")


@pytest.fixture
def performance(script: Morning, hub: Hub, clock: VirtualClock, odoo: SimulatedOdoo) -> Performance:
    node = SimpleNamespace(status=hub, ports={"ehr": 1}, store=SimpleNamespace(database=None), systems={})
    return Performance(script, cast(Node, node), odoo, clock, 20.0, 0.0)


def _is_down(odoo: SimulatedOdoo) -> bool:
    return odoo.faults.draw("res.partner", "load").strikes is not None


async def test_odoo_goes_down_in_the_middle_and_comes_back(
    performance: Performance, clock: VirtualClock, odoo: SimulatedOdoo
) -> None:
    outage = asyncio.create_task(performance._outage())
    assert not _is_down(odoo)
    await clock.advance_to_next()
    assert clock.monotonic() == pytest.approx(8.0)
    assert _is_down(odoo) and not performance._scene().odoo_up
    await clock.advance_to_next()
    await outage
    assert clock.monotonic() == pytest.approx(13.0)
    assert not _is_down(odoo) and performance._scene().odoo_up
    assert [event[6:13] for event in performance._scene().events] == ["Odoo is", "Odoo is"]


async def test_it_is_over_when_nothing_is_on_its_way(performance: Performance, hub: Hub) -> None:
    await performance._drained()
    assert hub.looks == 1


async def test_what_waits_for_the_insurer_may_wait(performance: Performance, hub: Hub) -> None:
    hub.subscription |= {"name": "deliver.payer", "behind": 3, "retrying": 2}
    hub.numbers["in_flight"] = 5
    await performance._drained()
    assert hub.looks == 1


@pytest.mark.parametrize("wanting", ["refused", "behind", "retrying"])
async def test_until_then_it_is_looked_at_again(
    performance: Performance, hub: Hub, clock: VirtualClock, wanting: str
) -> None:
    where = hub.numbers if wanting in hub.numbers else hub.subscription
    good = where[wanting]
    where[wanting] = cast(int, good) + (-1 if wanting == "refused" else 1)
    waiting = asyncio.create_task(performance._drained())
    for _ in range(3):
        await clock.advance_to_next()
    assert not waiting.done() and hub.looks >= 3
    where[wanting] = good
    await clock.advance_to_next()
    await waiting


async def test_it_gives_up_after_a_minute_and_says_how_many_are_left(
    performance: Performance, hub: Hub, clock: VirtualClock
) -> None:
    hub.numbers["in_flight"] = 7
    hub.subscription["retrying"] = 7
    waiting = asyncio.create_task(performance._drained())
    await clock.until_sleeping()
    await clock.advance(PATIENCE_SECONDS + 1)
    with pytest.raises(Unfinished, match="7 messages are still in flight"):
        await waiting


async def test_each_change_of_the_breaker_is_told_once(performance: Performance, hub: Hub) -> None:
    for state in ("closed", "open", "open", "half-open", "closed"):
        hub.breaker = state
        await performance._look()
    told = [event.rpartition(" ")[2] for event in performance._scene().events]
    assert told == ["open", "half-open", "closed"]


async def test_the_watch_shows_scenes_until_it_is_stopped(
    performance: Performance, hub: Hub, clock: VirtualClock
) -> None:
    shown: list[Scene] = []
    watching = asyncio.create_task(performance._watch(shown.append))
    for _ in range(3):
        await clock.advance_to_next()
    watching.cancel()
    assert len(shown) >= 3
    assert shown[-1].seconds > shown[0].seconds
    assert shown[-1].total == len(performance._morning.messages)
