"""Deliveries against a fake target: the outcome of every answer, and of none."""

from __future__ import annotations

import asyncio
import json
import socket
from datetime import UTC, datetime

import pytest

from careloom.core.outcomes import Done, ErrorKind, Park, Retry
from careloom.systems.http.fake import answering
from careloom.systems.http.target import retry_after


async def test_an_event_arrives_with_its_key_and_attributes(receiver, target, event) -> None:
    outcome = await target(headers={"X-Site": "north"}).post(event())
    assert outcome == Done("HTTP 204")
    (request,) = receiver.requests
    assert (request.method, request.path, request.body) == ("POST", "/events?site=1", b'{"account":"A-1"}')
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert request.headers["idempotency-key"] == request.headers["ce-id"] == str(event().id)
    assert request.headers["x-site"] == "north"


async def test_key_and_headers_of_the_call_win(receiver, target, event) -> None:
    await target().post(event(), idempotency_key="again-1", headers={"x-run": "7"})
    assert receiver.requests[0].headers["idempotency-key"] == "again-1"
    assert receiver.requests[0].headers["x-run"] == "7"


async def test_structured_mode_is_sent_when_asked_for(receiver, target, event) -> None:
    await target(mode="structured").post(event())
    assert json.loads(receiver.requests[0].body)["type"] == "registration.created.v1"


async def test_the_token_is_read_for_each_post(receiver, target, event) -> None:
    secrets = {"env:TOKEN": "first"}
    warehouse = target(secrets, token="env:TOKEN")
    await warehouse.post(event())
    secrets["env:TOKEN"] = "second"
    await warehouse.post(event())
    assert [one.headers["authorization"] for one in receiver.requests] == ["Bearer first", "Bearer second"]


async def test_a_token_that_is_not_there_parks_and_sends_nothing(receiver, target, event) -> None:
    outcome = await target({}, token="env:TOKEN").post(event())
    assert isinstance(outcome, Park)
    assert "env:TOKEN" in outcome.reason
    assert receiver.requests == []


async def test_a_token_with_a_line_break_is_not_sent(receiver, target, event) -> None:
    outcome = await target({"env:TOKEN": "a\r\nx: y"}, token="env:TOKEN").post(event())
    assert isinstance(outcome, Park)
    assert receiver.requests == []


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_every_2xx_is_done(receiver, target, event, status: int) -> None:
    receiver.reply = answering(status)
    assert await target().post(event()) == Done(f"HTTP {status}")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
async def test_what_will_pass_is_retried_when_the_target_says(receiver, target, event, status: int) -> None:
    receiver.reply = answering(status, retry_after="7")
    outcome = await target().post(event())
    assert isinstance(outcome, Retry)
    assert outcome.after == 7
    assert str(status) in outcome.reason


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 404, 409, 410, 413, 422])
async def test_what_will_not_pass_is_parked(receiver, target, event, status: int) -> None:
    receiver.reply = answering(status, location="http://127.0.0.1:1/elsewhere")
    outcome = await target().post(event())
    assert isinstance(outcome, Park)
    assert outcome.kind is ErrorKind.PERMANENT
    assert ("redirects are not followed" in outcome.reason) is (status < 400)
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("status", [401, 403])
async def test_refused_credentials_stop_the_connection(receiver, target, event, status: int) -> None:
    receiver.reply = answering(status)
    warehouse = target()
    outcome = await warehouse.post(event())
    assert isinstance(outcome, Park)
    assert "credentials" in outcome.reason
    assert isinstance(await warehouse.post(event()), Retry)
    assert len(receiver.requests) == 1


async def test_nobody_listening_is_retried(target, event) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    outcome = await target(url=f"http://127.0.0.1:{port}/").post(event())
    assert isinstance(outcome, Retry)
    assert "cannot connect" in outcome.reason


