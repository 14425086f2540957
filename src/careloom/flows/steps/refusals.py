"""What the table of authority keeps back is told to a steward: once for each system and field, until somebody has seen
to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from careloom.cases.recording import Recorder
from careloom.core.clock import Clock
from careloom.log.ports import NewCase
from careloom.store.database import Database

KIND: Final = "refused-write"
_REMEMBERED: Final = 300.0


class Refusals(Protocol):
    """Takes what was not written."""

    async def tell(self, source: str, entity: str, reasons: Mapping[str, str]) -> None:
        """This system may not set these fields of such an entity, for these reasons, which hold no value."""


class ToldOnce:
    """`Refusals` as cases. What was told of a moment ago is not looked up again: a portal may send all day."""

    def __init__(self, database: Database, recorder: Recorder, clock: Clock) -> None:
        self._database = database
        self._recorder = recorder
        self._clock = clock
        self._until: dict[tuple[str, str], float] = {}

    async def tell(self, source: str, entity: str, reasons: Mapping[str, str]) -> None:
        """See `Refusals`. Raises Unavailable; telling again is harmless."""
        now = self._clock.monotonic()
        fresh = {
            path: reason
            for field, reason in reasons.items()
            if self._until.get((source, path := f"{entity}.{field}"), now) <= now
        }
        if not fresh:
            return
        cases = [NewCase(KIND, source, reason, field=path) for path, reason in fresh.items()]
        async with self._database.acquire() as connection, connection.transaction():
            await self._recorder.open(connection, cases)
        self._until.update({(source, path): now + _REMEMBERED for path in fresh})
