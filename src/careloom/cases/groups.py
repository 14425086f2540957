"""Retries all cases of one cause: exactly the set that was shown, once, and no faster than the target bears."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from careloom.cases.desk import CaseDesk, Decision
from careloom.cases.kinds import Action
from careloom.cases.recording import Recorder
from careloom.cases.rights import Actor
from careloom.cases.states import NoSuchCase, NotPossible
from careloom.core.clock import Clock
from careloom.core.envelope import Event
from careloom.core.ids import IdFactory
from careloom.log.operators import Act
from careloom.log.ports import Connection
from careloom.store.database import Database
from careloom.store.sql import queries

_SQL = queries("cases")
MOST: Final = 1_000
PER_SECOND: Final = 20.0


@dataclass(frozen=True, slots=True)
class Member:
    """A case of a set that was shown."""

    id: UUID
    kind: str
    system: str
    type: str
    opened: datetime


@dataclass(frozen=True, slots=True)
class CaseSet:
    """What a retry of this token would touch. `more`: the group has others, which it would not."""

    token: UUID
    cause: UUID
    members: tuple[Member, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class KeptSet:
    """A set as it stands now. `ready` are those of its members that a retry would touch still; `used`: it has been."""

    token: UUID
    cause: UUID
    members: tuple[Member, ...]
    ready: frozenset[UUID]
    made_by: str
    used: datetime | None
    used_by: str | None

    @property
    def chosen(self) -> bool:
        """Whether somebody chose its members one by one."""
        return self.cause == self.token


@dataclass(frozen=True, slots=True)
class SetRetried:
    """What came of it. `left` of the set had ended meanwhile, or somebody had taken them; the last one that was retried
    is handled after `seconds`."""

    retried: int
    left: int
    seconds: float


class CaseGroups:
    """Acts on groups."""

    def __init__(self, database: Database, desk: CaseDesk, recorder: Recorder, clock: Clock, new_id: IdFactory) -> None:
        self._database = database
        self._desk = desk
        self._recorder = recorder
        self._clock = clock
        self._new_id = new_id

    async def preview(self, cause: UUID, actor: Actor, limit: int = MOST) -> CaseSet:
        """The set, oldest first, and the token that stands for it. Raises NoSuchCase where nothing could be retried."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_SQL.retryable, cause, actor.name, min(limit, MOST) + 1)
            shown = [row for row in rows[: min(limit, MOST)] if self._may(row, actor)]
            if not shown:
                raise NoSuchCase(
                    "nothing of this group could be retried by you; `careloom case group` lists the groups"
                )
            token = self._new_id()
            await self._keep(connection, token, cause, shown, actor)
        return CaseSet(token, cause, tuple(map(_member, shown)), len(rows) > len(shown))

    async def choose(self, cases: Sequence[UUID], actor: Actor) -> CaseSet:
        """As `preview`, of just these, whatever caused them; those that could not be retried are left out, and `more`
        says so. Its cause is its own token."""
        wanted = list(dict.fromkeys(cases))
        if len(wanted) > MOST:
            raise NotPossible(f"at most {MOST} cases are retried at once; choose fewer")
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_SQL.of_set, wanted, actor.name)
            shown = [row for row in rows if self._may(row, actor)]
            if not shown:
                raise NoSuchCase("nothing that you chose could be retried by you; choose what waits and is yours")
            token = self._new_id()
            await self._keep(connection, token, token, shown, actor)
        return CaseSet(token, token, tuple(map(_member, shown)), len(wanted) > len(shown))

    async def shown(self, token: UUID, actor: Actor) -> KeptSet:
        """What was shown under a token, as it stands now. Raises NoSuchCase for a token that was never given."""
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(_SQL.set_known, token)
            if row is None:
                raise NoSuchCase("no set was shown under this token; preview the group first")
            members = await connection.fetch(_SQL.members, row["cases"])
            ready = await connection.fetch(_SQL.of_set, row["cases"], actor.name)
        left = frozenset(one["id"] for one in ready if self._may(one, actor))
        who = (row["made_by"], row["used"], row["used_by"])
        return KeptSet(token, row["cause"], tuple(map(_member, members)), left, *who)

    async def _keep(self, connection: Connection, token: UUID, cause: UUID, shown: Sequence[Any], actor: Actor) -> None:
        ids = [row["id"] for row in shown]
        await connection.execute(_SQL.keep_set, token, cause, ids, self._clock.now(), actor.name)

    async def retry(self, token: UUID, actor: Actor, why: str, per_second: float = PER_SECOND) -> SetRetried:
        """Retry what the token stands for, as far as it still waits; in one transaction, spread over time by `due`.

        Raises NoSuchCase for a token that was never given, NotPossible for one that was used.
        """
        if per_second <= 0:
            raise NotPossible("a rate is above zero")
        now = self._clock.now()
        async with self._database.acquire() as connection, connection.transaction():
            ids = await self._use(connection, token, actor)
            rows = await connection.fetch(_SQL.of_set, ids, actor.name)
            events: list[Event] = []
            for place, row in enumerate(rows):
                due = now + timedelta(seconds=place / per_second)
                decided = await self._desk.decide(connection, row, actor, Decision(Action.RETRY, why), due)
                events += decided.events
            events.append(self._recorder.audit("cases.retried.v1", Act(actor.name, why), [row["id"] for row in rows]))
            await self._recorder.write(connection, events)
        return SetRetried(len(rows), len(ids) - len(rows), max(0, len(rows) - 1) / per_second)

    def _may(self, row: Any, actor: Actor) -> bool:
        return actor.has(row["owner"]) and Action.RETRY in self._desk.kinds.of(row["kind"]).actions

    async def _use(self, connection: Any, token: UUID, actor: Actor) -> list[UUID]:
        ids: list[UUID] | None = await connection.fetchval(_SQL.use_set, token, self._clock.now(), actor.name)
        if ids is not None:
            return ids
        if await connection.fetchrow(_SQL.set_known, token) is None:
            raise NoSuchCase("no set was shown under this token; preview the group first")
        raise NotPossible("this set was acted on before; preview the group again")


def _member(row: Any) -> Member:
    return Member(row["id"], row["kind"], row["system"], row["type"], row["opened"])
