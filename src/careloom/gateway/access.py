"""Who is calling. Every route but the public ones asks, also on loopback."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Annotated, Final

from fastapi import Header, Request
from fastapi.security import HTTPAuthorizationCredentials

from careloom.cases.rights import Actor
from careloom.gateway.passage import known_caller
from careloom.gateway.problems import ProblemError
from careloom.gateway.services import KeyRing
from careloom.security.apikeys import Principal

LONGEST_KEY: Final = 512
Key = Annotated[str | None, Header(alias="Idempotency-Key", pattern=r"^[!-~]{1,200}$")]
_SCHEME: Final = b"bearer "


def caller(keys: KeyRing) -> Callable[..., Awaitable[Principal]]:
    """A dependency that gives the principal of a request, or ends it with 401."""

    async def check(request: Request) -> Principal:
        known = known_caller(request)
        return known if known is not None else owner_of(keys, key_in(request.scope["headers"]))

    return check


def principal_of(keys: KeyRing, credentials: HTTPAuthorizationCredentials | None) -> Principal:
    """Whose key a request came with. Raises ProblemError 401."""
    return owner_of(keys, credentials.credentials if credentials else None)


def owner_of(keys: KeyRing, key: str | None) -> Principal:
    """Whose key it is. Raises ProblemError 401."""
    if not key:
        raise ProblemError(401, "key-missing", "send your API key as `Authorization: Bearer <key>`")
    principal = keys.check(key) if len(key) <= LONGEST_KEY else None
    if principal is None:
        raise ProblemError(401, "key-refused", "this API key is not known or was withdrawn")
    return principal


def actor_of(principal: Principal) -> Actor:
    """Who acts by a key. One whose roles nobody ever said works the cases of every role, and approves nothing."""
    return Actor(principal.name, principal.roles, assigned=principal.roles is not None)


def key_in(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The key that a request carries (RFC 6750 section 2.1), if any."""
    for name, value in headers:
        if name == b"authorization" and value[: len(_SCHEME)].lower() == _SCHEME:
            return value[len(_SCHEME) :].strip().decode("latin-1")
    return None
