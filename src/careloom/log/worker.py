"""Works one subscription on one node: reads its lanes, handles what it finds, settles.

Each lane goes its own pace; lanes share the reads and the commits. Within a lane, subjects are handled side by side
and the events of one subject one after the other.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from careloom.core.clock import Clock
from careloom.core.errors import CareloomError
from careloom.log.handling import Subscription
from careloom.log.keyring import Keyring
from careloom.log.lanes import Lanes
from careloom.log.ownership import LockSession, Ownership
from careloom.log.settling import LaneResult, Settler
from careloom.log.steps import Held, Item, Step, place_of
from careloom.log.subjects import SubjectWorker
from careloom.log.watching import Watch
from careloom.store.database import Database
from careloom.store.sql import queries

_SQL = queries("subscription")
_log = logging.getLogger(__name__)

POLL_SECONDS = 0.5
LINGER_SECONDS = 0.02
BALANCE_SECONDS = 1.0
PARKED_SECONDS = 5.0
PARKED_AT_ONCE = 100
_LEAST_PER_LANE = 8


@dataclass(slots=True)
class _Lane:
    epoch: int
    cursor: int
    blocked: set[UUID] = field(default_factory=set)


class _Pass(NamedTuple):
    """One lane's share of a round: what is to be worked, and where the cursor will stand afterwards."""

    lane: int
    state: _Lane
    items: list[Item]
    upto: int


