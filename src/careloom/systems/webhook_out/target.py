"""Delivers events as signed webhooks, and keeps a log of every attempt."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final

import msgspec

from careloom.core.envelope import Recorded
from careloom.core.errors import (
    AccessRefused,
    AmbiguousError,
    CareloomError,
    ConfigurationError,
    HeldBack,
    PermanentError,
    Throttled,
    TransientError,
)
from careloom.core.outcomes import Done, Outcome, Skip
from careloom.systems.http.calls import HttpCaller, error_for, unanswered
from careloom.systems.http.client import Answer
from careloom.systems.http.cloudevents import Subject, is_json, structured
from careloom.systems.resilience import BreakerState
from careloom.systems.rotation import KeyRing
from careloom.systems.seam import DeliveryAttempt, Surroundings
from careloom.systems.signing import Scheme, covered, signature
from careloom.systems.webhook_out.schedule import Schedule
from careloom.systems.webhook_out.standing import Standing

_log = logging.getLogger(__name__)
GONE: Final = 410


class CannotSign(AccessRefused):
    """No secret can be used: nothing is sent until somebody gives one."""

    stops = True


class _Facility(msgspec.Struct):
    facility: str | None = None


class WebhookTarget:
    """One endpoint. `webhook-id` is the event's id in every attempt, so a receiver can drop what it has seen."""

    def __init__(
        self,
        caller: HttpCaller,
        around: Surroundings,
        standing: Standing,
        scheme: Scheme,
        keyring: KeyRing,
        *,
        retry: Schedule,
        subject: Subject = "token",
        idempotent: bool = True,
        facilities: frozenset[str] = frozenset(),
        sources: frozenset[str] = frozenset(),
    ) -> None:
        self.retry = retry
        self.standing = standing
        self._caller = caller
        self._around = around
        self._scheme = scheme
        self._keyring = keyring
        self._subject: Subject = subject
        self._idempotent = idempotent
        self._facilities = facilities
        self._sources = sources

    @property
    def state(self) -> BreakerState | str:
        """Where the endpoint stands: a state of the circuit breaker, or `disabled`."""
        return "disabled" if self.standing.disabled else self._caller.gate.breaker.state

    @property
    def retry_after(self) -> float:
        """Seconds until a call has a chance; 0 when calls go through."""
        return max(self.standing.retry_after, self._caller.retry_after)

    async def post(self, event: Recorded) -> Outcome:
        """Deliver one event: Done for a 2xx, Skip for one that the settings leave out, Retry for what will pass, Park
        for what a person must look at."""
        if (reason := self._left_out(event)) is not None:
            return Skip(reason)
        try:
            await self.standing.admit()
            keys = self._keys()
            answer = await self._caller.gate.run(lambda: self._attempt(event, keys), (self._caller.identity, keys))
        except CareloomError as error:
            return error.outcome()
        return Done(f"HTTP {answer.status}")

    async def close(self) -> None:
        """Close the connections."""
        await self.standing.close()
        await self._caller.close()

    def _left_out(self, event: Recorded) -> str | None:
        if self._sources and event.source not in self._sources:
            return "the endpoint takes no events from this system"
        if self._facilities and _facility_of(event) not in self._facilities:
            return "the endpoint takes no events of this facility"
        return None

    def _keys(self) -> tuple[bytes, ...]:
        """Those that hold; none when none can be read."""
        try:
            return tuple(self._keyring.keys().current)
        except ConfigurationError:
            return ()

    def _signed(self, event: Recorded, keys: tuple[bytes, ...]) -> tuple[Mapping[str, str], bytes]:
        """Headers and body of one attempt: the time is that of the attempt, so that a late one is not stale."""
        headers, body = structured(event, self._subject)
        id_, timestamp = str(event.id), str(int(self._around.clock.now().timestamp()))
        text = covered(self._scheme, body, id=id_, timestamp=timestamp)
        headers["webhook-id"] = id_
        headers["webhook-timestamp"] = timestamp
        headers["webhook-signature"] = " ".join(signature(self._scheme, key, text) for key in keys)
        return headers, body

    async def _attempt(self, event: Recorded, keys: tuple[bytes, ...]) -> Answer:
        """One attempt, on record. Raises what it came to."""
        if not keys:
            raise CannotSign(f"{self._around.system}: every signing secret has ended or cannot be read; set a new one")
        headers, body = self._signed(event, keys)
        at, began = self._around.clock.now(), self._around.clock.monotonic()
        status = ""
        failure: CareloomError | None = None
        try:
            answer = await self._caller.exchange("POST", self._caller.path, headers, body)
            status = str(answer.status)
            if not 200 <= answer.status < 300:
                failure = error_for(answer, self._caller.origin, at)
        except CareloomError as error:
            failure = error
        seconds = self._around.clock.monotonic() - began
        await self._record(DeliveryAttempt(event.id, at, _result(failure), status, seconds, str(failure or "")))
        await self._judge(failure, status)
        if failure is None:
            return answer
        if isinstance(failure, AmbiguousError):
            raise unanswered(failure, self._caller.origin, self._idempotent)
        raise failure

    async def _judge(self, failure: CareloomError | None, status: str) -> None:
        """What the attempt says about the endpoint as a whole. Raises HeldBack when it is gone."""
        if failure is None:
            await self.standing.succeeded()
        elif status == str(GONE):
            await self.standing.disable(f"{self._caller.origin} answered 410: it is gone")
            raise HeldBack(f"{self._caller.origin} is gone", retry_after=self.standing.retry_after)
        elif not isinstance(failure, Throttled):
            await self.standing.failed(str(failure))

    async def _record(self, attempt: DeliveryAttempt) -> None:
        try:
            await self._around.attempts.record(attempt)
        except TransientError as error:  # the webhook is out: its outcome counts, with or without a line about it
            _log.warning("%s: an attempt is missing in the delivery log: %s", self._around.system, error)


def _result(failure: CareloomError | None) -> str:
    if failure is None:
        return "delivered"
    if isinstance(failure, AmbiguousError):
        return "ambiguous"
    return "refused" if isinstance(failure, PermanentError) else "failed"


def _facility_of(event: Recorded) -> str | None:
    if not is_json(event.datacontenttype):
        return None
    try:
        return msgspec.json.decode(event.data, type=_Facility).facility
    except msgspec.DecodeError:
        return None
