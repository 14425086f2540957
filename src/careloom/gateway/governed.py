"""What happens around every route: key, quota, version, scope, headers by class, audit. Pure ASGI, once per route."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from datetime import datetime
from email.utils import format_datetime
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from fastapi import Request
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as AsgiScope

from careloom.core.errors import ConfigurationError
from careloom.core.tracing import note_incoming
from careloom.gateway.access import LONGEST_KEY, key_in, owner_of
from careloom.gateway.classes import DataClass, Declaration, Proof, Scope, Stage, declaration_of
from careloom.gateway.limits import Limiter
from careloom.gateway.passage import Passage, begin
from careloom.gateway.problems import ProblemError, answered
from careloom.gateway.services import AuditEntry, Services
from careloom.security.apikeys import Principal

_VERSION: Final = re.compile(r"/(v\d+)/")
_HUNG_UP: Final = 499  # nginx's word for it: the caller was gone before the answer
_BUG: Final = 500
_CACHED: Final = frozenset({200, 304})


def govern(routes: Iterable[BaseRoute], services: Services) -> None:
    """Put every route under its declaration. Raises ConfigurationError for a route that has none."""
    limiter = Limiter(services.limits, services.clock)
    for route in routes:
        declaration = declaration_of(route)
        assert isinstance(route, Route)
        route.app = Governed(route, declaration, _stage(route.path, services), services, limiter)


def _stage(path: str, services: Services) -> Stage:
    found = _VERSION.match(path)
    if found is None:
        return Stage.CURRENT
    stage = services.stages.get(found[1])
    if stage is None:
        raise ConfigurationError(f"{path} is of version {found[1]}, which has no stage; say it in Services.stages")
    return stage


class Governed:
    """One route and what is asked of its callers."""

    def __init__(
        self, route: Route, declaration: Declaration, stage: Stage, services: Services, limiter: Limiter
    ) -> None:
        self._app: ASGIApp = route.app
        self._path = route.path
        self._declaration = declaration
        self._stage = stage
        self._services = services
        self._limiter = limiter
        self._life = _life_headers(declaration)
        self._cache = _cache_header(declaration)

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        passage = begin(scope, self._declaration)
        clock = self._services.clock
        began, status = clock.monotonic(), _BUG
        if self._services.traced:
            _note_trace(scope)

        async def outgoing(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *self._headers(passage, status)]
            await send(message)

        try:
            await self._pass(passage, scope, receive, outgoing)
        except asyncio.CancelledError:
            status = _HUNG_UP
            raise
        finally:
            if self._declaration.rules.audited:
                self._services.audit(self._entry(passage, scope["method"], status, clock.monotonic() - began))

    async def _pass(self, passage: Passage, scope: AsgiScope, receive: Receive, send: Send) -> None:
        try:
            self._identify(passage, scope)
            consumer = passage.consumer
            if consumer is not None and not self._limiter.enter(consumer.id, consumer.name):
                busy = "too many of your requests are under way; wait for answers before sending more"
                raise ProblemError(429, "too-many-at-once", busy, retry_after=1)
        except ProblemError as error:
            await answered(Request(scope), error)(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        finally:
            if consumer is not None:
                self._limiter.leave(consumer.id)

    def _identify(self, passage: Passage, scope: AsgiScope) -> None:
        """Who calls and whether it may. Raises ProblemError."""
        if self._stage is Stage.RETIRED:
            raise ProblemError(410, "version-retired", "this version of the API has ended; see /openapi.json")
        if self._declaration.proof is Proof.KEY:
            principal = owner_of(self._services.keys, key_in(scope["headers"]))
            passage.principal = passage.consumer = principal
            self._count(passage, principal)
            self._check(passage, principal)
        elif self._declaration.proof is Proof.OWN:
            passage.consumer = self._sender(scope)
            if passage.consumer is not None:
                self._count(passage, passage.consumer)

    def _count(self, passage: Passage, consumer: Principal) -> None:
        taken = self._limiter.take(consumer.id, consumer.name, self._declaration.traffic)
        passage.headers += taken.headers()
        if taken.wait:
            spent = "this caller has used up its quota; send again after the seconds in Retry-After"
            raise ProblemError(429, "quota-exceeded", spent, retry_after=taken.wait)

    def _check(self, passage: Passage, principal: Principal) -> None:
        passage.scopes = self._services.scopes(principal)
        if self._stage is Stage.PREVIEW and Scope.PREVIEW not in passage.scopes:
            preview = "this version is a preview; ask the operators for a key with the scope `preview`"
            raise ProblemError(403, "version-not-approved", preview)
        needed = self._declaration.needed
        if needed is not None and needed not in passage.scopes:
            raise ProblemError(403, "scope-missing", f"this API key lacks the scope `{needed}`; ask the operators")

    def _sender(self, scope: AsgiScope) -> Principal | None:
        """Whom a call counts for whose route checks it by itself: the key it came with, else the system it is for."""
        key = key_in(scope["headers"])
        principal = self._services.keys.check(key) if key and len(key) <= LONGEST_KEY else None
        name = scope["path_params"].get("name")
        if principal is None and name in self._services.endpoints:
            return Principal(uuid5(NAMESPACE_URL, f"system:{name}"), f"system:{name}")
        return principal

    def _headers(self, passage: Passage, status: int) -> list[tuple[bytes, bytes]]:
        made = passage.headers + self._life
        return [*made, self._cache] if self._cache and passage.stores and status in _CACHED else made

    def _entry(self, passage: Passage, method: str, status: int, seconds: float) -> AuditEntry:
        declaration, consumer = self._declaration, passage.consumer
        return AuditEntry(
            time=self._services.clock.now(),
            consumer=consumer.name if consumer else "",
            consumer_id=str(consumer.id) if consumer else "",
            method=method,
            route=self._path,
            data_class=declaration.data_class,
            criticality=declaration.criticality,
            status=status,
            outcome=passage.outcome,
            seconds=seconds,
        )


def _note_trace(scope: AsgiScope) -> None:
    """The trace that the caller is in (W3C Trace Context section 3.2), for what this call brings about."""
    for name, value in scope["headers"]:
        if name == b"traceparent":
            note_incoming(value.decode("latin-1"))


def _life_headers(declaration: Declaration) -> list[tuple[bytes, bytes]]:
    """`Deprecation` (RFC 9745 section 2: a date), `Sunset` (RFC 8594 section 3), and what replaces the route."""
    made = []
    if declaration.deprecated:
        made.append((b"deprecation", b"@%d" % int(declaration.deprecated.timestamp())))
    if declaration.sunset:
        made.append((b"sunset", _http_date(declaration.sunset)))
    if declaration.successor:
        made.append((b"link", f'<{declaration.successor}>; rel="successor-version"'.encode()))
    return made


def _http_date(instant: datetime) -> bytes:
    return format_datetime(instant, usegmt=True).encode()


def _cache_header(declaration: Declaration) -> tuple[bytes, bytes] | None:
    if not declaration.cache_seconds:
        return None
    who = "public" if declaration.data_class is DataClass.PUBLIC else "private"
    return b"cache-control", f"{who}, max-age={declaration.cache_seconds}".encode()
