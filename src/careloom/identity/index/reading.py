"""What stewards look at: who is found, what is known of a person, and where each piece of it came from."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from careloom.identity.index.comparing import lookups
from careloom.identity.index.errors import NoSuchPerson
from careloom.identity.index.models import Models
from careloom.identity.index.persons import Persons
from careloom.identity.index.sealed import Held
from careloom.identity.index.seam import Basis
from careloom.identity.matching.dedupe import Kept
from careloom.identity.matching.features import Features
from careloom.identity.matching.zones import Evidence
from careloom.log.ports import Connection
from careloom.model import HumanName, Identifier, Patient
from careloom.store.database import Database
from careloom.store.sql import queries

_SQL = queries("persons")
MOST_FOUND: Final = 50
_PAGE: Final = 1_000
"""Records that are opened with nothing else in between, a few milliseconds."""
_evidence = msgspec.json.Decoder(Evidence).decode


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """What says, or said, that two records are of one person."""

    id: UUID
    older: UUID
    newer: UUID
    basis: Basis
    evidence: Evidence | None
    made: datetime
    by: str
    why: str
    ended: datetime | None
    ended_by: str | None
    ended_why: str | None


class Apart(msgspec.Struct, frozen=True, kw_only=True):
    """Two records that somebody said are not of one person."""

    older: UUID
    newer: UUID
    made: datetime
    by: str
    why: str
    ended: datetime | None


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A question about two records: `state` is `open`, `same` or `distinct`."""

    id: UUID
    older: UUID
    newer: UUID
    basis: Basis
    evidence: Evidence | None
    system: str
    asked: datetime
    state: str
    answered: datetime | None
    by: str | None


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """All that there is of a person: what is known, which record each field came from, its records with the links that
    hold or held them together, who is known not to be the same, and what was asked."""

    person: UUID
    patient: Patient
    origins: dict[str, UUID]
    records: list[Held]
    links: list[Link]
    apart: list[Apart]
    questions: list[Asked]


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """How much the index holds."""

    records: int
    persons: int
    questions: int


class Reading:
    """Reads the index for people. Who looked is for the caller to record."""

    def __init__(self, database: Database, persons: Persons, models: Models) -> None:
        self._database = database
        self._persons = persons
        self._models = models

    async def show(self, some_id: UUID) -> Patient:
        """What is known of the person of a record or person id. Raises NoSuchPerson."""
        async with self._database.acquire() as connection:
            person = await self._person(connection, some_id)
            return (await self._persons.golden(connection, [person]))[person].patient

    async def explain(self, some_id: UUID) -> Explained:
        """All of it. Raises NoSuchPerson."""
        async with self._database.acquire() as connection:
            person = await self._person(connection, some_id)
            records = (await self._persons.records(connection, [person]))[person]
            ids = [one.id for one in records]
            golden = self._persons.survivorship.golden(records)
            return Explained(
                person=person,
                patient=golden.patient,
                origins=golden.origins,
                records=records,
                links=[read_row(Link, row) for row in await connection.fetch(_SQL.links_of, ids)],
                apart=[read_row(Apart, row) for row in await connection.fetch(_SQL.distinct_of, ids)],
                questions=[read_row(Asked, row) for row in await connection.fetch(_SQL.questions_of, ids)],
            )

    async def question(self, question: UUID) -> tuple[Asked, UUID, UUID]:
        """One question, and whose the older and the newer record are now. Raises NoSuchPerson."""
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(_SQL.question, question)
        if row is None:
            raise NoSuchPerson("there is no such question; a record of it may have been erased")
        return read_row(Asked, row), row["older_person"], row["newer_person"]

    async def find(
        self, *, number: str = "", family: str = "", given: str = "", birth: str = "", assigner: str | None = None
    ) -> list[Patient]:
        """What is known of the persons who fit all that is said, `MOST_FOUND` at most: by a number, or by the family
        name with the birth (`YYYY-MM-DD`) or a given name, however they are written. Raises ValueError for less."""
        matcher = await self._models.matcher()
        wanted = matcher.features(_asked_for(number, family, given, birth, assigner))
        keys = self._persons.seal.keys(lookups(wanted))
        if not keys:
            raise ValueError("say a number, or a family name with a date of birth or a given name")
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_SQL.found, keys, MOST_FOUND)
            fitting = {row["person"] for row in rows if self._fits(wanted, row, number, assigner)}
            golden = await self._persons.golden(connection, fitting)
        return [golden[person].patient for person in sorted(golden)]

    async def everybody(self) -> AsyncIterator[Kept]:
        """Every record that stands, opened for comparing, page by page."""
        last = UUID(int=0)
        while True:
            async with self._database.acquire() as connection:
                rows = await connection.fetch(_SQL.everybody, last, _PAGE)
            for row in rows:
                last = row["id"]
                yield Kept(last, row["person"], self._persons.seal.open_features(last, row["features"]))
            if len(rows) < _PAGE:
                return

    async def figures(self) -> Figures:
        """How much there is."""
        async with self._database.acquire() as connection:
            (row,) = await connection.fetch(_SQL.counts)
        return Figures(**dict(row))

    def _fits(self, wanted: Features, row: Any, number: str, assigner: str | None) -> bool:
        """In clear, since two texts may share a key."""
        found = self._persons.seal.open_features(row["id"], row["features"])
        if number and not any(_is_number(one, number, assigner) for one in found.identifiers):
            return False
        return (
            wanted.family in ("", found.family, *found.former)
            and wanted.birth in (None, found.birth)
            and (not wanted.given or wanted.given[0] in found.given)
        )

    async def _person(self, connection: Connection, some_id: UUID) -> UUID:
        whose = await self._persons.whose(connection, [some_id])
        if some_id not in whose:
            raise NoSuchPerson("there is no such person or record in the index; look with `careloom person find`")
        return whose[some_id]


def _asked_for(number: str, family: str, given: str, birth: str, assigner: str | None) -> Patient:
    """What was asked, as a patient, so that it is read as patients are."""
    name = HumanName(family=family or None, given=(given,) if given else ())
    numbers = (Identifier(value=number, assigner=assigner),) if number else ()
    return Patient(identifier=numbers, name=(name,), birth_date=birth or None)


def _is_number(identifier: str, number: str, assigner: str | None) -> bool:
    by, _, rest = identifier.partition("|")
    return rest.rpartition("|")[2] == number and assigner in (None, by)


def read_row(kind: Any, row: Any) -> Any:
    """A row as one of ours; what it does not list stays behind."""
    said = {name: row[name] for name in kind.__struct_fields__}
    if said.get("evidence") is not None:
        said["evidence"] = _evidence(said["evidence"])
    if "basis" in said:
        said["basis"] = Basis(said["basis"])
    return kind(**said)
