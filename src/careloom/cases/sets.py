"""Sets of cases that somebody was shown, so that an act on a token touches just those, and once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from careloom.cases.rights import Actor
from careloom.cases.states import NoSuchCase, NotPossible
from careloom.core.clock import Clock
from careloom.core.ids import IdFactory
from careloom.log.ports import Connection
from careloom.store.sql import queries

_SQL = queries("cases")


class Shown(NamedTuple):
    """A set, by whom and when it was shown, and whether it was acted on. `cause`: of one group; its own token where
    somebody chose its members."""

    token: UUID
    cause: UUID
    cases: tuple[UUID, ...]
    made: datetime
    made_by: str
    used: datetime | None
    used_by: str | None


class CaseSets:
    """Keeps them, within the caller's connection."""

    def __init__(self, clock: Clock, new_id: IdFactory) -> None:
        self._clock = clock
        self._new_id = new_id

    async def keep(
        self, connection: Connection, cases: Sequence[UUID], actor: Actor, cause: UUID | None = None
    ) -> UUID:
        """The token that stands for these."""
        token = self._new_id()
        now = self._clock.now()
        await connection.execute(_SQL.keep_set, token, cause or token, list(cases), now, actor.name)
        return token

    async def shown(self, connection: Connection, token: UUID) -> Shown:
        """Raises NoSuchCase for a token that was never given."""
        row = await connection.fetchrow(_SQL.set_known, token)
        if row is None:
            raise NoSuchCase("no set was shown under this token; preview the group first")
        cases = tuple(row["cases"])
        return Shown(token, row["cause"], cases, row["made"], row["made_by"], row["used"], row["used_by"])

    async def use(self, connection: Connection, token: UUID, actor: Actor) -> list[UUID]:
        """Its members, once. Raises NoSuchCase, and NotPossible for one that was used."""
        ids: Any = await connection.fetchval(_SQL.use_set, token, self._clock.now(), actor.name)
        if ids is None:
            await self.shown(connection, token)
            raise NotPossible("this set was acted on before; preview the group again")
        return list(ids)
