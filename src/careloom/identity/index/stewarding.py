"""Acts on persons: merged by a source or a steward, split, undone, held apart, erased. Each is one transaction with the
events and the audit entry that tell of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import product
from typing import Any, Final, NamedTuple
from uuid import UUID

from careloom.cases.book import Cases
from careloom.core.clock import Clock
from careloom.core.envelope import Event
from careloom.core.ids import IdFactory
from careloom.identity.index import happened
from careloom.identity.index.arriving import GATE, written
from careloom.identity.index.asking import DUPLICATE, Stewards, question_field
from careloom.identity.index.components import components
from careloom.identity.index.errors import DecidedOtherwise, NoSuchPerson
from careloom.identity.index.persons import Persons
from careloom.identity.index.seam import Basis, Joined, Parted, Telling
from careloom.identity.matching.zones import Evidence
from careloom.log.operators import Act, audit_of
from careloom.log.ports import Connection, NewCase
from careloom.model import Identifier
from careloom.store.database import Database
from careloom.store.sql import queries

_SQL = queries("persons")
BY_SOURCE: Final = "the source merged them"
LOOKED_THROUGH: Final = "person-index"
"""The system of cases that no message brought: somebody looked through the whole index."""


class Pair(NamedTuple):
    """Two records to be linked, and why; `retired` is the one that its source ended."""

    left: UUID
    right: UUID
    basis: Basis
    evidence: Evidence | None = None
    retired: UUID | None = None

    @property
    def ordered(self) -> tuple[UUID, UUID]:
        return (self.left, self.right) if self.left < self.right else (self.right, self.left)


class Stewarding:
    """Changes who is who. Arrivals wait while an act holds the gate, and see all of it or nothing."""

    def __init__(
        self,
        database: Database,
        persons: Persons,
        book: Cases,
        telling: Telling,
        stewards: Stewards,
        clock: Clock,
        new_id: IdFactory,
    ) -> None:
        self._stewards = stewards
        self._database = database
        self._persons = persons
        self._book = book
        self._telling = telling
        self._clock = clock
        self._new_id = new_id

    async def merge(self, pair: Pair, act: Act, *, despite: bool = False) -> Joined | None:
        """Make the persons of two records one; None when they are. `despite` what a steward said before. Raises
        NoSuchPerson, and DecidedOtherwise where somebody said that they are not the same."""
        async with self._alone() as connection:
            whose = await self._whose(connection, (pair.left, pair.right))
            survivor, retired = sorted((whose[pair.left], whose[pair.right]))
            if survivor != retired:
                await self._may_be_one(connection, survivor, retired, act if despite else None)
            elif pair.basis is not Basis.SOURCE:
                return None
            joined, events = await self._join(connection, pair, survivor, retired, act, happened.TRIGGER)
            if joined is not None:
                events.append(self._audit("person.merged_by_steward.v1", act, (survivor, retired, joined.link)))
            await self._telling.write(connection, events)
            return joined

    async def merge_from_source(self, pair: Pair, system: str, *, known: bool) -> Joined | None:
        """As a source says of two of its records: None when they are one person already, or when a steward said that
        they are not, which is a question then. `known` is False for a retired record that nothing was known of: it
        joins without an event."""
        act = Act(system, BY_SOURCE)
        async with self._alone() as connection:
            whose = await self._whose(connection, (pair.left, pair.right))
            survivor, retired = sorted((whose[pair.left], whose[pair.right]))
            if survivor != retired and await connection.fetch(_SQL.distinct_between, [survivor, retired]):
                await self._telling.write(connection, (), await self._contested(connection, pair, system))
                return None
            joined, events = await self._join(connection, pair, survivor, retired, act, happened.SOURCE_TRIGGER)
            if not known:
                joined, events = None, events[1:]
            await self._telling.write(connection, events)
            return joined

    async def split(self, records: Collection[UUID], act: Act) -> Parted:
        """Let these records of one person be a person of their own, and the others another: the links between them are
        taken away, each part is held together, and no record of the one is asked about with one of the other again.
        Raises NoSuchPerson, and DecidedOtherwise where they are of several persons, or all of one."""
        async with self._alone() as connection:
            (person, *more) = set((await self._whose(connection, records)).values())
            everyone = [row["id"] for row in await connection.fetch(_SQL.records_of, [person])]
            apart, rest = set(records), [one for one in everyone if one not in set(records)]
            if more or not rest:
                raise DecidedOtherwise("the records to split off must be some, not all, of one person's")
            before = await self._first(connection, person)
            links = await connection.fetch(_SQL.active_links_of, everyone)
            cut = [link for link in links if (link["older"] in apart) != (link["newer"] in apart)]
            await self._end(connection, cut, act)
            kept = [(link["older"], link["newer"]) for link in links if link not in cut]
            kept += await self._hold_together(connection, (sorted(apart), rest), kept, act)
            await self._apart(connection, product(apart, rest), act)
            parted, events = await self._parted(connection, person, before, everyone, kept)
            assert parted is not None
            await connection.execute(_SQL.retire, [one["retired"] for one in cut if one["retired"]])
            events += await self._answered(connection, _SQL.answer_distinct, list(parted.persons), act, "not the same")
            events.append(self._audit("person.split_by_steward.v1", act, (person, *parted.persons)))
            await self._telling.write(connection, events)
            return parted

    async def undo(self, link: UUID, act: Act) -> Parted | None:
        """Take one link away: what was before it is again, to the byte. None where other links still hold the person
        together. Raises NoSuchPerson for a link that is not there or has ended."""
        async with self._alone() as connection:
            row = await connection.fetchrow(_SQL.link, link)
            if row is None or row["ended"] is not None:
                raise NoSuchPerson("there is no such link, or it was taken away before")
            person = row["person"]
            everyone = [each["id"] for each in await connection.fetch(_SQL.records_of, [person])]
            before = await self._first(connection, person)
            await self._end(connection, [row], act)
            left = await connection.fetch(_SQL.active_links_of, everyone)
            kept = [(one["older"], one["newer"]) for one in left]
            parted, events = await self._parted(connection, person, before, everyone, kept)
            await connection.execute(_SQL.retire, everyone)
            events.append(self._audit("person.link_undone.v1", act, (person, link)))
            await self._telling.write(connection, events)
            return parted

    async def distinct(self, left: UUID, right: UUID, act: Act) -> None:
        """Say that two records are not of one person, for ever: nobody is asked again about their persons. Raises
        NoSuchPerson, and DecidedOtherwise where they are of one person now: that takes a split."""
        async with self._alone() as connection:
            whose = await self._whose(connection, (left, right))
            if whose[left] == whose[right]:
                raise DecidedOtherwise("the two are one person now: split it")
            await self._apart(connection, [(left, right)], act)
            events = await self._answered(
                connection, _SQL.answer_distinct, list(whose.values()), act, "not the same person"
            )
            await self._telling.write(connection, [*events, self._audit("person.distinct.v1", act, (left, right))])

    async def ask(self, pair: Pair) -> bool:
        """Ask a steward about two records, once; False where their persons are one, or it is settled."""
        async with self._alone() as connection:
            whose = await self._whose(connection, (pair.left, pair.right))
            persons = [whose[pair.left]], [whose[pair.right]]
            if persons[0] == persons[1] or await connection.fetch(_SQL.settled, *persons):
                return False
            assert pair.evidence is not None, "a score has its evidence"
            row = [self._new_id(), *pair.ordered, pair.basis.value, written(pair.evidence), LOOKED_THROUGH]
            asked = await connection.fetchval(_SQL.ask, *([one] for one in row), self._clock.now())
            if asked is None:
                return False
            reason = f"two records look like one person (weight {pair.evidence.weight:.1f})"
            number = await self._first(connection, whose[pair.ordered[1]])
            case = self._stewards.question(asked, LOOKED_THROUGH, number, reason)
            await self._telling.write(connection, (), [case])
            return True

    async def answer(self, connection: Connection, question: UUID, act: Act, *, same: bool) -> Sequence[Event]:
        """Answer a question within the caller's transaction, which ends its case and writes what is given: the events
        and the entry of the audit. Other questions that this answers end with it. Raises NoSuchPerson for one that was
        answered before, and DecidedOtherwise where somebody said meanwhile that the two are not the same."""
        await connection.execute(_SQL.gate, GATE)
        state = "same" if same else "distinct"
        if await connection.fetchval(_SQL.close_question, question, state, self._clock.now(), act.by) is None:
            raise NoSuchPerson("the question was answered before, or its records are gone")
        row = await connection.fetchrow(_SQL.question, question)
        persons = sorted((row["older_person"], row["newer_person"]))
        pair = Pair(row["older"], row["newer"], Basis.STEWARD)
        events: list[Event] = []
        if persons[0] != persons[1] and same:
            despite = act if row["basis"] == Basis.SOURCE else None
            await self._may_be_one(connection, persons[0], persons[1], despite)
            _, events = await self._join(connection, pair, persons[0], persons[1], act, happened.TRIGGER)
        elif not same:
            if persons[0] == persons[1]:
                raise DecidedOtherwise("the two are one person now: split it")
            await self._apart(connection, [pair.ordered], act)
            events = await self._answered(connection, _SQL.answer_distinct, persons, act, "not the same person")
        told = "person.merged_by_steward.v1" if same else "person.distinct.v1"
        return [*events, self._audit(told, act, (question, *persons))]

    async def erase(self, record: UUID, act: Act) -> Parted | None:
        """Take a record out of the index, with every link, decision and question of it. What it alone held together is
        apart then, and a person whose oldest record it was goes by the next one's id: Parted tells. Raises
        NoSuchPerson."""
        async with self._alone() as connection:
            person = (await self._whose(connection, (record,)))[record]
            before = await self._first(connection, person)
            everyone = [row["id"] for row in await connection.fetch(_SQL.records_of, [person]) if row["id"] != record]
            links = await connection.fetch(_SQL.active_links_of, everyone)
            kept = [(one["older"], one["newer"]) for one in links if record not in (one["older"], one["newer"])]
            await connection.execute(_SQL.erase, record)  # at commit only, no row may be left of a person that is gone
            parted, events = await self._parted(connection, person, before, everyone, kept)
            await connection.execute(_SQL.retire, everyone)
            events.append(self._audit("person.record_erased.v1", act, (record, person)))
            await self._telling.write(connection, events)
            return parted

    def _alone(self) -> AbstractAsyncContextManager[Connection]:
        return _alone(self._database)

    async def _whose(self, connection: Connection, records: Iterable[UUID]) -> dict[UUID, UUID]:
        wanted = set(records)
        whose = dict(await self._persons.whose(connection, wanted))
        if not wanted or wanted - set(whose):
            raise NoSuchPerson("there is no such record in the person index; look with `careloom person find`")
        return whose

    async def _first(self, connection: Connection, person: UUID) -> Identifier:
        (row,) = await connection.fetch(_SQL.numbers_of, [person])
        return self._persons.seal.open_known(row["lead"], row["known"])

    async def _may_be_one(self, connection: Connection, one: UUID, other: UUID, despite: Act | None) -> None:
        marks = [row["id"] for row in await connection.fetch(_SQL.distinct_between, [one, other])]
        if marks and despite is None:
            raise DecidedOtherwise(
                "somebody said that these are not the same; say why that was wrong, and merge despite it"
            )
        if marks and despite is not None:
            await connection.execute(_SQL.end_distinct, marks, self._clock.now(), despite.by, despite.reason)

    async def _join(
        self, connection: Connection, pair: Pair, survivor: UUID, retired: UUID, act: Act, trigger: str
    ) -> tuple[Joined | None, list[Event]]:
        before = [await self._first(connection, one) for one in (retired, survivor)]
        evidence = None if pair.evidence is None else written(pair.evidence)
        row = [self._new_id(), *pair.ordered, pair.basis.value, pair.retired, evidence]
        added = await connection.fetchval(
            _SQL.add_links, *([one] for one in row), act.by, act.reason, self._clock.now()
        )
        if pair.retired is not None:
            await connection.execute(_SQL.retire, [pair.retired])
        if survivor == retired:
            return None, []
        moved = await connection.fetch(_SQL.join_persons, retired, survivor)
        golden = (await self._persons.golden(connection, [survivor]))[survivor].patient
        assert golden.person is not None, "the index made it"
        gone = next((number for number in before if number != golden.person.number), before[0])
        told = happened.merged(golden, retired, gone, trigger, self._new_id(), self._clock.now())
        answered = await self._answered(connection, _SQL.answer_same, survivor, act, "the two are one person")
        return Joined(added, survivor, retired, tuple(sorted(one["id"] for one in moved))), [told, *answered]

    async def _contested(self, connection: Connection, pair: Pair, system: str) -> list[NewCase]:
        """The source says that they are one, a steward said that they are not: asked once."""
        row = [self._new_id(), *pair.ordered, Basis.SOURCE.value, None, system]
        asked = await connection.fetchval(_SQL.ask, *([one] for one in row), self._clock.now())
        reason = "a source merged two records that a steward said are not of one person"
        if not asked:
            return []
        person = (await self._whose(connection, (pair.left,)))[pair.left]
        return [self._stewards.question(asked, system, await self._first(connection, person), reason)]

    async def _end(self, connection: Connection, links: Sequence[Any], act: Act) -> None:
        ended = [link["id"] for link in links]
        await connection.execute(_SQL.end_links, ended, self._clock.now(), act.by, act.reason)

    async def _hold_together(
        self, connection: Connection, parts: Iterable[Sequence[UUID]], kept: Sequence[tuple[UUID, UUID]], act: Act
    ) -> list[tuple[UUID, UUID]]:
        """Links in place of those that held a part together by way of the other one."""
        made: list[tuple[UUID, UUID]] = []
        for part in parts:
            oldest, *others = sorted(set(components(part, kept).values()))
            made += [(oldest, other) for other in others]
        if made:
            await connection.execute(
                _SQL.add_links, [self._new_id() for _ in made], [one for one, _ in made], [one for _, one in made],
                [Basis.STEWARD.value] * len(made), [None] * len(made), [None] * len(made), act.by, act.reason,
                self._clock.now(),
            )  # fmt: skip
        return made

    async def _apart(self, connection: Connection, pairs: Iterable[tuple[UUID, UUID]], act: Act) -> None:
        ordered = [sorted(pair) for pair in pairs]
        columns = [self._new_id() for _ in ordered], [one for one, _ in ordered], [one for _, one in ordered]
        await connection.execute(_SQL.add_distinct, *columns, self._clock.now(), act.by, act.reason)

    async def _parted(
        self,
        connection: Connection,
        person: UUID,
        first: Any,
        everyone: Sequence[UUID],
        links: Sequence[tuple[UUID, UUID]],
    ) -> tuple[Parted | None, list[Event]]:
        """Say of each record whose it is now; nothing to tell where the person stays as it was, or is gone."""
        whose = components(everyone, links)
        persons = tuple(sorted(set(whose.values())))
        if persons in ((person,), ()):
            return None, []
        await connection.execute(_SQL.move_records, list(whose), list(whose.values()))
        golden = await self._persons.golden(connection, persons)
        parts = [golden[one].patient for one in persons]
        return Parted(person, persons), [happened.split(person, first, parts, self._new_id(), self._clock.now())]

    async def _answered(self, connection: Connection, sql: str, persons: Any, act: Act, how: str) -> list[Event]:
        """Questions that need no answer any more; their cases end with them."""
        events: list[Event] = []
        for row in await connection.fetch(sql, persons, self._clock.now(), act.by):
            field = question_field(row["id"])
            events += await self._book.settle(connection, row["system"], DUPLICATE, field, how)
        return events

    def _audit(self, type_: str, act: Act, targets: Iterable[UUID]) -> Event:
        return audit_of(type_, act, "", [str(one) for one in targets], self._new_id(), self._clock.now())


@asynccontextmanager
async def _alone(database: Database) -> AsyncIterator[Connection]:
    """A transaction that no arrival and no other act meets."""
    async with database.acquire() as connection, connection.transaction():
        await connection.execute(_SQL.gate, GATE)
        yield connection
