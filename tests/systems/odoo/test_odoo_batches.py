"""Gathering, order, skipping and splitting, counted in calls."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from careloom.core.errors import Contention, ContractBroken, MappingError, Rejected, TransientError
from careloom.sim.odoo.server import SimulatedOdoo
from careloom.systems.odoo import Entry, MemoryLedger, Odoo, Upserted

PARTNER = "res.partner"
Connect = Callable[..., Odoo]
Start = Callable[[str], Awaitable[Any]]


def loads(sim: SimulatedOdoo) -> list[int]:
    return [call.rows for call in sim.calls if call.method == "load"]


def person(number: int) -> str:
    return f"careloom.patient_GENHOSP_{number}"


async def upsert_many(odoo: Odoo, names: list[str]) -> list[Any]:
    calls = (odoo.upsert(PARTNER, person(number), {"name": name}) for number, name in enumerate(names))
    return await asyncio.gather(*calls, return_exceptions=True)


async def test_concurrent_upserts_share_calls_up_to_the_limit(sim: SimulatedOdoo, connect: Connect) -> None:
    odoo = connect(sim, batch_rows=40)
    results = await upsert_many(odoo, [f"Person {number}" for number in range(100)])
    assert loads(sim) == [40, 40, 20]
    assert len({result.record_id for result in results}) == 100
    by_id = {record["id"]: record["name"] for record in sim.records(PARTNER)}
    assert [by_id[result.record_id] for result in results] == [f"Person {number}" for number in range(100)]


async def test_what_arrives_while_a_call_runs_goes_out_together(sim: SimulatedOdoo, connect: Connect) -> None:
    odoo = connect(sim)
    release = asyncio.Event()
    sim.faults.hang(until=release, method="load")
    first = asyncio.create_task(odoo.upsert(PARTNER, person(0), {"name": "first"}))
    await sim.wait_until(lambda: sim.hanging == 1)
    rest = [asyncio.create_task(odoo.upsert(PARTNER, person(n), {"name": f"p{n}"})) for n in range(1, 30)]
    await asyncio.sleep(0)
    release.set()
    await asyncio.gather(first, *rest)
    assert loads(sim) == [1, 29]


async def test_rows_with_other_columns_or_models_do_not_share_a_call(sim: SimulatedOdoo, connect: Connect) -> None:
    odoo = connect(sim)
    await asyncio.gather(
        odoo.upsert(PARTNER, person(1), {"name": "a", "ref": "1"}),
        odoo.upsert(PARTNER, person(2), {"ref": "2", "name": "b"}),
        odoo.upsert(PARTNER, person(3), {"name": "c"}),
        odoo.upsert("res.partner.category", "careloom.tag", {"name": "VIP"}),
    )
    assert sorted(loads(sim)) == [1, 1, 2]


async def test_upserts_of_one_external_id_keep_their_order(sim: SimulatedOdoo, connect: Connect) -> None:
    odoo = connect(sim, concurrency=4)
    columns = [{"name": "v0"}, {"name": "v1", "ref": "1"}, {"name": "v2"}, {"name": "v3", "city": "X"}, {"name": "v4"}]
    calls = [odoo.upsert(PARTNER, person(1), values) for values in columns]
    others = [odoo.upsert(PARTNER, person(n), {"name": "other"}) for n in range(2, 40)]
    results = await asyncio.gather(*calls, *others)
    assert len({result.record_id for result in results[:5]}) == 1
    (record,) = [one for one in sim.records(PARTNER) if one["id"] == results[0].record_id]
    assert (record["name"], record["ref"], record["city"]) == ("v4", "1", "X")


async def test_an_unchanged_row_sends_nothing(sim: SimulatedOdoo, connect: Connect) -> None:
    odoo = connect(sim)
    first = await odoo.upsert(PARTNER, person(1), {"name": "Ada"})
    before = len(sim.calls)
    assert await odoo.upsert(PARTNER, person(1), {"name": "Ada"}) == Upserted(first.record_id, changed=False)
    assert len(sim.calls) == before
    assert (await odoo.upsert(PARTNER, person(1), {"name": "Ada B."})).changed
    assert (await odoo.upsert(PARTNER, person(1), {"name": "Ada"})).changed


async def test_another_connector_on_the_same_ledger_sends_nothing(sim: SimulatedOdoo, connect: Connect) -> None:
    ledger = MemoryLedger()
    await connect(sim, ledger=ledger).upsert(PARTNER, person(1), {"name": "Ada"})
    again = await connect(sim, ledger=ledger).upsert(PARTNER, person(1), {"name": "Ada"})
    assert (again.changed, loads(sim)) == (False, [1])


async def test_an_old_entry_is_not_trusted(sim: SimulatedOdoo, connect: Connect, clock: Any) -> None:
    odoo = connect(sim, trust_ledger_hours=2)
    await odoo.upsert(PARTNER, person(1), {"name": "Ada"})
    clock.elapsed += timedelta(hours=2).total_seconds()
    assert (await odoo.upsert(PARTNER, person(1), {"name": "Ada"})).changed


async def test_empty_clears_and_absent_stays(sim: SimulatedOdoo, connect: Connect) -> None:
    odoo = connect(sim)
    made = await odoo.upsert(PARTNER, person(1), {"name": "Ada", "city": "X", "street": "Y"})
    await odoo.upsert(PARTNER, person(1), {"name": "Ada", "city": ""})
    (record,) = await odoo.read(PARTNER, [made.record_id], ["city", "street"])
    assert (record["city"], record["street"]) == (False, "Y")


@pytest.mark.parametrize("bad", [0, 37, 99])
async def test_one_bad_row_of_a_hundred_fails_alone(sim: SimulatedOdoo, connect: Connect, bad: int) -> None:
    odoo = connect(sim)
    countries = ["base.nowhere" if number == bad else "base.us" for number in range(100)]
    results = await asyncio.gather(
        *(
            odoo.upsert(PARTNER, person(number), {"name": f"p{number}", "country_id/id": country})
            for number, country in enumerate(countries)
        ),
        return_exceptions=True,
    )
    assert isinstance(results[bad], Rejected)
    assert results[bad].field == "country_id"
    assert all(isinstance(result, Upserted) for number, result in enumerate(results) if number != bad)
    assert loads(sim) == [100, 99]


def unnamed(body: dict[str, Any], bad: set[str]) -> web.Response:
    """A load() whose refusal does not say which row, as an addon's own exception does."""
    rows = [row[0] for row in body["data"]]
    if bad & set(rows):
        return web.json_response({"ids": False, "messages": [{"type": "error", "message": "no"}], "nextrow": 0})
    return web.json_response({"ids": [int(row.rsplit("_")[-1]) + 1000 for row in rows], "messages": []})


