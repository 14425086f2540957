"""Answers one look-up: asks once for equal questions, keeps what may be kept, never lets a caller wait past the budget.

All of it is in the memory of one process: a restart loses answers that nobody fetched, and the caller asks again.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID, uuid4

from pydantic import BaseModel, ValidationError

from careloom.core.clock import Clock
from careloom.core.errors import CareloomError, ContractBroken, PermanentError, Throttled, TransientError, Unavailable
from careloom.gateway.lookup import Found, Lookup, LookupResult, NotFound, Pending
from careloom.gateway.lookup_figures import Figures

log = logging.getLogger(__name__)

MOST_KEPT: Final = 1_000
MOST_CACHED: Final = 10_000
KEEP_SECONDS: Final = 120.0
POLL_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer as JSON. `etag` is strong; `age` in seconds is above 0 only for one that was kept. `stale` is when it
    was true, for one that is told because the systems do not answer; the body says that too."""

    body: bytes
    etag: str
    age: float = 0.0
    stale: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Kept:
    """An answer, and when it was asked for: it was true then, not when it arrived. `fresh` until an event says no."""

    answer: Answered
    asked: float
    at: datetime
    fresh: bool = True


@dataclass(frozen=True, slots=True)
class Later:
    """Not yet: come back with `ticket` after so many seconds."""

    ticket: UUID
    after: float


Answer: TypeAlias = Answered | NotFound | Later
_Ended: TypeAlias = Answered | NotFound | Pending | CareloomError


@dataclass(slots=True, eq=False)
class _Flight:
    key: bytes
    asked: BaseModel
    ticket: UUID
    task: asyncio.Task[_Ended]
    consumers: set[UUID] = field(default_factory=set)
    promised: bool = False
    ended: float | None = None


