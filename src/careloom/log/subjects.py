"""Handles the entries of a lane, subject by subject: in order within one, side by side across them."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Mapping, Sequence, Set
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from careloom.core.clock import Clock
from careloom.core.envelope import Kind, Recorded
from careloom.core.outcomes import Park, Skip
from careloom.core.tracing import CORRELATION
from careloom.log.handling import Handled, Subscription
from careloom.log.ports import Connection
from careloom.log.steps import Ended, Held, Item, Step, outcome_of, step_of
from careloom.log.writing import unstorable
from careloom.security.sealing import DataKey
from careloom.store.sql import queries

_SQL = queries("subscription")
_log = logging.getLogger(__name__)

JOIN_SECONDS = 1.0
WAITING_SECONDS = 0.1
_YIELD_EVERY = 16


@dataclass(frozen=True, slots=True)
class Answers:
    """What the database says about events of several subjects: which are over, how many joins of each are ready."""

    over: Set[UUID]
    ready: Mapping[UUID, int]


class SubjectWorker:
    """Turns the items of a lane into steps."""

    def __init__(self, subscription: Subscription, clock: Clock) -> None:
        self._subscription = subscription
        self._clock = clock
        self.plain = not is_async(subscription.handler)
        self._slots = asyncio.Semaphore(subscription.concurrency)

    async def ask(self, connection: Connection, items: Sequence[Item]) -> Answers:
        """Look up what the items of several subjects depend on; costs nothing when there are none."""
        joins = [item.causation for item in items if item.kind is Kind.JOIN]
        several = [item.id for item in items if item.joins]
        over: set[UUID] = set()
        ready: dict[UUID, int] = {}
        if joins:
            rows = await connection.fetch(_SQL.delivered_events, self._subscription.name, joins)
            over = {row["event"] for row in rows}
        if several:
            rows = await connection.fetch(_SQL.joins_ready, self._subscription.name, several)
            ready = {row["event"]: row["ready"] for row in rows}
        return Answers(over, ready)

    async def work(
        self, items: Sequence[Item], blocked: Set[UUID], keys: Mapping[int, DataKey], answers: Answers
    ) -> list[Step]:
        """A step for every item. New items of a blocked subject are parked behind it."""
        queues: dict[UUID, list[Item]] = {}
        behind: list[Step] = []
        for item in items:
            if item.state is None and item.token in blocked:
                behind.append(self._behind(item))
            else:
                queues.setdefault(item.token, []).append(item)
        if self.plain:
            return behind + await self._one_by_one(list(queues.values()), keys, answers)
        if len(queues) == 1:  # most passes over a lane: no need for a task beside this one
            return behind + await self._subject(next(iter(queues.values())), keys, answers)
        results = await asyncio.gather(*(self._subject(queue, keys, answers) for queue in queues.values()))
        return behind + [step for steps in results for step in steps]

    async def _one_by_one(
        self, queues: Sequence[Sequence[Item]], keys: Mapping[int, DataKey], answers: Answers
    ) -> list[Step]:
        """For handlers that only compute: no task each, but the loop gets its turn."""
        steps: list[Step] = []
        for number, queue in enumerate(queues, 1):
            steps.extend(await self._subject(queue, keys, answers))
            if number % _YIELD_EVERY == 0:
                await asyncio.sleep(0)
        return steps

    async def _subject(self, queue: Sequence[Item], keys: Mapping[int, DataKey], answers: Answers) -> list[Step]:
        steps: list[Step] = []
        for place, item in enumerate(queue):
            if place and self._must_wait(item):
                break
            step = await self._step(item, keys.get(item.key), answers)
            steps.append(step)
            if isinstance(step, Held):
                steps.extend(self._behind(later) for later in queue[place + 1 :] if later.state is None)
                break
        return steps

    def _must_wait(self, item: Item) -> bool:
        """A replay may stand before an entry that waits for a person, or for its time: this one goes on waiting."""
        return item.state == "case" or (item.state == "retry" and item.due is not None and item.due > self._clock.now())

    async def _step(self, item: Item, key: DataKey | None, answers: Answers) -> Step:
        if item.kind is Kind.JOIN:
            if item.causation in answers.over:
                return Ended(item, None, 0)
            return self._wait(item, "join", JOIN_SECONDS)
        if item.joins and answers.ready.get(item.id, 0) < item.joins and item.state != "replay":
            return self._wait(item, "waiting", WAITING_SECONDS)
        if key is None:
            return self._decide(item, Handled(Skip("the subject was erased")))
        return self._decide(item, await self._handle(item, key))

    async def _handle(self, item: Item, key: DataKey) -> Handled:
        token = CORRELATION.set(item.message)
        try:
            handled = await self._call(item.opened(key))
            wrong = next((problem for event in handled.events if (problem := unstorable(event))), None)
            return (
                handled if wrong is None else Handled(Park(f"the handler made an event that cannot be stored: {wrong}"))
            )
        except Exception as error:
            outcome = outcome_of(error)
            _log.info("%s: event %s was not handled: %s", self._subscription.name, item.id, type(outcome).__name__)
            return Handled(outcome)
        finally:
            CORRELATION.reset(token)

    async def _call(self, event: Recorded) -> Handled:
        async with nullcontext() if self.plain else self._slots:
            handled = self._subscription.handler(event)
            return handled if isinstance(handled, Handled) else await handled

    def _decide(self, item: Item, handled: Handled) -> Step:
        gate = self._subscription.gate()
        return step_of(item, handled, self._subscription.retry, self._clock.now(), gate)

    def _wait(self, item: Item, state: str, seconds: float) -> Held:
        return Held(item, state, item.attempts, self._clock.now() + timedelta(seconds=seconds))

    def _behind(self, item: Item) -> Held:
        return Held(item, "behind", 0, self._clock.now())


def is_async(handler: object) -> bool:
    """Whether what it gives has to be waited for."""
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(type(handler).__call__)
