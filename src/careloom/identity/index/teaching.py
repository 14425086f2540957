"""What the index teaches its own model: how frequent names are here, how rare one person is among so many, and, where
somebody asks for it, the weights."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Final

import msgspec

from careloom.core.clock import Clock
from careloom.core.errors import CareloomError
from careloom.identity.index.index import PersonIndex
from careloom.identity.matching import training
from careloom.identity.matching.counting import Count
from careloom.identity.matching.features import Features
from careloom.identity.matching.model import Model
from careloom.log.operators import Act
from careloom.log.ownership import lock_class
from careloom.store.database import Database
from careloom.store.sql import queries

_SQL = queries("persons")
_log = logging.getLogger(__name__)
ENOUGH: Final = 10_000
"""Fewer records say less of their names than the model that is shipped."""
GROWN: Final = 2.0
"""What was counted on half as many is counted again."""
MOST_WEIGHED: Final = 300_000
"""So many records are enough to estimate weights on, and what a machine of a few GB can hold."""
EVERY_SECONDS: Final = 3600.0
_CLASS: Final = lock_class("careloom person names")
_OF = " on "


async def taught(index: PersonIndex) -> Model:
    """The model in use with the names and the prior of the index as it is; weights and zones stay."""
    model, count = await index.model(), Count()
    async for one in index.everybody():
        count.add(one.features)
    return _named(count.taught(model))


async def estimated(index: PersonIndex, seed: int = 1) -> Model:
    """Weights estimated anew, without labels, from the first `MOST_WEIGHED` records; zones by probability, since nobody
    measured them. Raises ConfigurationError for too few records and without the extra `linkage`."""
    model, count = await index.model(), Count()
    some: list[Features] = []
    async for one in index.everybody():
        count.add(one.features)
        if len(some) < MOST_WEIGHED:
            some.append(one.features)
    found = training.train(some, version=model.version, before=model, seed=seed)
    return _named(count.taught(training.by_probability(found)))


def _named(model: Model) -> Model:
    return msgspec.structs.replace(model, version=f"{model.version.partition(_OF)[0]}{_OF}{model.records} records")


class Teaching:
    """Looks once an hour whether the index has outgrown its model. Of several nodes one counts."""

    def __init__(self, index: PersonIndex, database: Database, clock: Clock) -> None:
        self._index = index
        self._database = database
        self._clock = clock

    async def look(self) -> Model | None:
        """The model that decides from now on, None where the one before does. Raises Unavailable when the store is
        away."""
        async with self._database.acquire() as connection, connection.transaction():
            if not await connection.fetchval(_SQL.try_teaching, _CLASS) or not await self._due(
                await connection.fetchval(_SQL.size)
            ):
                return None
            model = await taught(self._index)
            await self._index.use(model, Act("careloom", f"names counted again: {model.records} records"))
            return model

    async def keep_looking(self) -> None:
        """For ever."""
        while True:
            with suppress(CareloomError):
                model = await self.look()
                if model is not None:
                    _log.info("the person index decides by %s from now on", model.version)
            await self._clock.sleep(EVERY_SECONDS)

    async def _due(self, records: int) -> bool:
        if records < ENOUGH:
            return False
        counted = (await self._index.model()).records if await self._index.models() else 0
        return records >= GROWN * counted
