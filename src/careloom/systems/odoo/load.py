"""Upserts by external id, gathered into few calls of `load()`.

Rows share a call when they are of one model and have the same columns. Upserts of one external id keep their order and
never share a call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from careloom.core.errors import CareloomError
from careloom.systems.ledger import Entry, Ledger, digest
from careloom.systems.odoo.batch import Batch, RowResult
from careloom.systems.odoo.cells import FieldInfo, Value
from careloom.systems.odoo.connection import Connection
from careloom.systems.odoo.gathering import Gathering, settle
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


@dataclass(frozen=True, slots=True)
class _Prepared:
    row: Row
    digest: bytes


_Lane: TypeAlias = tuple[str, tuple[str, ...]]


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
        settings = connection.settings
        self._rows: Gathering[_Lane, _Prepared, Upserted] = Gathering(
            self._send, workers=settings.concurrency, most=settings.batch_rows
        )
        self._entering: dict[str, list[_Asked]] = {}
        self._learning: set[asyncio.Task[None]] = set()

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
            task = asyncio.create_task(self._learn(model), name="odoo fields")
            self._learning.add(task)
            task.add_done_callback(self._learning.discard)
        return await done

    async def _learn(self, model: str) -> None:
        """Read the model's fields, then let in what has come meanwhile, in one step that nobody can overtake."""
        try:
            infos = await self._schema.fields(model)
        except BaseException as error:
            for asked in self._entering.pop(model, ()):
                settle(asked.done, error)
            if not isinstance(error, Exception):
                raise
        else:
            for asked in self._entering.pop(model, ()):
                self._enter(model, infos, asked)

    def _enter(self, model: str, infos: Mapping[str, FieldInfo], asked: _Asked) -> None:
        try:
            cells = to_cells(infos, model, asked.values)
        except CareloomError as error:
            settle(asked.done, error)
            return
        columns = tuple(sorted(cells))
        row = Row(asked.external_id, tuple(cells[column] for column in columns))
        prepared = _Prepared(row, digest(columns, row.cells, self._digest_key))
        sent = self._rows.ask((model, columns), (model, asked.external_id), prepared)
        sent.add_done_callback(lambda outcome: _pass_on(outcome, asked.done))

    async def _send(self, lane: _Lane, batch: Sequence[_Prepared]) -> list[Upserted | CareloomError]:
        model, columns = lane
        results: dict[int, Upserted | CareloomError] = dict(await self._unchanged(model, batch))
        changed = [index for index in range(len(batch)) if index not in results]
        if changed:
            loaded = await Batch(self._connection, self._readback, model, columns).run(
                [batch[index].row for index in changed]
            )
            await self._note(model, [(batch[index], result) for index, result in zip(changed, loaded, strict=True)])
            for index, result in zip(changed, loaded, strict=True):
                results[index] = result if isinstance(result, CareloomError) else Upserted(result, changed=True)
        return [results[index] for index in range(len(batch))]

    async def _unchanged(self, model: str, batch: Sequence[_Prepared]) -> dict[int, Upserted]:
        ids = [prepared.row.external_id for prepared in batch]
        entries = await self._ledger.get_many(self._connection.system, model, ids)
        oldest = self._connection.clock.now() - timedelta(hours=self._connection.settings.trust_ledger_hours)
        found = {}
        for index, prepared in enumerate(batch):
            entry = entries.get(prepared.row.external_id)
            if entry and entry.digest == prepared.digest and entry.as_of > oldest:
                found[index] = Upserted(entry.record_id, changed=False)
        return found

    async def _note(self, model: str, results: Sequence[tuple[_Prepared, RowResult]]) -> None:
        now = self._connection.clock.now()
        entries = {
            prepared.row.external_id: Entry(result, prepared.digest, now)
            for prepared, result in results
            if isinstance(result, int)
        }
        if entries:
            await self._ledger.put_many(self._connection.system, model, entries)

    async def close(self) -> None:
        """Stop the workers; upserts that wait are cancelled."""
        waiting = [asked.done for entering in self._entering.values() for asked in entering]
        self._entering.clear()
        tasks = list(self._learning)
        for task in tasks:
            task.cancel()
        for done in waiting:
            done.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._rows.close()


def _pass_on(sent: asyncio.Future[Upserted], done: asyncio.Future[Upserted]) -> None:
    settle(done, asyncio.CancelledError() if sent.cancelled() else sent.exception() or sent.result())
