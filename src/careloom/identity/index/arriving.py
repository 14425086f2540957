"""Writes records that are new or changed: in one transaction, under the locks of their keys, with what is decided."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from careloom.core.clock import Clock
from careloom.core.errors import Contention
from careloom.core.ids import IdFactory
from careloom.identity.index.comparing import Matcher, lookups, shared
from careloom.identity.index.deciding import Candidate, Choice, decide, doubts
from careloom.identity.index.sealed import Seal
from careloom.identity.index.seam import Arrival, Basis, Resolved, Telling
from careloom.identity.matching.features import Features
from careloom.identity.matching.zones import Zone
from careloom.log.ports import Connection, NewCase
from careloom.store.sql import queries

_SQL = queries("persons")
GATE: Final = int.from_bytes(hashlib.sha256(b"careloom person index").digest()[:8], "big", signed=True)
"""The advisory lock that arrivals share, and that an act on persons holds alone."""
MOST_CANDIDATES: Final = 100
CROWD: Final = 200
"""As many records that share a key make it say nothing; among a million persons a key that says something has a few
dozens."""
_BY: Final = "careloom"
_BUMP: Final = 1 << 80
DUPLICATE, OVERLAID = "possible-duplicate", "overlaid-record"
QUESTION: Final = "question"
"""What the cases of questions wait for (see `answering`)."""


class Comer(NamedTuple):
    """An arrival with what is made of it before the database is asked. `digest` is of what it says, `compared` of what
    of it is compared; `blocking` are the keys that it is compared by, `keys` all that it may be found by."""

    arrival: Arrival
    number: UUID
    digest: bytes
    compared: bytes
    features: Features
    blocking: tuple[int, ...]
    keys: list[int]

    @classmethod
    def of(cls, arrival: Arrival, number: UUID, digest: bytes, matcher: Matcher, seal: Seal) -> Comer:
        """Raises nothing of its own: what does not say who it is has few keys, or none."""
        features = matcher.features(arrival.patient)
        blocking = seal.keys([*matcher.keys(features), *shared(features)])
        keys = sorted({*blocking, *seal.keys(lookups(features))})
        return cls(arrival, number, digest, seal.compared(features), features, tuple(blocking), keys)


@dataclass
class _Plan:
    """What one transaction will write."""

    records: list[tuple[object, ...]] = field(default_factory=list)
    changes: list[tuple[object, ...]] = field(default_factory=list)
    links: list[tuple[UUID, Choice]] = field(default_factory=list)
    doubts: list[tuple[UUID, UUID, Choice, str]] = field(default_factory=list)
    cases: list[NewCase] = field(default_factory=list)
    fresh: dict[int, list[Candidate]] = field(default_factory=dict)


class Arriving:
    """Decides of arrivals that are new or say something new."""

    def __init__(self, seal: Seal, telling: Telling, clock: Clock, new_id: IdFactory) -> None:
        self._seal = seal
        self._telling = telling
        self._clock = clock
        self._new_id = new_id

    async def write(
        self, connection: Connection, matcher: Matcher, comers: Sequence[Comer], known: frozenset[UUID]
    ) -> dict[UUID, Resolved]:
        """Who each is, by its number; inside the caller's transaction, whose last act it is. `known` are the numbers
        that have a record. One that stood twice in the batch, or whose record went meanwhile, is absent and asks
        again. Raises Contention, before anything is committed, where another node was quicker."""
        near = await self._candidates(connection, comers)
        stood = await self._standing(connection, known)
        plan, decided = _Plan(), {}
        for place, comer in enumerate(comers):
            if comer.number in decided:
                continue  # twice in one batch: the second one asks again
            held = stood.get(comer.number)
            if held is not None:
                decided[comer.number] = self._changed(matcher, comer, held, near.get(place, ()), plan)
            elif comer.number not in known:
                decided[comer.number] = self._new(matcher, comer, near.get(place, ()), plan)
        await self._named(connection, decided)
        return await self._write(connection, plan, decided)

    async def _candidates(self, connection: Connection, comers: Sequence[Comer]) -> dict[int, list[Candidate]]:
        locks = sorted({key for one in comers for key in (*one.blocking, _lock(one.number))})
        whose = [place for place, one in enumerate(comers) for _ in one.blocking]
        keys = [key for one in comers for key in one.blocking]
        found: dict[int, list[Candidate]] = {}
        opened: dict[UUID, Candidate] = {}
        crowded: set[int] = set()
        for row in await connection.fetch(_SQL.candidates, GATE, locks, whose, keys, MOST_CANDIDATES):
            id_ = row["id"]
            if row["many"] > CROWD:
                crowded.add(row["arrival"])
            if (candidate := opened.get(id_)) is None:
                features = self._seal.open_features(id_, row["features"])
                candidate = opened[id_] = Candidate(id_, row["person"], features)
            found.setdefault(row["arrival"], []).append(candidate)
        if crowded:
            shared = sorted({key for place in crowded for key in comers[place].blocking})
            await connection.execute(_SQL.crowd, shared, CROWD, self._clock.now())
        return found

    async def _standing(self, connection: Connection, numbers: frozenset[UUID]) -> Mapping[UUID, Any]:
        if not numbers:
            return {}
        return {row["number"]: row for row in await connection.fetch(_SQL.contents, list(numbers))}

    def _new(self, matcher: Matcher, comer: Comer, near: Iterable[Candidate], plan: _Plan) -> Resolved:
        among = [*near, *_among(plan.fresh, comer.blocking)]
        decision = decide(matcher, comer.features, among)
        id_ = self._new_id()
        person = id_
        if decision.link is not None:
            person = decision.link.person
            id_ = after(id_, max(person, decision.link.record))
            plan.links.append((id_, decision.link))
        for key in comer.blocking:
            plan.fresh.setdefault(key, []).append(Candidate(id_, person, comer.features))
        plan.records.append(self._row(comer, id_, person))
        plan.doubts += [(id_, person, one, comer.arrival.source) for one in decision.doubts]
        return Resolved(person, id_, comer.arrival.number, decision.zone)

    def _row(self, comer: Comer, id_: UUID, person: UUID) -> tuple[object, ...]:
        number, source = comer.arrival.number, comer.arrival.source
        known = self._seal.known(id_, number)
        digests = (comer.digest, comer.compared)
        return (id_, comer.number, source, person, *digests, _array(comer.keys), known, *self._columns(comer, id_))

    def _columns(self, comer: Comer, id_: UUID) -> tuple[bytes, bytes]:
        content = self._seal.content(id_, comer.arrival.patient, comer.arrival.occurred)
        return self._seal.features(id_, comer.features), content

    def _changed(self, matcher: Matcher, comer: Comer, row: Any, near: Iterable[Candidate], plan: _Plan) -> Resolved:
        id_, person = row["id"], row["person"]
        resolved = Resolved(person, id_, self._seal.open_known(row["lead"], row["first"]))
        if self._seal.open_content(id_, row["content"]).occurred > comer.arrival.occurred:
            return resolved  # it came late: the source has said something newer since
        plan.changes.append((id_, comer.digest, comer.compared, _array(comer.keys), *self._columns(comer, id_)))
        before = self._seal.open_features(id_, row["features"])
        if before == comer.features:
            return resolved
        if why := matcher.contradicts(before, comer.features):
            plan.cases.append(_overlaid(id_, comer.arrival.source, why))
        among = [*near, *_among(plan.fresh, comer.blocking)]
        found = doubts(matcher, comer.features, person, (one for one in among if one.record != id_))
        plan.doubts += [(id_, person, one, comer.arrival.source) for one in found]
        return resolved

    async def _named(self, connection: Connection, decided: dict[UUID, Resolved]) -> None:
        """The number by which a person was first known, for records that were linked to one."""
        mine = {one.record: one.number for one in decided.values() if one.person == one.record}
        linked = {number: one for number, one in decided.items() if one.zone is Zone.LINK}
        asked = {one.person for one in linked.values()} - set(mine)
        if asked:
            for row in await connection.fetch(_SQL.numbers_of, list(asked)):
                mine[row["id"]] = self._seal.open_known(row["lead"], row["known"])
        for number, one in linked.items():
            decided[number] = one._replace(number=mine[one.person])

    async def _write(self, connection: Connection, plan: _Plan, decided: dict[UUID, Resolved]) -> dict[UUID, Resolved]:
        if plan.records:
            rows = await connection.fetch(_SQL.add_records, *_turned(plan.records))
            if len(rows) < len(plan.records):
                raise Contention("another node met the same new record; look again")
        if plan.changes:
            await connection.execute(_SQL.change_records, *_turned(plan.changes))
        if plan.links:
            await self._link(connection, plan.links)
        asked = await self._ask(connection, plan.doubts) if plan.doubts else {}
        cases = [*plan.cases, *(case for found in asked.values() for _, case in found)]
        if cases:
            await self._telling.write(connection, (), cases)
        return {
            number: one._replace(doubts=tuple(person for person, _ in asked[one.record]))
            if one.record in asked
            else one
            for number, one in decided.items()
        }

    async def _link(self, connection: Connection, links: Sequence[tuple[UUID, Choice]]) -> None:
        rows = [
            (self._new_id(), choice.record, record, choice.basis.value, None, written(choice.evidence))
            for record, choice in links
        ]
        await connection.execute(_SQL.add_links, *_turned(rows), _BY, "arrived", self._clock.now())

    async def _ask(
        self, connection: Connection, wanted: Sequence[tuple[UUID, UUID, Choice, str]]
    ) -> dict[UUID, list[tuple[UUID, NewCase]]]:
        """By record, the persons that are asked about from now on, each with its case."""
        pairs = [(person, choice.person) for _, person, choice, _ in wanted if person != choice.person]
        settled = {(row["a"], row["b"]) for row in await connection.fetch(_SQL.settled, *_turned(pairs, 2))}
        rows, told = [], {}
        for record, person, choice, source in wanted:
            if person == choice.person or {(person, choice.person), (choice.person, person)} & settled:
                continue
            settled.add((person, choice.person))
            id_, (older, newer) = self._new_id(), sorted((record, choice.record))
            rows.append((id_, older, newer, choice.basis.value, written(choice.evidence), source))
            told[id_] = (record, choice.person, _duplicate(id_, source, choice))
        asked: dict[UUID, list[tuple[UUID, NewCase]]] = {}
        if rows:
            for row in await connection.fetch(_SQL.ask, *_turned(rows), self._clock.now()):
                record, other, case = told[row["id"]]
                asked.setdefault(record, []).append((other, case))
        return asked


def after(id_: UUID, floor: UUID) -> UUID:
    """The id, or one made of it that is newer than another which a node made whose clock is ahead (UUIDv7 begins with
    the milliseconds): of two records the linked one must be the newer."""
    if id_ > floor:
        return id_
    return UUID(int=((floor.int >> 80 << 80) + _BUMP) | id_.int & (_BUMP - 1))


def written(evidence: Any) -> str:
    """Evidence as it is kept."""
    return msgspec.json.encode(evidence).decode()


def question_field(question: UUID) -> str:
    """The field of the case that is open for a question."""
    return f"question/{question}"


def _duplicate(question: UUID, source: str, choice: Choice) -> NewCase:
    reason = f"two records look like one person (weight {choice.evidence.weight:.1f})"
    if choice.basis is Basis.IDENTIFIER:
        reason = "two records share a number" + ("" if choice.sure else ", and contradict each other")
    return asked_of(question, source, reason)


def asked_of(question: UUID, source: str, reason: str) -> NewCase:
    """The case by which a steward answers a question."""
    return NewCase(DUPLICATE, source, reason, field=question_field(question), run=f"{QUESTION}:{question}")


def _overlaid(record: UUID, source: str, why: Sequence[str]) -> NewCase:
    reason = f"a record's new content cannot be of the person that it was of: {', '.join(why)} differ"
    return NewCase(OVERLAID, source, reason, field=f"record/{record}")


def _among(fresh: Mapping[int, list[Candidate]], keys: Iterable[int]) -> Iterator[Candidate]:
    """Those of the same batch that share a key, each once."""
    if fresh:
        yield from {one.record: one for key in keys for one in fresh.get(key, ())}.values()


def _lock(number: UUID) -> int:
    return int.from_bytes(number.bytes[:8], "big", signed=True)


def _array(keys: Sequence[int]) -> str:
    return "{" + ",".join(map(str, keys)) + "}"


def _turned(rows: Sequence[Sequence[object]], width: int = 0) -> list[list[Any]]:
    """Rows as columns, for unnest."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
