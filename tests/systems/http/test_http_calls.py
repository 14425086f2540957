"""Calls that read: the body, its limits, what statuses mean, where the next page may be."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from careloom.core.clock import SystemClock
from careloom.core.errors import AmbiguousError, ConfigurationError, ContractBroken, Rejected, Throttled, Unavailable
from careloom.systems.http.calls import CredentialsRefused, HttpCaller, document, origin_of
from careloom.systems.http.fake import FakeTarget, Request, answering
from careloom.systems.http.origin import OriginSettings, open_caller

Opened = Callable[..., HttpCaller]


@pytest.fixture
async def caller(receiver: FakeTarget) -> AsyncIterator[Opened]:
    opened: list[HttpCaller] = []

    def open_(secrets: dict[str, str] | None = None, *, limit: int = 1_000, **settings: Any) -> HttpCaller:
        def resolve(reference: str) -> str:
            if reference not in (secrets or {}):
                raise ConfigurationError(f"the secret {reference} is not set")
            return (secrets or {})[reference]

        made = OriginSettings(**{"url": f"http://127.0.0.1:{receiver.port}/api?v=2", "answer_timeout": 0.3, **settings})
        opened.append(open_caller("vendor", made, secrets=resolve, clock=SystemClock(), limit=limit))
        return opened[-1]

    yield open_
    for one in opened:
        await one.close()


def saying(body: bytes, status: int = 200, *lines: str) -> Callable[[Request], bytes]:
    head = "".join(f"{line}\r\n" for line in lines)
    octets = f"HTTP/1.1 {status} Fake\r\n{head}content-length: {len(body)}\r\n\r\n".encode() + body
    return lambda _: octets


async def test_a_get_has_no_body_and_no_length_and_its_answer_is_read(receiver, caller) -> None:
    receiver.reply = saying(b'{"a": [1, 2]}')
    answer = await caller().request("GET", "/api/items", {"accept": "application/json"})
    (request,) = receiver.requests
    assert (request.method, request.path, request.body) == ("GET", "/api/items", b"")
    assert "content-length" not in request.headers
    assert (answer.status, document(answer, "x"), answer.cut) == (200, {"a": [1, 2]}, "no")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_other_methods_send_their_body(receiver, caller, method: str) -> None:
    receiver.reply = saying(b"done")
    answer = await caller().request(method, "/api", body=b"{}")
    assert (receiver.requests[0].method, receiver.requests[0].body) == (method, b"{}")
    assert answer.body == b"done"


async def test_chunked_answers_and_those_that_end_with_the_connection_are_whole(receiver, caller) -> None:
    vendor = caller()
    receiver.reply = lambda _: b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    assert (await vendor.request("GET", "/")).body == b"abcde"

    def closing(request: Request) -> bytes | None:
        (line,) = receiver._lines
        line.transport.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nall of it")
        line.transport.close()
        return None

    receiver.reply = closing
    assert (await vendor.request("GET", "/")).body == b"all of it"


async def test_an_answer_that_is_cut_short_is_asked_for_again(receiver, caller) -> None:
    def cutting(request: Request) -> bytes | None:
        (line,) = receiver._lines
        line.transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")
        line.transport.close()
        return None

    receiver.reply = cutting
    with pytest.raises(Unavailable, match="cut short"):
        await caller().request("GET", "/")


async def test_an_answer_that_is_too_long_is_not_kept(receiver, caller) -> None:
    receiver.reply = saying(b"x" * 5_000)
    with pytest.raises(ContractBroken, match="longer than 1000 octets"):
        await caller().request("GET", "/")
    answer = await caller().request("POST", "/")  # it has taken effect: the status counts
    assert (answer.status, answer.cut) == (200, "long")
    assert (await caller(limit=10_000).request("GET", "/")).body == b"x" * 5_000


async def test_repeated_headers_are_one_with_commas(receiver, caller) -> None:
    receiver.reply = saying(b"[]", 200, "Link: <a>; rel=prev", "link: <b>; rel=next")
    assert (await caller().request("GET", "/")).headers["link"] == "<a>; rel=prev, <b>; rel=next"


@pytest.mark.parametrize(
    ("status", "error"),
    [(429, Throttled), (500, Unavailable), (503, Unavailable), (408, Unavailable), (401, CredentialsRefused),
     (403, CredentialsRefused), (302, ContractBroken), (404, Rejected), (409, Rejected), (422, Rejected)],
)  # fmt: skip
async def test_a_status_is_an_error_unless_the_caller_wants_it(receiver, caller, status: int, error: type) -> None:
    receiver.reply = saying(b"why", status)
    with pytest.raises(error, match=str(status)):
        await caller().request("GET", "/")
    assert (await caller().request("GET", "/", accept={status})).body == b"why"


@pytest.mark.parametrize(
    ("method", "error"),
    [("GET", Unavailable), ("PUT", Unavailable), ("POST", AmbiguousError), ("PATCH", AmbiguousError)],
)
async def test_no_answer_is_ambiguous_only_where_a_repeat_would_matter(receiver, caller, method, error) -> None:
    receiver.reply = lambda _: None
    with pytest.raises(error):
        await caller().request(method, "/")


async def test_a_call_that_is_told_to_be_repeatable_is_not_ambiguous(receiver, caller) -> None:
    receiver.reply = lambda _: None
    with pytest.raises(Unavailable):
        await caller().request("POST", "/search", repeatable=True)


async def test_refused_credentials_hold_calls_back_until_they_change(receiver, caller) -> None:
    secrets = {"env:KEY": "old"}
    vendor = caller(secrets, secret_headers={"X-Api-Key": "env:KEY"})
    receiver.reply = answering(401)
    with pytest.raises(CredentialsRefused):
        await vendor.request("GET", "/")
    receiver.reply = saying(b"[]")
    with pytest.raises(Unavailable):
        await vendor.request("GET", "/")
    assert (len(receiver.requests), vendor.retry_after > 0) == (1, True)
    secrets["env:KEY"] = "new"
    await vendor.request("GET", "/")
    assert [one.headers["x-api-key"] for one in receiver.requests] == ["old", "new"]


@pytest.mark.parametrize(
    ("reference", "path"),
    [("/next?page=2", "/next?page=2"), ("?page=2", "/api?page=2"), ("items", "/items"), ("", "/api?v=2")],
)
async def test_the_next_page_is_found(receiver, caller, reference: str, path: str) -> None:
    vendor = caller()
    assert vendor.path_to(reference) == path
    assert vendor.path_to(f"http://127.0.0.1:{receiver.port}/next") == "/next"


@pytest.mark.parametrize(
    "reference",
    ["https://elsewhere.example/", "http://127.0.0.1:1/", "//elsewhere.example/", "ftp://127.0.0.1/", "http://[/",
     "javascript:0", "/a b", "/a\r\nx: y", "/ü"],
)  # fmt: skip
async def test_credentials_never_follow_a_page_elsewhere(caller, reference: str) -> None:
    with pytest.raises(ContractBroken, match="another address"):
        caller().path_to(reference)


@pytest.mark.parametrize(
    ("url", "origin"),
    [("https://A.example:443/x", "https://a.example"), ("http://a.example:443", "http://a.example:443"),
     ("https://u:p@a.example", "https://a.example"), ("http://[::1]:80/", "http://[::1]")],
)  # fmt: skip
def test_an_origin_has_one_spelling_and_no_credentials(url: str, origin: str) -> None:
    assert origin_of(url) == origin


async def test_an_answer_that_is_no_json_is_told_without_it(receiver, caller) -> None:
    receiver.reply = saying(b"<html>Quillfeather</html>")
    answer = await caller().request("GET", "/")
    with pytest.raises(ContractBroken) as caught:
        document(answer, "https://a.example")
    assert "Quillfeather" not in str(caught.value)


def test_secret_headers_are_references_over_https() -> None:
    with pytest.raises(ValueError, match="reference"):
        OriginSettings(url="https://a.example", secret_headers={"x-key": "abc"})
    with pytest.raises(ValueError, match="https only"):
        OriginSettings(url="http://a.example", secret_headers={"x-key": "env:KEY"})
