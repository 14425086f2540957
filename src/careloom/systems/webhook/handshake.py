"""Answers the question by which a sender finds out whether an endpoint wants its webhooks."""

from __future__ import annotations

import hmac
import re
from typing import Annotated, Any, Final, Literal
from urllib.parse import parse_qs

import msgspec
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from careloom.core.secrets import Resolver, SecretRef
from careloom.mapping.reading.json import at
from careloom.systems.seam import Reply, Request

Pointer = Annotated[str, StringConstraints(pattern=r"^(/[^/]+)+$")]
_CHALLENGE: Final = re.compile(r"[ -~]{1,1024}")
_PLAIN: Final = {"X-Content-Type-Options": "nosniff"}


class QueryHandshake(BaseModel):
    """The challenge comes in the query of a request, and is sent back as text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    by: Literal["query"]
    challenge: str = Field(description="parameter to send back, hub.challenge")
    method: Literal["GET", "POST"] = Field(default="GET", description="how it is asked")
    verify: str = Field(default="", description="parameter that must hold the token, hub.verify_token")
    token: SecretRef | None = Field(default=None, description="where that token is kept")


class BodyHandshake(BaseModel):
    """The challenge comes in a signed JSON document of a type of its own, and is sent back as text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    by: Literal["body"]
    type: Pointer = Field(description="JSON Pointer to what kind of document it is, /type")
    equals: str = Field(description="the kind that is a challenge, url_verification")
    challenge: Pointer = Field(description="JSON Pointer to what to send back, /challenge")


Handshake = Annotated[QueryHandshake | BodyHandshake, Field(discriminator="by")]


def query_answer(handshake: QueryHandshake, request: Request, secrets: Resolver) -> Reply | None:
    """The answer, 403 for a wrong token; None when the request is no challenge. Raises ConfigurationError."""
    if request.method != handshake.method:
        return None
    asked = parse_qs(request.query, max_num_fields=50)
    challenge = asked.get(handshake.challenge, [""])[0]
    if not challenge:
        return None
    if handshake.token is not None:
        given = asked.get(handshake.verify, [""])[0]
        if not hmac.compare_digest(given.encode(), secrets(handshake.token).encode()):
            return Reply(403)
    return _echo(challenge)


def body_answer(handshake: BodyHandshake, body: bytes) -> Reply | None:
    """The answer; None when the body is no challenge."""
    try:
        document: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if at(document, handshake.type) != handshake.equals:
        return None
    return _echo(str(at(document, handshake.challenge) or ""))


def _echo(challenge: str) -> Reply:
    """Text that no browser takes for a page."""
    if not _CHALLENGE.fullmatch(challenge):
        return Reply(400)
    return Reply(200, challenge.encode(), "text/plain; charset=utf-8", _PLAIN)
