"""Lets go of what is kept for a time: attempts to deliver, the audit of API calls, answers that came, notices,
and runs that ended, with what they did, what began them by the clock, and how far their loops were.

The log itself is never trimmed. What is let go of is said in the log file, with how many rows and until when.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from careloom.core.clock import Clock
from careloom.core.errors import CareloomError
from careloom.log.ownership import lock_class
from careloom.store.database import Database
from careloom.store.sql import queries

_SQL = queries("retention")
_log = logging.getLogger(__name__)
EVERY_SECONDS: Final = 3600.0
AT_ONCE: Final = 5_000
_CLASS: Final = lock_class("careloom retention")


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept how long. `statement` lets go of it; None days: for ever."""

    what: str
    statement: str
    setting: str
    days: int | None


class Retention:
    """Looks once an hour; of several nodes that look at one time, one lets go."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        attempts_days: int | None,
        calls_days: int | None,
        answers_days: int | None,
        notices_days: int | None,
        runs_days: int | None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._kept = (
            Kept("attempts to deliver", _SQL.trim_attempts, "keep_attempts_days", attempts_days),
            Kept("calls of the API", _SQL.trim_calls, "keep_calls_days", calls_days),
            Kept("answers that came", _SQL.trim_answers, "keep_answers_days", answers_days),
            Kept("notices", _SQL.trim_notices, "keep_notices_days", notices_days),
            Kept("runs that ended", _SQL.trim_runs, "keep_runs_days", runs_days),
        )

    async def look(self) -> int:
        """Let go of all that is too old now; how many rows that were. Raises Unavailable when the store is away."""
        return sum([await self._let_go(one, one.days) for one in self._kept if one.days is not None])

    async def keep_looking(self) -> None:
        """For ever."""
        while True:
            with suppress(CareloomError):
                await self.look()
            await self._clock.sleep(EVERY_SECONDS)

    async def _let_go(self, one: Kept, days: int) -> int:
        before = self._clock.now() - timedelta(days=days)
        total = 0
        while gone := await self._some(one.statement, before):
            total += gone
        if total:
            _log.info("let go of %d %s from before %s (store.%s)", total, one.what, f"{before:%Y-%m-%d}", one.setting)
        return total

    async def _some(self, statement: str, before: object) -> int:
        """At most `AT_ONCE` rows, in a transaction of its own; none while another node is at it."""
        async with self._database.acquire() as connection, connection.transaction():
            if not await connection.fetchval(_SQL.try_retention, _CLASS):
                return 0
            gone: int = await connection.fetchval(statement, before, AT_ONCE)
            return gone
