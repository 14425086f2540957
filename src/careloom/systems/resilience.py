"""What stands between our work and a system that may be slow, down, or tired of us: breaker, rate, concurrency.

Nothing here knows a system: a connector sends each of its calls through one `Gate`. Waits are on the injected clock.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from careloom.core.clock import Clock
from careloom.core.errors import AmbiguousError, CareloomError, HeldBack, Throttled, Unavailable
from careloom.core.outcomes import Category
from careloom.core.tracing import ACTIVE

T = TypeVar("T")
_PROBE_SECONDS = 0.25  # while a probe is out, nobody else needs to try


class BreakerState(StrEnum):
    """Where a circuit breaker stands; the console shows the word."""

    CLOSED = "closed"  # calls go through
    OPEN = "open"  # too many failures in a row: calls are refused until a wait is over
    HALF_OPEN = "half-open"  # one probe is under way and decides
    REFUSED = "refused"  # the other side refuses our credentials or settings


@dataclass(frozen=True, slots=True)
class BreakerLimits:
    """`failures` in a row open the breaker for `open_seconds`; a refusal holds for `refused_seconds`."""

    failures: int = 5
    open_seconds: float = 15.0
    refused_seconds: float = 900.0


class Breaker:
    """Stops calls to a system that does not answer, or does not want us, and lets one probe through after a wait."""

    def __init__(self, name: str, clock: Clock, limits: BreakerLimits | None = None) -> None:
        self.name = name
        self._clock = clock
        self._limits = limits or BreakerLimits()
        self._state = BreakerState.CLOSED
        self._failures = 0
        self._until = 0.0
        self._refused_identity: object = None

    @property
    def state(self) -> BreakerState:
        return self._state

    @property
    def retry_after(self) -> float:
        """Seconds until a call has a chance; 0 when calls go through."""
        if self._state is BreakerState.CLOSED:
            return 0.0
        least = _PROBE_SECONDS if self._state is BreakerState.HALF_OPEN else 0.0
        return max(self._until - self._clock.monotonic(), least)

    def admit(self, identity: object = None) -> None:
        """Return if a call may start. `identity` stands for the credentials in use: a new one may try at once.

        Raises HeldBack otherwise: transient, so that work waits instead of being parked, and no attempt of it.
        """
        if self._state is BreakerState.CLOSED:
            return
        changed = self._state is BreakerState.REFUSED and identity != self._refused_identity
        if changed or (self._state is not BreakerState.HALF_OPEN and self.retry_after <= 0):
            self._state = BreakerState.HALF_OPEN
            return
        held = HeldBack(self._why(), retry_after=max(self.retry_after, 1.0))
        if self._state is BreakerState.REFUSED:
            held.category = Category.AUTHENTICATION
        raise held

    def succeeded(self) -> None:
        """The other side answered, whatever it said."""
        self._state, self._failures = BreakerState.CLOSED, 0

    def failed(self) -> None:
        """The other side did not answer, or said that it cannot."""
        self._failures += 1
        if self._state is BreakerState.HALF_OPEN or self._failures >= self._limits.failures:
            self._open(BreakerState.OPEN, self._limits.open_seconds)

    def refused(self, identity: object = None) -> None:
        """The other side refuses us altogether; only a person can change that."""
        self._refused_identity = identity
        self._open(BreakerState.REFUSED, self._limits.refused_seconds)

    def abandoned(self) -> None:
        """A call ended without telling anything (it was cancelled): a probe must not hold the place for ever."""
        if self._state is BreakerState.HALF_OPEN:
            self._open(BreakerState.OPEN, 0.0)

    def _open(self, state: BreakerState, seconds: float) -> None:
        self._state = state
        self._until = self._clock.monotonic() + seconds

    def _why(self) -> str:
        if self._state is BreakerState.REFUSED:
            return f"{self.name} refuses our credentials or settings: correct them; nothing is sent until then"
        return f"{self.name} did not answer several calls in a row: calls are held back, a probe follows"


class TokenBucket:
    """At most `rate` calls a second on average, `burst` at once. A rate of None does not limit."""

    def __init__(self, clock: Clock, rate: float | None, burst: int = 1) -> None:
        self._clock = clock
        self._rate = rate
        self._burst = float(burst)
        self._tokens = float(burst)
        self._filled_at = clock.monotonic()
        self._paused_until = 0.0

    async def take(self) -> None:
        """Wait for a token. Waiters reserve their place at once, so that they leave in order of arrival."""
        wait = max(self._reserve(), self._paused_until - self._clock.monotonic())
        if wait > 0:
            await self._clock.sleep(wait)

    def pause(self, seconds: float) -> None:
        """Give nothing for this long: the other side asked us to slow down."""
        self._paused_until = max(self._paused_until, self._clock.monotonic() + seconds)

    def _reserve(self) -> float:
        if self._rate is None:
            return 0.0
        now = self._clock.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
        self._tokens -= 1.0
        return max(-self._tokens / self._rate, 0.0)


def stops_connection(error: BaseException) -> bool:
    """Whether this error says that no call at all can succeed until a person acts (`stops` on the error)."""
    return bool(getattr(error, "stops", False))


class Gate:
    """Every call to one system passes here: `concurrency` at once, within the rate, unless the breaker is open."""

    def __init__(self, breaker: Breaker, bucket: TokenBucket, concurrency: int) -> None:
        self.breaker = breaker
        self._bucket = bucket
        self._slots = asyncio.Semaphore(concurrency)

    async def run(self, call: Callable[[], Awaitable[T]], identity: object = None) -> T:
        """Run `call`, and learn from how it ends. Whoever follows what goes on sees it.

        Unavailable and AmbiguousError count towards opening the breaker; an error with `stops` set refuses the
        connection; Throttled pauses the rate. Anything else means that the other side answered.
        """
        active = ACTIVE.get()
        if active is None:
            return await self._run(call, identity)
        with active.call(self.breaker.name):
            return await self._run(call, identity)

    async def _run(self, call: Callable[[], Awaitable[T]], identity: object) -> T:
        async with self._slots:
            await self._bucket.take()
            self.breaker.admit(identity)
            try:
                result = await call()
            except CareloomError as error:
                self._learn(error, identity)
                raise
            except BaseException:
                self.breaker.abandoned()
                raise
            self.breaker.succeeded()
            return result

    def _learn(self, error: CareloomError, identity: object) -> None:
        if stops_connection(error):
            self.breaker.refused(identity)
        elif isinstance(error, Unavailable | AmbiguousError):
            self.breaker.failed()
        else:
            self.breaker.succeeded()
            if isinstance(error, Throttled):
                self._bucket.pause(error.retry_after or 1.0)


def _full_jitter() -> float:
    return secrets.SystemRandom().random()


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits between attempts: exponential from `first` to `longest` seconds, each scaled by a random 50-100%."""

    attempts: int = 6
    first: float = 0.1
    longest: float = 5.0
    jitter: Callable[[], float] = _full_jitter

    def wait(self, attempt: int) -> float:
        """Seconds to wait after the failed attempt number `attempt`, which counts from 1."""
        ceiling = min(self.longest, self.first * 2.0 ** (attempt - 1))
        return ceiling * (0.5 + 0.5 * self.jitter())
