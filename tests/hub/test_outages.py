"""A system that is away for long is one case, whatever waits for it; announced absence is none."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from careloom.cases.book import Cases
from careloom.cases.recording import Recorder
from careloom.core.ids import Uuid7
from careloom.core.outcomes import Category
from careloom.hub.outages import STEADY_SECONDS, Outages
from careloom.log.node import LogNode
from careloom.log.ports import NewCase
from careloom.security.sealing import MasterKey
from careloom.store.database import Database
from careloom.testing.clock import VirtualClock

AFTER = 300.0


@dataclass
class House:
    """A log, the states of its systems, and who watches these."""

    database: Database
    recorder: Recorder
    clock: VirtualClock
    states: dict[str, str] = field(default_factory=dict)

    def watch(self) -> Outages:
        def standings() -> Mapping[str, Mapping[str, Any]]:
            return {name: {"state": state} for name, state in self.states.items()}

        callers = {"erp": ("registration.keep_account",)}
        return Outages(self.database, self.recorder, self.clock, standings, callers, timedelta(seconds=AFTER))

    async def pass_(self, watch: Outages, seconds: float) -> list[str]:
        """Look at both ends of a stretch of time."""
        await watch.look()
        await self.clock.advance(seconds)
        return await watch.look()

    async def cases(self) -> list[tuple[str, str, str]]:
        rows = await self.rows(
            "select system, category, state from work_case where kind = 'system-away' order by opened"
        )
        return [(row["system"], row["category"], row["state"]) for row in rows]

    async def rows(self, sql: str) -> Sequence[Any]:
        async with self.database.acquire() as connection:
            return await connection.fetch(sql)


@pytest.fixture
async def house(database: Database) -> AsyncIterator[House]:
    clock = VirtualClock()
    new_id = Uuid7(clock)
    book = Cases(clock, new_id)
    log = await LogNode.open(database, MasterKey(bytes(range(32))), book, clock, new_id, lanes=2)
    yield House(database, Recorder(log.keyring, book, clock, new_id), clock)
    await log.close()


async def test_an_outage_is_one_case_from_its_bound_on_and_ends_with_it(house: House) -> None:
    watch = house.watch()
    house.states = {"erp": "open", "ehr": "no breaker", "lab": "closed"}
    assert await house.pass_(watch, AFTER - 1) == []
    house.states["erp"] = "half-open"  # a probe is no end of it
    assert await house.pass_(watch, 1) == ["erp"]
    house.states["erp"] = "open"
    assert await house.pass_(watch, 10 * AFTER) == ["erp"]
    assert await house.cases() == [("erp", "network", "open")]
    house.states["erp"] = "closed"
    await house.pass_(watch, STEADY_SECONDS - 1)
    assert await house.cases() == [("erp", "network", "open")]
    await house.pass_(watch, 1)
    assert await house.cases() == [("erp", "network", "resolved")]
    told = await house.rows("select type from event where type like 'exception.%'")
    assert sorted(row["type"] for row in told) == ["exception.raised.v1", "exception.resolved.v1"]


async def test_what_was_short_or_announced_is_none(house: House) -> None:
    watch = house.watch()
    for state in ("open", "closed", "open", "maintenance", "open", "not running"):
        house.states = {"erp": state}
        await house.pass_(watch, AFTER - 1 if state == "open" else 10 * AFTER)
    assert await house.cases() == []


async def test_a_case_that_a_person_ended_does_not_come_again_in_the_same_outage(house: House) -> None:
    watch = house.watch()
    house.states = {"erp": "open"}
    await house.pass_(watch, AFTER)
    async with house.database.acquire() as connection, connection.transaction():
        await house.recorder.settle(connection, "erp", "system-away", "connection", "we know")
    await house.pass_(watch, 10 * AFTER)
    assert await house.cases() == [("erp", "network", "resolved")]
    house.states = {"erp": "closed"}
    await house.pass_(watch, STEADY_SECONDS)
    house.states = {"erp": "open"}
    await house.pass_(watch, AFTER)
    assert [state for _, _, state in await house.cases()] == ["resolved", "open"]


async def test_several_nodes_open_one_case_and_a_restarted_one_does_not_end_it(house: House) -> None:
    first, second = house.watch(), house.watch()
    house.states = {"erp": "open"}
    await first.look()
    await second.look()
    await house.clock.advance(AFTER)
    await first.look()
    await second.look()
    third = house.watch()
    house.states = {"erp": "closed"}  # as a breaker begins
    await house.pass_(third, STEADY_SECONDS - 1)
    house.states = {"erp": "open"}  # it has met the outage by itself
    await house.pass_(third, AFTER)
    assert await house.cases() == [("erp", "network", "open")]


@pytest.mark.parametrize(("met", "cases"), [(False, 1), (True, 0)], ids=["nobody was told", "an event is a case"])
async def test_refused_credentials_are_told_of_once(house: House, met: bool, cases: int) -> None:
    if met:
        async with house.database.acquire() as connection, connection.transaction():
            case = NewCase(
                "delivery", "ehr", "refused", subscription="registration.keep_account", category=Category.AUTHENTICATION
            )
            await house.recorder.open(connection, [case])
    watch = house.watch()
    house.states = {"erp": "refused"}
    await house.pass_(watch, AFTER)
    assert await house.cases() == [("erp", "authentication", "open")] * cases


async def test_what_was_refused_and_then_does_not_answer_is_told_of_too(house: House) -> None:
    watch = house.watch()
    for state in ("refused", "half-open", "open", "half-open"):
        house.states = {"erp": state}
        await house.pass_(watch, AFTER)
    assert await house.cases() == [("erp", "authentication", "open"), ("erp", "network", "open")]
    house.states = {"erp": "closed"}
    await house.pass_(watch, STEADY_SECONDS)
    assert {state for _, _, state in await house.cases()} == {"resolved"}