@pytest.mark.parametrize(("idempotent", "kind"), [(False, Park), (True, Retry)])
async def test_no_answer_is_ambiguous_unless_the_target_is_idempotent(receiver, target, event, idempotent, kind):
    receiver.reply = lambda _: None
    outcome = await target(idempotent=idempotent, answer_timeout=0.05).post(event())
    assert type(outcome) is kind
    assert outcome.kind is (ErrorKind.TRANSIENT if idempotent else ErrorKind.AMBIGUOUS)
    assert "no answer" in outcome.reason


@pytest.mark.parametrize(
    "octets", [b"SMTP ready\r\n", b"HTTP/1.1 101 Switch\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"]
)
async def test_an_answer_that_is_none_is_ambiguous(receiver, target, event, octets: bytes) -> None:
    receiver.reply = lambda _: octets
    outcome = await target().post(event())
    assert isinstance(outcome, Park)
    assert outcome.kind is ErrorKind.AMBIGUOUS


async def test_a_connection_lost_before_the_answer_is_ambiguous(receiver, target, event) -> None:
    receiver.reply = lambda _: None
    posting = asyncio.ensure_future(target().post(event()))
    await receiver.until(1)
    receiver.hang_up()
    outcome = await posting
    assert isinstance(outcome, Park)
    assert outcome.kind is ErrorKind.AMBIGUOUS


async def test_the_status_stands_when_the_body_is_cut_short_or_endless(receiver, target, event) -> None:
    warehouse = target()
    receiver.reply = lambda _: b"HTTP/1.1 200 OK\r\ncontent-length: 9999999\r\n\r\n" + b"x" * 2_000_000
    assert await warehouse.post(event()) == Done("HTTP 200")

    def half_then_close(_: object) -> bytes:
        for line in receiver._lines:
            asyncio.get_running_loop().call_soon(line.transport.close)
        return b"HTTP/1.1 201 OK\r\ncontent-length: 100\r\n\r\nx"

    receiver.reply = half_then_close
    assert await warehouse.post(event()) == Done("HTTP 201")


async def test_chunked_and_interim_answers_are_understood(receiver, target, event) -> None:
    receiver.reply = lambda _: (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    )
    warehouse = target()
    assert await warehouse.post(event()) == Done("HTTP 200")
    assert await warehouse.post(event()) == Done("HTTP 200")
    assert receiver.connections == 1


async def test_connections_are_kept_and_bounded(receiver, target, event) -> None:
    warehouse = target(connections=3)
    for _ in range(4):
        assert all(isinstance(one, Done) for one in await asyncio.gather(*(warehouse.post(event()) for _ in range(9))))
    assert receiver.connections == 3


async def test_a_connection_that_the_target_closes_is_not_used_again(receiver, target, event) -> None:
    receiver.reply = answering(200, connection="close")
    warehouse = target()
    for _ in range(3):
        assert isinstance(await warehouse.post(event()), Done)
    assert receiver.connections == 3


async def test_octets_nobody_asked_for_never_answer_the_next_request(receiver, target, event) -> None:
    receiver.reply = lambda _: (
        b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\nHTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n"
    )
    warehouse = target()
    for _ in range(2):
        assert await warehouse.post(event()) == Done("HTTP 200")
    assert receiver.connections == 2


async def test_a_cancelled_post_does_not_poison_its_connection(receiver, target, event) -> None:
    receiver.reply = lambda _: None
    warehouse = target(connections=1)
    posting = asyncio.ensure_future(warehouse.post(event()))
    await receiver.until(1)
    posting.cancel()
    receiver.reply = answering(202)
    assert await warehouse.post(event()) == Done("HTTP 202")
    assert receiver.connections == 2


NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None), ("", None), ("soon", None), ("-5", None), ("0", 0.0), (" 12 ", 12.0), ("9" * 40, 86_400.0),
        ("Wed, 04 Mar 2026 05:06:37 GMT", 30.0), ("Wed, 04 Mar 2020 05:06:37 GMT", 0.0),
    ],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds
