"""What one run has done and waits for, as this node knows it while it drives the run; every write goes through here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

from careloom.core.clock import Clock
from careloom.core.envelope import Event
from careloom.log.keyring import Keyring
from careloom.log.ports import Connection, NewCase
from careloom.security.sealing import DataKey
from careloom.store.database import Database
from careloom.store.sql import queries
from careloom.workflow.errors import NoSuchRun, Stale, Unreadable
from careloom.workflow.states import State
from careloom.workflow.telling import Teller

_SQL = queries("runs")
_APPROVALS = queries("approvals")
_SUBJECT: Final = ""  # a run's key says whose it is; a body need not repeat it


_ENDINGS: Final = {State.COMPLETED: "has completed", State.FAILED: "failed", State.CANCELLED: "was cancelled"}
First = Callable[[Connection], Awaitable[Sequence[Event]]]
"""What is done before a step is recorded, in its transaction; gives what tells of it."""
ROOT: Final = "root"
"""The place of a run where a person has the run itself, not one of its steps."""
HELD: Final = "held"
"""The place of the case that reminds of a run which a person holds."""


@dataclass(frozen=True, slots=True)
class Step:
    """One recorded step; `body` is what it gave, or why it failed; `error` is that in words that everybody may read."""

    name: str
    sort: str
    state: str
    attempts: int = 1
    due: datetime | None = None
    reference: UUID | None = None
    body: bytes | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Something that the run waits for at one place. `key` and `signal` name an event or a hold, `reference` a run."""

    path: str
    sort: str
    due: datetime | None = None
    signal: str | None = None
    key: UUID | None = None
    reference: UUID | None = None
    answer: bytes | None = None
    answered: datetime | None = None


@dataclass
class Journal:
    """The records of one run. Raises Stale once another node has written any."""

    store: RunStore
    row: Any
    key: DataKey
    steps: dict[str, Step]
    waits: dict[str, Wait]
    input: bytes
    revision: int
    cancel: str | None
    fixed: bool
    asks: bool = False
    fresh: dict[str, Wait] = field(default_factory=dict)
    cases: list[NewCase] = field(default_factory=list)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def id(self) -> UUID:
        found: UUID = self.row["id"]
        return found

    def seal(self, path: str, body: bytes | None) -> bytes | None:
        """For one place of this run; it opens at no other."""
        return None if body is None else sealed(self.key, self.id, path, body)

    def open(self, path: str, body: bytes | None) -> bytes | None:
        """What was sealed at this place."""
        return _open(self.key, self.id, path, body)

    async def record(
        self, path: str, step: Step, began: datetime, *, events: Sequence[Event] = (), cases: Sequence[NewCase] = (),
        first: First | None = None,
    ) -> None:  # fmt: skip
        """Keep what happened at this place, with what it tells and what is done `first`, in one transaction."""
        async with self.turn:
            now = self.store.clock.now()
            arguments = (
                self.id, self.revision, path, step.name, step.sort, step.state, step.attempts, step.due,
                step.reference, self.seal(path, step.body), step.error, began, now,
            )  # fmt: skip
            row = await self.store.record(arguments, events, cases, first)
            self.revision, self.fixed = row["revision"], row["fixed"]
            self.cancel = row["cancel"] or self.cancel
        self.steps[path] = step
        self.waits.pop(path, None)
        self.fresh.pop(path, None)

    async def record_place(
        self, path: str, step: Step, began: datetime, counts: tuple[int, int, int | None, float | None],
        cases: Sequence[NewCase],
    ) -> None:  # fmt: skip
        """Keep how far a loop is: its place, and `counts` for who looks on: done, put aside, total, items a second."""
        async with self.turn:
            now = self.store.clock.now()
            arguments = (
                self.id, self.revision, path, step.name, step.attempts, step.due, self.seal(path, step.body), began,
                now, *counts,
            )  # fmt: skip
            row = await self.store.record(arguments, (), cases, sql=_SQL.record_place)
            self.revision, self.fixed = row["revision"], row["fixed"]
            self.cancel = row["cancel"] or self.cancel
        self.steps[path] = step
        self.waits.pop(path, None)
        self.fresh.pop(path, None)

    def wait(self, wait: Wait) -> None:
        """Something that the run waits for; kept when the run lets go, which sees to it that nothing came meanwhile."""
        self.fresh[wait.path] = wait


