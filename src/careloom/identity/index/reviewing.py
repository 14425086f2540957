"""What stewards look at before they decide: the questions that wait, two records side by side, what an act would do."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from careloom.identity.index.becoming import Become, become, bonds, joined, parted, without
from careloom.identity.index.errors import DecidedOtherwise, NoSuchPerson
from careloom.identity.index.persons import Persons
from careloom.identity.index.reading import Asked, read_row
from careloom.identity.index.sealed import Held
from careloom.identity.index.seam import Basis
from careloom.log.ports import Connection
from careloom.store.database import Database
from careloom.store.sql import queries

_SQL = queries("persons")


class Wanted(NamedTuple):
    """Which open questions. `before`: asked no later; `weight`: that much or more, as the score says. `likeliest`: by
    weight, else the oldest first."""

    system: str | None = None
    basis: Basis | None = None
    weight: float | None = None
    before: datetime | None = None
    owner: str | None = None
    assignee: str | None = None
    likeliest: bool = False


class Waiting(NamedTuple):
    """An open question and its case. `weight` is None where no score asked, but a source."""

    id: UUID
    basis: Basis
    system: str
    asked: datetime
    weight: float | None
    model: str | None
    case: UUID
    owner: str
    assignee: str | None
    state: str
    opened: datetime
    due: datetime


class Queue(NamedTuple):
    """Some of them, and where the next ones begin: None on the last page."""

    questions: Sequence[Waiting]
    after: tuple[Any, UUID] | None


class Source(NamedTuple):
    """How many questions wait of one source, and since when the oldest of them does."""

    system: str
    questions: int
    oldest: datetime


class Side(NamedTuple):
    """One record of a question, its person, and how many records that has."""

    record: Held
    person: UUID
    records: int


class SideBySide(NamedTuple):
    """A question with both of its records. `case` is the one that is open for it."""

    asked: Asked
    older: Side
    newer: Side
    case: UUID | None


class Preview(NamedTuple):
    """What an act would make: the persons before and after, the oldest first. `apart`: somebody said that those before
    are not the same."""

    before: tuple[Become, ...]
    after: tuple[Become, ...]
    apart: bool = False

    @property
    def changes(self) -> bool:
        """Whether anybody becomes somebody else."""
        return [one.person for one in self.before] != [one.person for one in self.after]


_HIGHEST: Final = 1000.0


class Reviewing:
    """Reads the index for stewards. Who looked is for the caller to record."""

    def __init__(self, database: Database, persons: Persons) -> None:
        self._database = database
        self._persons = persons

    async def questions(self, wanted: Wanted, after: tuple[Any, UUID] | None, limit: int) -> Queue:
        """Those that wait. `after` is that of the page before."""
        statement = _SQL.likeliest_questions if wanted.likeliest else _SQL.open_questions
        basis = None if wanted.basis is None else wanted.basis.value
        asked = (wanted.system, basis, wanted.weight, wanted.before, wanted.owner, wanted.assignee)
        async with self._database.acquire() as connection:
            rows = await connection.fetch(statement, *asked, *(after or (None, None)), limit + 1)
        last = rows[limit - 1] if len(rows) > limit else None
        place = None if last is None else (last["weight" if wanted.likeliest else "asked"], last["id"])
        return Queue([_waiting(row) for row in rows[:limit] if row["case_id"] is not None], place)

    async def sources(self) -> list[Source]:
        """What waits by source, the most first."""
        async with self._database.acquire() as connection:
            return [Source(*row) for row in await connection.fetch(_SQL.asked_by_source)]

    async def pair(self, question: UUID) -> SideBySide:
        """Both records of a question. Raises NoSuchPerson."""
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(_SQL.question, question)
            if row is None:
                raise NoSuchPerson("there is no such question; a record of it may have been erased")
            persons = (row["older_person"], row["newer_person"])
            records = await self._persons.records(connection, persons)
            case = await connection.fetchval(_SQL.cases_of_questions, [question])
        older, newer = (
            Side(next(held for held in records[person] if held.id == row[which]), person, len(records[person]))
            for person, which in zip(persons, ("older", "newer"), strict=True)
        )
        return SideBySide(read_row(Asked, row), older, newer, case)

    async def merging(self, one: UUID, other: UUID) -> Preview:
        """What a merge of the persons of two records would make. Raises NoSuchPerson."""
        async with self._database.acquire() as connection:
            whose = await self._whose(connection, (one, other))
            persons = sorted(set(whose.values()))
            records, links = await self._all(connection, persons)
            marks = await connection.fetch(_SQL.distinct_among, persons)
        return self._preview(records, links, joined(links, one, other), apart=bool(marks))

    async def splitting(self, records: Collection[UUID]) -> Preview:
        """What a split of these records would make. Raises NoSuchPerson, and DecidedOtherwise where they are of several
        persons, or all of one."""
        async with self._database.acquire() as connection:
            persons = sorted(set((await self._whose(connection, records)).values()))
            everyone, links = await self._all(connection, persons)
        rest = {one.id for one in everyone} - set(records)
        if len(persons) > 1 or not rest:
            raise DecidedOtherwise("the records to split off must be some, not all, of one person's")
        return self._preview(everyone, links, parted(links, set(records), rest))

    async def undoing(self, link: UUID) -> Preview:
        """What would be without a link. Raises NoSuchPerson for one that is not there or has ended."""
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(_SQL.link, link)
            if row is None or row["ended"] is not None:
                raise NoSuchPerson("there is no such link, or it was taken away before")
            everyone, links = await self._all(connection, [row["person"]])
        return self._preview(everyone, links, without(links, link))

    def _preview(self, records: Sequence[Held], links: Any, then: Any, *, apart: bool = False) -> Preview:
        rules = self._persons.survivorship
        return Preview(become(rules, records, links), become(rules, records, then), apart)

    async def _all(self, connection: Connection, persons: Sequence[UUID]) -> tuple[list[Held], list[Any]]:
        found = await self._persons.records(connection, persons)
        records = [one for person in persons for one in found[person]]
        rows = await connection.fetch(_SQL.active_links_of, [one.id for one in records])
        return records, bonds(rows)

    async def _whose(self, connection: Connection, records: Collection[UUID]) -> dict[UUID, UUID]:
        whose = dict(await self._persons.whose(connection, records))
        if not whose or set(records) - set(whose):
            raise NoSuchPerson("there is no such person or record in the index; look for it by number or name")
        return whose


def _waiting(row: Any) -> Waiting:
    values = dict(row) | {"basis": Basis(row["basis"]), "weight": None if row["weight"] >= _HIGHEST else row["weight"]}
    values["case"] = values.pop("case_id")
    return Waiting(**values)
