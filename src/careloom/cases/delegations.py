"""Roles that people hand on to others for a time: who stands in for whom, on record.

Only who has a role by its own can hand it on, so no role travels further than one step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from careloom.cases.recording import Recorder
from careloom.cases.rights import Actor, NotAllowed, must_be_assigned, must_have_role, person
from careloom.cases.states import NoSuchCase
from careloom.core.clock import Clock
from careloom.core.errors import FormatError
from careloom.core.ids import IdFactory
from careloom.log.operators import Act
from careloom.log.ports import Connection
from careloom.store.database import Database
from careloom.store.sql import queries

_SQL = queries("approvals")
MOST: Final = 1_000


@dataclass(frozen=True, slots=True)
class Delegation:
    """A role that is handed on, from `since` until before `until`."""

    id: UUID
    role: str
    handed_by: str
    handed_to: str
    since: datetime
    until: datetime
    why: str
    made: datetime

    def as_dict(self) -> dict[str, str]:
        """For JSON."""
        shown = {name: getattr(self, name) for name in self.__slots__}
        return {name: value.isoformat() if isinstance(value, datetime) else str(value) for name, value in shown.items()}


class Delegations:
    """Hands roles on, and takes them back; each with its entry of the audit."""

    def __init__(self, database: Database, recorder: Recorder, clock: Clock, new_id: IdFactory) -> None:
        self._database = database
        self._recorder = recorder
        self._clock = clock
        self._new_id = new_id

    async def hand_on(
        self, actor: Actor, role: str, to: str, *, until: datetime, since: datetime | None = None, why: str = ""
    ) -> Delegation:
        """Somebody else stands in for the actor in this role, from now or `since`. Raises NotAllowed for a role that
        the actor does not have by its own, FormatError for nobody to hand it to and for a time that is over."""
        must_be_assigned(actor)
        must_have_role(actor, role)
        now = self._clock.now()
        begin = since or now
        if not role.strip():
            raise FormatError("name the role", "role")
        if not person(to) or person(to) == person(actor.name):
            raise FormatError("name somebody else", "to")
        if "\0" in f"{role}{to}{why}":
            raise FormatError("is no text that can be kept", "role, to or why")
        if until <= max(begin, now):
            raise FormatError("it ends before it begins", "until")
        made = Delegation(self._new_id(), role, actor.name, to, begin, until, why, now)
        async with self._database.acquire() as connection, connection.transaction():
            await connection.execute(
                _SQL.hand_on, made.id, role, person(actor.name), actor.name, person(to), to, begin, until, why, now
            )
            await self._note(connection, "role.handed-on.v1", actor, made.id, why)
        return made

    async def take_back(self, actor: Actor, delegation: UUID, why: str = "") -> None:
        """Whoever handed it on, or an operator, ends it at once. Raises NoSuchCase for one that does not hold."""
        now = self._clock.now()
        async with self._database.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(_SQL.take_back, delegation, now, actor.name)
            if row is None:
                raise NoSuchCase(f"no role is handed on as {delegation}, or not any more")
            if actor.roles is not None and row["principal"] != person(actor.name):
                raise NotAllowed("somebody else handed this role on; ask them to take it back")
            must_be_assigned(actor)
            await self._note(connection, "role.taken-back.v1", actor, delegation, why)

    async def list(self, *, by: str | None = None, to: str | None = None, limit: int = MOST) -> Sequence[Delegation]:
        """Those that hold now or will, of whom and to whom: at most so many, the first to begin first."""
        whose, whom = (None if name is None else person(name) for name in (by, to))
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_SQL.delegations, self._clock.now(), whose, whom, limit)
        return [Delegation(**dict(row)) for row in rows]

    async def _note(self, connection: Connection, what: str, actor: Actor, one: UUID, why: str) -> None:
        await self._recorder.write(connection, [self._recorder.audit(what, Act(actor.name, why), [one])])


async def standing_in(connection: Connection, actor: Actor, case: Any, now: datetime) -> Actor:
    """The actor with the role that the case wants, where somebody handed it on; never in place of who asked for it."""
    role: str = case["owner"]
    if actor.has(role):
        return actor
    rows = await connection.fetch(_SQL.standing_in, person(actor.name), role, now, person(case["asked_by"]))
    if not rows:
        return actor
    names = tuple(row["handed_by"] for row in rows)
    return replace(actor, roles=frozenset({*(actor.roles or ()), role}), in_place_of=names)
