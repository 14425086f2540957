"""The life of a version: not there, a preview, current, deprecated, retired."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from fastapi import APIRouter
from tests.gateway.calling import open_api

from careloom.core.envelope import Position
from careloom.gateway.classes import Criticality, DataClass, Declaration, Stage, declared
from careloom.gateway.governed import govern
from careloom.gateway.journal import Logged, Page


class Empty:
    """A log without events."""

    async def page(self, types, after, limit):
        return Page((), {}, more=False)


async def test_what_is_not_registered_is_not_there() -> None:
    api = open_api()
    for path in ("/v3/events", "/v1/nothing", "/v2/status"):
        assert (await api.get(path)).status == 404


async def test_a_version_that_is_not_approved_is_refused_but_for_those_who_try_it() -> None:
    api = open_api(journal=Empty())
    refused = await api.get("/v2/events")
    assert (refused.status, refused.problem) == (403, "version-not-approved")
    tried = await api.get("/v2/events", key="clm_pioneer")
    assert (tried.status, tried.json) == (200, [])


async def test_an_approved_version_serves_everybody_beside_the_older_one() -> None:
    api = open_api(journal=Empty(), stages={"v1": Stage.CURRENT, "v2": Stage.CURRENT})
    older, newer = await api.get("/v1/events"), await api.get("/v2/events")
    assert (older.status, newer.status) == (200, 200)
    assert older.json == {"events": [], "next": "gA", "more": False}
    assert newer.headers["content-type"] == "application/cloudevents-batch+json"


GOLDEN_V1 = """{"events":[{"id":"00000000-0000-0000-0000-000000000007","type":"discharge.cancelled.v1","source":"ehr",\
"subject":"00000000-0000-0000-0000-000000000008","time":"2026-03-04T05:06:07+00:00",\
"recorded":"2026-03-04T05:06:07+00:00","position":"76:1","correlation":"00000000-0000-0000-0000-000000000009",\
"masked":true,"data":{"trigger":"xxx^x99"}}],"next":"gUwB","more":false}"""


async def test_what_v1_says_never_changes_and_v2_says_it_in_its_own_way() -> None:
    """A client of v1 that parses these bytes must go on to: change v2, never this text."""

    class One:
        async def page(self, types, after, limit):
            when = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
            ids = [UUID(int=number) for number in (7, 8, 9)]
            data = b'{"trigger":"ADT^A13"}'
            place = Position(76, 1)
            event = Logged(ids[0], "discharge.cancelled.v1", "ehr", ids[1], when, when, place, ids[2], None, data)
            return Page([event], {76: 1}, more=False)

    api = open_api(journal=One(), stages={"v1": Stage.CURRENT, "v2": Stage.CURRENT})
    older, newer = await api.get("/v1/events"), await api.get("/v2/events")
    assert older.body.decode() == GOLDEN_V1
    (cloud,) = newer.json
    assert cloud == {"specversion": "1.0", "datacontenttype": "application/json"} | older.json["events"][0]


async def test_a_retired_version_is_gone() -> None:
    api = open_api(journal=Empty(), stages={"v1": Stage.CURRENT, "v2": Stage.RETIRED})
    gone = await api.get("/v2/events", key="clm_pioneer")
    assert (gone.status, gone.problem) == (410, "version-retired")
    assert (await api.get("/v1/events")).status == 200


@pytest.mark.parametrize("status", [200, 401])
async def test_a_deprecated_route_says_since_when_until_when_and_what_instead(status: int) -> None:
    router = APIRouter()

    @router.get("/v1/old")
    @declared(
        Declaration(
            data_class=DataClass.OPERATIONAL,
            criticality=Criticality.LOW,
            owner="team",
            deprecated=datetime(2026, 1, 1, tzinfo=UTC),
            sunset=datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC),
            successor="/v2/new",
        )
    )
    async def old() -> dict[str, str]:
        return {}

    api = open_api()
    api.app.router.routes[:] = router.routes
    govern(api.app.router.routes, api.services)
    reply = await api.get("/v1/old", key="clm_portal" if status == 200 else None)
    assert reply.status == status
    assert reply.headers["deprecation"] == "@1767225600"
    assert reply.headers["sunset"] == "Thu, 31 Dec 2026 23:59:59 GMT"
    assert reply.headers["link"] == '</v2/new>; rel="successor-version"'
    assert api.app.openapi()["paths"]["/v1/old"]["get"]["deprecated"] is True
