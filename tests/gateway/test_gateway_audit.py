"""Who called what, with what result: on record for each call that its class wants there, without what was said."""

from __future__ import annotations

import dataclasses

from tests.gateway.asking import Behind
from tests.gateway.calling import PORTAL, open_api

from careloom.gateway.classes import Criticality, DataClass
from careloom.gateway.limits import ConsumerLimits, Limits, Quota
from careloom.gateway.lookup import NotFound
from careloom.gateway.lookup_shapes import PATIENT
from careloom.gateway.lookups import Lookups
from careloom.systems.seam import Reply, Request


async def test_a_call_is_on_record_with_its_consumer_class_and_status() -> None:
    api = open_api()
    await api.get("/v1/status")
    (entry,) = api.audit
    assert (entry.consumer, entry.consumer_id) == ("portal", str(PORTAL.id))
    assert (entry.method, entry.route, entry.status) == ("GET", "/v1/status", 200)
    assert (entry.data_class, entry.criticality) == (DataClass.OPERATIONAL, Criticality.NORMAL)
    assert entry.time == api.clock.now()


async def test_a_refusal_is_on_record_too() -> None:
    api = open_api(limits=Limits(everyone=ConsumerLimits(read=Quota(requests=1))))
    await api.get("/v1/status", key=None)
    await api.get("/v1/status")
    await api.get("/v1/status")
    await api.get("/v1/events", key="clm_probe")
    assert [(one.consumer, one.status) for one in api.audit] == [
        ("", 401),
        ("portal", 200),
        ("portal", 429),
        ("probe", 403),
    ]


async def test_a_bug_is_on_record_as_500() -> None:
    def broken() -> dict[str, object]:
        raise KeyError("QUILLFEATHER")

    api = open_api(status=broken)
    assert (await api.get("/v1/status")).status == 500
    assert [one.status for one in api.audit] == [500]


class Webhook:
    """A system that checks its callers by itself, and takes everything."""

    authenticates = True
    max_body = 1000

    async def answer(self, request: Request) -> Reply:
        return Reply(204)


async def test_a_webhook_counts_for_its_system_and_an_unknown_path_for_nobody() -> None:
    limits = Limits(everyone=ConsumerLimits(intake=Quota(requests=1)))
    api = open_api(endpoints={"payments": Webhook()}, limits=limits)
    statuses = [(await api.post("/v1/systems/payments/events", key=None)).status for _ in range(2)]
    assert statuses == [204, 429]
    assert (await api.post("/v1/systems/Quillfeather/events", key=None)).status == 404
    assert (await api.post("/v1/systems/payments/events")).status == 204
    assert [one.consumer for one in api.audit] == ["system:payments", "system:payments", "", "portal"]
    assert {one.route for one in api.audit} == {"/v1/systems/{name}/{path:path}"}


async def test_public_routes_leave_no_trace() -> None:
    api = open_api()
    for path in ("/healthz", "/openapi.json", "/docs", "/docs/style.css"):
        assert (await api.get(path, key=None)).status == 200
    assert api.audit == []


async def test_what_was_asked_and_answered_is_never_on_record() -> None:
    behind = Behind(PATIENT)
    api = open_api(lookups=Lookups([behind.lookup()]))
    asked = {"identifier": "MRN7001"}
    assert (await api.post("/v1/lookups/patient", key="clm_desk", payload=asked)).status == 200
    behind.answer = NotFound()
    assert (await api.post("/v1/lookups/patient", key="clm_desk", payload=asked)).status == 404
    assert [one.outcome for one in api.audit] == ["found", "not-found"]
    await api.get("/v1/event-types/MRN7001/schema")
    told = str([dataclasses.asdict(one) for one in api.audit])
    assert "MRN7001" not in told and "Okonjo" not in told
    assert api.audit[0].route == "/v1/lookups/patient"
    assert api.audit[-1].route == "/v1/event-types/{type}/schema"
