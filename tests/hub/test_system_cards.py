"""What processes tell of the systems they work with, put together for whoever asks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from careloom.hub.cards import FRESH, Cards, read_standings, standing
from careloom.systems.resilience import BreakerState
from careloom.testing.clock import START, VirtualClock
from careloom.testing.surroundings import MemoryMemory


class Connected:
    """A connection with a breaker and a card."""

    def __init__(self, state: BreakerState = BreakerState.CLOSED, wait: float = 0.0, **card: Any) -> None:
        self.state = state
        self.retry_after = wait
        self.maintenance: Any = None
        self.told: dict[str, Any] = card

    def card(self) -> Mapping[str, Any]:
        return self.told


class Store:
    """The memories of systems by name."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.memories: dict[str, MemoryMemory] = {}

    def memory(self, name: str) -> MemoryMemory:
        return self.memories.setdefault(name, MemoryMemory())

    def cards(self, process: str, *, works: bool = True, **systems: object) -> Cards:
        return Cards(systems, self.memory, self.clock, works=works, process=process)

    async def read(self) -> Mapping[str, Any]:
        return await read_standings(["erp"], self.memory, self.clock.now())


async def test_one_process_reads_what_another_wrote() -> None:
    store = Store()
    await store.cards("one", erp=Connected(odoo="19.0", key={"days": 60})).refresh()
    assert await store.read() == {
        "erp": {
            "state": "closed",
            "retry_after": 0.0,
            "at": START.isoformat(),
            "card": {"odoo": "19.0", "key": {"days": 60}},
        }
    }


async def test_a_system_that_nobody_told_of_is_not_shown() -> None:
    store = Store()
    assert await store.read() == {}


async def test_facts_are_joined_and_the_newest_of_each_is_shown() -> None:
    store = Store()
    await store.cards("polls", works=False, erp=Connected(odoo="18.0", key={"days": 60})).refresh()
    await store.clock.advance(5)
    await store.cards("works", erp=Connected(odoo="19.0", latency={"calls": 3})).refresh()
    told = await store.read()
    assert told["erp"]["card"] == {"odoo": "19.0", "key": {"days": 60}, "latency": {"calls": 3}}


async def test_one_breaker_that_is_open_is_shown_before_those_that_are_closed() -> None:
    store = Store()
    await store.cards("one", erp=Connected(BreakerState.OPEN, 12.0)).refresh()
    await store.clock.advance(5)
    await store.cards("two", erp=Connected()).refresh()
    told = await store.read()
    assert (told["erp"]["state"], told["erp"]["retry_after"]) == ("open", 12.0)


async def test_a_process_that_calls_nobody_says_nothing_of_breakers() -> None:
    store = Store()
    await store.cards("listens", works=False, erp=Connected(BreakerState.OPEN, 12.0, odoo="19.0")).refresh()
    told = await store.read()
    assert (told["erp"]["state"], told["erp"]["card"]) == ("not running", {"odoo": "19.0"})


async def test_a_process_that_ended_leaves_what_it_knew() -> None:
    store = Store()
    cards = store.cards("one", erp=Connected(odoo="19.0"))
    await cards.refresh()
    await cards.withdraw()
    told = await store.read()
    assert (told["erp"]["state"], told["erp"]["card"]) == ("not running", {"odoo": "19.0"})


async def test_a_process_that_died_is_not_running_after_a_while_and_forgotten_after_a_day() -> None:
    store = Store()
    await store.cards("one", erp=Connected()).refresh()
    await store.clock.advance(FRESH.total_seconds() + 1)
    assert (await store.read())["erp"]["state"] == "not running"
    await store.clock.advance(timedelta(days=1).total_seconds())
    assert await store.read() == {}
    assert store.memory("erp").values == {}


async def test_maintenance_is_shown_with_its_end_until_then() -> None:
    store = Store()
    erp = Connected(wait=600.0)
    erp.maintenance = START + timedelta(seconds=600)
    assert standing(erp)["state"] == "maintenance"
    cards = store.cards("one", erp=erp)
    await cards.refresh()
    told = (await store.read())["erp"]
    assert (told["state"], told["maintenance"]) == ("maintenance", "2026-03-01T08:10:00+00:00")


async def test_what_is_no_record_of_ours_is_passed_over() -> None:
    store = Store()
    store.memory("erp").values["standing/odd"] = b"not json"
    await store.cards("one", erp=Connected()).refresh()
    assert (await store.read())["erp"]["state"] == "closed"


async def test_each_process_knows_how_the_systems_stand_elsewhere() -> None:
    store = Store()
    here = store.cards("here", works=False, erp=Connected())
    await store.cards("there", erp=Connected(BreakerState.REFUSED, 60.0)).refresh()
    await here.refresh()
    assert here.standings["erp"]["state"] == "refused"
