"""Intake: concurrent messages are committed together, and acknowledged only then.

There is no timer: a batch is whatever arrived while the last commit ran. Alone, a message is committed at once;
under load, commits grow instead of multiplying.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from asyncpg import SerializationError

from careloom.core.clock import Clock
from careloom.core.envelope import Event, Kind, Position
from careloom.core.errors import CareloomError, FormatError, TransientError, Unavailable
from careloom.core.ids import IdFactory
from careloom.core.receipts import Accepted, Conflicting, Receipt, Received, Refusal
from careloom.log.keyring import Keyring
from careloom.log.ledger import Ledger
from careloom.log.packing import packed
from careloom.log.ports import CaseBook, Connection, NewCase
from careloom.log.refusals import RefusalShelf
from careloom.log.steps import place_of
from careloom.log.telling import told
from careloom.log.watching import IntakeWatch
from careloom.log.writing import Writer, storable
from careloom.store.database import Database
from careloom.store.sql import queries

_SQL = queries("log")
_log = logging.getLogger(__name__)

MAX_ENTRIES = 512
MAX_BYTES = 8 * 1024 * 1024
MAX_KEY = 200
PATIENCE_SECONDS = 10.0


class _Pending(NamedTuple):
    received: Received
    fingerprint: bytes
    event: Event
    answer: asyncio.Future[Receipt]


class Appender:
    """The log's `Intake`. One per process."""

    def __init__(
        self,
        database: Database,
        writer: Writer,
        keyring: Keyring,
        cases: CaseBook,
        clock: Clock,
        new_id: IdFactory,
        *,
        appended: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._writer = writer
        self._keyring = keyring
        self._cases = cases
        self._clock = clock
        self._new_id = new_id
        self._appended = appended
        self.watch: IntakeWatch | None = None
        self._shelf = RefusalShelf(database, keyring, clock, new_id)
        self._queue: deque[_Pending] = deque()
        self._flusher: asyncio.Task[None] | None = None

    def accept(self, received: Received) -> asyncio.Future[Receipt]:
        """See `Intake.accept`. Raises FormatError at once for a key that cannot be stored."""
        _check(received)
        id_ = self._new_id()
        event = Event(
            id=id_,
            kind=Kind.MESSAGE,
            type=received.type,
            source=received.system,
            subject=received.subject,
            time=received.time,
            data=received.body,
            datacontenttype=received.datacontenttype,
            correlation=id_,
            others=received.others,
        )
        answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        if self.watch is not None and (follow := self.watch.follow(id_, received.system)) is not None:
            answer.add_done_callback(follow)
        self._queue.append(_Pending(received, self._keyring.master.fingerprint(received.body), event, answer))
        if self._flusher is None:
            self._flusher = asyncio.get_running_loop().create_task(self._flush())
        return answer

    def refuse(self, refusal: Refusal) -> None:
        """See `Intake.refuse`."""
        if self.watch is not None:
            self.watch.refused(refusal.system)
        self._shelf.keep(refusal)

    async def close(self) -> None:
        """Wait until everything handed in has an answer."""
        while self._flusher is not None:
            await asyncio.wait([self._flusher])
        await self._shelf.close()

    async def _flush(self) -> None:
        try:
            while self._queue:
                await self._commit_patiently(self._take())
        finally:
            self._flusher = None

    def _take(self) -> list[_Pending]:
        batch: list[_Pending] = []
        size = 0
        while self._queue and len(batch) < MAX_ENTRIES and size < MAX_BYTES:
            batch.append(self._queue.popleft())
            size += len(batch[-1].received.body)
        return batch

    async def _commit_patiently(self, batch: list[_Pending]) -> None:
        """Commit, again while the store is away: a commit whose answer was lost is found by its own receipts."""
        deadline = self._clock.monotonic() + PATIENCE_SECONDS
        pause = 0.05
        while True:
            try:
                answers = await self._commit(batch)
            except TransientError as error:
                if self._clock.monotonic() + pause > deadline:
                    return self._fail(batch, error)
                await self._clock.sleep(pause)
                pause = min(pause * 2, 1.0)
            except Exception as error:
                return await self._isolate(batch, error)
            else:
                _answer(batch, answers)
                self._tell(batch, answers)
                self._appended()
                return None

    async def _isolate(self, batch: list[_Pending], error: Exception) -> None:
        """One entry that the store cannot take must not take its neighbours with it."""
        if len(batch) == 1:
            what = error if isinstance(error, CareloomError) else place_of(error)
            _log.error("the store refused an entry of %s: %s", batch[0].received.system, what)
            return self._fail(batch, error)
        half = len(batch) // 2
        await self._commit_patiently(batch[:half])
        await self._commit_patiently(batch[half:])
        return None

    def _fail(self, batch: Sequence[_Pending], error: Exception) -> None:
        _fail(batch, error)
        self._tell(batch, [None] * len(batch))

    def _tell(self, batch: Sequence[_Pending], answers: Sequence[Receipt | None]) -> None:
        if self.watch is not None:
            self.watch.told([(one.received.system, answer) for one, answer in zip(batch, answers, strict=True)])

    async def _commit(self, batch: list[_Pending]) -> list[Receipt]:
        first = _firsts(batch)
        async with self._database.acquire() as connection:
            subjects = {name for item in first for name in (item.event.subject, *item.event.others)}
            keys = await self._keyring.ensure(connection, subjects)
            prepared = self._writer.prepare([item.event for item in first], keys, self._clock.now())
            try:
                rows = await connection.fetch(_SQL.append_messages, *packed(prepared, first))
            except SerializationError:  # perhaps a subject was erased: its key must not be used again
                self._keyring.forget()
                raise
            places = {row["message"]: Position(row["at_lane"], row["at_seq"]) for row in rows}
            if len(places) == len(batch):
                return [Accepted(one.event.id, places[one.event.id], one.received.acknowledgement) for one in batch]
            stored = await self._stored(connection, first, places)
            answers = [stored.verdict(item.received, item.event.id, item.fingerprint, places) for item in batch]
            await self._open_cases(connection, _conflicts(batch, answers))
        return answers

    async def _open_cases(self, connection: Connection, cases: Sequence[NewCase]) -> None:
        if not cases:
            return
        async with connection.transaction():
            events = await self._cases.open(connection, cases)
            now = self._clock.now()
            await self._writer.write(connection, await told(connection, self._writer, self._keyring, events, now))

    async def _stored(
        self, connection: Connection, first: Sequence[_Pending], places: Mapping[UUID, Position]
    ) -> Ledger:
        """What stands for each key of the batch, now that some of them turned out to be repeats."""
        ledger = Ledger(set(places))
        repeated = []
        for item in first:
            if item.event.id in places:
                received = item.received
                ledger.note(received.system, received.key, item.event.id, item.fingerprint, received.acknowledgement)
            else:
                repeated.append(item.received)
        systems, keys = [one.system for one in repeated], [one.key for one in repeated]
        for row in await connection.fetch(_SQL.known_receipts, systems, keys):
            ledger.note(row["system"], row["key"], row["id"], row["digest"], row["acknowledgement"])
        return ledger


def _check(received: Received) -> None:
    """What PostgreSQL could not store must be refused before it shares a commit with others."""
    if not received.key or len(received.key) > MAX_KEY:
        raise FormatError(f"the message's own id must have 1 to {MAX_KEY} characters", "message id")
    texts = (received.key, received.system, received.type, received.subject, received.datacontenttype, *received.others)
    if not storable("".join(texts)):
        raise FormatError("the message's own id, type or subject holds a NUL or half a surrogate pair", "message id")


def _firsts(batch: Iterable[_Pending]) -> list[_Pending]:
    """The first of each key, in the order of calls."""
    found: dict[tuple[str, str], _Pending] = {}
    for item in batch:
        found.setdefault((item.received.system, item.received.key), item)
    return list(found.values())


def _conflicts(batch: Sequence[_Pending], answers: Sequence[Receipt]) -> list[NewCase]:
    return [
        NewCase(
            kind="delivery",
            system=item.received.system,
            reason="the sender used a message id again for other content; the new content was refused",
            field="message id",
            type=item.received.type,
            event=answer.id,
            message=answer.id,
        )
        for item, answer in zip(batch, answers, strict=True)
        if isinstance(answer, Conflicting)
    ]


def _answer(batch: Sequence[_Pending], answers: Sequence[Receipt]) -> None:
    for item, answer in zip(batch, answers, strict=True):
        if not item.answer.done():
            item.answer.set_result(answer)


def _fail(batch: Sequence[_Pending], error: Exception) -> None:
    refusal = error if isinstance(error, TransientError) else Unavailable("the store could not commit the message")
    for item in batch:
        if not item.answer.done():
            item.answer.set_exception(refusal)
