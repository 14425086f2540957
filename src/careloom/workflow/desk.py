"""What people do with runs: answer what they wait for, cancel, hold, let go on. Each act is on record."""

from __future__ import annotations

from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from careloom.cases.catalogue import APPROVAL
from careloom.cases.kinds import Action
from careloom.cases.resolving import Resolution, Resumed
from careloom.cases.rights import AmountLimits
from careloom.cases.states import NotPossible as NotForNow
from careloom.core.clock import Clock
from careloom.log.keyring import Keyring
from careloom.log.operators import Act, audit_of
from careloom.log.ports import Connection
from careloom.store.sql import queries
from careloom.workflow.answers import kept
from careloom.workflow.ballots import NO_LIMITS, Ballots
from careloom.workflow.errors import NoSuchRun, NotPossible
from careloom.workflow.journal import ROOT, sealed
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


class RunDesk:
    """Acts on runs. Raises NoSuchRun and NotPossible; then nothing has changed."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._clock: Clock = around.clock

    async def cancel(self, run: UUID, told: Told) -> None:
        """Undo what it did, the last first; it ends cancelled."""
        await self._act(run, "cancelled", told, _SQL.ask_cancel, told.why, told.by, self._clock.now())

    async def suspend(self, run: UUID, told: Told) -> None:
        """Hold it: what it is doing is finished, nothing new begins."""
        await self._act(run, "suspended", told, _SQL.fix_run, self._clock.now())

    async def resume(self, run: UUID, told: Told) -> None:
        """Have it go on where it stopped."""
        await self._act(run, "resumed", told, _SQL.loosen_run, self._clock.now())

    async def _act(self, run: UUID, what: str, told: Told, sql: str, *arguments: object) -> None:
        async with self._around.store.database.acquire() as connection, connection.transaction():
            changed = await connection.fetchval(sql, run, *arguments)
            if changed is None:
                await self._refuse(connection, run, what)
            now, id_ = self._clock.now(), self._around.new_id()
            await connection.execute(_SQL.keep_act, id_, run, now, told.by, what, told.why)
            audit = audit_of(f"run.{what}.v1", Act(told.by, told.why), "", [str(run)], self._around.new_id(), now)
            await connection.execute(_LOG.notify, RUNS)
            await self._around.store.teller.write(connection, [audit])
        self._around.woken()

    async def _refuse(self, connection: Any, run: UUID, what: str) -> None:
        row = await connection.fetchrow(_SQL.load_run, run)
        if row is None:
            raise NoSuchRun(f"there is no run {run}; `careloom workflow list` shows those that there are")
        raise NotPossible(f"run {run} is {row['state']}: it cannot be {what}")


def place_of_case(place: str) -> tuple[UUID, str]:
    """The run and the place in it that a case is about."""
    run, _, path = place.partition("/")
    return UUID(run), path
