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
from careloom.cases.sets import CaseSets
from careloom.cases.states import NoSuchCase, NotPossible
from careloom.core.clock import Clock
from careloom.core.envelope import Event
from careloom.core.ids import IdFactory
from careloom.log.operators import Act
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
        self._sets = CaseSets(clock, new_id)

    async def preview(self, cause: UUID, actor: Actor, limit: int = MOST) -> CaseSet:
        """The set, oldest first, and the token that stands for it. Raises NoSuchCase where nothing could be retried."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_SQL.retryable, cause, actor.name, min(limit, MOST) + 1)
            shown = [row for row in rows[: min(limit, MOST)] if self._may(row, actor)]
            if not shown:
                raise NoSuchCase(
                    "nothing of this group could be retried by you; `careloom case group` lists the groups"
                )
            token = await self._sets.keep(connection, [row["id"] for row in shown], actor, cause)
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
            token = await self._sets.keep(connection, [row["id"] for row in shown], actor)
        return CaseSet(token, token, tuple(map(_member, shown)), len(wanted) > len(shown))

    async def shown(self, token: UUID, actor: Actor) -> KeptSet:
        """What was shown under a token, as it stands now. Raises NoSuchCase for a token that was never given."""
        async with self._database.acquire() as connection:
            row = await self._sets.shown(connection, token)
            members = await connection.fetch(_SQL.members, row.cases)
            ready = await connection.fetch(_SQL.of_set, row.cases, actor.name)
        left = frozenset(one["id"] for one in ready if self._may(one, actor))
        return KeptSet(token, row.cause, tuple(map(_member, members)), left, row.made_by, row.used, row.used_by)

    async def retry(self, token: UUID, actor: Actor, why: str, per_second: float = PER_SECOND) -> SetRetried:
        """Retry what the token stands for, as far as it still waits; in one transaction, spread over time by `due`.

        Raises NoSuchCase for a token that was never given, NotPossible for one that was used.
        """
        if per_second <= 0:
            raise NotPossible("a rate is above zero")
        now = self._clock.now()
        async with self._database.acquire() as connection, connection.transaction():
            ids = await self._sets.use(connection, token, actor)
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


def _member(row: Any) -> Member:
    return Member(row["id"], row["kind"], row["system"], row["type"], row["opened"])
