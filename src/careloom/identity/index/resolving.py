"""Who an arrival is: what is known and unchanged in one look for all that ask at once, the rest decided and written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from careloom.core.clock import Clock
from careloom.core.errors import Contention
from careloom.core.ids import IdFactory
from careloom.identity.index.arriving import Arriving, Comer
from careloom.identity.index.collecting import Collecting
from careloom.identity.index.models import Models
from careloom.identity.index.sealed import Seal
from careloom.identity.index.seam import Arrival, Resolved, Telling
from careloom.model import Identifier
from careloom.store.database import Database
from careloom.store.sql import queries

_SQL = queries("persons")
_LOOKED_UP: Final = 128
_WRITTEN: Final = 16
_WRITERS: Final = 4
_TRIES: Final = 8


class _Asked(NamedTuple):
    arrival: Arrival
    number: UUID
    digest: bytes


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
        self._writing = Collecting(self._write, most=_WRITTEN, workers=_WRITERS)

    async def resolve(self, arrival: Arrival) -> Resolved:
        """See `Resolver.resolve`. Raises Contention where nodes keep meeting over it, which passes."""
        asked = _Asked(
            arrival, self._seal.number(arrival.source, arrival.number), self._seal.fingerprint(arrival.patient)
        )
        for _ in range(_TRIES):
            known, unchanged = await self._looking.ask(asked)
            if unchanged is not None:
                return unchanged
            matcher = await self._models.matcher()
            comer = Comer.of(arrival, asked.number, asked.digest, matcher, self._seal)
            written = await self._writing.ask((comer, known))
            if written is not None:
                return written
        raise Contention("other nodes keep writing the same record; try again")

    async def standing(self, source: str, number: Identifier) -> Resolved | None:
        """The record of a number as it stands, whatever it says; None for a number that never came."""
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(_SQL.known, [self._seal.number(source, number)])
        return None if row is None else self._resolved(row)

    async def close(self) -> None:
        """Finish what was asked."""
        await self._looking.close()
        await self._writing.close()

    async def _look(self, asked: Sequence[_Asked]) -> list[tuple[bool, Resolved | None]]:
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_SQL.known, list({one.number for one in asked}))
        found = {row["number"]: row for row in rows}
        answers: list[tuple[bool, Resolved | None]] = []
        for one in asked:
            row = found.get(one.number)
            if row is None or row["digest"] != one.digest:
                answers.append((row is not None, None))
                continue
            answers.append((True, self._resolved(row)))
        return answers

    def _resolved(self, row: Any) -> Resolved:
        return Resolved(row["person"], row["id"], self._seal.open_known(row["lead"], row["known"]))

    async def _write(self, asked: Sequence[tuple[Comer, bool]]) -> list[Resolved | None]:
        comers = [comer for comer, _ in asked]
        known = frozenset(comer.number for comer, was in asked if was)
        matcher = await self._models.matcher()
        try:
            async with self._database.acquire() as connection, connection.transaction():
                written = await self._arriving.write(connection, matcher, comers, known)
        except Contention:
            return [None] * len(asked)  # nothing of it stands: all of them look again
        taken: set[UUID] = set()
        answers: list[Resolved | None] = []
        for comer in comers:
            answers.append(None if comer.number in taken else written.get(comer.number))
            taken.add(comer.number)
        return answers
