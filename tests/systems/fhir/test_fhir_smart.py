"""SMART backend services: a token for a signed statement, kept until shortly before it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest
from joserfc import jwk, jwt

from careloom.core.errors import ConfigurationError, ContractBroken
from careloom.systems.fhir.fake import FakeFhir, octets
from careloom.systems.http.calls import CredentialsRefused
from careloom.systems.http.fake import Request
from careloom.testing.clock import VirtualClock
from careloom.testing.surroundings import World

Connect = Callable[..., Any]
KEYS: dict[str, Any] = {"RS384": jwk.RSAKey.generate_key(2048), "ES384": jwk.ECKey.generate_key("P-384")}


class Tokens:
    """The server with a token endpoint; `lasts` is how long a token does, in seconds."""

    def __init__(self, server: FakeFhir, lasts: int = 300) -> None:
        self.server = server
        self.lasts = lasts
        self.asked: list[dict[str, list[str]]] = []
        self.accepted = ""
        self.refusing = False
        server.target.reply = self.reply

    def reply(self, request: Request) -> bytes:
        if request.path.endswith("/.well-known/smart-configuration"):
            url: Any = f"http://127.0.0.1:{self.server.target.port}/token"
            return octets(200, {"token_endpoint": url})
        if request.path == "/token":
            if self.refusing:
                return octets(400, {"error": "invalid_client"})
            self.asked.append(parse_qs(request.body.decode()))
            self.accepted = f"token-{len(self.asked)}"
            return octets(200, {"access_token": self.accepted, "token_type": "bearer", "expires_in": self.lasts})
        if request.headers.get("authorization") != f"Bearer {self.accepted}":
            return octets(401)
        return self.server.answer(request)


def settings(server: FakeFhir, algorithm: str = "RS384", **more: Any) -> dict[str, Any]:
    smart = {"client_id": "hub", "key": "env:KEY", "key_id": "k1", "algorithm": algorithm, **more}
    return {"server": {"url": server.url, "smart": smart}}


@pytest.mark.parametrize("algorithm", ["RS384", "ES384"])
@pytest.mark.parametrize("form", ["pem", "jwk"])
async def test_a_token_is_fetched_for_a_signed_statement(
    connected: Connect, server: FakeFhir, world: World, algorithm: str, form: str
) -> None:
    key, tokens = KEYS[algorithm], Tokens(server)
    secret = key.as_pem(private=True) if form == "pem" else msgspec.json.encode(key.as_dict(private=True))
    world.learn({"KEY": secret.decode()})
    client = connected(settings(server, algorithm)).client
    await client.read("Patient", "1")
    await client.read("Patient", "2")
    (form_,) = tokens.asked
    assert form_["grant_type"] == ["client_credentials"]
    assert form_["scope"] == ["system/*.read"]
    said = jwt.decode(form_["client_assertion"][0], key, [algorithm])
    assert said.header["kid"] == "k1"
    assert said.claims["iss"] == said.claims["sub"] == "hub"
    assert said.claims["aud"].endswith("/token")
    assert said.claims["exp"] - said.claims["iat"] <= 300


async def test_a_token_is_renewed_before_it_ends(connected: Connect, server: FakeFhir, world: World) -> None:
    tokens = Tokens(server, lasts=120)
    world.learn({"KEY": KEYS["ES384"].as_pem(private=True).decode()})
    client = connected(settings(server, "ES384")).client
    await client.read("Patient", "1")
    assert isinstance(world.clock, VirtualClock)
    await world.clock.advance(80)
    await client.read("Patient", "1")
    assert len(tokens.asked) == 1
    await world.clock.advance(15)
    await client.read("Patient", "1")
    assert len(tokens.asked) == 2
    statements = {one["client_assertion"][0] for one in tokens.asked}
    assert len(statements) == 2, "each statement has its own id"


async def test_a_token_that_is_no_longer_taken_is_thrown_away(
    connected: Connect, server: FakeFhir, world: World
) -> None:
    tokens = Tokens(server)
    world.learn({"KEY": KEYS["ES384"].as_pem(private=True).decode()})
    client = connected(settings(server, "ES384")).client
    await client.read("Patient", "1")
    tokens.accepted = "withdrawn"
    with pytest.raises(CredentialsRefused):
        await client.read("Patient", "1")
    await client.read("Patient", "1")
    assert len(tokens.asked) == 2


async def test_a_refused_client_stops_the_connection(connected: Connect, server: FakeFhir, world: World) -> None:
    Tokens(server).refusing = True
    world.learn({"KEY": KEYS["ES384"].as_pem(private=True).decode()})
    with pytest.raises(CredentialsRefused, match="client_id, key and scopes"):
        await connected(settings(server, "ES384")).client.read("Patient", "1")


async def test_a_key_that_is_none_is_told_without_it(connected: Connect, server: FakeFhir, world: World) -> None:
    Tokens(server)
    world.learn({"KEY": "no-key-at-all"})
    with pytest.raises(ConfigurationError) as caught:
        await connected(settings(server)).client.read("Patient", "1")
    assert "smart.key" in str(caught.value)
    assert "no-key-at-all" not in str(caught.value)


async def test_a_token_endpoint_without_tls_is_not_used(connected: Connect, server: FakeFhir, world: World) -> None:
    server.target.reply = lambda _: octets(200, {"token_endpoint": "http://tokens.example.org/token"})
    world.learn({"KEY": KEYS["ES384"].as_pem(private=True).decode()})
    with pytest.raises(ContractBroken, match="over https"):
        await connected(settings(server, "ES384")).client.read("Patient", "1")
