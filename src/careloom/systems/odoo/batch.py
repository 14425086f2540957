"""One batch of rows through `load()`: conflicts are tried again, lost answers read back, bad rows set apart.

load() is one transaction: a single bad row rolls back all. Odoo usually names the bad rows, so they are taken out and
the rest is sent again; where it does not, the batch is halved until the bad row stands alone.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from careloom.core.errors import AmbiguousError, CareloomError, Rejected
from careloom.systems.odoo.connection import Connection
from careloom.systems.odoo.faults import (
    CONTENTION_MARKS,
    Fault,
    OdooContention,
    OdooContractBroken,
    OdooFault,
    OdooRejected,
    make,
)
from careloom.systems.odoo.readback import ReadBack, Row

_LOGGER = logging.getLogger("careloom.systems.odoo")
_LOAD = "load"
_LONGEST_SPLIT = 40
_LOST_ANSWERS = 3

RowResult: TypeAlias = int | CareloomError
"""The record id, or why this row is not in Odoo."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A call that was rolled back: the errors of the rows Odoo named, by index; empty when it named none."""

    rows: Mapping[int, OdooFault]
    whole: CareloomError


class Batch:
    """Loads rows of one model and column set. `calls` counts the calls of load() made for them."""

    def __init__(
        self,
        connection: Connection,
        readback: ReadBack,
        model: str,
        columns: Sequence[str],
        context: Mapping[str, Any] | None = None,
    ) -> None:
        self._connection = connection
        self._readback = readback
        self._model = model
        self._columns = tuple(columns)
        self._context = dict(context or {})
        self._rows: Sequence[Row] = ()
        self._results: dict[int, RowResult] = {}
        self.calls = 0

    async def run(self, rows: Sequence[Row]) -> list[RowResult]:
        """A result for each row, in order. The external ids must differ from each other."""
        self._rows = rows
        pending = [list(range(len(rows)))]
        while pending:
            part = pending.pop()
            if self.calls >= _LONGEST_SPLIT:
                self._fail(part, self._too_many())
                continue
            try:
                pending += await self._step(part)
            except CareloomError as error:
                self._fail([index for one in (part, *pending) for index in one], error)
                pending = []
        return [self._results[index] for index in range(len(rows))]

    async def _step(self, part: list[int]) -> list[list[int]]:
        """Load a part; returns the parts that are still to do."""
        outcome = await self._load([self._rows[index] for index in part])
        if isinstance(outcome, list):
            self._results |= dict(zip(part, outcome, strict=True))
            return []
        if outcome.rows:
            self._results |= {part[at]: error for at, error in outcome.rows.items()}
            rest = [index for at, index in enumerate(part) if at not in outcome.rows]
            _LOGGER.warning("%s.load: %d of %d rows refused", self._model, len(outcome.rows), len(part))
            return [rest] if rest else []
        if len(part) == 1:
            self._results[part[0]] = outcome.whole
            return []
        middle = len(part) // 2
        return [part[middle:], part[:middle]]

    def _fail(self, part: list[int], error: CareloomError) -> None:
        self._results |= dict.fromkeys(part, error)

    def _too_many(self) -> OdooFault:
        fault = Fault("too many refused parts", self._model, _LOAD)
        return make(OdooContention, fault, "the row is sent again with others")

    async def _load(self, rows: list[Row]) -> list[int] | Refused:
        """Load and, when the answer is lost, find out: the rows are there, or load() is repeated, which is safe."""
        for attempt in range(1, _LOST_ANSWERS + 1):
            try:
                return await self._connection.persist(lambda: self._once(rows))
            except AmbiguousError as lost:
                _LOGGER.warning("%s.load: answer lost for %d rows, reading back", self._model, len(rows))
                settled = await self._settled(rows, lost)
                if settled is not None:
                    return settled
                if attempt == _LOST_ANSWERS:
                    raise
                await self._connection.pause(attempt)
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _settled(self, rows: list[Row], lost: AmbiguousError) -> list[int] | None:
        try:
            return await self._readback.settled(self._model, self._columns, rows)
        except CareloomError as error:
            _LOGGER.warning("%s.load: reading back failed: %s", self._model, error)
            raise lost from None

    async def _once(self, rows: list[Row]) -> list[int] | Refused:
        self.calls += 1
        data = [cells for row in rows for cells in row.table()]
        arguments = {"fields": ["id", *self._columns], "data": data}
        try:
            result = await self._connection.call(self._model, _LOAD, arguments, context=self._context)
        except Rejected as error:
            return Refused({}, error)
        return self._read(result, len(rows))

    def _read(self, result: Any, count: int) -> list[int] | Refused:
        ids = result.get("ids") if isinstance(result, Mapping) else None
        if isinstance(ids, list) and len(ids) == count:
            return ids
        if ids is not False:
            fault = Fault("unexpected answer", self._model, _LOAD)
            raise make(OdooContractBroken, fault, "load() must give one id for each row; is the method overridden?")
        messages = [message for message in result.get("messages", ()) if message.get("type") == "error"]
        if any(mark in str(message.get("message")) for message in messages for mark in CONTENTION_MARKS):
            fault = Fault("concurrent update", self._model, _LOAD)
            raise make(OdooContention, fault, "another writer was faster: it is tried again")
        bad = {message["record"]: self._refusal(message) for message in reversed(messages) if _named(message, count)}
        return Refused(bad, self._refusal(messages[0] if messages else {}))

    def _refusal(self, message: Mapping[str, Any]) -> OdooFault:
        field, row = message.get("field"), message.get("record")
        fault = Fault(
            "row refused",
            self._model,
            _LOAD,
            row=row if isinstance(row, int) else None,
            field=field if isinstance(field, str) else None,
            private_detail=str(message.get("message", "")),
        )
        return make(OdooRejected, fault, "Odoo refuses this row: correct the source data or the mapping")


def _named(message: Mapping[str, Any], count: int) -> bool:
    record = message.get("record")
    return isinstance(record, int) and 0 <= record < count
