"""Opens and closes cases in the transaction of what caused or ended them."""

from __future__ import annotations

from collections.abc import Sequence

from careloom.core.clock import Clock
from careloom.core.envelope import Position
from careloom.core.ids import IdFactory
from careloom.log.ports import Connection, NewCase
from careloom.store.sql import queries

_SQL = queries("cases")


class Cases:
    """The log's `CaseBook` on PostgreSQL."""

    def __init__(self, clock: Clock, new_id: IdFactory) -> None:
        self._clock = clock
        self._new_id = new_id

    async def open(self, connection: Connection, cases: Sequence[NewCase]) -> None:
        """See `CaseBook.open`."""
        if not cases:
            return
        await connection.execute(
            _SQL.open_cases,
            [self._new_id() for _ in cases],
            [case.kind for case in cases],
            [case.system for case in cases],
            [case.subscription for case in cases],
            [case.position.lane if case.position else None for case in cases],
            [case.position.sequence if case.position else None for case in cases],
            [case.event for case in cases],
            [case.message for case in cases],
            [case.field for case in cases],
            [case.reason for case in cases],
            [self._clock.now()] * len(cases),
            [case.owner for case in cases],
        )

    async def resolve_at(
        self, connection: Connection, subscription: str, positions: Sequence[Position], resolution: str, by: str
    ) -> None:
        """See `CaseBook.resolve_at`."""
        if positions:
            lanes = [position.lane for position in positions]
            sequences = [position.sequence for position in positions]
            await connection.execute(_SQL.resolve_at, subscription, lanes, sequences, self._clock.now(), resolution, by)
