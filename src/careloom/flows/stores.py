"""Our own tables that flows use: what was sent where, and how new it was."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from careloom.core.clock import Clock, SystemClock
from careloom.core.ids import Uuid7
from careloom.flows.master_store import MasterRows
from careloom.flows.steps.refusals import Refusals
from careloom.identity.crosswalk.authority import Authority
from careloom.identity.crosswalk.ledger import Ledger
from careloom.identity.crosswalk.lookup import Crosswalk
from careloom.log.ports import stored_id
from careloom.model import Patient
from careloom.security.sealing import MasterKey
from careloom.store.database import Database
from careloom.store.sql import queries
from careloom.systems.ledger import Entry

_SQL = queries("flows")


class Newness(NamedTuple):
    """Whether a fact is the newest of its record, and the event that merged the record into another, if one did."""

    news: bool
    merged_by: UUID | None


class Persons(Protocol):
    """What flows ask of the person index."""

    async def show(self, some_id: UUID) -> Patient:
        """What is known of a person, by the id of the person or of one of its records. Raises NoSuchPerson."""


class Stores:
    """Tables of this deployment; external ids of persons appear in them only as keyed digests. `crosswalk` says what
    codes stand for, `ledger` changes it, `authority` says which system may set what."""

    def __init__(
        self,
        database: Database,
        master: MasterKey,
        *,
        clock: Clock | None = None,
        authority: Authority | None = None,
        answers_approved_by: str = "",
        persons: Persons | None = None,
        refusals: Refusals | None = None,
    ) -> None:
        """`answers_approved_by` is the role that approves what a person says of an unknown code; empty: none does.
        Without `refusals` nobody is told of what the table of authority keeps back."""
        clock = clock or SystemClock()
        self._database = database
        self._master = master
        self.rows = MasterRows(database, master)
        self._persons = persons
        self._refusals = refusals
        self.authority = authority or Authority()
        self.answers_approved_by = answers_approved_by
        self.crosswalk = Crosswalk(database, clock.monotonic)
        self.ledger = Ledger(database, clock, Uuid7(clock, stored_id))

    async def known_of(self, patient: Patient) -> Patient:
        """What all sources say of the person, by authority and recency; as given where no person index is asked."""
        if patient.person is None or self._persons is None:
            return patient
        return await self._persons.show(UUID(patient.person.id))

    async def refused(self, source: str, entity: str, reasons: Mapping[str, str]) -> None:
        """Tell a steward what was kept back, by field of such an entity. The reasons hold no value."""
        if reasons and self._refusals is not None:
            await self._refusals.tell(source, entity, reasons)

    async def newness(self, system: str, external_id: str, occurred: datetime) -> Newness:
        """Whether nothing newer was taken for this record before; remembers `occurred` if so.

        Updates overtake each other on their way here; the source's own time decides, not the order of arrival.
        """
        token = self._master.token(f"{system}/{external_id}")
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(_SQL.claim_newest, system, token, occurred)
        assert row is not None
        return Newness(row["news"], row["merged_by"])

    async def source_of_run(self, run: UUID) -> str:
        """The source of the event that began a run; empty for one that no event began."""
        async with self._database.acquire() as connection:
            return str(await connection.fetchval(_SQL.source_of_run, run) or "")

    async def mark_merged(self, system: str, external_id: str, occurred: datetime, event: UUID) -> None:
        """Remember that this event merged the record into another."""
        token = self._master.token(f"{system}/{external_id}")
        async with self._database.acquire() as connection:
            await connection.execute(_SQL.mark_merged, system, token, occurred, event)


class LinkLedger:
    """The Odoo connector's `Ledger` on PostgreSQL."""

    def __init__(self, database: Database, master: MasterKey) -> None:
        self._database = database
        self._master = master

    async def get_many(self, system: str, model: str, external_ids: Collection[str]) -> Mapping[str, Entry]:
        """See `Ledger.get_many`."""
        by_token = {self._master.token(f"{model}/{external}"): external for external in external_ids}
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_SQL.links, system, model, list(by_token))
        return {by_token[row["external"]]: Entry(row["record"], row["digest"], row["as_of"]) for row in rows}

    async def put_many(self, system: str, model: str, entries: Mapping[str, Entry]) -> None:
        """See `Ledger.put_many`."""
        rows = sorted(
            ((self._master.token(f"{model}/{external}"), entry) for external, entry in entries.items()),
            key=lambda row: row[0],
        )
        async with self._database.acquire() as connection:
            await connection.execute(
                _SQL.keep_links,
                system,
                model,
                [token for token, _ in rows],
                [entry.record_id for _, entry in rows],
                [entry.digest for _, entry in rows],
                [entry.as_of for _, entry in rows],
            )
