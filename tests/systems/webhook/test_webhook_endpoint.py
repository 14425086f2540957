"""What a sender is told, and what is stored: each refusal by its own code, nothing twice, nothing before its commit."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import ValidationError
from standardwebhooks import Webhook as Reference

from careloom.core.errors import ConfigurationError, Unavailable
from careloom.systems.seam import Endpoint, Listening, Polled, Reply, Request
from careloom.systems.webhook.fake import SECRET, SOURCE, Signer, document

NEW = "whsec_" + base64.b64encode(b"the next secret, of 32 octets...").decode()


def body(number: int = 1, **more: object) -> bytes:
    return json.dumps(document(number) | more).encode()


def code(reply: Reply) -> str:
    assert (reply.status >= 400, reply.media_type) == (True, "application/problem+json")
    problem = json.loads(reply.body)
    assert problem["status"] == reply.status
    assert problem["detail"] and "Quillfeather" not in reply.body.decode()
    return problem["type"].removeprefix("urn:careloom:problem:")


async def test_what_the_published_library_signs_is_stored_and_then_acknowledged(world, webhook, clock) -> None:
    made = webhook()
    now = clock.now()
    headers = {
        "webhook-id": "msg-1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Reference(SECRET).sign("msg-1", now, body().decode()),
    }
    reply = await made.answer(Request("POST", "hook", "", headers, body()))
    assert (reply.status, json.loads(reply.body)) == (200, {"accepted": 1, "repeated": 0})
    (stored,) = world.intake.messages
    assert (stored.key, stored.type, stored.subject, stored.body) == (
        "msg-1", "json:vendor/order.changed", "Order/O-0", body(),
    )  # fmt: skip


def test_the_hub_mounts_it_and_polls_it_only_when_there_is_a_list(webhook) -> None:
    plain = webhook()
    assert (isinstance(plain, Endpoint), isinstance(plain, Polled), isinstance(plain, Listening)) == (
        True,
        False,
        False,
    )
    assert plain.authenticates
    listed = webhook(poll={"url": "http://127.0.0.1:9/events", "id": "/id"})
    assert isinstance(listed, Polled) and listed.every == 300


WRONG = {
    "signature-missing": lambda r: replace(r, headers={**r.headers, "webhook-signature": ""}),
    "signature-wrong": lambda r: replace(r, body=r.body.replace(b"12.5", b"99.5")),
    "timestamp-missing": lambda r: replace(r, headers={**r.headers, "webhook-timestamp": ""}),
    "id-missing": lambda r: replace(r, headers={**r.headers, "webhook-id": " "}),
    "method-unknown": lambda r: replace(r, method="DELETE"),
    "body-too-large": lambda r: replace(r, body=b" " * (1024 * 1024 + 1)),
}


@pytest.mark.parametrize("wanted", WRONG)
async def test_each_refusal_has_its_code_and_stores_nothing(world, webhook, request_of, wanted: str) -> None:
    made = webhook()
    assert code(await made.answer(WRONG[wanted](request_of(body())))) == wanted
    assert world.intake.messages == []
    (kept,) = world.intake.refusals
    assert kept.reason.startswith(wanted) and (kept.body, kept.peer) == (b"", "192.0.2.7")


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp"])
async def test_what_is_signed_beside_the_body_cannot_be_changed(webhook, request_of, header: str) -> None:
    request = request_of(body())
    changed = replace(request, headers={**request.headers, header: request.headers[header].replace("1", "2", 1)})
    assert code(await webhook().answer(changed)) == "signature-wrong"


@pytest.mark.parametrize("signature", ["v1,&", "v2,AAAA", "garbage", "v1,", "v1,bm90IGl0", "v1a,AAAA"])
async def test_what_is_no_signature_of_the_scheme_is_wrong(webhook, request_of, signature: str) -> None:
    request = request_of(body())
    changed = replace(request, headers={**request.headers, "webhook-signature": signature})
    assert code(await webhook().answer(changed)) == "signature-wrong"


@pytest.mark.parametrize(
    ("late", "wanted"), [(300, None), (301, "timestamp-stale"), (-300, None), (-301, "timestamp-future")]
)
async def test_the_window_of_replay(webhook, request_of, late: float, wanted: str | None) -> None:
    reply = await webhook().answer(request_of(body(), late=late))
    assert (None if reply.status == 200 else code(reply)) == wanted


async def test_a_request_caught_on_the_way_is_worthless_after_the_window(world, webhook, request_of, clock) -> None:
    made, caught = webhook(), request_of(body())
    assert (await made.answer(caught)).status == 200
    assert json.loads((await made.answer(caught)).body) == {"accepted": 0, "repeated": 1}
    await clock.advance(301)
    assert code(await made.answer(caught)) == "timestamp-stale"
    assert len(world.intake.messages) == 1


@pytest.mark.parametrize("time", ["soon", "1e9", "-1", "9" * 40, "１７", "17.5"])
async def test_a_time_that_is_none(webhook, time: str) -> None:
    signer = Signer()
    request = signer.request(body(), id="msg-1", timestamp=time)  # type: ignore[arg-type]
    assert code(await webhook().answer(request)) == "timestamp-missing"


async def test_an_id_that_was_used_for_other_content_is_refused(world, webhook, request_of) -> None:
    made = webhook()
    assert (await made.answer(request_of(body(1)))).status == 200
    reply = await made.answer(request_of(body(2)))
    assert (reply.status, code(reply)) == (409, "id-reused")
    assert [one.body for one in world.intake.messages] == [body(1)]


async def test_both_secrets_hold_during_a_rotation_and_the_old_one_no_longer(world, webhook, request_of, clock) -> None:
    world.learn({"NEW": NEW})
    until = (clock.now() + timedelta(hours=1)).isoformat()
    made = webhook(secrets=[{"ref": "env:HOOK", "until": until}, {"ref": "env:NEW"}])
    for number, secret in enumerate((SECRET, NEW), 1):
        request = request_of(body(number), f"msg-{number}", signer=Signer(secret=secret))
        assert (await made.answer(request)).status == 200
    await clock.advance(3600)
    assert code(await made.answer(request_of(body(3), "msg-3"))) == "secret-expired"
    assert (await made.answer(request_of(body(3), "msg-3", signer=Signer(secret=NEW)))).status == 200
    assert (
        code(await made.answer(request_of(body(4), "msg-4", signer=Signer(secret="whsec_AAAA")))) == "signature-wrong"
    )


async def test_a_secret_is_read_at_each_use(world, webhook, request_of) -> None:
    made = webhook()
    world.learn({"HOOK": NEW})
    assert code(await made.answer(request_of(body()))) == "signature-wrong"
    assert (await made.answer(request_of(body(), signer=Signer(secret=NEW)))).status == 200


async def test_one_secret_that_cannot_be_read_does_not_stop_the_other(world, webhook, request_of) -> None:
    made = webhook(secrets=[{"ref": "env:GONE"}, {"ref": "env:HOOK"}])
    assert (await made.answer(request_of(body()))).status == 200
    del world.secrets["HOOK"]
    with pytest.raises(ConfigurationError, match="env:GONE, env:HOOK"):
        await made.answer(request_of(body(2), "msg-2"))


async def test_what_cannot_be_read_is_refused_with_its_place_and_kept(world, webhook, request_of) -> None:
    reply = await webhook().answer(request_of(b'{"id": '))
    assert (reply.status, code(reply)) == (422, "body-unreadable")
    assert [one.body for one in world.intake.refusals] == [b'{"id": ']


async def test_a_compressed_body_is_not_guessed_at(webhook, request_of) -> None:
    request = request_of(body())
    reply = await webhook().answer(replace(request, headers={**request.headers, "content-encoding": "gzip"}))
    assert code(reply) == "body-unreadable"


async def test_nothing_is_acknowledged_before_it_is_committed(world, webhook, request_of) -> None:
    world.intake.hold()
    answering = asyncio.ensure_future(webhook().answer(request_of(body())))
    await world.intake.until(lambda intake: intake.waiting == 1)
    assert not answering.done()
    world.intake.release()
    assert (await answering).status == 200
    world.intake.fail()
    with pytest.raises(Unavailable):
        await webhook().answer(request_of(body(2), "msg-2"))


async def test_a_body_with_several_events_is_stored_event_by_event(world, webhook, request_of) -> None:
    source = {"json": {**SOURCE["json"], "items": "/events"}}
    made = webhook(source)
    both = json.dumps({"events": [document(1), document(4)]}).encode()
    assert json.loads((await made.answer(request_of(both))).body) == {"accepted": 2, "repeated": 0}
    again = json.dumps({"events": [document(4), document(7)]}).encode()
    assert json.loads((await made.answer(request_of(again, "msg-2"))).body) == {"accepted": 1, "repeated": 1}
    assert [one.key for one in world.intake.messages] == ["evt-1", "evt-4", "evt-7"]
    spoiled = json.dumps({"events": [document(10), {"id": {}}]}).encode()
    reply = await made.answer(request_of(spoiled, "msg-3"))
    assert code(reply) == "body-unreadable" and b"the rest is stored (1 accepted" in reply.body


async def test_a_flood_of_strangers_does_not_fill_the_store(world, webhook, request_of, clock) -> None:
    made, stranger = webhook(), replace(request_of(body()), body=b"{}")
    for _ in range(1_000):
        assert code(await made.answer(stranger)) == "signature-wrong"
    assert len(world.intake.refusals) == 60
    await clock.advance(10)
    await made.answer(stranger)
    assert "(940 more were not kept)" in world.intake.refusals[-1].reason


async def test_other_formats_come_by_webhook_too(world, webhook, request_of) -> None:
    adt = b"MSH|^~\\&|EHR|NORTH|CARELOOM|NORTH|20260301083000||ADT^A04^ADT_A01|C7|P|2.5.1\rPID|1||N-7^^^NORTH^MR\r"
    assert (await webhook({}, format="hl7v2").answer(request_of(adt))).status == 200
    (stored,) = world.intake.messages
    assert (stored.key, stored.type) == ("C7", "hl7v2:ADT^A04")


async def test_odoo_and_old_vendors_prove_themselves_by_a_token(world, webhook) -> None:
    world.learn({"HOOK": "odoo:pass-word"})
    basic = webhook(scheme="basic")
    shown = base64.b64encode(b"odoo:pass-word").decode()
    request = Request("POST", "", "", {"authorization": f"basic {shown}"}, body())
    assert (await basic.answer(request)).status == 200
    by_path = webhook(scheme="path")
    assert (await by_path.answer(Request("POST", "hook/odoo:pass-word/", "", {}, body(4)))).status == 200
    assert code(await by_path.answer(Request("POST", "hook/odoo:pass", "", {}, body(7)))) == "signature-wrong"
    assert code(await by_path.answer(Request("POST", "", "", {}, body(7)))) == "signature-missing"


async def test_a_challenge_in_the_query_is_sent_back_as_text(world, webhook) -> None:
    world.learn({"WORD": "open sesame"})
    made = webhook(
        handshake={"by": "query", "challenge": "hub.challenge", "verify": "hub.verify_token", "token": "env:WORD"}
    )

    async def asked(query: str) -> Reply:
        return await made.answer(Request("GET", "hook", query, {}, b""))

    reply = await asked("hub.mode=subscribe&hub.challenge=1158&hub.verify_token=open+sesame")
    assert (reply.status, reply.body, reply.media_type) == (200, b"1158", "text/plain; charset=utf-8")
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert (await asked("hub.challenge=1158&hub.verify_token=guess")).status == 403
    assert (await asked("hub.challenge=a%0d%0ab&hub.verify_token=open+sesame")).status == 400
    assert code(await asked("hub.verify_token=open+sesame")) == "method-unknown"


async def test_a_challenge_in_the_body_must_be_signed(world, webhook, request_of) -> None:
    made = webhook(handshake={"by": "body", "type": "/type", "equals": "url_verification", "challenge": "/challenge"})
    challenge = b'{"type": "url_verification", "challenge": "3eZbrw1a"}'
    reply = await made.answer(request_of(challenge))
    assert (reply.status, reply.body) == (200, b"3eZbrw1a")
    assert code(await made.answer(request_of(challenge, signer=Signer(secret=NEW)))) == "signature-wrong"
    assert (await made.answer(request_of(body()))).status == 200
    assert len(world.intake.messages) == 1


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"secrets": []}, "give `secret`"),
        ({"secrets": [{"ref": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}]}, "reference"),
        ({"scheme": "nobody"}, "there is no scheme"),
        ({"scheme": "square"}, "signs the URL"),
        ({"signing": {"algorithm": "md5"}}, "signing"),
        ({"format": "x12", "poll": {"url": "https://a.example/events", "id": "/id"}}, "a list of events is JSON"),
        ({"poll": {"url": "https://a.example/events", "id": "/id", "since": "from"}}, "since and mark"),
    ],
)
def test_settings_that_cannot_work_are_refused(webhook, settings: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words) as caught:
        webhook(**settings)
    assert "MfKQ9r8" not in "".join(one["msg"] for one in caught.value.errors())
