"""An intake in memory, for tests of listeners and of whole projects that do without PostgreSQL.

It keeps the promises of `careloom.core.receipts.Intake`: one message for each (system, key), the stored acknowledgement
for a repeat, a conflict for other bytes under the same key, receipts in the order of calls. What it adds is for tests:
it can be told to `fail`, to `hold` receipts back until `release`, and a test can wait for what it expects with `until`.
"""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections import deque
from collections.abc import Callable

from careloom.core.envelope import Position
from careloom.core.errors import Unavailable
from careloom.core.ids import IdFactory, Uuid7
from careloom.core.receipts import Accepted, Conflicting, Receipt, Received, Refusal, Repeated


class MemoryIntake:
    """Takes messages into `messages` and refusals into `refusals`; all in lane 0."""

    def __init__(self, new_id: IdFactory | None = None) -> None:
        self.messages: list[Received] = []
        self.refusals: list[Refusal] = []
        self._new_id = new_id or Uuid7()
        self._known: dict[tuple[str, str], tuple[bytes, Accepted]] = {}
        self._waiting: deque[tuple[Received, Future[Receipt]]] = deque()
        self._held = False
        self._failing = False
        self._changed = asyncio.Event()

    @property
    def waiting(self) -> int:
        """Messages handed in whose receipts are held back."""
        return len(self._waiting)

    def accept(self, received: Received) -> Future[Receipt]:
        """Store it, or fail with Unavailable, or hold it, as told."""
        future: Future[Receipt] = asyncio.get_running_loop().create_future()
        if self._held:
            self._waiting.append((received, future))
        else:
            self._settle(received, future)
        self._changed.set()
        return future

    def refuse(self, refusal: Refusal) -> None:
        """Keep it."""
        self.refusals.append(refusal)
        self._changed.set()

    def fail(self) -> None:
        """From now on nothing is stored and every receipt is Unavailable, also of what is held."""
        self._failing = True

    def recover(self) -> None:
        """Store again."""
        self._failing = False

    def hold(self) -> None:
        """Keep the receipts of what comes next back until `release`."""
        self._held = True

    def release(self, count: int | None = None) -> None:
        """Settle `count` of the messages held, oldest first; without a count all, and hold no longer."""
        if count is None:
            self._held = False
        for _ in range(len(self._waiting) if count is None else count):
            self._settle(*self._waiting.popleft())
        self._changed.set()

    async def until(self, condition: Callable[[MemoryIntake], bool]) -> None:
        """Return once `condition` holds; it is asked again whenever something is handed in or released."""
        while not condition(self):
            self._changed.clear()
            await self._changed.wait()

    def _settle(self, received: Received, future: Future[Receipt]) -> None:
        if future.cancelled():
            return
        if self._failing:
            future.set_exception(Unavailable("the store was told to fail; call recover()"))
        else:
            future.set_result(self._store(received))

    def _store(self, received: Received) -> Receipt:
        place = (received.system, received.key)
        known = self._known.get(place)
        if known is None:
            position = Position(0, len(self.messages) + 1)
            accepted = Accepted(self._new_id(), position, received.acknowledgement)
            self._known[place] = (received.body, accepted)
            self.messages.append(received)
            return accepted
        body, first = known
        if body == received.body:
            return Repeated(first.id, first.acknowledgement)
        return Conflicting(first.id)
