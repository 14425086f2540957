"""Delivers events to one URL and says what came of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NoReturn
from urllib.parse import SplitResult, urlsplit

from careloom.core.clock import Clock, SystemClock
from careloom.core.envelope import Recorded
from careloom.core.errors import (
    AccessRefused,
    AmbiguousError,
    CareloomError,
    ContractBroken,
    Rejected,
    Throttled,
    Unavailable,
)
from careloom.core.outcomes import Done, Outcome
from careloom.systems.http.client import Answer, HttpClient
from careloom.systems.http.cloudevents import Mode, Subject, message
from careloom.systems.resilience import BreakerState, Gate

_TRANSIENT = frozenset({408, 425})  # Request Timeout, Too Early (RFC 8470): the server has not acted
_LONGEST_WAIT = 86_400.0


class CredentialsRefused(AccessRefused):
    """The target answered 401 or 403: nothing can be delivered until somebody corrects the credentials."""

    stops = True


class HttpTarget:
    """One URL that takes events by POST. Redirects are never followed: events go to the URL configured and no other."""

    def __init__(
        self,
        url: str,
        client: HttpClient,
        *,
        gate: Gate,
        mode: Mode = "binary",
        subject: Subject = "token",
        idempotent: bool = False,
        headers: Callable[[], Mapping[str, str]] = dict,
        clock: Clock | None = None,
    ) -> None:
        parts = urlsplit(url)
        self._path = _path_of(parts)
        self._name = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        self._client = client
        self._gate = gate
        self._mode: Mode = mode
        self._subject: Subject = subject
        self._idempotent = idempotent
        self._headers = headers
        self._clock = clock or SystemClock()

    @property
    def state(self) -> BreakerState:
        """Where the circuit breaker stands."""
        return self._gate.breaker.state

    @property
    def retry_after(self) -> float:
        """Seconds until a call has a chance; 0 when calls go through."""
        return self._gate.breaker.retry_after

    async def post(
        self, event: Recorded, *, idempotency_key: str | None = None, headers: Mapping[str, str] | None = None
    ) -> Outcome:
        """Deliver one event: Done for a 2xx, Retry for what will pass, Park for what a person must look at.

        The key is the event's id unless given. An unknown result is Park (ambiguous), or Retry when the target is
        `idempotent`: it then drops what it has seen under the same key, so sending again is safe.
        """
        own, body = message(event, self._mode, self._subject)
        try:
            own["idempotency-key"] = idempotency_key or str(event.id)
            everything = {**own, **self._headers(), **(headers or {})}
            answer = await self._gate.run(lambda: self._attempt(everything, body))
        except CareloomError as error:
            return error.outcome()
        return Done(f"HTTP {answer.status}")

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _attempt(self, headers: Mapping[str, str], body: bytes) -> Answer:
        try:
            answer = await self._client.post(self._path, headers, body)
        except AmbiguousError as error:
            if self._idempotent:
                raise Unavailable(f"{self._name}: {error}; sending again is safe, the target is idempotent") from error
            raise AmbiguousError(f"{self._name}: {error}; look there before sending it again") from error
        if not 200 <= answer.status < 300:
            self._refused(answer)
        return answer

    def _refused(self, answer: Answer) -> NoReturn:
        """Raise what a status means (RFC 9110 section 15, RFC 6585 for 429)."""
        status, said = answer.status, f"{self._name} answered {answer.status}"
        wait = retry_after(answer.headers.get("retry-after"), self._clock.now())
        if status == 429:
            raise Throttled(said, retry_after=wait)
        if status >= 500 or status in _TRANSIENT:
            raise Unavailable(said, retry_after=wait)
        if status in (401, 403):
            raise CredentialsRefused(f"{said}: correct the credentials of this system")
        if status < 400:
            raise ContractBroken(f"{said}: redirects are not followed; configure the URL that takes the events")
        raise Rejected(f"{said}: it refuses this event")


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for (RFC 9110 section 10.2.3), at most a day; None if it says nothing."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), _LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    return min(max((until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds(), 0.0), _LONGEST_WAIT)


def _path_of(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
