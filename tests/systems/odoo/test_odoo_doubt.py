"""Lost answers, outages, throttling, refused keys: nothing is doubled, nothing is lost, nothing is hammered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from careloom.core.errors import AccessRefused, AmbiguousError, ContractBroken, Throttled, Unavailable
from careloom.sim.odoo.server import SimulatedOdoo
from careloom.systems.odoo import Odoo
from careloom.systems.odoo.cells import FieldInfo
from careloom.systems.odoo.readback import same_value
from careloom.systems.resilience import BreakerState

PARTNER = "res.partner"
KEY = "careloom.patient_GENHOSP_1"
Connect = Callable[..., Odoo]
Start = Callable[[str], Awaitable[Any]]


def count(sim: SimulatedOdoo, method: str) -> int:
    return sum(call.method == method for call in sim.calls)


def named(sim: SimulatedOdoo, name: str) -> int:
    return sum(record["name"] == name for record in sim.records(PARTNER))


async def test_committed_and_the_answer_lost_is_found_by_reading_back(sim: SimulatedOdoo, connect: Connect) -> None:
    sim.faults.commit_then_drop(method="load")
    values = {"name": "Ada", "is_company": True, "color": 2, "country_id/id": "base.us", "city": ""}
    made = await connect(sim).upsert(PARTNER, KEY, values)
    assert (count(sim, "load"), named(sim, "Ada")) == (1, 1)
    assert sim.external_ids()[KEY] == (PARTNER, made.record_id)


async def test_dropped_before_the_work_is_sent_again(sim: SimulatedOdoo, connect: Connect) -> None:
    sim.faults.drop(method="load")
    made = await connect(sim).upsert(PARTNER, KEY, {"name": "Ada"})
    assert (count(sim, "load"), named(sim, "Ada"), made.changed) == (2, 1, True)


async def test_an_update_that_was_lost_is_seen_to_differ(sim: SimulatedOdoo, connect: Connect) -> None:
    odoo = connect(sim)
    await odoo.upsert(PARTNER, KEY, {"name": "Ada", "country_id/.id": 1})
    sim.faults.drop(method="load")
    made = await odoo.upsert(PARTNER, KEY, {"name": "Ada", "country_id/.id": 2})
    (record,) = await odoo.read(PARTNER, [made.record_id], ["country_id"])
    assert record["country_id"][0] == 2
    assert count(sim, "load") == 3


async def test_a_batch_whose_answer_was_lost_is_settled_row_by_row(sim: SimulatedOdoo, connect: Connect) -> None:
    odoo = connect(sim)
    sim.faults.commit_then_drop(method="load")
    made = await asyncio.gather(*(odoo.upsert(PARTNER, f"{KEY}_{n}", {"name": f"p{n}"}) for n in range(20)))
    assert [sim.external_ids()[f"{KEY}_{n}"][1] for n in range(20)] == [one.record_id for one in made]
    assert count(sim, "load") == 1


async def test_a_call_that_hangs_is_given_up_and_makes_one_record(sim: SimulatedOdoo, connect: Connect) -> None:
    release = asyncio.Event()
    sim.faults.hang(until=release, method="load")
    odoo = connect(sim, timeout_seconds=0.3)
    made = await odoo.upsert(PARTNER, KEY, {"name": "Ada"})
    release.set()
    await sim.wait_until(lambda: sim.running == 0)
    assert named(sim, "Ada") == 1
    assert sim.external_ids()[KEY] == (PARTNER, made.record_id)


async def test_when_reading_back_fails_too_the_caller_is_told(sim: SimulatedOdoo, connect: Connect) -> None:
    odoo = connect(sim)
    sim.faults.commit_then_drop(method="load")
    sim.faults.drop(times=None, method="check_object_reference")
    with pytest.raises(AmbiguousError):
        await odoo.upsert(PARTNER, KEY, {"name": "Ada"})
    sim.faults.clear()
    assert (await odoo.upsert(PARTNER, KEY, {"name": "Ada"})).changed
    assert named(sim, "Ada") == 1


async def test_answers_that_are_always_lost_end_as_ambiguous(sim: SimulatedOdoo, connect: Connect) -> None:
    sim.faults.drop(times=None, method="load")
    with pytest.raises(AmbiguousError):
        await connect(sim).upsert(PARTNER, KEY, {"name": "Ada"})
    assert count(sim, "load") == 3


async def test_a_lost_note_is_looked_for_before_it_is_posted_again(sim: SimulatedOdoo, connect: Connect) -> None:
    odoo = connect(sim)
    made = await odoo.upsert(PARTNER, KEY, {"name": "Ada"})
    sim.faults.commit_then_drop(method="message_post")
    with pytest.raises(AmbiguousError):
        await odoo.message_post(PARTNER, made.record_id, "note", "r1")
    assert not await odoo.message_post(PARTNER, made.record_id, "note", "r1")
    assert sum("[Careloom r1]" in message["body"] for message in sim.messages(PARTNER, made.record_id)) == 1


async def test_a_lost_write_is_written_again(sim: SimulatedOdoo, connect: Connect) -> None:
    odoo = connect(sim)
    made = await odoo.upsert(PARTNER, KEY, {"name": "Ada"})
    sim.faults.drop(method="write")
    assert await odoo.archive(PARTNER, [made.record_id]) == [made.record_id]
    assert [one["active"] for one in sim.records(PARTNER) if one["id"] == made.record_id] == [False]


async def test_an_outage_opens_the_breaker_and_recovery_closes_it(
    sim: SimulatedOdoo, connect: Connect, clock: Any
) -> None:
    odoo = connect(sim, breaker_failures=3, breaker_seconds=10)
    await odoo.upsert(PARTNER, KEY, {"name": "Ada"})
    sim.faults.outage(503)
    for _ in range(5):
        with pytest.raises(Unavailable):
            await odoo.upsert(PARTNER, KEY, {"name": "Ada B."})
    assert odoo.state is BreakerState.OPEN
    assert odoo.retry_after == 10
    assert sim.outcomes["503"] == 3
    sim.faults.clear()
    clock.elapsed += 10
    assert (await odoo.upsert(PARTNER, KEY, {"name": "Ada B."})).changed
    assert odoo.state is BreakerState.CLOSED


async def test_a_refused_connection_is_an_outage(sim: SimulatedOdoo, connect: Connect) -> None:
    odoo = connect(sim)
    async with sim.refusing():
        with pytest.raises(Unavailable, match="nothing was sent"):
            await odoo.search_read(PARTNER, [], ["name"])
    assert await odoo.search_read(PARTNER, [], ["name"], limit=1)


async def test_killed_workers_leave_a_doubt_that_is_settled(sim: SimulatedOdoo, connect: Connect) -> None:
    odoo = connect(sim)
    sim.faults.hang(until=asyncio.Event(), method="load")
    task = asyncio.create_task(odoo.upsert(PARTNER, KEY, {"name": "Ada"}))
    await sim.wait_until(lambda: sim.hanging == 1)
    await sim.kill_workers()
    assert (await task).changed
    assert named(sim, "Ada") == 1


async def test_throttling_is_told_and_slows_us_down(sim: SimulatedOdoo, connect: Connect, clock: Any) -> None:
    odoo = connect(sim)
    sim.faults.throttle(retry_after=9)
    with pytest.raises(Throttled) as error:
        await odoo.search_read(PARTNER, [], ["name"], limit=1)
    assert error.value.retry_after == 9
    await odoo.search_read(PARTNER, [], ["name"], limit=1)
    assert clock.elapsed == 9


async def test_a_revoked_key_stops_the_connection_until_it_changes(sim: SimulatedOdoo, connect: Connect) -> None:
    keys = [sim.api_key]
    odoo = connect(sim, secrets=lambda _: keys[-1])
    await odoo.upsert(PARTNER, KEY, {"name": "Ada"})
    sim.revoke_key(keys[-1])
    sim.clear_caches()
    with pytest.raises(AccessRefused):
        await odoo.upsert(PARTNER, KEY, {"name": "Ada B."})
    assert odoo.state is BreakerState.REFUSED
    before = len(sim.calls)
    for _ in range(5):
        with pytest.raises(Unavailable) as error:
            await odoo.upsert(PARTNER, KEY, {"name": "Ada B."})
        assert error.value.retry_after == 900
    assert len(sim.calls) == before
    keys.append(sim.new_api_key())
    assert (await odoo.upsert(PARTNER, KEY, {"name": "Ada B."})).changed
    assert odoo.state is BreakerState.CLOSED


async def test_a_wrong_database_stops_and_is_found_by_the_check(sim: SimulatedOdoo, connect: Connect) -> None:
    wrong = type("Wrong", (), {"url": sim.url, "database": "none", "login": sim.login, "api_key": sim.api_key})
    odoo = connect(wrong)
    with pytest.raises((ContractBroken, Unavailable, AccessRefused)):
        await odoo.upsert(PARTNER, KEY, {"name": "Ada"})
    (finding,) = await odoo.check({PARTNER: ["name"]})
    assert finding.problem.startswith("no connection")


async def test_the_concurrency_cap_holds(sim: SimulatedOdoo, connect: Connect) -> None:
    odoo = connect(sim, concurrency=3)
    await asyncio.gather(*(odoo.search_read(PARTNER, [], ["name"], limit=1) for _ in range(30)))
    assert sim.most_at_once <= 3


async def test_the_rate_is_kept(sim: SimulatedOdoo, connect: Connect, clock: Any) -> None:
    odoo = connect(sim, rate=2.0)
    for _ in range(6):
        await odoo.search_read(PARTNER, [], ["name"], limit=1)
    assert clock.elapsed == pytest.approx(2.5)


async def test_eight_processes_race_on_one_key(sim: SimulatedOdoo, connect: Connect) -> None:
    writers = [connect(sim) for _ in range(8)]
    await asyncio.gather(*(odoo.search_read(PARTNER, [], ["name"], limit=1) for odoo in writers))
    await asyncio.gather(*(odoo._schema.fields(PARTNER) for odoo in writers))
    sim.faults.collide(8)
    results = await asyncio.gather(*(odoo.upsert(PARTNER, KEY, {"name": "One"}) for odoo in writers))
    assert len({result.record_id for result in results}) == 1
    assert named(sim, "One") == 1
    assert sim.outcomes["refused"] > 0


async def test_a_login_page_where_json_2_should_be(scripted: Start, connect: Connect) -> None:
    server = await scripted("19.0")
    server.answer = lambda path, body: web.Response(status=303, headers={"Location": "/web/login"})
    odoo = connect(server)
    with pytest.raises(ContractBroken, match="not Odoo's API"):
        await odoo.search_read(PARTNER, [], ["name"])
    assert odoo.state is BreakerState.REFUSED


@pytest.mark.parametrize(
    ("type_", "cell", "actual", "same"),
    [
        ("char", "Ada", "Ada", True),
        ("char", "", False, True),
        ("char", "Ada", "ADA", False),
        ("boolean", "0", False, True),
        ("boolean", "1", False, False),
        ("integer", "", 0, True),
        ("float", "0.1", 0.1, True),
        ("monetary", "120.10", 120.1, True),
        ("date", "2026-11-01", "2026-11-01", True),
        ("html", "<p>x</p>", "<p>x</p>", False),
        ("html", "", False, True),
    ],
)
def test_what_counts_as_the_same(type_: str, cell: str, actual: Any, same: bool) -> None:
    assert same_value(FieldInfo(type_), cell, actual) is same
