"""Changes of the crosswalk by people: from a file that was looked at, by four eyes where the policy asks for it.

preview = await desk.preview(data)                       # what would be done, and what cannot be
await desk.apply(data, preview.digest, told)             # just that, or nothing
proposed = await desk.propose(data, preview.digest, told)  # the same, once somebody else approves it
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec

from careloom.cases.catalogue import APPROVAL
from careloom.cases.kinds import Action
from careloom.cases.recording import Recorder
from careloom.cases.resolving import Resolution, Resumed
from careloom.cases.rights import must_be_another, must_be_assigned
from careloom.cases.states import NotPossible
from careloom.core.clock import Clock
from careloom.core.envelope import Event
from careloom.core.errors import CareloomError, ConfigurationError
from careloom.core.ids import IdFactory
from careloom.identity.crosswalk.changes import Preview, Row
from careloom.identity.crosswalk.codes import NoSuchProposal, NotAsSeen, Refused, Said
from careloom.identity.crosswalk.ledger import Ledger, Told, must_stand
from careloom.identity.crosswalk.sheets import read
from careloom.log.operators import Act, audit_of
from careloom.log.ports import NewCase
from careloom.store.database import Database
from careloom.store.sql import queries

_SQL = queries("crosswalk")
RESUMES: Final = "crosswalk"
CHANGED: Final = "crosswalk.changed.v1"
STEWARDS: Final = "master-data"
_ROWS: Final = msgspec.json.Decoder(list[tuple[int, Said]])


class ImportDesk:
    """Previews, applies and proposes. `approvers` is the role that approves changes; empty: they are not approved."""

    def __init__(
        self, database: Database, recorder: Recorder, clock: Clock, new_id: IdFactory, approvers: str = STEWARDS
    ) -> None:
        self._database = database
        self._recorder = recorder
        self._clock = clock
        self._new_id = new_id
        self.ledger = Ledger(database, clock, new_id)
        self.approvers = approvers

    async def preview(self, data: bytes) -> Preview:
        """What a file would change. Raises FormatError for one that cannot be read as a whole."""
        sheet = read(data)
        return await self.ledger.preview(sheet.rows, sheet.wrong)

    async def apply(self, data: bytes, digest: str, told: Told) -> int:
        """Write all of it; the version that does. Raises ConfigurationError where changes are approved, Refused,
        NotAsSeen."""
        if self.approvers:
            raise ConfigurationError(
                f"changes of the crosswalk are approved by {self.approvers}: propose it, or empty crosswalk.approvers"
            )
        sheet = read(data)
        async with self._database.acquire() as connection, connection.transaction():
            number = await self.ledger.apply(connection, sheet.rows, digest, told, sheet.wrong)
            await self._recorder.write(connection, [self._audit(told, number)])
        return number

    async def learn(self, said: Said, told: Told) -> int:
        """Write one row that somebody who may has said; the version. It ends what was open before. Raises Refused."""
        async with self._database.acquire() as connection, connection.transaction():
            number, new = await self.ledger.say(connection, [Row(1, said)], told)
            if new:
                await self._recorder.write(connection, [self._audit(told, number)])
        return number

    async def propose(self, data: bytes, digest: str, told: Told) -> UUID:
        """Have it wait for the approval of somebody else: a case of the kind `approval`. Raises Refused, NotAsSeen."""
        sheet = read(data)
        preview = await self.ledger.preview(sheet.rows, sheet.wrong)
        must_stand(preview)
        if preview.digest != digest:
            raise NotAsSeen("what it comes to now is not what was shown; look at it again")
        if not preview.changes:
            raise Refused("it changes nothing, so there is nothing to approve")
        proposal = self._new_id()
        content = msgspec.json.encode(sheet.rows)
        case = NewCase(
            APPROVAL, RESUMES, f"codes of the crosswalk: {preview.summary}", owner=self.approvers or STEWARDS,
            run=f"{RESUMES}:{proposal}", asked_by=told.by,
        )  # fmt: skip
        async with self._database.acquire() as connection, connection.transaction():
            await connection.execute(_SQL.propose, proposal, self._clock.now(), *told, content, digest)
            await self._recorder.open(connection, [case])
        return proposal

    async def proposals(self) -> list[dict[str, Any]]:
        """Those that wait, oldest first, with their cases."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_SQL.proposals)
        return [dict(row) for row in rows]

    async def proposed(self, proposal: UUID) -> Preview:
        """What one would change now. Raises NoSuchProposal."""
        async with self._database.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(_SQL.proposal, proposal)
            if row is None:
                raise NoSuchProposal(f"there is no proposal {proposal}; `careloom crosswalk proposals` lists them")
            return await self.ledger.planned(connection, _rows(row["content"]))

    def _audit(self, told: Told, number: int) -> Event:
        return changed(told, number, self._new_id(), self._clock)


class ProposalResolver:
    """Cases that changes of the crosswalk wait for: it is written in the transaction that ends the case."""

    resumes: Final = RESUMES
    actions: Final = frozenset({Action.APPROVE, Action.REJECT})

    def __init__(self, database: Database, clock: Clock, new_id: IdFactory) -> None:
        self._ledger = Ledger(database, clock, new_id)
        self._clock = clock
        self._new_id = new_id

    async def resolve(self, connection: Any, resolution: Resolution) -> Resumed:
        """Raises NotAllowed for whoever proposed it, NotPossible when it was decided, or the crosswalk changed since
        so that it would come to something else."""
        must_be_assigned(resolution.actor)
        proposal = UUID(resolution.case["run"].partition(":")[2])
        row = await connection.fetchrow(_SQL.proposal, proposal)
        if row is None or row["outcome"] is not None:
            raise NotPossible("this proposal was decided before")
        approves = resolution.action is Action.APPROVE
        await connection.execute(
            _SQL.decide, proposal, "approved" if approves else "rejected", resolution.at, resolution.by
        )
        if not approves:
            return Resumed()
        must_be_another(resolution.actor, row["by"])
        told = Told(resolution.by, row["why"], f"proposed by {row['by']}: {row['source']}")
        try:
            number = await self._ledger.apply(connection, _rows(row["content"]), row["digest"], told, (), proposal)
        except CareloomError as error:
            raise NotPossible(f"{error}; reject it, and have it proposed anew") from None
        return Resumed((changed(told, number, self._new_id(), self._clock),), said=f"version {number}")


def changed(told: Told, number: int, id_: UUID, clock: Clock) -> Event:
    """The entry of the log that keeps who changed the crosswalk, and why."""
    return audit_of(CHANGED, Act(told.by, told.why), "", [f"version {number} from {told.source}"], id_, clock.now())


def _rows(content: bytes) -> list[Row]:
    return [Row(number, said) for number, said in _ROWS.decode(content)]
