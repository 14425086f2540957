"""The model in use: a sealed row of the database, the last one; before there is any, the one that is shipped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from careloom.core.clock import Clock
from careloom.core.envelope import Event
from careloom.core.ids import IdFactory
from careloom.identity.index.comparing import Matcher
from careloom.identity.index.sealed import Seal
from careloom.identity.index.seam import Telling
from careloom.identity.matching.model import Model
from careloom.log.operators import Act, audit_of
from careloom.store.database import Database
from careloom.store.sql import queries

_SQL = queries("persons")
FRESH_SECONDS: Final = 30.0
"""A model that another node put to use decides here after this long at the latest."""
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Model).decode


@dataclass(frozen=True, slots=True)
class Used:
    """A model that decided from `since` on, and who put it to use, why."""

    version: str
    since: datetime
    by: str
    why: str


class Models:
    """Gives the matcher of the model in use. `make` makes a matcher of a model; `shipped` is used where none was ever
    put to use."""

    def __init__(
        self, database: Database, seal: Seal, make: Callable[[Model], Matcher], shipped: Matcher, clock: Clock
    ) -> None:
        self._database = database
        self._seal = seal
        self._make = make
        self._matcher = shipped
        self._clock = clock
        self._until = float("-inf")

    async def matcher(self) -> Matcher:
        """Looks into the database now and then, and only makes another matcher where there is another model."""
        if self._clock.monotonic() >= self._until:
            self._until = self._clock.monotonic() + FRESH_SECONDS
            async with self._database.acquire() as connection:
                row = await connection.fetchrow(_SQL.model)
            if row is not None and row["version"] != self._matcher.version:
                self._matcher = self._make(_decode(self._seal.open_model(row["body"])))
        return self._matcher

    async def use(self, model: Model, act: Act, telling: Telling, new_id: IdFactory) -> None:
        """Decide by this model from now on, here and, within `FRESH_SECONDS`, on every node."""
        matcher, now = self._make(model), self._clock.now()
        audit: Event = audit_of("person.model_used.v1", act, "", [model.version], new_id(), now)
        body = self._seal.model(_encode(model))
        async with self._database.acquire() as connection, connection.transaction():
            await connection.execute(_SQL.use_model, model.version, body, now, act.by, act.reason)
            await telling.write(connection, [audit])
        self._matcher = matcher

    async def history(self) -> list[Used]:
        """Those that were put to use, the oldest first."""
        async with self._database.acquire() as connection:
            rows: list[Any] = await connection.fetch(_SQL.models)
        return [Used(row["version"], row["since"], row["by"], row["why"]) for row in rows]
