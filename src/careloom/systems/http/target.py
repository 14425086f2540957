"""Delivers events to one URL and says what came of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from careloom.core.clock import Clock, SystemClock
from careloom.core.envelope import Recorded
from careloom.core.errors import AmbiguousError, CareloomError
from careloom.core.outcomes import Done, Outcome
from careloom.systems.http.calls import CredentialsRefused, error_for, origin_of, path_of, retry_after, unanswered
from careloom.systems.http.client import Answer, HttpClient
from careloom.systems.http.cloudevents import Mode, Subject, message
from careloom.systems.resilience import BreakerState, Gate

__all__ = ["CredentialsRefused", "HttpTarget", "retry_after"]


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
        self._path = path_of(urlsplit(url))
        self._name = origin_of(url)
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
            raise unanswered(error, self._name, self._idempotent) from error
        if not 200 <= answer.status < 300:
            raise error_for(answer, self._name, self._clock.now())
        return answer