class RunStore:
    """Runs in the database."""

    def __init__(self, database: Database, keyring: Keyring, teller: Teller, clock: Clock) -> None:
        self.database = database
        self.keyring = keyring
        self.teller = teller
        self.clock = clock

    async def load(self, run: UUID) -> Journal:
        """A run as it stands. Raises NoSuchRun, and Unreadable for one whose subject was erased."""
        async with self.database.acquire() as connection:
            row = await connection.fetchrow(_SQL.load_run, run)
            if row is None:
                raise NoSuchRun(f"there is no run {run}; `careloom workflow list` shows those that there are")
            keys = await self.keyring.open(connection, [row["key"]])
            key = keys.get(row["key"])
            if key is None:
                raise Unreadable(f"whom run {run} was about was erased, and with it what the run knew")
            steps, waits = [], []
            if row["state"] != State.PENDING:
                steps = await connection.fetch(_SQL.load_steps, run)
                waits = await connection.fetch(_SQL.load_waits, run)
        return Journal(
            self,
            row,
            key,
            {one["path"]: _step(key, run, one) for one in steps},
            {one["path"]: _wait(key, run, one) for one in waits},
            key.open(row["input"], run)[1],
            row["revision"],
            row["cancel"],
            row["fixed"],
            any(one["sort"] == "case" for one in waits),
        )

    async def record(
        self,
        arguments: Sequence[object],
        events: Sequence[Event],
        cases: Sequence[NewCase],
        first: First | None = None,
        sql: str = _SQL.record_step,
    ) -> Any:
        """The run's new revision. Raises Stale when another node drove it meanwhile."""
        async with self.database.acquire() as connection:
            if not events and not cases and first is None:
                return _held(await connection.fetchrow(sql, *arguments))
            async with connection.transaction():
                told = [] if first is None else await first(connection)
                row = _held(await connection.fetchrow(sql, *arguments))
                await self.teller.write(connection, [*told, *events], cases)
            return row

    async def suspend(
        self, journal: Journal, state: State, due: datetime | None, *, error: str | None = None, pauses: bool = False
    ) -> None:
        """Let go of the run with what it waits for, and open its cases; `due` is when it goes on by itself. Its service
        level `pauses` while all that it waits for are events."""
        waits = list(journal.fresh.values())
        columns = [
            [getattr(wait, name) for wait in waits] for name in ("path", "sort", "signal", "key", "due", "reference")
        ]
        used = [wait.path for wait in waits if wait.path not in journal.waits]
        async with self.database.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(
                _SQL.suspend_run,
                journal.id,
                journal.revision,
                state,
                due,
                self.clock.now(),
                error,
                *columns,
                used,
                pauses,
            )
            journal.revision = _held(row)["revision"]
            await self.teller.write(connection, (), journal.cases)

    async def compensate(self, journal: Journal, reason: str, cancel: str | None = None) -> None:
        """From now on the run only undoes; with `cancel` it ends cancelled, also when another node ends it."""
        async with self.database.acquire() as connection, connection.transaction():
            # Approvals are locked before their run, as by those who vote.
            await connection.execute(_APPROVALS.withdraw, journal.id, self.clock.now())
            await self._start(connection, journal)
            row = await connection.fetchrow(
                _SQL.compensate_run, journal.id, journal.revision, self.clock.now(), reason, cancel
            )
            journal.revision = _held(row)["revision"]
            await connection.execute(
                _SQL.cancel_children, journal.id, "the run that began it is undone", self.clock.now()
            )
            over = await self.teller.book.end_of_run(
                connection, journal.id, "the run it was for is being undone", state="resolved"
            )
            await self.teller.write(connection, over)

    async def stop_asking(
        self,
        connection: Connection,
        run: UUID,
        path: str,
        why: str = "nobody decided in time",
        state: str = "discarded",
    ) -> Sequence[Event]:
        """Nobody needs to decide any more what was asked here: the case ends. What tells of it is for the caller to
        write. Raises Stale when somebody did just now: the run is driven again, with that."""
        if await connection.fetchrow(_SQL.open_wait, run, path) is None:
            raise Stale
        return await self.teller.book.end_of_run(connection, run, why, path, state=state)

    async def end(
        self,
        journal: Journal,
        state: State,
        *,
        result: bytes | None = None,
        error: str | None = None,
        cases: Sequence[NewCase] = (),
    ) -> None:
        """The run has ended; whoever waits for it goes on."""
        sealed = journal.seal("result", result)
        async with self.database.acquire() as connection, connection.transaction():
            if journal.row["parent"] is not None:
                # The parent may be letting go just now, to wait for this very end.
                await connection.execute(_SQL.lock_signal, "run", journal.id)
            if journal.waits:
                await connection.execute(_APPROVALS.withdraw, journal.id, self.clock.now())
            if state is not State.CANCELLED:
                await self._start(connection, journal)
            row = await connection.fetchrow(
                _SQL.end_run, journal.id, journal.revision, state, self.clock.now(), error, sealed
            )
            _held(row)
            closed: Sequence[Event] = ()
            if journal.waits or journal.asks:
                await connection.execute(_SQL.forget_waits, journal.id)
            if any(step.sort == "hold" for step in journal.steps.values()):
                await connection.execute(_SQL.lock_holds, journal.id)
                await connection.execute(_SQL.release_all, journal.id, self.clock.now())
            if journal.asks:
                why = f"the run it was for {_ENDINGS[state]}"
                closed = await self.teller.book.end_of_run(connection, journal.id, why, state="resolved")
            await self.teller.write(connection, closed, cases)

    async def give_up(self, run: UUID) -> None:
        """End a run that cannot be read any more."""
        async with self.database.acquire() as connection, connection.transaction():
            await connection.execute(_SQL.unreadable_compensating, run)
            await connection.execute(_SQL.unreadable_leaving, run)
            why = "whom it was about was erased; what it did stays done"
            await connection.execute(_SQL.unreadable_ended, run, self.clock.now(), why)
            await connection.execute(_SQL.forget_waits, run)
            await self.teller.write(connection, await self.teller.book.end_of_run(connection, run, why))

    async def _start(self, connection: Any, journal: Journal) -> None:
        if journal.revision == journal.row["revision"]:  # nothing was recorded since it was last let go
            row = await connection.fetchrow(_SQL.start_run, journal.id, journal.revision, self.clock.now())
            if row is not None:
                journal.revision = row["revision"]


def sealed(key: DataKey, run: UUID, path: str, body: bytes) -> bytes:
    """For one place of a run; it opens at no other."""
    return key.seal(_SUBJECT, body, uuid5(run, path))


def _held(row: Any) -> Any:
    if row is None:
        raise Stale
    return row


def _open(key: DataKey, run: UUID, path: str, body: bytes | None) -> bytes | None:
    return None if body is None else key.open(body, uuid5(run, path))[1]


def _step(key: DataKey, run: UUID, row: Any) -> Step:
    return Step(
        row["name"],
        row["sort"],
        row["state"],
        row["attempts"],
        row["due"],
        row["reference"],
        _open(key, run, row["path"], row["body"]),
        row["error"],
    )


def _wait(key: DataKey, run: UUID, row: Any) -> Wait:
    return Wait(
        row["path"],
        row["sort"],
        row["due"],
        row["signal"],
        row["key"],
        row["reference"],
        _open(key, run, row["path"], row["answer"]),
        row["answered"],
    )
