"""One Odoo database: finds its version, carries calls through the gate, and tries again where two writers met."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar

import aiohttp

from careloom.core.clock import Clock
from careloom.core.errors import CareloomError, Contention, HeldBack
from careloom.core.secrets import Resolver
from careloom.systems.latency import Latency
from careloom.systems.odoo.guard import refuse
from careloom.systems.odoo.settings import Settings
from careloom.systems.odoo.transport import Endpoint, Transport, Version, find_version, transport_for
from careloom.systems.odoo.wire import Call, open_session
from careloom.systems.resilience import (
    Backoff,
    Breaker,
    BreakerLimits,
    BreakerState,
    Gate,
    TokenBucket,
    stops_connection,
)
from careloom.systems.windows import windows_of

T = TypeVar("T")


class Connection:
    """Calls methods of one Odoo. It connects with the first call, so that an outage at start is an outage like any."""

    def __init__(
        self, system: str, settings: Settings, secrets: Resolver, clock: Clock, backoff: Backoff | None = None
    ) -> None:
        self.system = system
        self.settings = settings
        self.clock = clock
        self.backoff = backoff or Backoff()
        self._secrets = secrets
        limits = BreakerLimits(settings.breaker_failures, settings.breaker_seconds, settings.refused_seconds)
        self._breaker = Breaker(f"Odoo system {system}", clock, limits)
        self._gate = Gate(self._breaker, TokenBucket(clock, settings.rate), settings.concurrency)
        self.latency = Latency()
        self._windows = windows_of(settings.maintenance)
        self._session: aiohttp.ClientSession | None = None
        self._transport: Transport | None = None
        self._version: Version | None = None

    @property
    def state(self) -> BreakerState:
        return self._breaker.state

    @property
    def retry_after(self) -> float:
        """Seconds until a call has a chance; 0 when calls go through."""
        return max(self._breaker.retry_after, self._maintained_for())

    @property
    def maintenance(self) -> datetime | None:
        """Until when maintenance is under way, in UTC."""
        return self._windows.until(self.clock.now())

    async def version(self) -> Version:
        """The series of this Odoo."""
        if self._version is None:
            await self._gated(self._connected)
        assert self._version is not None
        return self._version

    async def user_id(self) -> int:
        """The API user's database id. Raises AccessRefused when the credentials are wrong."""

        async def ask() -> int:
            return await (await self._connected()).user_id()

        return await self._gated(ask)

    async def call(
        self,
        model: str,
        method: str,
        arguments: dict[str, Any],
        *,
        ids: tuple[int, ...] | None = None,
        context: dict[str, Any] | None = None,
        repeatable: bool = False,
    ) -> Any:
        """Call a method and return its result. `repeatable` is for methods that change nothing.

        Contention is tried again a few times. Raises the errors of `careloom.systems.odoo.faults`, and ContractBroken
        for a call that must never be made (`guard`).
        """
        refuse(model, method, arguments)
        call = Call(model, method, arguments, ids, self._context() | (context or {}), repeatable)
        return await self.persist(lambda: self._once(call))

    async def persist(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Run `attempt` until it meets no other writer, within the bounds of the backoff."""
        for count in range(1, self.backoff.attempts):
            try:
                return await attempt()
            except Contention:
                await self.pause(count)
        return await attempt()

    async def pause(self, attempt: int) -> None:
        """Wait as long as the backoff says after the failed attempt with this number."""
        await self.clock.sleep(self.backoff.wait(attempt))

    async def close(self) -> None:
        """Close the connections. A later call opens them again."""
        if self._session is not None:
            await self._session.close()
        self._session = self._transport = self._version = None

    async def _once(self, call: Call) -> Any:
        async def send() -> Any:
            transport = await self._connected()
            began = self.clock.monotonic()
            answer = await transport.call(call)
            self.latency.add(self.clock.monotonic() - began)
            return answer

        return await self._gated(send)

    async def _gated(self, call: Callable[[], Awaitable[T]]) -> T:
        if wait := self._maintained_for():
            until = f"{self.maintenance:%Y-%m-%d %H:%M} UTC"
            raise HeldBack(f"Odoo system {self.system} is in maintenance until {until}: calls wait", wait)
        identity = hashlib.sha256(self._key().encode()).digest()
        try:
            return await self._gate.run(call, identity)
        except CareloomError as error:
            if stops_connection(error):
                # Another server, version or user may stand there when a person has acted.
                self._transport = self._version = None
            raise

    async def _connected(self) -> Transport:
        if self._transport is None:
            settings = self.settings
            if self._session is None:
                self._session = open_session(settings.timeout_seconds, settings.connect_seconds, settings.concurrency)
            url = settings.url.rstrip("/")
            self._version = await find_version(self._session, url)
            endpoint = Endpoint(self._session, url, settings.database, settings.login, self._key)
            self._transport = transport_for(self._version, endpoint)
        return self._transport

    def _maintained_for(self) -> float:
        """Seconds until maintenance is over; 0 when there is none. Nothing of it counts as a failure."""
        now = self.clock.now()
        end = self._windows.until(now)
        return (end - now).total_seconds() if end else 0.0

    def _key(self) -> str:
        return self._secrets(self.settings.api_key)

    def _context(self) -> dict[str, Any]:
        # load() reads datetimes in the context's time zone; ours are UTC whatever the user prefers.
        context: dict[str, Any] = {"tz": "UTC"}
        if self.settings.lang:
            context["lang"] = self.settings.lang
        if self.settings.allowed_company_ids:
            context["allowed_company_ids"] = list(self.settings.allowed_company_ids)
        return context
