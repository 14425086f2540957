"""HL7 v2 by HTTP: what is stored, what is answered, and what is never repeated."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from careloom.formats import hl7v2


async def problem_of(answer: aiohttp.ClientResponse) -> dict[str, object]:
    assert answer.headers["content-type"] == "application/problem+json"
    document = await answer.json(content_type=None)
    assert {"type", "title", "status", "detail", "instance"} <= set(document)
    assert document["status"] == answer.status
    assert "QUILLFEATHER" not in await answer.text()
    assert "MRN7001" not in await answer.text()
    return document


async def test_a_message_is_stored_and_has_a_receipt(gateway, message) -> None:
    async with gateway.post(message()) as answer:
        assert answer.status == 201
        receipt = await answer.json()
    (stored,) = gateway.intake.messages
    assert (stored.system, stored.key, stored.body) == ("ehr", "MSG1", message())
    assert receipt == {"id": receipt["id"], "position": "0:1", "acknowledged": True}


@pytest.mark.parametrize(
    "media", ["application/hl7-v2", "x-application/hl7-v2+er7", "text/plain; charset=utf-8", "application/octet-stream"]
)
async def test_each_usual_content_type_is_taken(gateway, message, media: str) -> None:
    async with gateway.post(message(), content_type=media) as answer:
        assert answer.status == 201


async def test_a_repeat_has_the_same_id(gateway, message) -> None:
    async with gateway.post(message()) as first, gateway.post(message()) as second:
        assert (first.status, second.status) == (201, 200)
        assert (await first.json())["id"] == (await second.json())["id"]
        assert "position" not in await second.json()
    assert len(gateway.intake.messages) == 1


async def test_the_idempotency_key_replaces_the_control_id(gateway, message) -> None:
    async with gateway.post(message(), idempotency_key="call-1") as first:
        assert first.status == 201
    async with gateway.post(message(), idempotency_key="call-2") as second:
        assert second.status == 201
    assert [one.key for one in gateway.intake.messages] == ["call-1", "call-2"]


async def test_other_bytes_under_a_key_conflict(gateway, message) -> None:
    async with gateway.post(message()):
        pass
    async with gateway.post(message(note="NTE|1||QUILLFEATHER\r")) as answer:
        assert answer.status == 409
        assert (await problem_of(answer))["type"] == "urn:careloom:problem:key-conflict"


@pytest.mark.parametrize(
    ("body", "location"),
    [
        (b"", "line 1"),
        (b"QUILLFEATHER", "line 1"),
        (b"MSH|^~\\&|REG|N|H|E|20260304||ADT^A04||P|2.5.1\rPID|1||MRN7001\r", "MSH-10"),
        (b"MSH|^~\\&|REG|N|H|E|20260304|||MSG1|P|2.5.1\rPID|1||MRN7001\r", "MSH-9"),
    ],
)
async def test_what_is_no_message_is_refused_with_its_place_and_kept(gateway, body: bytes, location: str) -> None:
    async with gateway.post(body) as answer:
        assert answer.status == 422
        assert (await problem_of(answer))["location"] == location
    (refusal,) = gateway.intake.refusals
    assert (refusal.location, refusal.body, refusal.peer) == (location, body, "127.0.0.1")


async def test_the_rules_of_the_system_hold(gateway, message) -> None:
    async with gateway.post(message(processing="T"), system="lab") as answer:
        assert answer.status == 422
        assert (await problem_of(answer))["location"] == "MSH-11"


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_message_that_is_too_large_is_refused_while_it_comes(gateway, message, chunked: bool) -> None:
    async def stream():
        for _ in range(10):
            yield b"x" * 1000

    body = stream() if chunked else b"x" * 10_000
    async with gateway.post(body) as answer:
        assert answer.status == 413
        assert "5000" in str((await problem_of(answer))["detail"])
    assert gateway.intake.messages == []


async def test_the_limit_is_exact(gateway, message) -> None:
    note = "NTE|1||" + "x" * (5000 - len(message()) - 8) + "\r"
    assert len(message(note=note)) == 5000
    async with gateway.post(message(note=note)) as answer:
        assert answer.status == 201


async def test_an_unknown_system_is_not_there(gateway, message) -> None:
    async with gateway.post(message(), system="QUILLFEATHER") as answer:
        assert answer.status == 404
        assert (await problem_of(answer))["instance"] == "/v1/systems/{name}/messages"


@pytest.mark.parametrize("key", [None, "", "clm_wrong", "x" * 5000])
async def test_without_a_good_key_nothing_is_taken(gateway, message, key: str | None) -> None:
    async with gateway.post(message(), key=key) as answer:
        assert answer.status == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        await problem_of(answer)
    assert gateway.intake.messages == []


async def test_a_key_of_another_system_is_not_enough(gateway, message) -> None:
    async with gateway.post(message(), key="clm_other") as answer:
        assert answer.status == 403
        await problem_of(answer)


async def test_another_content_type_is_refused(gateway, message) -> None:
    async with gateway.post(message(), content_type="application/json") as answer:
        assert answer.status == 415
        await problem_of(answer)


@pytest.mark.parametrize("key", ["x" * 256, "two words"])
async def test_an_idempotency_key_is_short_and_plain(gateway, message, key: str) -> None:
    async with gateway.post(message(), idempotency_key=key) as answer:
        assert answer.status == 422
        document = await problem_of(answer)
    assert document["location"] == "header.Idempotency-Key"
    assert key not in str(document)


async def test_a_failing_store_is_told_and_nothing_claimed(gateway, message) -> None:
    gateway.intake.fail()
    async with gateway.post(message()) as answer:
        assert answer.status == 503
        assert int(answer.headers["retry-after"]) > 0
        await problem_of(answer)
    gateway.intake.recover()
    async with gateway.post(message()) as answer:
        assert answer.status == 201


async def test_the_answer_waits_for_the_commit(gateway, message) -> None:
    gateway.intake.hold()
    posting = asyncio.ensure_future(gateway.post(message()).__aenter__())
    await gateway.intake.until(lambda store: store.waiting == 1)
    assert not posting.done()
    gateway.intake.release()
    assert (await posting).status == 201


async def test_a_caller_that_hangs_up_does_not_undo_the_commit(gateway, message) -> None:
    gateway.intake.hold()
    posting = asyncio.ensure_future(gateway.post(message()).__aenter__())
    await gateway.intake.until(lambda store: store.waiting == 1)
    posting.cancel()
    await asyncio.gather(posting, return_exceptions=True)
    gateway.intake.release()
    assert len(gateway.intake.messages) == 1
    async with gateway.post(message()) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("acks", ["|", "AL|NE"])
async def test_the_acknowledgement_itself_is_the_answer_when_asked_for(gateway, message, acks: str) -> None:
    level = "A" if acks == "|" else "C"
    steps = [
        (message(acks=acks), 201, "A", ""),
        (message(acks=acks), 200, "A", ""),
        (message(acks=acks, note="NTE|1||x\r"), 409, "E", "205"),
    ]
    for body, status, verdict, error in steps:
        async with gateway.post(body, accept="application/hl7-v2") as answer:
            assert answer.status == status
            assert answer.headers["content-type"] == "application/hl7-v2"
            told = hl7v2.parse(await answer.read())
        assert (told.get("MSA-1"), told.get("MSA-2"), told.get("ERR-3.1")) == (level + verdict, "MSG1", error)
    gateway.intake.fail()
    async with gateway.post(message("MSG2", acks=acks), accept="application/hl7-v2") as answer:
        assert answer.status == 503
        assert answer.headers["retry-after"]
        assert hl7v2.parse(await answer.read()).get("MSA-1") == level + "R"


async def test_a_sender_that_wants_no_acknowledgement_still_has_a_receipt(gateway, message) -> None:
    async with gateway.post(message(acks="NE|NE"), accept="application/hl7-v2") as answer:
        assert answer.status == 201
        assert (await answer.json())["acknowledged"] is True
