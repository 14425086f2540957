"""Who we are to a vendor: said as it wants it, kept out of URLs, renewed when it grows old."""

from __future__ import annotations

import asyncio
import base64
from typing import Any
from urllib.parse import parse_qsl

import pytest
from pydantic import ValidationError
from tests.systems.rest.conftest import Bench, document

from careloom.core.errors import CareloomError
from careloom.systems.http.calls import CredentialsRefused
from careloom.systems.http.fake import Request, answering
from careloom.systems.rest.connector import Rest, Settings

LIST = {"things": {"path": "/things"}}


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        ({"by": "bearer", "token": "env:KEY"}, "authorization", "Bearer k"),
        ({"by": "header", "name": "X-Key", "key": "env:KEY"}, "x-key", "k"),
        ({"by": "basic", "user": "u", "password": "env:SECRET"}, "authorization", "Basic dTpzOj8="),
        ({"by": "none"}, "accept", "application/json"),
    ],
)
async def test_credentials_stand_in_their_header_and_are_read_at_each_call(
    bench: Bench, auth: Any, header: str, value: str
) -> None:
    bench.pages(**{"/api/things": []})
    rest = bench.connect(resources=LIST, auth=auth)
    await rest.poll()
    bench.world.learn({"KEY": "new"})
    await rest.poll()

    first, second = bench.target.requests
    assert first.headers[header] == value
    assert second.headers[header] == value.replace("k", "new") if value.endswith("k") else True


@pytest.mark.parametrize(
    ("auth", "told"),
    [
        ({"by": "query", "key": "env:KEY"}, "a key in the URL would stand in logs"),
        ({"by": "basic", "user": "u"}, "needs password"),
        ({"by": "bearer", "token": "secret-itself"}, "a secret is given by reference"),
        ({"by": "client_credentials", "client_id": "c", "client_secret": "env:S"}, "needs token_url"),
        (
            {
                "by": "client_credentials",
                "client_id": "c",
                "client_secret": "env:S",
                "token_url": "http://id.example.org/t",
            },
            "token_url is the https URL",
        ),
    ],
)
def test_credentials_that_cannot_be_are_refused_with_a_reason(auth: Any, told: str) -> None:
    with pytest.raises(ValidationError, match=told) as caught:
        Settings.model_validate({"url": "https://api.example.org", "auth": auth})
    assert "secret-itself" not in str(caught.value.errors(include_input=False))


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"url": "http://api.example.org", "auth": {"by": "bearer", "token": "env:K"}}, "over https only"),
        ({"token": "env:K", "auth": {"by": "bearer", "token": "env:K"}}, "either token or auth"),
        ({"url": "https://api.example.org?key=1"}, "write parameters as query"),
        ({"headers": {"Authorization": "x"}}, "set by careloom"),
        ({"resources": {"a": {"path": "a"}}}, "String should match pattern"),
        ({"resources": {"a": {"path": "/a", "paging": {"style": "cursor"}}}}, "where the next cursor stands"),
        ({"operations": {"a": {"events": ["ticket.opened.v1"], "path": "/a", "update": {"path": "/b"}}}}, "needs find"),
        (
            {"operations": {n: {"events": ["ticket.opened.v1"], "path": "/a"} for n in ("a", "b")}},
            "two operations are about ticket.opened.v1",
        ),
    ],
)
def test_settings_that_contradict_themselves_are_refused(settings: Any, told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Settings.model_validate({"url": "https://api.example.org", **settings})


class Tokens:
    """Gives tokens one after the other; `good` is the one that the API takes."""

    def __init__(self, bench: Bench, **given: Any) -> None:
        self.given: Any = {"expires_in": 3600, **given}
        self.good = "t1"
        self.asked: list[Request] = []
        self.refuses = False
        bench.answers = self.answer

    def answer(self, request: Request) -> bytes | None:
        if request.path != "/token":
            known = request.headers.get("authorization") == f"Bearer {self.good}"
            return document([]) if known else answering(401)(request)
        self.asked.append(request)
        if self.refuses:
            return document({"error": "invalid_client"}, 400)
        return document({"access_token": f"t{len(self.asked)}", **self.given})

    def connect(self, bench: Bench, **auth: Any) -> Rest:
        return bench.connect(
            resources=LIST,
            auth={
                "by": "client_credentials",
                "token_url": f"{bench.origin}/token",
                "client_id": "me & co",
                "client_secret": "env:SECRET",
                **auth,
            },
        )


async def test_a_token_is_asked_for_once_and_kept_while_it_lives(bench: Bench) -> None:
    tokens = Tokens(bench)
    rest = tokens.connect(bench, scope="a b")

    await rest.poll()
    await bench.clock.advance(3500)
    await rest.poll()
    (asked,) = tokens.asked
    tokens.good = "t2"
    await bench.clock.advance(60)
    await rest.poll()

    assert len(tokens.asked) == 2
    assert dict(parse_qsl(asked.body.decode())) == {"grant_type": "client_credentials", "scope": "a b"}
    assert base64.b64decode(asked.headers["authorization"].removeprefix("Basic ")) == b"me+%26+co:s%3A%3F"


async def test_a_token_that_is_refused_is_renewed_once_and_the_call_made_again(bench: Bench) -> None:
    tokens = Tokens(bench)
    rest = tokens.connect(bench)
    await rest.poll()
    tokens.good = "t2"

    await rest.poll()

    assert bench.asked == [
        "POST /token", "GET /api/things", "GET /api/things", "POST /token", "GET /api/things",
    ]  # fmt: skip


async def test_when_no_token_is_good_nothing_is_tried_for_ever(bench: Bench) -> None:
    tokens = Tokens(bench)
    tokens.good = "none"
    rest = tokens.connect(bench)

    with pytest.raises(CredentialsRefused):
        await rest.poll()

    assert len(tokens.asked) == 2
    assert rest.retry_after > 0


async def test_when_no_token_is_given_calls_are_held_back_until_the_secret_changes(bench: Bench) -> None:
    tokens = Tokens(bench)
    tokens.refuses = True
    rest = tokens.connect(bench)
    with pytest.raises(CredentialsRefused, match="gives us no token"):
        await rest.poll()
    for _ in range(3):
        with pytest.raises(CareloomError):
            await rest.poll()
    asked = len(tokens.asked)
    tokens.refuses, tokens.good = False, "t2"
    bench.world.learn({"SECRET": "other"})

    await rest.poll()

    assert asked == 1 and len(tokens.asked) == 2


@pytest.mark.parametrize("given", [{"access_token": None}, {"access_token": ""}, {"access_token": "a\nb"}])
async def test_an_answer_without_a_token_is_told_as_that(bench: Bench, given: Any) -> None:
    tokens = Tokens(bench, **given)

    with pytest.raises(CareloomError, match="gave no access_token"):
        await tokens.connect(bench).poll()


async def test_callers_at_once_share_one_token(bench: Bench) -> None:
    tokens = Tokens(bench)
    rest = tokens.connect(bench)

    await asyncio.gather(*[rest.check() for _ in range(5)])

    assert len(tokens.asked) == 1
