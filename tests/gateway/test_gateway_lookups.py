"""Look-ups by HTTP: where they are, what they answer, what may be kept of them; and the report on all of them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.gateway.asking import REASON, STANDARD, Behind
from tests.gateway.calling import Api, open_api

from careloom.core.errors import Rejected, Unavailable
from careloom.gateway.lookup import Found, NotFound
from careloom.gateway.lookup_shapes import ELIGIBILITY, INVOICE, PATIENT, STOCK, Shape
from careloom.gateway.lookups import Lookups
from careloom.testing.clock import VirtualClock

ASKED = ELIGIBILITY.example_parameters


def opened(shape: Shape, **bounds: Any) -> tuple[Api, Behind]:
    clock, behind = VirtualClock(), Behind(shape)
    return open_api(clock=clock, lookups=Lookups([behind.lookup(**bounds)], clock)), behind


async def test_a_question_without_phi_is_a_get_with_a_tag() -> None:
    api, behind = opened(STOCK, cache_seconds=30)
    first = await api.get("/v1/lookups/stock?product=GLOVE-M&location=WARD-3")
    assert (first.status, first.json) == (200, STOCK.example_answer)
    assert (first.headers["cache-control"], first.headers["age"]) == ("private, max-age=30", "0")
    await api.clock.advance(12.0)
    tag = {"if-none-match": f'W/"other", {first.headers["etag"]}'}
    kept = await api.get("/v1/lookups/stock?product=GLOVE-M&location=WARD-3", headers=tag)
    assert (kept.status, kept.body, kept.headers["age"]) == (304, b"", "12")
    assert [one.outcome for one in api.audit] == ["found", "kept"]
    assert len(behind.asked) == 1


async def test_a_question_about_a_patient_is_a_post_and_nobody_may_keep_its_answer() -> None:
    api, _ = opened(ELIGIBILITY)
    reply = await api.post("/v1/lookups/eligibility", key="clm_desk", payload=ASKED)
    assert (reply.status, reply.json) == (200, ELIGIBILITY.example_answer)
    assert reply.headers["cache-control"] == "no-store"
    assert "etag" not in reply.headers
    assert (await api.get("/v1/lookups/eligibility?member=NHP884213", key="clm_desk")).status == 405


@pytest.mark.parametrize("shape", [ELIGIBILITY, INVOICE])
async def test_the_class_of_a_look_up_asks_for_its_scope(shape: Shape) -> None:
    api, behind = opened(shape)
    method = "POST" if shape is ELIGIBILITY else "GET"
    refused = await api.call(method, f"/v1/lookups/{shape.name}", payload=ASKED)
    assert (refused.status, refused.problem) == (403, "scope-missing")
    assert behind.asked == []


async def test_a_slow_payer_gets_the_caller_a_typed_answer_within_the_budget() -> None:
    api, behind = opened(ELIGIBILITY, budget_seconds=2.0, timeout_seconds=40.0)
    behind.hold()
    asking = asyncio.ensure_future(api.post("/v1/lookups/eligibility", key="clm_desk", payload=ASKED))
    await behind.until(1)
    await api.clock.until_sleeping(2)
    await api.clock.advance(2.0)
    pending = await asking
    assert (pending.status, pending.json["status"]) == (202, "pending")
    assert pending.headers["location"] == pending.json["poll"]
    assert pending.headers["retry-after"] == "1"
    again = await api.get(pending.headers["location"], key="clm_desk", headers={"prefer": "wait=0"})
    assert (again.status, again.json["poll"]) == (202, pending.json["poll"])
    await api.clock.advance(28.0)
    behind.release()
    reply = await api.get(pending.headers["location"], key="clm_desk")
    assert (reply.status, reply.json) == (200, ELIGIBILITY.example_answer)
    stolen = await api.get(pending.headers["location"], key="clm_portal")
    assert stolen.status == 403
    assert [one.outcome for one in api.audit] == ["pending", "pending", "found", ""]
    assert len(behind.asked) == 1


async def test_a_ticket_of_somebody_else_is_not_there() -> None:
    api, behind = opened(STOCK, budget_seconds=2.0)
    behind.hold()
    pending = await api.get("/v1/lookups/stock?product=GLOVE-M", headers={"prefer": "respond-async, wait=0"})
    assert pending.status == 202
    refused = await api.get(pending.headers["location"], key="clm_desk")
    assert (refused.status, refused.problem) == (404, "ticket-unknown")
    behind.release()
    assert (await api.get(pending.headers["location"])).status == 200


@pytest.mark.parametrize(
    ("answer", "status", "kind", "outcome"),
    [
        (NotFound(), 404, "nothing-found", "not-found"),
        (Unavailable("away", 7.0), 503, "lookup-unavailable", "failed"),
        (Rejected("MRN7001 is not ours"), 502, "lookup-failed", "failed"),
        (ValueError("MRN7001"), 502, "lookup-failed", "failed"),
        (Found({"name": "Quillfeather"}), 502, "lookup-failed", "failed"),
    ],
)
async def test_what_goes_wrong_behind_is_a_problem_without_a_word_of_it(
    answer: Any, status: int, kind: str, outcome: str
) -> None:
    api, behind = opened(PATIENT)
    behind.answer = answer
    reply = await api.post("/v1/lookups/patient", key="clm_desk", payload={"identifier": "MRN7001"})
    assert (reply.status, reply.problem) == (status, kind)
    assert reply.headers.get("retry-after") == ("7" if status == 503 else None)
    assert b"MRN7001" not in reply.body and b"Quillfeather" not in reply.body
    assert api.audit[-1].outcome == outcome


async def test_too_many_at_once_are_told_when_to_come_back() -> None:
    api, behind = opened(STOCK, concurrency=1)
    behind.hold()
    await api.get("/v1/lookups/stock?product=A", headers={"prefer": "wait=0"})
    busy = await api.get("/v1/lookups/stock?product=B")
    assert (busy.status, busy.problem, busy.headers["retry-after"]) == (503, "lookup-unavailable", "1")
    assert api.audit[-1].outcome == "busy"
    behind.release()


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("stock", "query.product"),
        ("stock?product=", "query.product"),
        ("stock?product=A&quillfeather=1", "query"),
        ("stock?product=A&product=B", "query"),
        ("stock?product=%00", "query.product"),
    ],
)
async def test_a_wrong_query_is_refused_by_its_place(target: str, location: str) -> None:
    api, behind = opened(STOCK)
    refused = await api.get(f"/v1/lookups/{target}")
    assert (refused.status, refused.json["location"]) == (422, location)
    assert b"quillfeather" not in refused.body
    assert behind.asked == []


@pytest.mark.parametrize(
    ("body", "location"),
    [
        (b"{}", "body.member, body.payer"),
        (b"[]", "body"),
        (b"Quillfeather", "body"),
        (b'{"payer":"1","member":"2","Quillfeather":1}', "body"),
        (b'{"payer":"1","member":"2","service_date":"Quillfeather"}', "body.service_date"),
    ],
)
async def test_a_wrong_body_is_refused_by_its_place(body: bytes, location: str) -> None:
    api, behind = opened(ELIGIBILITY)
    headers = {"content-type": "application/json"}
    refused = await api.post("/v1/lookups/eligibility", key="clm_desk", body=body, headers=headers)
    assert (refused.status, refused.json["location"]) == (422, location)
    assert b"Quillfeather" not in refused.body
    assert behind.asked == []


async def test_a_body_must_be_json_and_small() -> None:
    api, _ = opened(ELIGIBILITY)
    refused = await api.post("/v1/lookups/eligibility", key="clm_desk", body=b"payer=1")
    assert (refused.status, refused.problem) == (415, "content-type-unknown")
    headers = {"content-type": "application/json"}
    refused = await api.post("/v1/lookups/eligibility", key="clm_desk", body=b" " * 70_000, headers=headers)
    assert (refused.status, refused.problem) == (413, "message-too-large")


async def test_an_event_invalidates_through_the_hub_s_handle() -> None:
    api, behind = opened(STOCK, cache_seconds=30, invalidated_by=frozenset({"patient.updated.v1"}))
    for _ in range(2):
        await api.get("/v1/lookups/stock?product=A")
    assert api.services.lookups.invalidate("patient.updated.v1") == 1
    await api.get("/v1/lookups/stock?product=A")
    assert len(behind.asked) == 2
    assert api.services.lookups.counters() == {
        "stock": {"calls": 3, "hits": 1, "coalesced": 0, "pending": 0, "invalidated": 1, "stale": 0, "hit_ratio": 1 / 3}
    }


async def test_a_look_up_that_nobody_registered_is_not_there() -> None:
    assert (await open_api().get("/v1/lookups/stock?product=A")).status == 404


async def test_the_report_names_every_direct_route_with_its_owner_reason_bounds_and_figures() -> None:
    api, behind = opened(STOCK, cache_seconds=30)
    behind.answer = Found(STOCK.example_answer, frozenset({"erp", "warehouse", "scale"}))
    await api.get("/v1/lookups/stock?product=A")
    (row,) = (await api.get("/v1/direct")).json["routes"]
    assert (row["route"], row["owner"], row["reason"]) == ("/v1/lookups/stock", "front-desk", REASON)
    assert (row["data_class"], row["criticality"], row["systems"]) == ("operational", "high", ["erp"])
    assert (row["calls"], row["outcomes"], row["hit_ratio"]) == (1, {"found": 1}, 0.0)
    assert row["outgrown"] == ["asks 3 systems, at most 2 are declared"]


async def test_the_report_is_empty_without_direct_routes_and_sorted_with_many() -> None:
    assert (await open_api().get("/v1/direct")).json == {"routes": []}
    rows = (await open_api(lookups=Lookups(STANDARD)).get("/v1/direct")).json["routes"]
    assert [row["route"] for row in rows] == sorted(row["route"] for row in rows)
    assert all(row["outgrown"] == [] and "p95_seconds" not in row for row in rows)
