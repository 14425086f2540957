"""A fixed number of workers, as in Odoo's prefork server: one call each, the rest waits, a killed one is silent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC
from typing import TypeVar

from careloom.core.clock import Clock
from careloom.sim.odoo.faults import Fate
from careloom.sim.odoo.store import Store, Transaction
from careloom.sim.odoo.watch import Watch

Result = TypeVar("Result")


class WorkerKilled(Exception):
    """The worker died before it could answer; nothing of its transaction was committed."""


class Workers:
    """Runs jobs, at most `size` at once, in the order of arrival."""

    def __init__(self, size: int, store: Store, clock: Clock, watch: Watch) -> None:
        self._slots = asyncio.Semaphore(size)
        self._store = store
        self._clock = clock
        self._watch = watch
        self._running: set[asyncio.Task[object]] = set()
        self.waiting = 0
        self.hanging = 0
        self.most_at_once = 0
        self.conflicts_met = 0

    @property
    def running(self) -> int:
        return len(self._running)

    async def perform(self, job: Callable[[Transaction], Result], fate: Fate) -> Result:
        """Begin a transaction, wait as long as `fate` says, do the job and commit. The client may be long gone.

        Raises what the job raises, after a rollback; WorkerKilled when the worker died first.
        """
        self.waiting += 1
        self._watch.notify()
        try:
            await self._slots.acquire()
        finally:
            self.waiting -= 1
        task = asyncio.create_task(self._work(job, fate))
        self._running.add(task)
        task.add_done_callback(self._finished)
        self.most_at_once = max(self.most_at_once, len(self._running))
        self._watch.notify()
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                raise WorkerKilled from None
            raise

    def _finished(self, task: asyncio.Task[object]) -> None:
        self._running.discard(task)
        self._slots.release()
        if not task.cancelled():
            task.exception()  # seen, even when the client has gone and nobody awaits it
        self._watch.notify()

    async def _work(self, job: Callable[[Transaction], Result], fate: Fate) -> Result:
        tx = Transaction(self._store, self._clock.now().astimezone(UTC).replace(tzinfo=None))
        tx.doomed = fate.struck_by("serialization")
        await self._delayed(fate)
        try:
            result = job(tx)
        except BaseException:
            tx.rollback()
            raise
        self.conflicts_met += tx.commit()
        return result

    async def _delayed(self, fate: Fate) -> None:
        if fate.meeting is not None:
            await fate.meeting.wait()
        for delay in fate.delays:
            self.hanging += 1
            self._watch.notify()
            try:
                await (delay.until.wait() if delay.until else self._clock.sleep(delay.seconds))
            finally:
                self.hanging -= 1

    async def kill(self) -> int:
        """Kill every busy worker; others take their place at once. How many calls died."""
        victims = list(self._running)
        for task in victims:
            task.cancel()
        await asyncio.gather(*victims, return_exceptions=True)
        return len(victims)
