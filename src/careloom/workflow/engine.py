"""A node's share of the runs: drives those that are due in the lanes that it owns.

A run lies in memory only while it is driven; what waits costs a row. When a node dies PostgreSQL frees its lanes,
another node takes them at its next balance, and what was running there is due at once.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from careloom.core.errors import CareloomError
from careloom.log.ownership import LockSession, Ownership
from careloom.log.ports import NewCase
from careloom.log.steps import place_of
from careloom.store.sql import queries
from careloom.workflow.driving import Driver
from careloom.workflow.surroundings import BACKFILL, LANES, LIVE, Surroundings
from careloom.workflow.timer import Timer
from careloom.workflow.turns import Turns

_SQL = queries("runs")
_log = logging.getLogger(__name__)
NAME: Final = "runs"
BALANCE_SECONDS: Final = 1.0
POLL_SECONDS: Final = 1.0
TIDY_SECONDS: Final = 3600.0
KEPT: Final = timedelta(days=7)
CLOCK_LANE: Final = 0
"""Who owns it keeps the schedules."""


class Engine:
    """Drives runs until stopped. One per process."""

    def __init__(self, around: Surroundings, session: LockSession, timer: Timer | None = None) -> None:
        self._around = around
        self._timer = timer
        self._driver = Driver(around)
        self._ownership = Ownership(session, NAME, range(LANES))
        self._turns = Turns(around.clock)
        self._driving: dict[UUID, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._stopping = False
        self._balance_at = self._tidy_at = 0.0
        around.woken = self.wake

    def wake(self) -> None:
        """A run may be due."""
        self._idle.clear()
        self._wake.set()

    def stop(self) -> None:
        """Finish the steps in hand and return from `run`; what is left goes on later, here or elsewhere."""
        self._stopping = self._around.stopping = True
        self._wake.set()

    @property
    def owned(self) -> set[int]:
        """The lanes whose runs this node drives."""
        return self._ownership.owned

    @property
    def is_idle(self) -> bool:
        """Whether nothing was due and nothing driven when it last looked, and nobody woke it since."""
        return self._idle.is_set()

    async def idle(self) -> None:
        """Return once nothing is due and nothing is driven, as of now. For tests, which move the clock then."""
        await self._idle.wait()

    async def run(self) -> None:
        """Work until stopped; troubles of the store are waited out."""
        while not self._stopping:
            self._wake.clear()
            pause = POLL_SECONDS
            try:
                pause = await self._round()
            except CareloomError as error:
                _log.warning("runs wait for the store: %s", error)
            except Exception as error:
                _log.error("the engine of runs met a bug and goes on: %s", place_of(error))
            if pause > 0 and not self._stopping:
                await self._rest(pause)
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _rest(self, seconds: float) -> None:
        waiter = asyncio.ensure_future(self._wake.wait())
        sleeper = asyncio.ensure_future(self._around.clock.sleep(seconds))
        _, pending = await asyncio.wait({waiter, sleeper}, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()

    async def _round(self) -> float:
        """Begin to drive what is due; seconds until there is more to do, 0 for at once."""
        await self._balance()
        lanes = sorted(self._ownership.owned)
        now = self._around.clock.now()
        scheduled = await self._keep_time(lanes, now)
        async with self._around.store.database.acquire() as connection:
            late = await connection.fetchval(_SQL.any_late, lanes, now)
        if late:
            await self._tell_late(lanes, now)
        async with self._around.store.database.acquire() as connection:
            begun = await self._begin(connection, lanes, now)
            due = await connection.fetchval(_SQL.next_due, lanes, list(self._driving))
        due = min((one for one in (due, scheduled) if one is not None), default=None)
        if due is None or due > now:
            if not begun and not self._driving and not self._wake.is_set():
                self._idle.set()
            return POLL_SECONDS if due is None else min(POLL_SECONDS, (due - now) / timedelta(seconds=1))
        # Something is due and there is no room for it: whatever ends makes some and wakes us, or it has its turn later.
        return min(POLL_SECONDS, self._turns.pause() or POLL_SECONDS)

    async def _balance(self) -> None:
        now = self._around.clock.monotonic()
        if now >= self._balance_at or not self._ownership.owned:
            self._balance_at = now + BALANCE_SECONDS
            await self._ownership.balance({run.int % LANES for run in self._driving})
        if now >= self._tidy_at:
            self._tidy_at = now + TIDY_SECONDS
            async with self._around.store.database.acquire() as connection:
                await connection.execute(_SQL.drop_arrivals, self._around.clock.now() - KEPT)

    async def _keep_time(self, lanes: list[int], now: datetime) -> datetime | None:
        """Begin what schedules say, if that is for this node to do; gives when the next is due."""
        if self._timer is None:
            return None
        if CLOCK_LANE not in lanes:
            self._timer.forget()
            return None
        return await self._timer.tick(now)

    async def _begin(self, connection: object, lanes: list[int], now: datetime) -> bool:
        begun = False
        for urgency in (LIVE, BACKFILL):
            free = self._turns.free(urgency, self._driving.values())
            if free <= 0:
                continue
            rows = await connection.fetch(  # type: ignore[attr-defined]
                _SQL.due_runs, lanes, now, list(self._driving), urgency, free
            )
            for row in rows:
                begun = True
                self._driving[row["id"]] = urgency
                self._turns.began(urgency)
                task = asyncio.get_running_loop().create_task(self._drive(row["id"]))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        return begun

    async def _drive(self, run: UUID) -> None:
        began = self._around.clock.monotonic()
        try:
            await self._driver.drive(run)
        except CareloomError as error:
            _log.warning("run %s waits for the store: %s", run, error)
            await self._around.clock.sleep(POLL_SECONDS)
        except Exception as error:
            _log.error("run %s met a bug of the engine: %s", run, place_of(error))
            await self._around.clock.sleep(POLL_SECONDS)
        finally:
            self._turns.ended(self._driving.pop(run, LIVE), self._around.clock.monotonic() - began)
            self.wake()

    async def _tell_late(self, lanes: list[int], now: datetime) -> None:
        """Over its service level: a case, once, in the transaction that says so."""
        store = self._around.store
        async with store.database.acquire() as connection, connection.transaction():
            rows = await connection.fetch(_SQL.late_runs, lanes, now)
            cases = []
            for row in rows:
                workflow = self._around.registry.current(row["workflow"])
                owner = workflow.owner if workflow is not None else ""
                cases.append(
                    NewCase("run-late", row["workflow"], "it has not ended within its service level", owner=owner,
                            event=row["id"], message=row["correlation"], type=row["workflow"])
                )  # fmt: skip
            await store.teller.write(connection, (), cases)
