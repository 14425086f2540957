"""Commits what handling came to: cursors, deliveries, parked subjects, new events and the message's account, at once.

Lanes that finish while a commit runs are committed together by the next one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from careloom.core.clock import Clock
from careloom.core.envelope import Event, Kind
from careloom.core.errors import CareloomError, Contention, TransientError
from careloom.log.handling import Subscription
from careloom.log.keyring import Keyring
from careloom.log.lanes import Bank
from careloom.log.ports import CaseBook, Connection, NewCase
from careloom.log.steps import Ended, Held, Step, place_of
from careloom.log.telling import told
from careloom.log.writing import Writer
from careloom.store.database import Database
from careloom.store.sql import queries

_SQL = queries("subscription")
_log = logging.getLogger(__name__)
LINGER_SECONDS = 0.005
_DELIVERY = ("subscription", "lane", "seq", "event", "outcome", "reference", "reason", "attempts", "at")
_MEETINGS = 3

Owed = Callable[[str], int]
"""How many subscriptions want events of a type: what a message owes for each event made of it."""


@dataclass(frozen=True, slots=True)
class LaneResult:
    """What one pass over a lane came to. `old` and `new` are the cursor before and after; equal when only parked
    entries were worked. `epoch` is the one under which the lane was taken."""

    lane: int
    epoch: int
    old: int
    new: int
    steps: Sequence[Step]


_Waiting: TypeAlias = tuple[Sequence[LaneResult], asyncio.Future[Mapping[int, bool]]]


class Settler:
    """Group commit for one subscription on one node."""

    def __init__(
        self,
        subscription: Subscription,
        database: Database,
        writer: Writer,
        keyring: Keyring,
        cases: CaseBook,
        clock: Clock,
        owed: Owed,
        *,
        appended: Callable[[], None] = lambda: None,
        released: Callable[[], None] = lambda: None,
    ) -> None:
        """`appended` is called after new events were committed, `released` when other subjects may go on."""
        self._subscription = subscription
        self._database = database
        self._writer = writer
        self._keyring = keyring
        self._cases = cases
        self._clock = clock
        self._owed = owed
        self._appended = appended
        self._released = released
        self._queue: list[_Waiting] = []
        self._more = False
        self._careful = False
        self._committer: asyncio.Task[None] | None = None

    async def settle(self, results: Sequence[LaneResult], *, more: bool = False) -> Mapping[int, bool]:
        """By lane: True when committed; False when it was no longer ours, and nothing of it was written. A lane that
        the store refused is missing.

        `more` says that other lanes are about to finish: the commit waits a few milliseconds for them.
        """
        self._more = more
        answer: asyncio.Future[Mapping[int, bool]] = asyncio.get_running_loop().create_future()
        self._queue.append((results, answer))
        if self._committer is None:
            self._committer = asyncio.get_running_loop().create_task(self._drain())
        return await answer

    async def _drain(self) -> None:
        try:
            while self._queue:
                await asyncio.sleep(LINGER_SECONDS if self._more else 0)
                batch, self._queue = self._queue, []
                try:
                    kept = await self._commit_apart([result for results, _ in batch for result in results])
                except Exception as error:
                    _fail(batch, error)
                else:
                    for _, answer in batch:
                        if not answer.done():
                            answer.set_result(kept)
        finally:
            self._committer = None

    async def _commit_apart(self, results: list[LaneResult]) -> dict[int, bool]:
        """Together if possible; what the store cannot take must not hold up the other lanes."""
        try:
            kept = await self._commit_again(results)
        except TransientError:
            raise
        except Exception as error:
            if len(results) == 1:
                return await self._commit_last(results[0], error)
            apart: dict[int, bool] = {}
            for one in results:
                apart |= await self._commit_apart([one])
            return apart
        return {result.lane: result.lane in kept for result in results}

    async def _commit_last(self, result: LaneResult, first: Exception) -> dict[int, bool]:
        """Once more, without supposing that nothing of it was recorded before: somebody may have moved a cursor."""
        self._careful = True
        try:
            return {result.lane: result.lane in await self._commit_again([result])}
        except TransientError:
            raise
        except Exception:
            what = first if isinstance(first, CareloomError) else place_of(first)
            _log.warning("%s could not settle lane %s: %s", self._subscription.name, result.lane, what)
            return {}
        finally:
            self._careful = False

    async def _commit_again(self, results: list[LaneResult]) -> set[int]:
        """Two writers that met were both told so before anything was written: handling need not be repeated."""
        for _ in range(_MEETINGS):
            try:
                return await self._commit(results)
            except Contention:
                await asyncio.sleep(0)
        return await self._commit(results)

    async def _commit(self, results: list[LaneResult]) -> set[int]:
        emitted = [event for result in results for event in _events(result.steps)]
        async with self._database.acquire() as connection:
            subjects = {name for event in emitted for name in (event.subject, *event.others)}
            keys = await self._keyring.ensure(connection, subjects)
            prepared = self._writer.prepare(emitted, keys, self._clock.now())
            async with connection.transaction():
                kept = await self._move(connection, results)
                steps = [step for result in results if result.lane in kept for step in result.steps]
                telling = await self._record(connection, steps, lane=min(kept, default=0))
                mine = prepared
                if len(kept) < len(results):
                    ours = {event.id for event in _events(steps)}
                    mine = [entry for entry in prepared if entry.belongs_to(ours)]
                mine = mine + await told(connection, self._writer, self._keyring, telling, self._clock.now())
                await self._writer.write(connection, mine)
        if mine:
            self._appended()
        if any(isinstance(step, Ended) and step.item.joins for step in steps):
            self._released()
        return kept

    async def _move(self, connection: Connection, results: list[LaneResult]) -> set[int]:
        rows = await connection.fetch(
            _SQL.move_cursors,
            self._subscription.name,
            [result.lane for result in results],
            [result.epoch for result in results],
            [result.old for result in results],
            [result.new for result in results],
        )
        return {row["lane"] for row in rows}

    async def _record(self, connection: Connection, steps: Sequence[Step], lane: int) -> list[Event]:
        """What the events are that tell of cases opened and closed by it."""
        ended = [step for step in steps if isinstance(step, Ended)]
        held = [step for step in steps if isinstance(step, Held)]
        telling: list[Event] = []
        if ended:
            telling += await self._end(connection, ended, lane)
        if held:
            telling += await self._hold(connection, held)
        return telling

    async def _end(self, connection: Connection, ended: list[Ended], lane: int) -> Sequence[Event]:
        delivered = [self._explained(step) for step in ended if step.outcome is not None]
        fresh = await self._deliver(connection, delivered)
        telling = await self._unpark(connection, ended)
        if self._subscription.bank is Bank.MESSAGES:
            await self._open_accounts(connection, delivered, fresh, lane)
        else:
            await self._owe(connection, delivered, set())
            await self._close_accounts(connection, [step for step in delivered if step.item.id in fresh], lane)
        return telling

    async def _deliver(self, connection: Connection, delivered: list[Ended]) -> set[object]:
        """Put the outcomes on record; the events that had none before."""
        now = self._clock.now()
        name = self._subscription.name
        rows = [
            (
                name,
                step.item.position.lane,
                step.item.position.sequence,
                step.item.id,
                step.outcome,
                step.reference,
                step.reason,
                step.attempts,
                now,
            )
            for step in delivered
        ]
        if not self._careful and all(step.item.state is None for step in delivered):
            # Straight from the lane, so none of them was ever handled: COPY costs half of an INSERT that may conflict.
            await connection.copy_records_to_table("delivery", records=rows, columns=_DELIVERY)
            return {step.item.id for step in delivered}
        columns = [list(column) for column in zip(*rows, strict=True)][1:]
        recorded = await connection.fetch(_SQL.record_deliveries, name, *columns)
        return {row["event"] for row in recorded if row["fresh"]}

    def _explained(self, step: Ended) -> Ended:
        """A message whose events nobody wants is filtered, and says why."""
        if self._subscription.bank is Bank.EVENTS or step.reason or not step.events:
            return step
        if any(self._owed(event.type) for event in step.events):
            return step
        types = ", ".join(sorted({event.type for event in step.events}))
        return replace(step, reason=f"no subscription wants {types}")

    async def _unpark(self, connection: Connection, ended: list[Ended]) -> Sequence[Event]:
        name = self._subscription.name
        telling: Sequence[Event] = ()
        parked = [step.item.position for step in ended if step.item.state is not None]
        if parked:
            await connection.execute(_SQL.unpark, name, [p.lane for p in parked], [p.sequence for p in parked])
            telling = await self._cases.resolve_at(connection, name, parked, "handled on retry", "careloom")
        joined = [step.item.id for step in ended if step.item.joins]
        if joined:
            await connection.execute(_SQL.release_joins, name, joined)
        return telling

    async def _open_accounts(self, connection: Connection, ended: list[Ended], fresh: set[object], lane: int) -> None:
        """A translated message owes one delivery per event and interested subscription; owing none, it is filtered."""
        owing = await self._owe(connection, ended, fresh)
        filtered = len(fresh - owing)
        if filtered:
            await connection.execute(_SQL.count_ended, self._subscription.name, lane, 0, filtered)

    async def _owe(self, connection: Connection, ended: list[Ended], fresh: set[object]) -> set[object]:
        """Put new deliveries on the account of their message; which steps made some. Only `fresh` ones are counted:
        a message that ended before is not received again."""
        owing = [(step, sum(self._owed(event.type) for event in step.events)) for step in ended if step.events]
        owing = [(step, owed) for step, owed in owing if owed]
        rows = [(step.item.message, owed, step.item.id in fresh) for step, owed in owing]
        if rows and not self._careful and all(step.item.state is None and step.item.id in fresh for step, _ in owing):
            await connection.copy_records_to_table("flight", records=rows, columns=("message", "owed", "counted"))
        elif rows:
            await connection.execute(_SQL.put_on, *(list(column) for column in zip(*rows, strict=True)))
        return {step.item.id for step, _ in owing}

    async def _close_accounts(self, connection: Connection, ended: list[Ended], lane: int) -> None:
        ended = [step for step in ended if step.item.kind is Kind.EVENT]
        if not ended:
            return
        row = await connection.fetchrow(
            _SQL.take_off,
            [step.item.message for step in ended],
            [int(step.outcome == "done") for step in ended],
        )
        if row["delivered"] or row["filtered"]:
            await connection.execute(_SQL.count_ended, self._subscription.name, lane, row["delivered"], row["filtered"])

    async def _hold(self, connection: Connection, held: list[Held]) -> Sequence[Event]:
        now = self._clock.now()
        await connection.execute(
            _SQL.park,
            self._subscription.name,
            [step.item.position.lane for step in held],
            [step.item.position.sequence for step in held],
            [step.item.token for step in held],
            [_event_of(step) for step in held],
            [step.item.message for step in held],
            [step.state for step in held],
            [step.attempts for step in held],
            [step.due for step in held],
            [step.error for step in held],
            [step.reason for step in held],
            [now] * len(held),
            [step.category or "" for step in held],
        )
        tried = [step for step in held if step.tried]
        if tried:
            await connection.execute(
                _SQL.record_attempts,
                self._subscription.name,
                [step.item.position.lane for step in tried],
                [step.item.position.sequence for step in tried],
                [step.attempts for step in tried],
                [step.item.id for step in tried],
                [step.error for step in tried],
                [step.reason for step in tried],
                [now] * len(tried),
            )
        return await self._cases.open(connection, [_case_of(self._subscription, step) for step in held if step.case])


def _events(steps: Sequence[Step]) -> list[Event]:
    return [event for step in steps if isinstance(step, Ended) for event in step.events]


def _event_of(step: Held) -> object:
    """A join stands for the event it belongs to, so that this event can find it."""
    return step.item.causation if step.item.kind is Kind.JOIN else step.item.id


def _case_of(subscription: Subscription, step: Held) -> NewCase:
    item = step.item
    return NewCase(
        kind=step.case or "delivery",
        system=item.source,
        reason=step.reason,
        field=step.field,
        subscription=subscription.name,
        owner=subscription.owner,
        position=item.position,
        event=item.id,
        message=item.message,
        type=item.type,
        criticality=subscription.criticality,
        category=step.category,
    )


def _fail(batch: list[_Waiting], error: Exception) -> None:
    for _, answer in batch:
        if not answer.done():
            answer.set_exception(error)
