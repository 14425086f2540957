"""Who is calling. Every route but /healthz asks, also on loopback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from careloom.gateway.problems import ProblemError
from careloom.gateway.services import KeyRing
from careloom.security.apikeys import Principal

_bearer = HTTPBearer(auto_error=False, description="an API key")
_LONGEST_KEY = 512


def caller(keys: KeyRing) -> Callable[..., Principal]:
    """A dependency that gives the principal of a request, or ends it with 401."""

    def check(
        credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    ) -> Principal:
        if credentials is None:
            raise ProblemError(401, "key-missing", "send your API key as `Authorization: Bearer <key>`")
        key = credentials.credentials
        principal = keys.check(key) if len(key) <= _LONGEST_KEY else None
        if principal is None:
            raise ProblemError(401, "key-refused", "this API key is not known or was withdrawn")
        return principal

    return check
