"""Gathers what is asked one by one into few calls.

There is no timer: what has arrived while the last batch ran goes out together. What shares a lane may share a batch;
what is of one subject keeps its order and never shares one.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

from careloom.core.errors import CareloomError
from careloom.core.tracing import ACTIVE, Active, together

K = TypeVar("K", bound=Hashable)
A = TypeVar("A")
R = TypeVar("R")

Work: TypeAlias = Callable[[K, Sequence[A]], Awaitable[Sequence[R | CareloomError]]]
"""Works on a batch of a lane; a result or an error for each, in order. What it raises is the result of all."""


@dataclass(slots=True)
class _Asked(Generic[K, A, R]):
    lane: K
    subject: Hashable
    item: A
    done: asyncio.Future[R]
    active: Active | None


@dataclass(slots=True)
class _Lane(Generic[K, A, R]):
    waiting: deque[_Asked[K, A, R]] = field(default_factory=deque)
    workers: int = 0


class Gathering(Generic[K, A, R]):
    """Up to `workers` batches of a lane run at once, each of `most` items at most."""

    def __init__(self, work: Work[K, A, R], *, workers: int, most: int) -> None:
        self._work = work
        self._workers = workers
        self._most = most
        self._lanes: dict[K, _Lane[K, A, R]] = defaultdict(_Lane)
        self._chains: dict[Hashable, deque[_Asked[K, A, R]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def ask(self, lane: K, subject: Hashable, item: A) -> asyncio.Future[R]:
        """Hand in one item; the future has what happened to it alone."""
        done: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        asked = _Asked(lane, subject, item, done, ACTIVE.get())
        chain = self._chains.setdefault(subject, deque())
        chain.append(asked)
        if len(chain) == 1:
            self._enqueue(asked)
        return done

    def _enqueue(self, asked: _Asked[K, A, R]) -> None:
        lane = self._lanes[asked.lane]
        lane.waiting.append(asked)
        if lane.workers < self._workers:
            lane.workers += 1
            task = asyncio.create_task(self._serve(asked.lane, lane), name="odoo gathering")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _serve(self, key: K, lane: _Lane[K, A, R]) -> None:
        # A worker leaves in the same step in which it sees that nothing waits: what comes next starts another.
        try:
            while lane.waiting:
                size = min(len(lane.waiting), self._most)
                await self._serve_batch(key, [lane.waiting.popleft() for _ in range(size)])
        finally:
            lane.workers -= 1
            if not lane.waiting and not lane.workers and self._lanes.get(key) is lane:
                del self._lanes[key]

    async def _serve_batch(self, key: K, batch: list[_Asked[K, A, R]]) -> None:
        try:
            with together([asked.active for asked in batch]):
                results: Sequence[R | BaseException] = await self._work(key, [asked.item for asked in batch])
        except BaseException as error:
            self._finish(batch, [error] * len(batch))
            if not isinstance(error, Exception):
                raise
        else:
            self._finish(batch, results)

    def _finish(self, batch: list[_Asked[K, A, R]], results: Sequence[R | BaseException]) -> None:
        for asked, result in zip(batch, results, strict=True):
            settle(asked.done, result)
            self._advance(asked.subject)

    def _advance(self, subject: Hashable) -> None:
        chain = self._chains.get(subject)
        if chain is None:  # closed meanwhile
            return
        chain.popleft()
        if chain:
            self._enqueue(chain[0])
        else:
            del self._chains[subject]

    async def close(self) -> None:
        """Stop the workers; what waits is cancelled."""
        waiting = [asked.done for chain in self._chains.values() for asked in chain]
        tasks = list(self._tasks)
        self._chains.clear()
        self._lanes.clear()
        for task in tasks:
            task.cancel()
        for done in waiting:
            done.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def settle(done: asyncio.Future[R], result: R | BaseException) -> None:
    """Give a future its result or error, unless the caller gave up."""
    if done.done():
        return
    if isinstance(result, asyncio.CancelledError):
        done.cancel()
    elif isinstance(result, BaseException):
        done.set_exception(result)
    else:
        done.set_result(result)
