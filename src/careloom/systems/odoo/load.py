"""Upserts by external id, gathered into few calls of `load()`.

There is no timer: what has arrived while the last call ran goes out together. Rows share a call when they are of one
model and have the same columns. Upserts of one external id keep their order and never share a call.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeAlias

from careloom.core.errors import CareloomError
from careloom.systems.ledger import Entry, Ledger, digest
from careloom.systems.odoo.batch import Batch, RowResult
from careloom.systems.odoo.cells import FieldInfo, Value
from careloom.systems.odoo.connection import Connection
from careloom.systems.odoo.readback import ReadBack, Row
from careloom.systems.odoo.schema import Schema, to_cells


@dataclass(frozen=True, slots=True)
class Upserted:
    """The record, and whether anything was sent: an unchanged row costs no call."""

    record_id: int
    changed: bool


@dataclass(frozen=True, slots=True)
class _Asked:
    """An upsert whose model's fields are not known yet."""

    external_id: str
    values: dict[str, Value]
    done: asyncio.Future[Upserted]


@dataclass(slots=True)
class _Waiting:
    row: Row
    digest: bytes
    done: asyncio.Future[Upserted]


_Key: TypeAlias = tuple[str, tuple[str, ...]]


@dataclass(slots=True)
class _Lane:
    """Rows that may share a call, and how many workers send them."""

    waiting: deque[_Waiting] = field(default_factory=deque)
    workers: int = 0


class Loader:
    """Takes upserts one by one and loads them many at a time."""

    def __init__(
        self, connection: Connection, schema: Schema, readback: ReadBack, ledger: Ledger, digest_key: bytes = b""
    ) -> None:
        self._connection = connection
        self._schema = schema
        self._readback = readback
        self._ledger = ledger
        self._digest_key = digest_key
        self._lanes: dict[_Key, _Lane] = defaultdict(_Lane)
        self._chains: dict[tuple[str, str], deque[tuple[_Key, _Waiting]]] = {}
        self._entering: dict[str, list[_Asked]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def upsert(self, model: str, external_id: str, values: Mapping[str, Value]) -> Upserted:
        """Create or update the record with this external id. Raises what happened to this row alone."""
        done: asyncio.Future[Upserted] = asyncio.get_running_loop().create_future()
        asked = _Asked(external_id, dict(values), done)
        infos = self._schema.known(model)
        if model in self._entering:
            self._entering[model].append(asked)
        elif infos is not None:
            self._enter(model, infos, asked)
        else:
            self._entering[model] = [asked]
            self._start(self._learn(model))
        return await done

    async def _learn(self, model: str) -> None:
        """Read the model's fields, then let in what has come meanwhile, in one step that nobody can overtake."""
        try:
            infos = await self._schema.fields(model)
        except BaseException as error:
            for asked in self._entering.pop(model, ()):
                _settle(asked.done, error)
            if not isinstance(error, Exception):
                raise
        else:
            for asked in self._entering.pop(model, ()):
                self._enter(model, infos, asked)

    def _enter(self, model: str, infos: Mapping[str, FieldInfo], asked: _Asked) -> None:
        try:
            cells = to_cells(infos, model, asked.values)
        except CareloomError as error:
            _settle(asked.done, error)
            return
        columns = tuple(sorted(cells))
        row = Row(asked.external_id, tuple(cells[column] for column in columns))
        self._append((model, columns), _Waiting(row, digest(columns, row.cells, self._digest_key), asked.done))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="odoo load")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _append(self, key: _Key, waiting: _Waiting) -> None:
        chain = self._chains.setdefault((key[0], waiting.row.external_id), deque())
        chain.append((key, waiting))
        if len(chain) == 1:
            self._enqueue(key, waiting)

    def _enqueue(self, key: _Key, waiting: _Waiting) -> None:
        lane = self._lanes[key]
        lane.waiting.append(waiting)
        if lane.workers < self._connection.settings.concurrency:
            lane.workers += 1
            self._start(self._work(key, lane))

    async def _work(self, key: _Key, lane: _Lane) -> None:
        # A worker leaves in the same step in which it sees that nothing waits: a row that comes next starts another.
        try:
            while lane.waiting:
                size = min(len(lane.waiting), self._connection.settings.batch_rows)
                await self._work_on(key, [lane.waiting.popleft() for _ in range(size)])
        finally:
            lane.workers -= 1

    async def _work_on(self, key: _Key, batch: list[_Waiting]) -> None:
        try:
            results = await self._send(key, batch)
        except BaseException as error:
            self._finish(key, batch, dict.fromkeys(range(len(batch)), error))
            if not isinstance(error, Exception):
                raise
        else:
            self._finish(key, batch, results)

    async def _send(self, key: _Key, batch: list[_Waiting]) -> dict[int, Upserted | BaseException]:
        model, columns = key
        results: dict[int, Upserted | BaseException] = dict(await self._unchanged(model, batch))
        changed = [index for index in range(len(batch)) if index not in results]
        if not changed:
            return results
        sender = Batch(self._connection, self._readback, model, columns)
        loaded = await sender.run([batch[index].row for index in changed])
        await self._note(model, [(batch[index], result) for index, result in zip(changed, loaded, strict=True)])
        for index, result in zip(changed, loaded, strict=True):
            results[index] = result if isinstance(result, CareloomError) else Upserted(result, changed=True)
        return results

    async def _unchanged(self, model: str, batch: list[_Waiting]) -> dict[int, Upserted]:
        ids = [waiting.row.external_id for waiting in batch]
        entries = await self._ledger.get_many(self._connection.system, model, ids)
        oldest = self._connection.clock.now() - timedelta(hours=self._connection.settings.trust_ledger_hours)
        found = {}
        for index, waiting in enumerate(batch):
            entry = entries.get(waiting.row.external_id)
            if entry and entry.digest == waiting.digest and entry.as_of > oldest:
                found[index] = Upserted(entry.record_id, changed=False)
        return found

    async def _note(self, model: str, results: list[tuple[_Waiting, RowResult]]) -> None:
        now = self._connection.clock.now()
        entries = {
            waiting.row.external_id: Entry(result, waiting.digest, now)
            for waiting, result in results
            if isinstance(result, int)
        }
        if entries:
            await self._ledger.put_many(self._connection.system, model, entries)

    def _finish(self, key: _Key, batch: list[_Waiting], results: Mapping[int, Upserted | BaseException]) -> None:
        for index, waiting in enumerate(batch):
            _settle(waiting.done, results[index])
            self._advance((key[0], waiting.row.external_id))

    def _advance(self, subject: tuple[str, str]) -> None:
        chain = self._chains.get(subject)
        if chain is None:  # closed meanwhile
            return
        chain.popleft()
        if chain:
            self._enqueue(*chain[0])
        else:
            del self._chains[subject]

    async def close(self) -> None:
        """Stop the workers; upserts that wait are cancelled."""
        waiting = [one.done for chain in self._chains.values() for _, one in chain]
        waiting += [asked.done for entering in self._entering.values() for asked in entering]
        tasks = list(self._tasks)
        self._chains.clear()
        self._entering.clear()
        self._lanes.clear()
        for task in tasks:
            task.cancel()
        for done in waiting:
            done.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _settle(done: asyncio.Future[Upserted], result: Upserted | BaseException) -> None:
    if done.done():  # the caller gave up
        return
    if isinstance(result, Upserted):
        done.set_result(result)
    elif isinstance(result, asyncio.CancelledError):
        done.cancel()
    else:
        done.set_exception(result)