class Worker:
    """One subscription on one node. `run` until `stop`."""

    def __init__(
        self,
        subscription: Subscription,
        lanes: Lanes,
        database: Database,
        session: LockSession,
        keyring: Keyring,
        settler: Settler,
        clock: Clock,
        watch: Watch | None = None,
    ) -> None:
        self.subscription = subscription
        self._all_lanes = lanes.all(subscription.bank)
        self._database = database
        self._keyring = keyring
        self._settler = settler
        self._clock = clock
        self._watch = watch
        self._ownership = Ownership(session, subscription.name, self._all_lanes)
        self._subjects = SubjectWorker(subscription, clock)
        self._lanes: dict[int, _Lane] = {}
        # Kept apart from the lanes: a lane that was lost and taken again must not be worked twice at once.
        self._busy: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._stopping = False
        self._balance_at = self._parked_at = 0.0
        self._since = clock.now() if subscription.from_now else None
        self.passed: Callable[[], None] = lambda: None
        """Called after each pass over lanes, whatever came of it: for who waits until the log is at rest."""

    @property
    def is_busy(self) -> bool:
        """Whether it has entries in hand."""
        return bool(self._busy)

    def wake(self, *, parked: bool = False) -> None:
        """Something was appended; with `parked`, something about parked subjects changed."""
        if parked:
            self._parked_at = 0.0
        self._wake.set()

    def stop(self) -> None:
        """Finish what is in hand and return from `run`."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Work until stopped. Troubles of the store are waited out; they are not the subscription's."""
        await self._register()
        while not self._stopping:
            self._wake.clear()
            began = asyncio.get_running_loop().time()
            try:
                worked = await self._round()
            except CareloomError as error:
                _log.warning("%s waits for the store: %s", self.subscription.name, error)
                self._forget_all()
                worked = False
            except Exception as error:
                _log.error("%s met a bug and goes on: %s", self.subscription.name, place_of(error))
                self._forget_all()
                worked = False
            if not worked:
                await self._rest()
            await self._linger(began)
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _linger(self, began: float) -> None:
        """Rounds do not follow each other at once: under load they grow instead of multiplying, as commits do.

        On the loop's time, not the clock's: this shapes the work and means nothing to it.
        """
        left = began + LINGER_SECONDS - asyncio.get_running_loop().time()
        if left > 0 and not self._stopping:
            await asyncio.sleep(left)

    async def _rest(self) -> None:
        pause = min(POLL_SECONDS, max(0.01, self._parked_at - self._clock.monotonic()))
        waiter = asyncio.ensure_future(self._wake.wait())
        sleeper = asyncio.ensure_future(self._clock.sleep(pause))
        _, pending = await asyncio.wait({waiter, sleeper}, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()

    async def _register(self) -> None:
        while not self._stopping:
            try:
                async with self._database.acquire() as connection:
                    subscription, lanes = self.subscription, list(self._all_lanes)
                    await connection.execute(
                        _SQL.register, subscription.name, subscription.bank.value, lanes, self._since
                    )
            except CareloomError as error:
                _log.warning("%s waits for the store: %s", self.subscription.name, error)
                await self._rest()
            else:
                return

    async def _round(self) -> bool:
        """One look at everything that is idle; True when work was started."""
        now = self._clock.monotonic()
        if now >= self._balance_at:
            await self._balance()
            self._balance_at = now + BALANCE_SECONDS
        idle = [lane for lane in self._lanes if lane not in self._busy]
        if not idle or self.subscription.gate() > 0:
            return False
        async with self._database.acquire() as connection:
            heads = {row["lane"]: row for row in await connection.fetch(_SQL.heads, self.subscription.name, idle)}
            if any(row["paused"] for row in heads.values()):
                return False
            worked = await self._start_parked(connection, idle) if now >= self._parked_at else False
            free = [lane for lane in idle if lane not in self._busy]
            fresh = {lane: heads[lane]["head"] for lane in free if heads[lane]["head"] > self._lanes[lane].cursor}
            if fresh:
                await self._start_fresh(connection, fresh)
        return worked or bool(fresh)

    async def _balance(self) -> None:
        await self._ownership.balance(self._busy)
        for lane in [lane for lane in self._lanes if lane not in self._ownership.owned]:
            del self._lanes[lane]
        missing = [lane for lane in self._ownership.owned if lane not in self._lanes and lane not in self._busy]
        if missing:
            await self._load(missing)

    def _forget_all(self) -> None:
        """What is known of the lanes may be old: read it again once the store is back."""
        self._lanes.clear()
        self._balance_at = 0.0
        self._parked_at = self._clock.monotonic() + POLL_SECONDS  # until then `_rest` rests; `_load` looks at once

    async def _load(self, lanes: list[int]) -> None:
        async with self._database.acquire() as connection:
            cursors = await connection.fetch(_SQL.take_cursors, self.subscription.name, lanes)
            blocked = await connection.fetch(_SQL.blocked_subjects, self.subscription.name, lanes)
        for row in cursors:
            self._lanes[row["lane"]] = _Lane(row["epoch"], row["seq"])
        for row in blocked:
            self._lanes[row["lane"]].blocked.add(row["token"])
        self._parked_at = 0.0

    async def _start_fresh(self, connection: Any, heads: dict[int, int]) -> None:
        lanes = list(heads)
        share = max(_LEAST_PER_LANE, self.subscription.batch // len(lanes))
        types = None if self.subscription.types is None else list(self.subscription.types)
        after = [self._lanes[lane].cursor for lane in lanes]
        rows = await connection.fetch(_SQL.read_lanes, lanes, after, list(heads.values()), types, share)
        items: dict[int, list[Item]] = {lane: [] for lane in lanes}
        for row in rows:
            items[row["lane"]].append(Item.of(row))
        await self._start(connection, items, heads, share)

    async def _start_parked(self, connection: Any, idle: list[int]) -> bool:
        """Take up parked subjects whose first entry is due."""
        now = self._clock.now()
        rows = await connection.fetch(_SQL.heads_of_subjects, self.subscription.name, idle)
        self._parked_at = self._clock.monotonic() + PARKED_SECONDS
        self._refresh_blocked(idle, rows)
        due = [row["token"] for row in rows if row["due"] is not None and row["due"] <= now][:PARKED_AT_ONCE]
        later = [row["due"] for row in rows if row["due"] is not None and row["due"] > now]
        self._look_again(now, min(later, default=None), more=len(due) == PARKED_AT_ONCE)
        if not due:
            return False
        entries = await connection.fetch(_SQL.parked_entries, self.subscription.name, due, _LEAST_PER_LANE)
        items: dict[int, list[Item]] = {}
        for row in entries:
            items.setdefault(row["lane"], []).append(Item.of(row, parked=True))
        await self._start(connection, items, {}, 0)
        return True

    def _refresh_blocked(self, idle: list[int], rows: Sequence[Any]) -> None:
        for lane in idle:
            self._lanes[lane].blocked.clear()
        for row in rows:
            self._lanes[row["lane"]].blocked.add(row["token"])

    def _look_again(self, now: datetime, due: datetime | None, *, more: bool) -> None:
        if more:
            self._parked_at = 0.0
        elif due is not None:
            self._parked_at = min(self._parked_at, self._clock.monotonic() + (due - now) / timedelta(seconds=1))

    async def _start(self, connection: Any, items: dict[int, list[Item]], heads: dict[int, int], share: int) -> None:
        everything = [item for lane in items.values() for item in lane]
        keys = await self._keyring.open(connection, {item.key for item in everything})
        answers = await self._subjects.ask(connection, everything)
        passes = []
        for lane, mine in items.items():
            upto = self._lanes[lane].cursor
            if heads:
                upto = heads[lane] if len(mine) < share else mine[-1].position.sequence
            passes.append(_Pass(lane, self._lanes[lane], mine, upto))
        # A handler that only computes gains nothing from a task for each lane.
        for together in [passes] if self._subjects.plain else [[one] for one in passes]:
            self._busy.update(one.lane for one in together)
            task = asyncio.get_running_loop().create_task(self._work(together, keys, answers))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _work(self, passes: list[_Pass], keys: Any, answers: Any) -> None:
        lanes = {one.lane for one in passes}
        try:
            results = [
                LaneResult(
                    one.lane,
                    one.state.epoch,
                    one.state.cursor,
                    one.upto,
                    await self._subjects.work(one.items, one.state.blocked, keys, answers),
                )
                for one in passes
            ]
            kept = await self._settler.settle(results, more=len(self._busy) > len(passes))
            for one, result in zip(passes, results, strict=True):
                self._note(one, result, kept.get(one.lane))
        except Exception as error:
            what = error if isinstance(error, CareloomError) else place_of(error)
            _log.warning("%s could not settle lanes %s, works them again: %s", self.subscription.name, lanes, what)
            for lane in lanes:
                self._lanes.pop(lane, None)
        finally:
            self._busy -= lanes
            self._wake.set()
            self.passed()

    def _note(self, one: _Pass, result: LaneResult, kept: bool | None) -> None:
        if kept:
            one.state.cursor = one.upto
            self._note_parked(one.state, result.steps)
            if self._watch is not None:
                self._watch(self.subscription, result.steps)
            return
        self._lanes.pop(one.lane, None)
        if kept is False:  # a refused lane waits for the next balance: whatever it is, it must not spin
            self._balance_at = 0.0

    def _note_parked(self, state: _Lane, steps: Sequence[Step]) -> None:
        held = {step.item.token for step in steps if isinstance(step, Held)}
        state.blocked |= held
        if held or any(step.item.state is not None or step.item.joins for step in steps):
            self._parked_at = 0.0
