"""What most commands begin with: the settings, and the store that belongs to them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from careloom.cases.book import Cases
from careloom.cases.kinds import CaseKinds
from careloom.cases.resolving import Resolver
from careloom.cases.work import Casework, casework
from careloom.core.clock import SystemClock
from careloom.core.ids import Uuid7
from careloom.hub.configuration import FILE, Configuration, load
from careloom.hub.flowlist import find_kinds
from careloom.hub.identity import index_of
from careloom.hub.storage import Storage, storage
from careloom.identity.crosswalk.imports import ProposalResolver
from careloom.identity.index.answering import QuestionResolver
from careloom.identity.index.index import PersonIndex
from careloom.log.keyring import Keyring
from careloom.log.lanes import open_lanes
from careloom.log.operators import Operators
from careloom.log.ports import stored_id
from careloom.log.writing import Writer
from careloom.workflow.desk import RunResolver
from careloom.workflow.telling import Teller

T = TypeVar("T")
Config = Annotated[Path, typer.Option("--config", "-c", help="The deployment's settings.", envvar="CARELOOM_CONFIG")]
DEFAULT_CONFIG = Path(FILE)


@dataclass(frozen=True, slots=True)
class Deployment:
    """The store of a deployment, opened for one command."""

    configuration: Configuration
    store: Storage
    keyring: Keyring
    operators: Operators
    writer: Writer
    clock: SystemClock
    new_id: Uuid7

    @property
    def persons(self) -> PersonIndex:
        """The person index. What it tells is delivered by the hub, as what runs tell."""
        book = Cases(self.clock, self.new_id, self._kinds)
        teller = Teller(self.writer, self.keyring, book, self.clock, lambda _: 0)
        settings, store = self.configuration.settings, self.store
        return index_of(
            settings.identity, settings.authority, store.database, store.master, book, teller, self.clock, self.new_id
        )

    @property
    def _kinds(self) -> CaseKinds:
        return find_kinds(self.configuration.settings.hub.flows, self.configuration.base)

    @property
    def work(self) -> Casework:
        """The exception queue, with the kinds of cases of this deployment. Raises ConfigurationError."""
        book = Cases(self.clock, self.new_id, self._kinds)
        limits = self.configuration.settings.approvals.for_ballots()
        resolvers: list[Resolver] = [
            RunResolver(self.keyring, limits),
            ProposalResolver(self.store.database, self.clock, self.new_id),
            QuestionResolver(self.persons),
        ]
        return casework(self.store.database, self.keyring, book, self.clock, self.new_id, resolvers)


@asynccontextmanager
async def deployment(config: Path) -> AsyncIterator[Deployment]:
    """Beside a running hub, or alone."""
    configuration = load(config)
    clock = SystemClock()
    new_id = Uuid7(clock, stored_id)
    async with storage(configuration, own=False) as store:
        keyring = Keyring(store.master)
        async with store.database.acquire() as connection:
            lanes = await open_lanes(connection, configuration.settings.hub.lanes)
        writer = Writer(lanes, new_id, erased=keyring.forget)
        operators = Operators(store.database, writer, keyring, Cases(clock, new_id), clock, new_id)
        yield Deployment(configuration, store, keyring, operators, writer, clock, new_id)


def go(work: Coroutine[Any, Any, T]) -> T:
    """Run it to its end."""
    return asyncio.run(work)
