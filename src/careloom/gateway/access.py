"""Who is calling. Every route but the public ones asks, also on loopback."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Final

from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from careloom.gateway.passage import known_caller
from careloom.gateway.problems import ProblemError
from careloom.gateway.services import KeyRing
from careloom.security.apikeys import Principal

_bearer = HTTPBearer(auto_error=False, description="an API key")
_LONGEST_KEY = 512
_SCHEME: Final = b"bearer "


def caller(keys: KeyRing) -> Callable[..., Awaitable[Principal]]:
    """A dependency that gives the principal of a request, or ends it with 401."""

    async def check(
        request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
    ) -> Principal:
        known = known_caller(request)
        return known if known is not None else principal_of(keys, credentials)

    return check


def principal_of(keys: KeyRing, credentials: HTTPAuthorizationCredentials | None) -> Principal:
    """Whose key a request came with. Raises ProblemError 401."""
    return owner_of(keys, credentials.credentials if credentials else None)


def owner_of(keys: KeyRing, key: str | None) -> Principal:
    """Whose key it is. Raises ProblemError 401."""
    if key is None:
        raise ProblemError(401, "key-missing", "send your API key as `Authorization: Bearer <key>`")
    principal = keys.check(key) if len(key) <= _LONGEST_KEY else None
    if principal is None:
        raise ProblemError(401, "key-refused", "this API key is not known or was withdrawn")
    return principal


def key_in(headers: list[tuple[bytes, bytes]]) -> str | None:
    """The key that a request carries (RFC 6750 section 2.1), if any."""
    for name, value in headers:
        if name == b"authorization" and value[: len(_SCHEME)].lower() == _SCHEME:
            return value[len(_SCHEME) :].strip().decode("latin-1")
    return None