class Desk:
    """One per look-up and process."""

    def __init__(self, lookup: Lookup, clock: Clock) -> None:
        self.lookup = lookup
        self.figures = Figures(lookup)
        self._clock = clock
        # Questions hold identifiers; only keyed digests of them are kept as keys.
        self._secret = secrets.token_bytes(32)
        self._under_way: dict[bytes, _Flight] = {}
        self._promised: OrderedDict[UUID, _Flight] = OrderedDict()
        self._cached: OrderedDict[bytes, _Kept] = OrderedDict()
        self._generation = 0
        self._tasks: set[asyncio.Task[_Ended]] = set()

    async def ask(self, asked: BaseModel, consumer: UUID, wait: float | None = None) -> Answer:
        """The answer within the budget, or a ticket. Raises what the systems raised, and Throttled when too many other
        questions are under way. While they do not answer, an earlier answer is told that is labelled as stale, if the
        look-up allows that. `wait` shortens the budget, in seconds."""
        key = hashlib.blake2b(asked.model_dump_json().encode(), key=self._secret, digest_size=32).digest()
        self.figures.calls += 1
        kept = self._kept(key)
        if kept is not None:
            self.figures.hits += 1
            return kept
        try:
            answer = await self._wait(self._joined(key, asked), consumer, wait)
        except TransientError:
            if (stale := self._stale(key)) is not None:
                return stale
            raise
        return (self._stale(key) or answer) if isinstance(answer, Later) else answer

    def _joined(self, key: bytes, asked: BaseModel) -> _Flight:
        flight = self._under_way.get(key)
        if flight is None:
            return self._start(key, asked, uuid4())
        self.figures.coalesced += 1
        return flight

    async def fetch(self, ticket: UUID, consumer: UUID, wait: float | None = None) -> Answer | None:
        """What a ticket has come to; None when it is not this consumer's, or its time is over."""
        self._drop_old()
        flight = self._promised.get(ticket)
        if flight is None or consumer not in flight.consumers:
            return None
        if flight.task.done() and isinstance(flight.task.result(), Pending):
            again = self._under_way.get(flight.key) or self._start(flight.key, flight.asked, ticket)
            again.consumers |= flight.consumers
            again.promised = True
            self._promised[ticket] = flight = again
        return await self._wait(flight, consumer, wait)

    def invalidate(self, event_type: str) -> int:
        """Forget what is kept, if events of this type say that it may have changed; how many answers that were."""
        if event_type not in self.lookup.invalidated_by:
            return 0
        self._generation += 1
        count = sum(one.fresh for one in self._cached.values())
        if self.lookup.stale_seconds:
            self._cached = OrderedDict((key, replace(one, fresh=False)) for key, one in self._cached.items())
        else:
            self._cached.clear()
        self._under_way.clear()
        self.figures.invalidated += count
        return count

    async def close(self) -> None:
        """Stop every call."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _kept(self, key: bytes) -> Answered | None:
        found = self._cached.get(key)
        if found is None:
            return None
        age = self._clock.monotonic() - found.asked
        if age >= max(self.lookup.cache_seconds, self.lookup.stale_seconds):
            del self._cached[key]
        if not found.fresh or age >= self.lookup.cache_seconds:
            return None
        return replace(found.answer, age=age)

    def _stale(self, key: bytes) -> Answered | None:
        """What was kept, as old as it is, as far as the look-up allows it; the body and its tag say so."""
        found = self._cached.get(key)
        if found is None:
            return None
        age = self._clock.monotonic() - found.asked
        if age >= self.lookup.stale_seconds:
            return None
        self.figures.stale += 1
        label = f'{{"stale":true,"as_of":"{found.at.isoformat()}"'
        body = (label + ("," if found.answer.body != b"{}" else "")).encode() + found.answer.body[1:]
        return Answered(body, _tag(body), age, stale=found.at)

    def _start(self, key: bytes, asked: BaseModel, ticket: UUID) -> _Flight:
        if self.figures.under_way >= self.lookup.concurrency:
            self.figures.outcomes["busy"] += 1
            raise Throttled("as many of these look-ups as may be are under way; ask again", POLL_SECONDS)
        self.figures.under_way += 1
        task = asyncio.get_running_loop().create_task(self._run(key, asked, self._generation), name=self.lookup.name)
        self._tasks.add(task)
        flight = self._under_way[key] = _Flight(key, asked, ticket, task)
        task.add_done_callback(lambda _: self._land(flight))
        return flight

    def _land(self, flight: _Flight) -> None:
        flight.ended = self._clock.monotonic()
        self.figures.under_way -= 1
        self._tasks.discard(flight.task)
        if self._under_way.get(flight.key) is flight:
            del self._under_way[flight.key]

    async def _wait(self, flight: _Flight, consumer: UUID, wait: float | None) -> Answer:
        flight.consumers.add(consumer)
        budget = self.lookup.budget_seconds if wait is None else min(wait, self.lookup.budget_seconds)
        if not flight.task.done():
            await self._until(flight.task, budget)
        if not flight.task.done():
            return self._promise(flight, POLL_SECONDS)
        ended = flight.task.result()
        if isinstance(ended, Pending):
            return self._promise(flight, ended.after)
        if isinstance(ended, CareloomError):
            raise ended
        return ended

    async def _until(self, task: asyncio.Task[_Ended], seconds: float) -> None:
        timer = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait({task, timer}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()

    def _promise(self, flight: _Flight, after: float) -> Later:
        if not flight.promised:
            flight.promised = True
            self.figures.pending += 1
        self._promised[flight.ticket] = flight
        self._drop_old()
        return Later(flight.ticket, after)

    def _drop_old(self) -> None:
        now = self._clock.monotonic()
        over = [t for t, f in self._promised.items() if f.ended is not None and now - f.ended >= KEEP_SECONDS]
        for ticket in over:
            del self._promised[ticket]
        while len(self._promised) > MOST_KEPT:
            self._promised.popitem(last=False)

    async def _run(self, key: bytes, asked: BaseModel, generation: int) -> _Ended:
        began, at = self._clock.monotonic(), self._clock.now()
        ended = await self._asked(asked)
        self.figures.end(_word(ended), self._clock.monotonic() - began)
        # What was asked before an event that invalidates may be what was true before it.
        keeps = self.lookup.cache_seconds or self.lookup.stale_seconds
        if isinstance(ended, Answered) and keeps and generation == self._generation:
            self._cached[key] = _Kept(ended, began, at)
            self._cached.move_to_end(key)
            if len(self._cached) > MOST_CACHED:
                self._cached.popitem(last=False)
        return ended

    async def _asked(self, asked: BaseModel) -> _Ended:
        call = asyncio.ensure_future(self._called(asked))
        timer = asyncio.ensure_future(self._clock.sleep(self.lookup.timeout_seconds))
        try:
            await asyncio.wait({call, timer}, return_when=asyncio.FIRST_COMPLETED)
            if not call.done():
                return Unavailable(f"the system did not answer within {self.lookup.timeout_seconds:g} s")
            return self._read(call.result())
        except CareloomError as error:
            return error
        except Exception as error:
            # Its text may quote the question or the answer: only the type is told.
            log.error("look-up %s failed with %s; report this as a bug", self.lookup.name, type(error).__name__)
            return PermanentError("the look-up failed")
        finally:
            call.cancel()
            timer.cancel()

    async def _called(self, asked: BaseModel) -> LookupResult:
        return await self.lookup.run(asked, self.lookup.budget_seconds)

    def _read(self, result: LookupResult) -> _Ended:
        if not isinstance(result, Found):
            return result
        self.figures.observe(result)
        try:
            body = self.lookup.answer.model_validate(result.answer).model_dump_json(exclude_none=True).encode()
        except ValidationError:
            return ContractBroken("the system's answer is not what this look-up promises")
        return Answered(body, _tag(body))


def _tag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def _word(ended: _Ended) -> str:
    words = {Answered: "found", NotFound: "not-found", Pending: "pending"}
    return words.get(type(ended), "failed")
