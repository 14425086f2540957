"""Reads runs: pages, one with its timeline, how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from careloom.core.clock import Clock
from careloom.core.errors import FormatError
from careloom.log.keyring import Keyring
from careloom.log.ports import Connection
from careloom.store.database import Database
from careloom.store.sql import queries
from careloom.workflow.errors import NoSuchRun
from careloom.workflow.standing import (
    ActShown,
    ChildShown,
    RunCase,
    RunCount,
    RunPage,
    RunStanding,
    RunStory,
    StepShown,
    WaitShown,
    place,
    standing,
)
from careloom.workflow.states import ENDED, State
from careloom.workflow.surroundings import about_key

_SQL = queries("runs")
RECENT: Final = timedelta(days=1)
FURTHEST: Final = timedelta(days=92)
_UNWELL: Final = frozenset({State.FAILED, State.CANCELLED})


@dataclass(frozen=True, slots=True)
class WantedRuns:
    """Which runs. `state` None: in any; `about` is a key that the workflow's `about` gives, such as the number of an
    order; begun at or after `begun_from` and before `begun_before`; `unfinished`: only those that have not ended."""

    workflow: str | None = None
    state: State | None = None
    about: str | None = None
    begun_from: datetime | None = None
    begun_before: datetime | None = None
    unfinished: bool = False


class RunReader:
    """Tells how runs stand."""

    def __init__(self, database: Database, keyring: Keyring, clock: Clock) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock

    async def one(self, run: UUID) -> RunStanding:
        """Raises NoSuchRun."""
        async with self._database.acquire() as connection:
            return standing(await row_of(connection, run), self._clock.now())

    async def story(self, run: UUID) -> RunStory:
        """A run with all that it did, that happened to it, and that it waits for. Raises NoSuchRun."""
        async with self._database.acquire() as connection:
            row = await row_of(connection, run)
            steps = await connection.fetch(_SQL.timeline_steps, run)
            waits = await connection.fetch(_SQL.timeline_waits, run)
            acts = await connection.fetch(_SQL.acts, run)
            children = await connection.fetch(_SQL.children, run)
            cases = await connection.fetch(_SQL.cases_of_run, run, f"{run}/%")
        return RunStory(
            standing(row, self._clock.now()),
            sorted((StepShown(**one) for one in steps), key=lambda one: place(one.path)),
            sorted(map(_wait, waits), key=lambda one: place(one.path)),
            [ActShown(**one) for one in acts],
            [ChildShown(**one) for one in children],
            [_case(one) for one in cases],
        )

    async def page(self, wanted: WantedRuns, after: tuple[datetime, UUID] | None, limit: int) -> RunPage:
        """The newest first. `after` is that of the page before."""
        asked: list[object] = [wanted.workflow, wanted.state, wanted.begun_from, wanted.begun_before]
        asked += [*(after or (None, None)), limit + 1]
        statement = _statement(wanted)
        if wanted.about is not None:
            asked.append(about_key(self._keyring.master, wanted.about))
        async with self._database.acquire() as connection:
            rows: Sequence[Any] = await connection.fetch(statement, *asked)
        now = self._clock.now()
        shown = [standing(row, now) for row in rows[:limit]]
        return RunPage(shown, (shown[-1].begun, shown[-1].id) if len(rows) > limit else None)

    async def counts(self, workflow: str | None = None, since: datetime | None = None) -> Sequence[RunCount]:
        """Of those that have not ended, and of those begun `since` (a day ago) that have. Raises FormatError for more
        than `FURTHEST` days back."""
        now = self._clock.now()
        if since is not None and since < now - FURTHEST:
            raise FormatError(f"give a time in the last {FURTHEST.days} days", "since")
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_SQL.counts, workflow, since or now - RECENT, now)
        return [RunCount(**row) for row in rows]


async def row_of(connection: Connection, run: UUID) -> Any:
    """The row of a run, without what is sealed. Raises NoSuchRun."""
    row = await connection.fetchrow(_SQL.standing, run)
    if row is None:
        raise NoSuchRun(f"there is no run {run}; `careloom workflow list` shows those that there are")
    return row


def _statement(wanted: WantedRuns) -> str:
    if wanted.about is not None:
        return _SQL.page_about
    if wanted.unfinished or (wanted.state is not None and wanted.state not in ENDED):
        return _SQL.page_open
    return _SQL.page_unwell if wanted.state in _UNWELL else _SQL.page


def _wait(row: Any) -> WaitShown:
    fields = dict(row)
    return WaitShown(name=fields.pop("signal"), **fields)


def _case(row: Any) -> RunCase:
    fields = dict(row)
    run = fields.pop("run")
    return RunCase(**fields, path=None if run is None else run.partition("/")[2])
