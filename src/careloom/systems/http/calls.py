"""Calls to one HTTP system: what a status means, what may be repeated, and how the next page is found.

Kinds that ask and read (REST, FHIR, a webhook's list of events) call through `HttpCaller`; deliveries share its table
of statuses.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, Protocol
from urllib.parse import SplitResult, urljoin, urlsplit

import msgspec

from careloom.core.clock import Clock
from careloom.core.errors import (
    AccessRefused,
    AmbiguousError,
    CareloomError,
    ContractBroken,
    Rejected,
    Throttled,
    Unavailable,
)
from careloom.systems.http.client import LARGEST_ANSWER, Answer
from careloom.systems.resilience import Gate

SAFE: Final = frozenset({"GET", "OPTIONS"})
"""Methods that change nothing (RFC 9110 section 9.2.1), of those that are spoken."""
IDEMPOTENT: Final = SAFE | {"PUT", "DELETE"}
"""Methods that do no more when they are repeated (RFC 9110 section 9.2.2)."""
_TRANSIENT: Final = frozenset({408, 425})  # Request Timeout, Too Early (RFC 8470): the server has not acted
_LONGEST_WAIT: Final = 86_400.0


class CredentialsRefused(AccessRefused):
    """The system answered 401 or 403: no call can succeed until somebody corrects the credentials."""

    stops = True


class Line(Protocol):
    """What a caller sends through; `HttpClient` is one."""

    async def request(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"", *, limit: int = LARGEST_ANSWER
    ) -> Answer: ...
    async def close(self) -> None: ...


class HttpCaller:
    """Every call to the system at one base URL. Redirects are never followed.

    `headers` are sent with each call and read at each, so that credentials may be rotated; `limit` is the most octets
    of an answer that are read.
    """

    def __init__(
        self,
        url: str,
        client: Line,
        gate: Gate,
        clock: Clock,
        *,
        headers: Callable[[], Mapping[str, str]] = dict,
        limit: int = LARGEST_ANSWER,
    ) -> None:
        self._base = urlsplit(url)
        self.origin = origin_of(url)
        self.gate = gate
        self._client = client
        self._clock = clock
        self._headers = headers
        self._limit = limit

    @property
    def path(self) -> str:
        """Path and query of the base URL, `/` at least."""
        return path_of(self._base)

    @property
    def retry_after(self) -> float:
        """Seconds until a call has a chance; 0 when calls go through."""
        return self.gate.breaker.retry_after

    @property
    def identity(self) -> object:
        """Stands for the credentials in use: new ones may be tried at once, even while refused ones hold the gate."""
        return frozenset(self._headers().items())

    async def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        *,
        accept: Container[int] = (),
        repeatable: bool | None = None,
    ) -> Answer:
        """One call through the gate, and its answer: a 2xx, or a status in `accept`.

        `repeatable` says that the same call again does no more; by default the method says so. Raises what a status
        means (`error_for`), Unavailable when the system was not reached or a repeatable call was not answered,
        AmbiguousError when another was not, ContractBroken when what was asked for is too long.
        """
        sent = {**self._headers(), **(headers or {})}
        again = method in IDEMPOTENT if repeatable is None else repeatable

        async def call() -> Answer:
            answer = await self._sent(method, path, sent, body, again)
            if not 200 <= answer.status < 300 and answer.status not in accept:
                raise error_for(answer, self.origin, self._clock.now())
            if method in SAFE and answer.cut != "no":
                raise incomplete(answer, self.origin, self._limit)
            return answer

        return await self.gate.run(call, (self.identity, sent.get("authorization")))

    async def exchange(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """One call as it is, past the gate and whatever its status: for a kind that has its own way with both.

        Raises Unavailable, AccessRefused and AmbiguousError like `HttpClient.request`.
        """
        return await self._client.request(method, path, {**self._headers(), **headers}, body, limit=self._limit)

    def path_to(self, reference: str) -> str:
        """Path and query of a reference that the system gave (a next page). Raises ContractBroken when that is
        elsewhere: credentials go to the system configured and no other."""
        try:
            parts = urlsplit(urljoin(self._base.geturl(), reference))
            elsewhere = origin_of(parts.geturl()) != self.origin
        except ValueError:
            elsewhere = True
        if elsewhere or not (reference.isascii() and reference.isprintable()) or " " in reference:
            raise ContractBroken(f"{self.origin} refers to another address; only the configured one is called")
        return path_of(parts)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _sent(self, method: str, path: str, headers: Mapping[str, str], body: bytes, again: bool) -> Answer:
        try:
            return await self._client.request(method, path, headers, body, limit=self._limit)
        except AmbiguousError as error:
            raise unanswered(error, self.origin, again) from error


def incomplete(answer: Answer, origin: str, limit: int) -> CareloomError:
    """What an answer comes to whose body is needed and did not come whole."""
    if answer.cut == "long":
        return ContractBroken(f"{origin}: the answer is longer than {limit} octets; ask for less at once")
    return Unavailable(f"{origin}: the answer was cut short")


def error_for(answer: Answer, origin: str, now: datetime) -> CareloomError:
    """What a status that is no 2xx means (RFC 9110 section 15, RFC 6585 for 429)."""
    status, said = answer.status, f"{origin} answered {answer.status}"
    wait = retry_after(answer.headers.get("retry-after"), now)
    if status == 429:
        return Throttled(said, retry_after=wait)
    if status >= 500 or status in _TRANSIENT:
        return Unavailable(said, retry_after=wait)
    if status in (401, 403):
        return CredentialsRefused(f"{said}: correct the credentials of this system")
    if status < 400:
        return ContractBroken(f"{said}: redirects are not followed; configure the URL that takes the calls")
    return Rejected(f"{said}: it refuses this call")


def unanswered(error: AmbiguousError, origin: str, repeatable: bool) -> CareloomError:
    """What a call that was sent and not answered comes to."""
    if repeatable:
        return Unavailable(f"{origin}: {error}; sending it again is safe")
    return AmbiguousError(f"{origin}: {error}; look there before sending it again")


def document(answer: Answer, origin: str) -> Any:
    """The JSON in an answer. Raises ContractBroken when it is none."""
    try:
        return msgspec.json.decode(answer.body)
    except msgspec.DecodeError:
        raise ContractBroken(f"{origin} answered {answer.status} with something that is no JSON") from None


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


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL, without credentials. Raises ValueError for one that has none."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("no http or https URL")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    usual = 443 if parts.scheme == "https" else 80
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in (None, usual) else "")


def path_of(parts: SplitResult) -> str:
    """What goes into the request line."""
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
