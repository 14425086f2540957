"""Reads whole persons: their records, opened, and what is known of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from careloom.identity.index.sealed import Held, Seal
from careloom.identity.index.survivorship import Golden, Survivorship
from careloom.log.ports import Connection
from careloom.store.sql import queries

_SQL = queries("persons")


class Persons:
    """Opens records, and makes golden views of them."""

    def __init__(self, seal: Seal, survivorship: Survivorship) -> None:
        self.seal = seal
        self.survivorship = survivorship

    async def whose(self, connection: Connection, records: Iterable[UUID]) -> Mapping[UUID, UUID]:
        """The person of each record; one that is not there is absent."""
        rows = await connection.fetch(_SQL.persons_of, list(set(records)))
        return {row["id"]: row["person"] for row in rows}

    async def records(self, connection: Connection, persons: Iterable[UUID]) -> dict[UUID, list[Held]]:
        """The records of each, the oldest first."""
        found: dict[UUID, list[Held]] = {}
        for row in await connection.fetch(_SQL.records_of, list(set(persons))):
            found.setdefault(row["person"], []).append(self.held(row))
        return found

    async def golden(self, connection: Connection, persons: Iterable[UUID]) -> dict[UUID, Golden]:
        """What is known of each, by its id."""
        return {
            person: self.survivorship.golden(records)
            for person, records in (await self.records(connection, persons)).items()
        }

    def held(self, row: Any) -> Held:
        """A row, opened. Raises SealBroken."""
        id_ = row["id"]
        content = self.seal.open_content(id_, row["content"])
        first = self.seal.open_known(id_, row["known"])
        return Held(id_, row["person"], row["source"], first, content.patient, content.occurred, row["retired"])
