"""Who an arrival is: what is known and unchanged in one look for all that ask at once, the rest decided and written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from careloom.core.clock import Clock
from careloom.core.errors import Contention
from careloom.core.ids import IdFactory
from careloom.identity.index.arriving import Arriving, Comer
from careloom.identity.index.collecting import Collecting
from careloom.identity.index.models import Models
from careloom.identity.index.refreshing import refresh
from careloom.identity.index.sealed import Seal
from careloom.identity.index.seam import Arrival, Resolved, Telling
from careloom.model import Identifier
from careloom.store.database import Database
from careloom.store.sql import queries

_SQL = queries("persons")
_LOOKED_UP: Final = 128
_REFRESHED: Final = 64
_WRITTEN: Final = 16
_WRITERS: Final = 4
_TRIES: Final = 8


class _Asked(NamedTuple):
    arrival: Arrival
    number: UUID
    digest: bytes


class _Known(NamedTuple):
    """What stands under a number: the fingerprint of what is compared of it, and who it is where it says what it said
    before."""

    compared: bytes
    unchanged: Resolved | None


class Resolving:
    """Resolves arrivals on one node. It holds no record: what it knows, it asks."""

    def __init__(
        self, database: Database, seal: Seal, models: Models, telling: Telling, clock: Clock, new_id: IdFactory
    ) -> None:
        self._database = database
        self._seal = seal
        self._models = models
        self._arriving = Arriving(seal, telling, clock, new_id)
        self._looking = Collecting(self._look, most=_LOOKED_UP, workers=1)
        self._refreshing = Collecting(self._refresh, most=_REFRESHED, workers=1)
        self._writing = Collecting(self._write, most=_WRITTEN, workers=_WRITERS)

    async def resolve(self, arrival: Arrival) -> Resolved:
        """See `Resolver.resolve`. Raises Contention where nodes keep meeting over it, which passes."""
        asked = _Asked(
            arrival, self._seal.number(arrival.source, arrival.number), self._seal.fingerprint(arrival.patient)
        )
        for _ in range(_TRIES):
            known = await self._looking.ask(asked)
            if known is not None and known.unchanged is not None:
                return known.unchanged
            comer = Comer.of(arrival, asked.number, asked.digest, await self._models.matcher(), self._seal)
            if known is not None and known.compared == comer.compared:
                resolved = await self._refreshing.ask(comer)
            else:
                resolved = await self._writing.ask((comer, known is not None))
            if resolved is not None:
                return resolved
        raise Contention("other nodes keep writing the same record; try again")

    async def standing(self, source: str, number: Identifier) -> Resolved | None:
        """The record of a number as it stands, whatever it says; None for a number that never came."""
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(_SQL.known, [self._seal.number(source, number)])
        return None if row is None else self._resolved(row)

    async def close(self) -> None:
        """Finish what was asked."""
        await self._looking.close()
        await self._refreshing.close()
        await self._writing.close()

    async def _look(self, asked: Sequence[_Asked]) -> list[_Known | None]:
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_SQL.known, list({one.number for one in asked}))
        found = {row["number"]: row for row in rows}
        return [self._known(one, found.get(one.number)) for one in asked]

    def _known(self, one: _Asked, row: Any) -> _Known | None:
        if row is None:
            return None
        return _Known(row["compared"], self._resolved(row) if row["digest"] == one.digest else None)

    def _resolved(self, row: Any) -> Resolved:
        return Resolved(row["person"], row["id"], self._seal.open_known(row["lead"], row["known"]))

    async def _refresh(self, comers: Sequence[Comer]) -> list[Resolved | None]:
        async with self._database.acquire() as connection, connection.transaction():
            return await refresh(connection, self._seal, comers)

    async def _write(self, asked: Sequence[tuple[Comer, bool]]) -> list[Resolved | None]:
        comers = [comer for comer, _ in asked]
        known = frozenset(comer.number for comer, was in asked if was)
        matcher = await self._models.matcher()
        try:
            async with self._database.acquire() as connection, connection.transaction():
                written = await self._arriving.write(connection, matcher, comers, known)
        except Contention:
            return [None] * len(asked)  # nothing of it stands: all of them look again
        return _each_once(comers, written)


def _each_once(comers: Sequence[Comer], resolved: Mapping[UUID, Resolved]) -> list[Resolved | None]:
    """The answer of each in its order; whoever came a second time with a number asks again."""
    taken: set[UUID] = set()
    answers: list[Resolved | None] = []
    for comer in comers:
        answers.append(None if comer.number in taken else resolved.get(comer.number))
        taken.add(comer.number)
    return answers
