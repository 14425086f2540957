"""Answers that are told while the systems do not answer: labelled, no older than allowed, and kept by nobody else."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
from tests.gateway.asking import Behind
from tests.gateway.calling import Api, open_api

from careloom.core.errors import CareloomError, HeldBack, PermanentError, Throttled, Unavailable
from careloom.gateway.desk import Answered, Desk, Later
from careloom.gateway.lookup import NotFound
from careloom.gateway.lookup_shapes import PATIENT, STOCK, StockQuery
from careloom.gateway.lookups import Lookups
from careloom.testing.clock import START, VirtualClock

ANNA = UUID(int=1)
GLOVES, MASKS = StockQuery(product="GLOVE-M"), StockQuery(product="MASK-S")
BOUNDS: dict[str, Any] = {"cache_seconds": 30, "stale_seconds": 3600}


def opened(**bounds: Any) -> tuple[Desk, Behind, VirtualClock]:
    clock, behind = VirtualClock(), Behind()
    return Desk(behind.lookup(**{**BOUNDS, **bounds}), clock), behind, clock


async def answered(desk: Desk) -> Answered:
    found = await desk.ask(GLOVES, ANNA)
    assert isinstance(found, Answered)
    return found


@pytest.mark.parametrize("error", [Unavailable("away"), HeldBack("held"), Throttled("slow down")])
async def test_while_the_system_is_away_the_kept_answer_is_told_and_labelled(error: CareloomError) -> None:
    desk, behind, clock = opened()
    fresh = await answered(desk)
    behind.answer = error
    await clock.advance(120)
    stale = await answered(desk)
    assert (stale.stale, stale.age) == (START, 120.0)
    label = b'{"stale":true,"as_of":"2026-03-01T08:00:00+00:00",'
    assert stale.body == label + fresh.body[1:]
    assert stale.etag != fresh.etag
    assert desk.figures.stale == 1


async def test_a_refusal_is_no_outage() -> None:
    desk, behind, clock = opened()
    await answered(desk)
    behind.answer = PermanentError("no right")
    await clock.advance(120)
    with pytest.raises(PermanentError):
        await desk.ask(GLOVES, ANNA)


async def test_what_is_gone_is_gone() -> None:
    desk, behind, clock = opened()
    await answered(desk)
    behind.answer = NotFound()
    await clock.advance(120)
    assert await desk.ask(GLOVES, ANNA) == NotFound()


async def test_it_is_told_until_its_oldest_and_not_longer() -> None:
    desk, behind, clock = opened()
    await answered(desk)
    behind.answer = Unavailable("away")
    await clock.advance(3599)
    assert (await answered(desk)).stale
    await clock.advance(1)
    with pytest.raises(Unavailable):
        await desk.ask(GLOVES, ANNA)


async def test_without_stale_seconds_none_is_told() -> None:
    desk, behind, clock = opened(stale_seconds=0)
    await answered(desk)
    behind.answer = Unavailable("away")
    await clock.advance(31)
    with pytest.raises(Unavailable):
        await desk.ask(GLOVES, ANNA)


async def test_what_was_never_asked_has_no_answer() -> None:
    desk, behind, _ = opened()
    await answered(desk)
    behind.answer = Unavailable("away")
    with pytest.raises(Unavailable):
        await desk.ask(MASKS, ANNA)


async def test_a_system_that_hangs_costs_the_budget_once_it_is_over_the_kept_answer_is_told() -> None:
    desk, behind, clock = opened(budget_seconds=2.0)
    await answered(desk)
    await clock.advance(60)
    behind.hold()

    asking = asyncio.ensure_future(desk.ask(GLOVES, ANNA))
    await behind.until(2)
    await clock.advance(2)
    found = await asking
    assert isinstance(found, Answered)
    assert found.stale == START
    behind.release()
    await desk.close()


async def test_without_one_a_caller_of_a_system_that_hangs_comes_back() -> None:
    desk, behind, _ = opened()
    behind.hold()
    assert isinstance(await desk.ask(GLOVES, ANNA, wait=0), Later)
    behind.release()
    await desk.close()


async def test_an_event_ends_an_answer_but_for_an_outage() -> None:
    desk, behind, clock = opened(invalidated_by=frozenset({"stock.moved.v1"}))
    await answered(desk)
    assert desk.invalidate("stock.moved.v1") == 1
    assert desk.invalidate("stock.moved.v1") == 0
    again = await answered(desk)
    assert (again.stale, again.age, len(behind.asked)) == (None, 0.0, 2)
    desk.invalidate("stock.moved.v1")
    behind.answer = Unavailable("away")
    await clock.advance(1)
    assert (await answered(desk)).stale == START


async def test_an_answer_is_as_old_as_its_question() -> None:
    desk, behind, clock = opened(cache_seconds=10)
    behind.hold()
    asked = await desk.ask(GLOVES, ANNA, wait=0)
    assert isinstance(asked, Later)
    await clock.advance(8)
    behind.release()
    assert isinstance(await desk.fetch(asked.ticket, ANNA), Answered)
    assert (await answered(desk)).age == 8.0
    await clock.advance(2)
    await answered(desk)
    assert len(behind.asked) == 2


# over HTTP


def served(behind: Behind, **bounds: Any) -> tuple[Api, VirtualClock]:
    clock = VirtualClock()
    return open_api(clock=clock, lookups=Lookups([behind.lookup(**{**BOUNDS, **bounds})], clock)), clock


async def test_body_and_headers_say_how_old_it_is_and_no_proxy_keeps_it() -> None:
    behind = Behind(STOCK)
    api, clock = served(behind)
    fresh = await api.get("/v1/lookups/stock?product=GLOVE-M")
    behind.answer = Unavailable("away")
    await clock.advance(90)
    tag = {"if-none-match": fresh.headers["etag"]}
    stale = await api.get("/v1/lookups/stock?product=GLOVE-M", headers=tag)
    assert (stale.status, stale.json["stale"], stale.json["as_of"]) == (200, True, START.isoformat())
    assert stale.headers["age"] == "90"
    assert stale.headers["warning"] == '110 - "Response is Stale"'
    assert stale.headers["cache-control"] == "no-store"
    assert {name: stale.json[name] for name in fresh.json} == fresh.json
    assert "stale" not in fresh.json
    assert [one.outcome for one in api.audit] == ["found", "stale"]


async def test_phi_is_told_so_too_where_that_is_asked_for() -> None:
    behind = Behind(PATIENT)
    api, clock = served(behind, cache_seconds=0, stale_seconds=600)
    question = PATIENT.example_parameters
    assert (await api.post("/v1/lookups/patient", key="clm_desk", payload=dict(question))).status == 200
    behind.answer = Unavailable("away")
    await clock.advance(60)
    stale = await api.post("/v1/lookups/patient", key="clm_desk", payload=dict(question))

    assert (stale.status, stale.json["as_of"]) == (200, START.isoformat())


async def test_the_document_says_that_an_answer_may_be_stale() -> None:
    api, _ = served(Behind(STOCK))
    document = (await api.get("/openapi.json")).json
    content = document["paths"]["/v1/lookups/stock"]["get"]["responses"]["200"]["content"]["application/json"]
    assert {"stale", "as_of"} <= set(content["schema"]["properties"])
    other, _ = served(Behind(STOCK), stale_seconds=0)
    document = (await other.get("/openapi.json")).json
    content = document["paths"]["/v1/lookups/stock"]["get"]["responses"]["200"]["content"]["application/json"]
    assert "stale" not in content["schema"]["properties"]


async def test_the_report_of_direct_routes_counts_them() -> None:
    behind = Behind(STOCK)
    api, clock = served(behind)
    await api.get("/v1/lookups/stock?product=A")
    behind.answer = Unavailable("away")
    await clock.advance(31)
    await api.get("/v1/lookups/stock?product=A")
    [row] = (await api.get("/v1/direct")).json["routes"]
    assert (row["stale_seconds"], row["stale"]) == (3600.0, 1)
