"""The person index of one node: everything that others do with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from careloom.cases.book import Cases
from careloom.core.clock import Clock
from careloom.core.envelope import Event
from careloom.core.ids import IdFactory
from careloom.identity.index.comparing import Matcher
from careloom.identity.index.models import Models, Used
from careloom.identity.index.persons import Persons
from careloom.identity.index.reading import Asked, Explained, Figures, Reading
from careloom.identity.index.resolving import Resolving
from careloom.identity.index.reviewing import Reviewing
from careloom.identity.index.sealed import Seal
from careloom.identity.index.seam import Arrival, Basis, Joined, Parted, Resolved, Telling
from careloom.identity.index.stewarding import Pair, Stewarding
from careloom.identity.index.survivorship import Authority, Survivorship
from careloom.identity.matching.dedupe import Kept
from careloom.identity.matching.model import Model
from careloom.identity.matching.zones import Evidence, Zone
from careloom.log.operators import Act
from careloom.log.ports import Connection
from careloom.model import Identifier, Patient
from careloom.security.sealing import MasterKey
from careloom.store.database import Database

_NEVER: Final = datetime(1, 1, 1, tzinfo=UTC)


class PersonIndex:
    """Resolves, and acts. `shipped` decides until a model is put to use; `make` makes the matcher of one that is.
    `reviewing` is what stewards look at before they decide. `close` finishes what was asked."""

    def __init__(
        self,
        database: Database,
        master: MasterKey,
        book: Cases,
        telling: Telling,
        clock: Clock,
        new_id: IdFactory,
        *,
        shipped: Matcher,
        make: Callable[[Model], Matcher],
        authority: Sequence[Authority] = (),
    ) -> None:
        seal = Seal(master)
        self._telling = telling
        self._new_id = new_id
        persons = Persons(seal, Survivorship(authority))
        self._models = Models(database, seal, make, shipped, clock)
        self._resolving = Resolving(database, seal, self._models, telling, clock, new_id)
        self._stewarding = Stewarding(database, persons, book, telling, clock, new_id)
        self._reading = Reading(database, persons, self._models)
        self.reviewing = Reviewing(database, persons)

    async def close(self) -> None:
        await self._resolving.close()

    async def resolve(self, arrival: Arrival) -> Resolved:
        """See `Resolver.resolve`."""
        return await self._resolving.resolve(arrival)

    async def merged(self, survivor: Arrival, retired: Identifier) -> tuple[Resolved, Joined | None]:
        """See `Resolver.merged`. A retired number that nothing is known of is kept all the same: what comes under it
        later is the survivor's. None also where a steward said that they are not one: that is a question then."""
        found = await self._resolving.resolve(survivor)
        ended = await self._resolving.standing(survivor.source, retired)
        known = ended is not None
        if ended is None:
            bare = Arrival(survivor.source, retired, Patient(identifier=(retired,)), _NEVER)
            ended = await self._resolving.resolve(bare)
            known = ended.zone is not Zone.NEW
        if ended.record == found.record:
            return found, None
        pair = Pair(found.record, ended.record, Basis.SOURCE, retired=ended.record)
        joined = await self._stewarding.merge_from_source(pair, survivor.source, known=known)
        return await self._resolving.resolve(survivor), joined

    async def merge(
        self,
        left: UUID,
        right: UUID,
        act: Act,
        *,
        basis: Basis = Basis.STEWARD,
        evidence: Evidence | None = None,
        despite: bool = False,
    ) -> Joined | None:
        """Make the persons of two records (or persons) one; None when they are. `basis` is STEWARD, or BATCH with its
        evidence. Raises NoSuchPerson, and DecidedOtherwise where somebody said that they are not the same, unless
        `despite` that."""
        return await self._stewarding.merge(Pair(left, right, basis, evidence), act, despite=despite)

    async def split(self, records: Collection[UUID], act: Act) -> Parted:
        """See `Stewarding.split`."""
        return await self._stewarding.split(records, act)

    async def undo(self, link: UUID, act: Act) -> Parted | None:
        """See `Stewarding.undo`."""
        return await self._stewarding.undo(link, act)

    async def distinct(self, left: UUID, right: UUID, act: Act) -> None:
        """See `Stewarding.distinct`."""
        await self._stewarding.distinct(left, right, act)

    async def answer(self, connection: Connection, question: UUID, act: Act, *, same: bool) -> Sequence[Event]:
        """See `Stewarding.answer`."""
        return await self._stewarding.answer(connection, question, act, same=same)

    async def erase(self, record: UUID, act: Act) -> Parted | None:
        """See `Stewarding.erase`."""
        return await self._stewarding.erase(record, act)

    async def show(self, some_id: UUID) -> Patient:
        """See `Reading.show`."""
        return await self._reading.show(some_id)

    async def explain(self, some_id: UUID) -> Explained:
        """See `Reading.explain`."""
        return await self._reading.explain(some_id)

    async def question(self, question: UUID) -> tuple[Asked, UUID, UUID]:
        """See `Reading.question`."""
        return await self._reading.question(question)

    async def find(
        self, *, number: str = "", family: str = "", given: str = "", birth: str = "", assigner: str | None = None
    ) -> list[Patient]:
        """See `Reading.find`."""
        return await self._reading.find(number=number, family=family, given=given, birth=birth, assigner=assigner)

    async def figures(self) -> Figures:
        """See `Reading.figures`."""
        return await self._reading.figures()

    async def ask(self, left: UUID, right: UUID, evidence: Evidence) -> bool:
        """Ask a steward whether two records are of one person; False where that was asked or settled before."""
        return await self._stewarding.ask(Pair(left, right, Basis.SCORE, evidence))

    def everybody(self) -> AsyncIterator[Kept]:
        """See `Reading.everybody`."""
        return self._reading.everybody()

    async def model(self) -> Model:
        """The model in use."""
        return (await self._models.matcher()).model

    async def use(self, model: Model, act: Act) -> None:
        """Decide by this model from now on. See `Models.use`."""
        await self._models.use(model, act, self._telling, self._new_id)

    async def models(self) -> list[Used]:
        """See `Models.history`."""
        return await self._models.history()