@pytest.mark.parametrize("bad", [{63}, {0, 99}, {10, 11, 12}])
async def test_a_bad_row_that_odoo_does_not_name_is_found_by_halving(
    scripted: Start, connect: Connect, bad: set[int]
) -> None:
    server = await scripted("19.0")

    def answer(path: str, body: dict[str, Any]) -> web.Response:
        if path.endswith("fields_get"):
            return web.json_response({"name": {"type": "char"}})
        return unnamed(body, {person(number) for number in bad})

    server.answer = answer
    results = await upsert_many(connect(server), [f"p{number}" for number in range(100)])
    assert {number for number, result in enumerate(results) if isinstance(result, Rejected)} == bad
    assert all(results[number].record_id == number + 1000 for number in range(100) if number not in bad)
    calls = sum(path.endswith("load") for path, _ in server.requests)
    assert calls <= 1 + 2 * 7 * len(bad)


async def test_halving_is_bounded_and_the_rest_is_tried_later(scripted: Start, connect: Connect) -> None:
    server = await scripted("19.0")

    def answer(path: str, body: dict[str, Any]) -> web.Response:
        if path.endswith("fields_get"):
            return web.json_response({"name": {"type": "char"}})
        return unnamed(body, {row[0] for row in body["data"]})

    server.answer = answer
    results = await upsert_many(connect(server), [f"p{number}" for number in range(100)])
    assert sum(path.endswith("load") for path, _ in server.requests) == 40
    assert all(isinstance(result, Rejected | TransientError) for result in results)
    assert any(isinstance(result, Rejected) for result in results)
    assert any(isinstance(result, TransientError) for result in results)


async def test_an_exception_for_the_whole_call_is_halved_too(scripted: Start, connect: Connect) -> None:
    server = await scripted("19.0")

    def answer(path: str, body: dict[str, Any]) -> web.Response:
        if path.endswith("fields_get"):
            return web.json_response({"name": {"type": "char"}})
        if person(5) in [row[0] for row in body["data"]]:
            error = {"name": "odoo.exceptions.ValidationError", "message": "x", "debug": "x"}
            return web.json_response(error, status=422)
        return unnamed(body, set())

    server.answer = answer
    results = await upsert_many(connect(server), [f"p{number}" for number in range(8)])
    assert [isinstance(result, Rejected) for result in results] == [number == 5 for number in range(8)]


