"""What runs reach beside their own records: other runs, events that came, what is held back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from careloom.cases.kinds import CaseKinds
from careloom.core.clock import Clock
from careloom.core.ids import IdFactory
from careloom.log.ports import Connection
from careloom.security.sealing import DataKey, MasterKey
from careloom.store.sql import queries
from careloom.workflow.calling import Calls
from careloom.workflow.declaration import Registry, Workflow
from careloom.workflow.journal import Journal, RunStore
from careloom.workflow.values import encoded

_SQL = queries("runs")
LANES: Final = 16
LIVE, BACKFILL = 0, 1
Noting = Callable[[Connection], Awaitable[None]]


def about_key(master: MasterKey, key: str) -> UUID:
    """The stand-in in the database for what a run is about."""
    return master.token(f"run about/{key}")


def _nobody() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Beginning:
    """A run that is to begin. It is told of when it has not ended at `late_at`, or within its workflow's `sla`."""

    run: UUID
    workflow: Workflow
    given: Any
    key: DataKey
    parent: UUID | None = None
    since: datetime | None = None
    correlation: UUID | None = None
    causation: UUID | None = None
    urgency: int = LIVE
    late_at: datetime | None = None


@dataclass
class Surroundings:
    """One per node. `woken` is called when a run became due; `stopping`: what takes long lets go soon."""

    store: RunStore
    registry: Registry
    kinds: CaseKinds
    call: Calls
    clock: Clock
    new_id: IdFactory
    woken: Callable[[], None] = field(default=_nobody)
    stopping: bool = False

    def due_in(self, seconds: float) -> datetime:
        """That much later, and never at once: what is tried again must not spin."""
        return self.clock.now() + timedelta(seconds=max(seconds, 0.05))

    def signal_key(self, signal: str, key: str) -> UUID:
        """The stand-in for a key in the database: keys may be numbers of patients."""
        return self.store.keyring.master.token(f"run/{signal}/{key}")

    def about_key(self, key: str) -> UUID:
        """The stand-in for what a run is about."""
        return about_key(self.store.keyring.master, key)

    def run_for(self, workflow: Workflow, number: str) -> UUID:
        """The id of the only run of a workflow for this number."""
        return self.store.keyring.master.token(f"run once/{workflow.name}/{number}")

    async def begin(
        self,
        run: UUID,
        workflow: Workflow,
        given: Any,
        subject: str,
        *,
        since: datetime | None = None,
        correlation: UUID | None = None,
        causation: UUID | None = None,
        urgency: int = LIVE,
        noting: Noting | None = None,
    ) -> bool:
        """Begin a run; False when it was begun before, by whomever. `noting` puts on record who did, in the same
        transaction."""
        async with self.store.database.acquire() as connection:
            keys = await self.store.keyring.ensure(connection, [subject])
        row = Beginning(
            run,
            workflow,
            given,
            keys[subject],
            since=since,
            correlation=correlation,
            causation=causation,
            urgency=urgency,
        )
        return await self._begin(row, noting)

    async def begin_child(self, parent: Journal, run: UUID, workflow: Workflow, given: Any) -> bool:
        """Begin a run that another waits for; it is about the same subject."""
        row = parent.row
        begun = Beginning(
            run,
            workflow,
            given,
            parent.key,
            parent=parent.id,
            since=row["since"],
            correlation=row["correlation"],
            causation=row["causation"],
            urgency=row["urgency"],
        )
        return await self._begin(begun)

    async def _begin(self, one: Beginning, noting: Noting | None = None) -> bool:
        async with self.store.database.acquire() as connection, connection.transaction():
            fresh = await self.write(connection, one)
            if fresh and noting is not None:
                await noting(connection)
        self.woken()
        return fresh

    async def write(self, connection: Connection, one: Beginning) -> bool:
        """Begin a run inside the caller's transaction, who calls `woken` after it; False when it was begun before."""
        now = self.clock.now()
        workflow, key = one.workflow, one.key
        body = key.seal("", encoded(one.given, workflow.name), one.run)
        lane = one.run.int % LANES
        about = [self.about_key(name) for name in (workflow.about(one.given) if workflow.about else ())]
        late = [late for late in (one.late_at, now + workflow.sla if workflow.sla else None) if late is not None]
        fresh = await connection.fetchval(
            _SQL.begin_run, one.run, lane, workflow.name, workflow.version, workflow.code, one.urgency, key.id,
            key.token, body, one.correlation or one.run, one.causation, one.parent, one.since or now, now,
            min(late, default=None), None if workflow.deadline is None else now + workflow.deadline,
        )  # fmt: skip
        if fresh is not None and about:
            await connection.execute(_SQL.note_about, one.run, about)
        return fresh is not None

    async def arrival(self, journal: Journal, signal: str, key: UUID) -> tuple[UUID, str, bytes] | None:
        """The first event of this signal that the run has not had: its id, type and body."""
        async with self.store.database.acquire() as connection:
            event = await connection.fetchval(_SQL.first_arrival, journal.id, signal, key, journal.row["since"])
            if event is None:
                return None
            row = await connection.fetchrow(_SQL.event_by_id, event)
            assert row is not None, "entries of the log are only added"
            keys = await self.store.keyring.open(connection, [row["key"]])
        opened = keys.get(row["key"])
        # Of somebody who was erased since: it came, and says nothing any more.
        return event, row["type"], b"" if opened is None else opened.open(row["body"], event)[1]

    async def ended(self, run: UUID) -> tuple[str, bytes | None, str | None] | None:
        """What became of a run: its state, what it gave and why it failed; None while it has not ended."""
        journal = await self.store.load(run)
        row = journal.row
        if row["ended"] is None:
            return None
        result = journal.open("result", row["result"])
        return row["state"], result, row["error"]

    async def hold(self, journal: Journal, sort: str, key: str, reason: str) -> None:
        """Hold steps of this sort back where they are about this key."""
        async with self.store.database.acquire() as connection:
            await connection.execute(_SQL.hold, self.about_key(key), sort, journal.id, reason, self.clock.now())

    async def held(self, sort: str, key: str) -> UUID | None:
        """The stand-in for the key, if it is held back."""
        async with self.store.database.acquire() as connection:
            found: UUID | None = await connection.fetchval(_SQL.held, [self.about_key(key)], sort)
        return found

    async def release(self, journal: Journal, sort: str, key: str) -> None:
        """Let go of what the run held back."""
        async with self.store.database.acquire() as connection, connection.transaction():
            # A run that is about to wait for this locks it too: the later of the two sees the other.
            await connection.execute(_SQL.lock_signal, sort, self.about_key(key))
            await connection.execute(_SQL.release, self.about_key(key), sort, self.clock.now(), journal.id)
        self.woken()

    async def arrived(self, signals: Sequence[tuple[str, str]], event: UUID, recorded: datetime) -> None:
        """Keep an event for those that wait for it by these signals and keys, or will, and wake them."""
        keyed = sorted((name, self.signal_key(name, key)) for name, key in signals)
        async with self.store.database.acquire() as connection, connection.transaction():
            await _keep(connection, keyed, event, recorded, self.clock.now())
        self.woken()


async def _keep(
    connection: Any, keyed: Iterable[tuple[str, UUID]], event: UUID, recorded: datetime, now: datetime
) -> None:
    for name, key in keyed:
        await connection.execute(_SQL.lock_signal, name, key)
        await connection.execute(_SQL.keep_arrival, name, key, event, recorded)
        await connection.execute(_SQL.wake_waiting, name, key, now)
