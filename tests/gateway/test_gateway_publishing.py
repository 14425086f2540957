"""Publishing: what is stored, who may, and what a repeat gets."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from tests.gateway.calling import Api, Reply, open_api
from tests.gateway.test_gateway_cloudevents import ENVELOPE, FACTS, HEADERS, structured

from careloom.gateway.limits import ConsumerLimits, Limits, Quota
from careloom.gateway.publishing import LARGEST
from careloom.gateway.services import NoPublishing
from careloom.mapping.subject import subject_for
from careloom.model import encode, examples

TYPE = "patient.discharged.v1"
MEDIA = {"content-type": "application/cloudevents+json; charset=utf-8"}


async def publish(api: Api, body: bytes | None = None, **more: Any) -> Reply:
    headers = MEDIA | more.pop("headers", {})
    return await api.post("/v1/events", body=structured() if body is None else body, headers=headers, **more)


async def test_an_event_is_stored_and_has_a_receipt() -> None:
    api = open_api()
    reply = await publish(api)
    assert reply.status == 201
    assert reply.json == {"id": reply.json["id"], "position": "0:1", "acknowledged": True}
    assert reply.headers["location"] == f"/v1/messages/{reply.json['id']}"
    (stored,) = api.intake.messages
    assert (stored.system, stored.type, stored.key) == ("portal", f"event:{TYPE}", "/apps/portal v-1")
    assert stored.subject == subject_for(examples()[TYPE].patient)
    assert (stored.body, stored.datacontenttype) == (structured(), "application/cloudevents+json")
    assert stored.time == api.clock.now()


async def test_binary_mode_is_stored_as_a_document() -> None:
    api = open_api()
    reply = await api.post("/v1/events", payload=FACTS, headers=HEADERS)
    assert reply.status == 201
    (stored,) = api.intake.messages
    assert json.loads(stored.body) == ENVELOPE | {"datacontenttype": "application/json"}


async def test_a_merge_waits_for_both_of_its_subjects() -> None:
    class Anything:
        def system(self, principal: object, type: str) -> str:
            return "portal"

    api = open_api(publishing=Anything())
    merged = json.loads(encode(examples()["patient.merged.v1"]))
    assert (await publish(api, structured(type="patient.merged.v1", data=merged))).status == 201
    (stored,) = api.intake.messages
    assert len(stored.others) == 1 and stored.others[0] != stored.subject


@pytest.mark.parametrize("key", ["clm_portal", "clm_desk"])
async def test_who_may_not_publish_a_type_is_refused_and_that_is_on_record(key: str) -> None:
    api = open_api()
    body = structured(type="discharge.cancelled.v1") if key == "clm_portal" else structured()
    refused = await publish(api, body, key=key)
    assert (refused.status, refused.problem) == (403, "publish-denied")
    assert (api.audit[-1].status, api.audit[-1].outcome) == (403, "publish-denied")
    assert api.intake.messages == []


async def test_by_default_nobody_may_publish() -> None:
    assert (await publish(open_api(publishing=NoPublishing()))).problem == "publish-denied"


async def test_what_breaks_the_contract_is_refused_with_its_place() -> None:
    api = open_api()
    refused = await publish(api, structured(data={**FACTS, "occurred": "QUILLFEATHER"}))
    assert (refused.status, refused.problem) == (422, "unreadable-event")
    assert refused.json["location"] == "data.occurred"
    assert b"QUILLFEATHER" not in refused.body
    assert api.intake.messages == []


@pytest.mark.parametrize("idempotency", [{}, {"idempotency-key": "call-1"}])
async def test_a_repeat_has_the_same_answer_and_no_second_effect(idempotency: dict[str, str]) -> None:
    api = open_api()
    api.intake.hold()
    first = asyncio.ensure_future(publish(api, headers=idempotency))
    await api.intake.until(lambda store: store.waiting == 1)
    busy = await publish(api, headers=idempotency)
    assert (busy.status, busy.problem, busy.headers["retry-after"]) == (409, "request-in-flight", "1")
    api.intake.release()
    assert (await first).status == 201
    assert "idempotency-replayed" not in (await first).headers
    assert len(api.intake.messages) == 1


async def test_other_content_under_a_key_conflicts() -> None:
    api = open_api()
    assert (await publish(api)).status == 201
    refused = await publish(api, structured(time="2026-03-04T05:06:07Z"))
    assert (refused.status, refused.problem) == (409, "key-conflict")
    assert (await publish(api, structured(id="v-2"))).status == 201
    under_key = {"idempotency-key": "k"}
    assert (await publish(api, structured(id="v-3"), headers=under_key)).status == 201
    assert (await publish(api, structured(id="v-4"), headers=under_key)).status == 409


async def test_a_long_name_of_an_event_is_still_one_key() -> None:
    api = open_api()
    assert (await publish(api, structured(source="/s/" + "x" * 400))).status == 201
    (stored,) = api.intake.messages
    assert len(stored.key) == 64


async def test_a_failing_store_is_told_and_nothing_claimed() -> None:
    api = open_api()
    api.intake.fail()
    refused = await publish(api)
    assert (refused.status, refused.problem) == (503, "not-stored")
    assert int(refused.headers["retry-after"]) > 0
    api.intake.recover()
    assert (await publish(api)).status == 201


async def test_a_caller_that_hangs_up_does_not_undo_the_commit() -> None:
    api = open_api()
    api.intake.hold()
    posting = asyncio.ensure_future(publish(api))
    await api.intake.until(lambda store: store.waiting == 1)
    posting.cancel()
    await asyncio.gather(posting, return_exceptions=True)
    api.intake.release()
    assert len(api.intake.messages) == 1


@pytest.mark.parametrize(
    ("headers", "body", "status", "kind"),
    [
        ({"content-type": "text/plain"}, None, 415, "content-type-unknown"),
        ({"idempotency-key": "two words"}, None, 422, "invalid-request"),
        ({}, b"x" * (LARGEST + 1), 413, "message-too-large"),
        ({}, structured(data={**FACTS, "patient": {"identifier": [{"value": "9" * 1100}]}}), 422, "unreadable-event"),
    ],
)
async def test_a_request_that_cannot_be_taken_says_why(
    headers: dict[str, str], body: bytes | None, status: int, kind: str
) -> None:
    api = open_api()
    refused = await publish(api, body, headers=headers)
    assert (refused.status, refused.problem) == (status, kind)
    assert api.intake.messages == []


async def test_publishing_has_a_quota_of_its_own() -> None:
    api = open_api(limits=Limits(everyone=ConsumerLimits(publish=Quota(requests=1))))
    assert [(await publish(api)).status for _ in range(2)] == [201, 429]
    assert (await api.get("/v1/status")).status == 200


async def test_a_repeat_is_told_so_even_while_the_log_cannot_be_read() -> None:
    api = open_api()
    first, again = await publish(api), await publish(api)
    assert (again.status, again.json) == (201, {"id": first.json["id"], "acknowledged": True})
    assert again.headers["idempotency-replayed"] == "true"
