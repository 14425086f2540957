"""Calls that are made side by side become one piece of work: a round trip is paid once for all of them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

A = TypeVar("A")
R = TypeVar("R")


class Collecting(Generic[A, R]):
    """Hands what was asked in the same moment, or while all workers were busy, to `work`, in order and at most `most`
    at a time. Where a piece of work fails, each of its calls is tried alone, so that it fails for its own reasons."""

    def __init__(self, work: Callable[[Sequence[A]], Awaitable[Sequence[R]]], *, most: int, workers: int) -> None:
        self._work = work
        self._most = most
        self._workers = workers
        self._waiting: deque[tuple[A, asyncio.Future[R]]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._busy = 0

    def ask(self, one: A) -> asyncio.Future[R]:
        """The answer, some time."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[R] = loop.create_future()
        self._waiting.append((one, answer))
        if self._busy < self._workers:
            self._start(loop)
        return answer

    async def close(self) -> None:
        """Finish what was asked."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._busy += 1
        task = loop.create_task(self._drain())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drain(self) -> None:
        try:
            while self._waiting:
                taken = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
                await self._answer(taken)
        finally:
            self._busy -= 1  # here and not once the task is seen to be done: what is asked in between would wait

    async def _answer(self, taken: Sequence[tuple[A, asyncio.Future[R]]]) -> None:
        try:
            answers = await self._work([one for one, _ in taken])
        except Exception as error:
            if len(taken) > 1:
                for each in taken:
                    await self._answer([each])
            elif not taken[0][1].done():
                taken[0][1].set_exception(error)
            return
        for (_, future), answer in zip(taken, answers, strict=True):
            if not future.done():  # whoever asked may have gone
                future.set_result(answer)