async def test_ids_that_do_not_match_the_rows_break_the_contract(scripted: Start, connect: Connect) -> None:
    server = await scripted("19.0")

    def answer(path: str, body: dict[str, Any]) -> web.Response:
        found = {"name": {"type": "char"}} if path.endswith("fields_get") else {"ids": [1], "messages": []}
        return web.json_response(found)

    server.answer = answer
    results = await upsert_many(connect(server), ["a", "b"])
    assert all(isinstance(result, ContractBroken) for result in results)


async def test_a_lost_race_is_tried_again_after_a_wait(sim: SimulatedOdoo, connect: Connect, clock: Any) -> None:
    sim.faults.serialization(times=3, method="load")
    assert (await connect(sim).upsert(PARTNER, person(1), {"name": "Ada"})).changed
    assert len(loads(sim)) == 4
    assert clock.slept == [0.1, 0.2, 0.4]


async def test_a_race_that_is_never_won_ends(sim: SimulatedOdoo, connect: Connect) -> None:
    sim.faults.serialization(times=None, method="load")
    with pytest.raises(Contention):
        await connect(sim).upsert(PARTNER, person(1), {"name": "Ada"})
    assert len(loads(sim)) == 6


async def test_a_wrong_type_or_field_never_reaches_odoo(sim: SimulatedOdoo, connect: Connect) -> None:
    odoo = connect(sim)
    with pytest.raises(MappingError) as error:
        await odoo.upsert(PARTNER, person(1), {"name": ["Ada", "Moss"]})
    assert error.value.field == "name"
    with pytest.raises(ContractBroken, match="no_such"):
        await odoo.upsert(PARTNER, person(1), {"no_such": "x"})
    assert loads(sim) == []


async def test_writes_that_falsify_books_are_refused_here(scripted: Start, connect: Connect) -> None:
    server = await scripted("19.0")
    server.answer = lambda path, body: web.json_response({"quantity": {"type": "float"}, "name": {"type": "char"}})
    odoo = connect(server)
    with pytest.raises(ContractBroken, match="inventory_quantity"):
        await odoo.write("stock.quant", [1], {"quantity": 5.0})
    with pytest.raises(ContractBroken, match="number series"):
        await odoo.upsert("account.move", "careloom.claim_1", {"name": "INV/1"})


async def test_a_caller_that_gives_up_does_not_hold_up_the_others(sim: SimulatedOdoo, connect: Connect) -> None:
    odoo = connect(sim)
    release = asyncio.Event()
    sim.faults.hang(until=release, method="load")
    first = asyncio.create_task(odoo.upsert(PARTNER, person(1), {"name": "v1"}))
    await sim.wait_until(lambda: sim.hanging == 1)
    second = asyncio.create_task(odoo.upsert(PARTNER, person(1), {"name": "v2"}))
    await asyncio.sleep(0)
    first.cancel()
    release.set()
    assert (await second).changed
    assert [one["name"] for one in sim.records(PARTNER) if one["id"] == (await second).record_id] == ["v2"]


async def test_closing_cancels_what_waits(sim: SimulatedOdoo, connect: Connect) -> None:
    odoo = connect(sim)
    sim.faults.hang(until=asyncio.Event(), method="load")
    first = asyncio.create_task(odoo.upsert(PARTNER, person(1), {"name": "v1"}))
    await sim.wait_until(lambda: sim.hanging == 1)
    second = asyncio.create_task(odoo.upsert(PARTNER, person(1), {"name": "v2"}))
    await asyncio.sleep(0)
    await odoo.close()
    results = await asyncio.gather(first, second, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results)


async def test_a_ledger_that_fails_fails_the_rows_and_not_the_lane(sim: SimulatedOdoo, connect: Connect) -> None:
    class Broken(MemoryLedger):
        broken = True

        async def get_many(self, system: str, model: str, external_ids: Any) -> dict[str, Entry]:
            if self.broken:
                raise OSError("no database")
            return {}

    ledger = Broken()
    odoo = connect(sim, ledger=ledger)
    with pytest.raises(OSError, match="no database"):
        await odoo.upsert(PARTNER, person(1), {"name": "Ada"})
    ledger.broken = False
    assert (await odoo.upsert(PARTNER, person(1), {"name": "Ada"})).changed
