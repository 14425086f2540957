"""Our own tables that flows use: what was sent where, and how new it was."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from careloom.flows.master_store import MasterRows
from careloom.security.sealing import MasterKey
from careloom.store.database import Database
from careloom.store.sql import queries
from careloom.systems.ledger import Entry

_SQL = queries("flows")


class Newness(NamedTuple):
    """Whether a fact is the newest of its record, and the event that merged the record into another, if one did."""

    news: bool
    merged_by: UUID | None


class Stores:
    """Tables of this deployment; external ids appear in them only as keyed digests."""

    def __init__(self, database: Database, master: MasterKey) -> None:
        self._database = database
        self._master = master
        self.rows = MasterRows(database, master)

    async def newness(self, system: str, external_id: str, occurred: datetime) -> Newness:
        """Whether nothing newer was taken for this record before; remembers `occurred` if so.

        Updates overtake each other on their way here; the source's own time decides, not the order of arrival.
        """
        token = self._master.token(f"{system}/{external_id}")
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(_SQL.claim_newest, system, token, occurred)
        assert row is not None
        return Newness(row["news"], row["merged_by"])

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
