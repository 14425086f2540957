"""Opens and closes cases in the transaction of what caused or ended them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from careloom.cases.catalogue import shipped
from careloom.cases.causes import cause_of
from careloom.cases.kinds import PRIORITIES, CaseKinds
from careloom.cases.telling import raised, resolved
from careloom.core.clock import Clock
from careloom.core.envelope import Event, Position
from careloom.core.ids import IdFactory
from careloom.log.ports import Connection, NewCase
from careloom.store.sql import queries

_SQL = queries("cases")
_ABOUT_ITSELF: Final = "exception."
HALF, WHOLE = 50, 100


class Cases:
    """The log's `CaseBook` on PostgreSQL."""

    def __init__(self, clock: Clock, new_id: IdFactory, kinds: CaseKinds | None = None) -> None:
        self._clock = clock
        self._new_id = new_id
        self.kinds = kinds or shipped()

    async def open(self, connection: Connection, cases: Sequence[NewCase]) -> Sequence[Event]:
        """See `CaseBook.open`."""
        if not cases:
            return ()
        now = self._clock.now()
        columns = [list(column) for column in zip(*(self._row(case, now) for case in cases), strict=True)]
        rows = await connection.fetch(_SQL.open_cases, *columns[:9], now, *columns[9:])
        return [raised(row, self._new_id) for row in rows if not row["quiet"]]

    async def resolve_at(
        self,
        connection: Connection,
        subscription: str,
        positions: Sequence[Position],
        resolution: str,
        by: str,
        state: str = "resolved",
    ) -> Sequence[Event]:
        """See `CaseBook.resolve_at`."""
        if not positions:
            return ()
        lanes = [position.lane for position in positions]
        sequences = [position.sequence for position in positions]
        now = self._clock.now()
        return self.told(
            await connection.fetch(_SQL.resolve_at, subscription, lanes, sequences, now, resolution, by, state)
        )

    async def resolve_loose(
        self, connection: Connection, case: UUID, resolution: str, by: str
    ) -> Sequence[Event] | None:
        """See `CaseBook.resolve_loose`."""
        rows = await connection.fetch(_SQL.resolve_loose, case, self._clock.now(), resolution, by)
        return self.told(rows) if rows else None

    async def end_of_run(
        self,
        connection: Connection,
        run: UUID,
        resolution: str,
        place: str | None = None,
        by: str = "careloom",
        state: str = "discarded",
    ) -> Sequence[Event]:
        """See `CaseBook.end_of_run`."""
        where = f"{run}/{place or '%'}"
        return self.told(await connection.fetch(_SQL.end_of_run, where, self._clock.now(), resolution, by, state))

    async def settle(
        self, connection: Connection, system: str, kind: str, place: str | None, resolution: str
    ) -> Sequence[Event]:
        """Close what a system reported of itself; as `CaseBook.open` gives what tells of it."""
        now = self._clock.now()
        return self.told(await connection.fetch(_SQL.settle, system, kind, place, now, resolution))

    def told(self, ended: Sequence[Any]) -> Sequence[Event]:
        """What tells of rows of cases that ended."""
        return [resolved(row, self._new_id) for row in ended if not row["quiet"]]

    def _row(self, case: NewCase, now: datetime) -> tuple[object, ...]:
        kind = self.kinds.of(case.kind)
        place = case.position or (None, None)
        # Else a subscription that fails to tell of cases would be told of that, and so on for ever.
        quiet = case.type.startswith(_ABOUT_ITSELF)
        return (
            self._new_id(),
            case.kind,
            case.system,
            case.subscription,
            *place,
            case.event,
            case.message,
            case.field,
            case.reason,
            case.owner or kind.owner,
            case.type,
            case.run,
            cause_of(case),
            min(PRIORITIES.get(case.criticality, PRIORITIES["normal"]), PRIORITIES[kind.criticality]),
            case.asked_by,
            case.due or now + kind.sla,
            None if case.due else now + kind.sla * HALF / WHOLE,
            quiet,
            (case.category or kind.category).value,
            " ".join(case.actions),
        )
