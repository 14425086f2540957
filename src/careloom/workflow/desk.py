"""What people do with runs: answer what they wait for, cancel, hold, let go on. Each act is on record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from careloom.cases.catalogue import APPROVAL
from careloom.cases.desk import LONGEST_TEXT
from careloom.cases.kinds import Action
from careloom.cases.resolving import Resolution, Resumed
from careloom.cases.rights import AmountLimits
from careloom.cases.states import NotPossible as NotForNow
from careloom.core.clock import Clock
from careloom.core.envelope import Event
from careloom.core.errors import FormatError
from careloom.log.keyring import Keyring
from careloom.log.operators import Act, audit_of
from careloom.log.ports import Connection, NewCase
from careloom.store.sql import queries
from careloom.workflow.answers import kept
from careloom.workflow.ballots import NO_LIMITS, Ballots
from careloom.workflow.declaration import Workflow
from careloom.workflow.errors import NoSuchRun, NotPossible
from careloom.workflow.journal import HELD, ROOT, Journal, sealed
from careloom.workflow.rehearsal import Rehearsed, rehearse
from careloom.workflow.surroundings import Surroundings

_SQL = queries("runs")
_LOG = queries("log")
RUNS: Final = "runs"
"""The notice that a run is due."""


class RunResolver:
    """Cases that runs wait for: the run goes on by what was decided."""

    resumes: Final = "run"
    actions: Final = frozenset(
        {Action.SUPPLY, Action.RETRY, Action.RESOLVE, Action.APPROVE, Action.REJECT, Action.WAIVE, Action.DISCARD}
    )

    def __init__(self, keyring: Keyring, limits: AmountLimits = NO_LIMITS) -> None:
        """`limits` are those of the amounts that people may approve, by role."""
        self._keyring = keyring
        self._ballots = Ballots(limits)

    async def resolve(self, connection: Connection, resolution: Resolution) -> Resumed:
        """Raises the NotPossible of cases when the run does not wait for it any more."""
        run, path = place_of_case(resolution.case["run"])
        if path == HELD:
            return await _let_go_on(connection, run, resolution)
        counted = None
        if resolution.case["kind"] == APPROVAL:
            counted = await self._ballots.vote(connection, run, path, resolution)
        waits = await connection.fetchrow(_SQL.open_wait, run, path)
        if waits is None:
            raise NotForNow(f"run {run} does not wait for this any more; `careloom workflow show {run}` says why")
        keys = await self._keyring.open(connection, [waits["key"]])
        if waits["key"] not in keys:
            raise NotForNow(f"whom run {run} was about was erased")
        if counted is None:
            answer = kept(resolution.action, resolution.by, resolution.why, resolution.data)
        elif counted.decision is None:
            return Resumed(waits=True, said=counted.said)
        else:
            answer = msgspec.json.encode(counted.decision)
        body = sealed(keys[waits["key"]], run, path, answer)
        await connection.execute(_SQL.answer_wait, run, path, body, resolution.at, resolution.due)
        if path == ROOT:
            await connection.execute(_SQL.loosen_run, run, resolution.due)
        await connection.execute(_LOG.notify, RUNS)
        return Resumed(said="" if counted is None else counted.said)


class Told(NamedTuple):
    """Who acts on a run, and why."""

    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Opened:
    """What is sealed of a run, as JSON: what it began with, what each step gave or was told, what came of it."""

    input: bytes
    steps: Mapping[str, bytes]
    answers: Mapping[str, bytes]
    result: bytes | None


class RunDesk:
    """Acts on runs. Raises NoSuchRun, NotPossible, and FormatError for want of a reason; then nothing has changed."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._clock: Clock = around.clock

    @property
    def around(self) -> Surroundings:
        """What this desk acts on."""
        return self._around

    async def cancel(self, run: UUID, told: Told) -> None:
        """Undo what it did, the last first; it ends cancelled."""
        must_say(told)
        arguments = (told.why, told.by, self._clock.now())
        await self._act(run, "cancelled", told, _SQL.ask_cancel, *arguments, closes=(HELD,))

    async def suspend(self, run: UUID, told: Told) -> None:
        """Hold it: what it is doing is finished, nothing new begins. A case reminds people of it until it goes on."""
        await self._act(run, "suspended", told, _SQL.fix_run, self._clock.now())

    async def resume(self, run: UUID, told: Told) -> None:
        """Have it go on where it stopped."""
        await self._act(run, "resumed", told, _SQL.loosen_run, self._clock.now(), closes=(ROOT, HELD))

    async def retry(self, run: UUID, told: Told) -> None:
        """Have a run that stands still for its code go on, now that it is repaired; what it did is not done again."""
        await self._act(run, "retried", told, _SQL.retry_run, self._clock.now(), closes=(ROOT, HELD))

    async def move(self, run: UUID, version: int, told: Told) -> Rehearsed:
        """Have it finish on another version of its workflow: only if replaying it there comes to what it recorded.

        What it waits for is waited for anew, as that code asks. Raises NotPossible that says where the two differ.
        """
        must_say(told)
        journal = await self._around.store.load(run)
        target = self._target(journal, version)
        found = await rehearse(journal, target, self._around)
        if found.difference is not None:
            raise NotPossible(f"run {run} cannot go on as {target.name} version {version}: {found.difference}")
        arguments = (journal.revision, version, target.code, self._clock.now())
        why = f"from version {journal.row['version']} to {version}: {told.why}"
        moved = Told(told.by, why)
        await self._act(run, "moved", moved, _SQL.move_run, *arguments, closes=(ROOT,), dropped=found.dropped)
        return found

    def _target(self, journal: Journal, version: int) -> Workflow:
        row = journal.row
        if row["ended"] is not None:
            raise NotPossible(f"run {journal.id} is {row['state']}: it cannot be moved")
        target = self._around.registry.of(row["workflow"], version)
        if target is None:
            known = sorted(one.version for one in self._around.registry.workflows if one.name == row["workflow"])
            there = f"versions {', '.join(map(str, known))}" if known else "no version"
            raise NotPossible(f"there is no {row['workflow']} version {version} here: the code has {there}")
        if (target.version, target.code) == (row["version"], row["code"]):
            raise NotPossible(f"run {journal.id} is on version {version} already")
        return target

    async def look(self, run: UUID, told: Told) -> Opened:
        """What is sealed of it, for those who may see personal data. The look is on record before it is given."""
        must_say(told)
        journal = await self._around.store.load(run)
        async with self._around.store.database.acquire() as connection, connection.transaction():
            await self._record(connection, run, "looked", told, "body.revealed.v1")
        row = journal.row
        return Opened(
            journal.input,
            {path: step.body for path, step in journal.steps.items() if step.body is not None},
            {path: wait.answer for path, wait in journal.waits.items() if wait.answer is not None},
            journal.open("result", row["result"]),
        )

    async def _act(
        self,
        run: UUID,
        what: str,
        told: Told,
        sql: str,
        *arguments: object,
        closes: Sequence[str] = (),
        dropped: Sequence[str] = (),
    ) -> None:
        """`closes` are the places of its cases that the act ends: those of a run that stood still, or was held."""
        async with self._around.store.database.acquire() as connection, connection.transaction():
            if await connection.fetchval(sql, run, *arguments) is None:
                await self._refuse(connection, run, what)
            why = f"{what}: {told.why}" if told.why else what
            closed = [one for place in closes for one in await self._closed(connection, run, place, why, told.by)]
            if ROOT in closes:
                await connection.execute(_SQL.forget_stop, run)
            if dropped:
                await connection.execute(_SQL.drop_waits, run, list(dropped))
            await connection.execute(_LOG.notify, RUNS)
            held = [await self._reminder(connection, run)] if what == "suspended" else []
            await self._record(connection, run, what, told, f"run.{what}.v1", closed, held)
        self._around.woken()

    async def _closed(self, connection: Connection, run: UUID, place: str, why: str, by: str) -> Sequence[Event]:
        return await self._around.store.teller.book.end_of_run(connection, run, why, place, by, "resolved")

    async def _reminder(self, connection: Connection, run: UUID) -> NewCase:
        row = await connection.fetchrow(_SQL.standing, run)
        assert row is not None, "it was held just now"
        workflow = self._around.registry.of(row["workflow"], row["version"])
        owner, criticality = ("", "normal") if workflow is None else (workflow.owner, workflow.criticality)
        return NewCase(
            "run-held", row["workflow"], "a person holds the run; its acts say who, and why", run=f"{run}/{HELD}",
            owner=owner, type=row["workflow"], message=row["correlation"], criticality=criticality,
        )  # fmt: skip

    async def noted(self, connection: Connection, run: UUID, told: Told) -> None:
        """That somebody began it; within the transaction that does."""
        await connection.execute(_LOG.notify, RUNS)
        await self._record(connection, run, "began", told, "run.began.v1")

    async def _record(
        self, connection: Connection, run: UUID, what: str, told: Told, type_: str, events: Sequence[Event] = (),
        cases: Sequence[NewCase] = (),
    ) -> None:  # fmt: skip
        now = self._clock.now()
        await connection.execute(_SQL.keep_act, self._around.new_id(), run, now, told.by, what, told.why)
        audit = audit_of(type_, Act(told.by, told.why), "", [str(run)], self._around.new_id(), now)
        await self._around.store.teller.write(connection, [*events, audit], cases)

    async def _refuse(self, connection: Connection, run: UUID, what: str) -> None:
        row = await connection.fetchrow(_SQL.load_run, run)
        if row is None:
            raise NoSuchRun(f"there is no run {run}; `careloom workflow list` shows those that there are")
        if what == "moved" and row["ended"] is None:
            raise NotPossible(f"run {run} goes on just now; suspend it, then move it")
        raise NotPossible(f"run {run} is {_stands(row)}: it cannot be {what}")


def _stands(row: Any) -> str:
    if row["cancel"] is not None and row["ended"] is None:
        return "being cancelled"
    return f"{row['state']}, held by a person" if row["fixed"] else str(row["state"])


async def _let_go_on(connection: Connection, run: UUID, resolution: Resolution) -> Resumed:
    """A run that a person holds goes on; or it is held further, and nobody is reminded of it."""
    if resolution.action is Action.RETRY:
        if await connection.fetchval(_SQL.loosen_run, run, resolution.due) is None:
            raise NotForNow(f"run {run} is not held any more; `careloom workflow show {run}` says how it stands")
        await connection.execute(_LOG.notify, RUNS)
    return Resumed()


def must_say(told: Told) -> None:
    """Raises FormatError for want of a reason."""
    if not told.why.strip() or len(told.why) > LONGEST_TEXT or "\0" in told.why:
        raise FormatError(f"say why, in up to {LONGEST_TEXT} characters", "reason")


def place_of_case(place: str) -> tuple[UUID, str]:
    """The run and the place in it that a case is about."""
    run, _, path = place.partition("/")
    return UUID(run), path
