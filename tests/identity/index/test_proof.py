"""Random merges, splits and late updates: at every moment a person is the oldest record of what is linked, and when all
is split again nothing but the records is left, to the byte. CARELOOM_PROOF_STEPS asks for the long form (10,000)."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any
from uuid import UUID

import msgspec
import pytest
from tests.identity.index.conftest import MASTER, ROBIN, START, Index, Plain, arrival, opened

from careloom.core.ids import Uuid7
from careloom.identity.index.errors import DecidedOtherwise
from careloom.identity.index.sealed import Seal
from careloom.identity.index.seam import Arrival
from careloom.store.database import Database
from careloom.testing.clock import VirtualClock

STEPS = int(os.environ.get("CARELOOM_PROOF_STEPS", "240"))
RECORDS = 120
GIVEN, FAMILY, SOURCES = ("Ana", "Eva", "Ben"), [f"Reyes{n}" for n in range(25)], ("ehr", "lab", "crm")
Pair = frozenset[UUID]


class Trial:
    """Does something at random, and keeps a tally of its own of what must be so."""

    def __init__(self, index: Index, by: Random) -> None:
        self.index = index
        self.by = by
        self.arrivals: list[Arrival] = []
        self.latest: dict[UUID, Arrival] = {}
        self.apart: set[Pair] = set()
        self.asked: Counter[Pair] = Counter()
        self.done: Counter[str] = Counter()
        self.whose: dict[UUID, UUID] = {}

    async def step(self) -> None:
        acts: list[tuple[Callable[[], Awaitable[None]], int]] = [
            (self.new, 6 if len(self.latest) < RECORDS else 0), (self.update, 5), (self.merge, 5),
            (self.source_merge, 2), (self.split, 3), (self.undo, 4), (self.distinct, 1),
        ]  # fmt: skip
        act = self.new
        if len(self.latest) > 3:
            (act,) = self.by.choices([one for one, _ in acts], [often for _, often in acts])
        try:
            await act()
            self.done[act.__name__] += 1
        except DecidedOtherwise:
            self.done["refused"] += 1
        self.whose = await self.linked()
        assert await self.index.persons() == self.whose

    async def linked(self) -> dict[UUID, UUID]:
        """Each record with the oldest one that can be reached from it, by walking the links."""
        near: dict[UUID, set[UUID]] = {
            row["id"]: set() for row in await self.index.rows("select id from person_record")
        }
        for row in await self.index.rows("select older, newer from person_link where ended is null"):
            near[row["older"]].add(row["newer"])
            near[row["newer"]].add(row["older"])
        whose: dict[UUID, UUID] = {}
        for start in sorted(near):
            waiting = [start] if start not in whose else []
            while waiting:
                one = waiting.pop()
                if one not in whose:
                    whose[one] = start
                    waiting += near[one]
        return whose

    async def resolve(self, one: Arrival) -> None:
        self.arrivals.append(one)
        found = await self.index.resolve(one)
        for person in found.doubts:
            mine = [each for each in self.whose if self.whose[each] == self.whose.get(found.record)] or [found.record]
            theirs = [each for each in self.whose if self.whose[each] == person]
            pairs = {frozenset((a, b)) for a in mine for b in theirs}
            assert not pairs & self.apart, "somebody said that these are not the same"
            assert not any(self.asked[pair] for pair in pairs), "this was asked before"
        for row in await self.index.rows("select older, newer from person_question"):
            self.asked[frozenset((row["older"], row["newer"]))] = 1
        known = self.latest.get(found.record)
        if known is None or known.occurred <= one.occurred:
            self.latest[found.record] = one

    def someone(self, place: int, day: int) -> Arrival:
        name = f"{self.by.choice(GIVEN)} {self.by.choice(FAMILY)}"
        phone = self.by.choice(("", "5550101", "5550102"))
        return arrival(f"{place}", name, source=SOURCES[place % 3], day=day, phone=phone)

    async def new(self) -> None:
        await self.resolve(self.someone(len(self.latest), self.by.randrange(5)))

    async def update(self) -> None:
        place = self.by.randrange(len(self.latest))
        await self.resolve(self.someone(place, self.by.randrange(10)))

    async def merge(self) -> None:
        await self.index.merge(*self.by.sample(sorted(self.latest), 2), ROBIN)

    async def source_merge(self) -> None:
        survivor, retired = self.by.sample(sorted(self.latest), 2)
        if self.latest[survivor].source == self.latest[retired].source:
            self.arrivals.append(self.latest[survivor])
            await self.index.merged(self.latest[survivor], self.latest[retired].number)

    async def split(self) -> None:
        person = self.by.choice([one for one, often in Counter(self.whose.values()).items() if often > 1] or [None])
        if person is None:
            return
        records = sorted(one for one, whose in self.whose.items() if whose == person)
        apart = self.by.sample(records, self.by.randrange(1, len(records)))
        await self.index.split(apart, ROBIN)
        self.apart |= {frozenset((a, b)) for a in apart for b in records if b not in apart}

    async def undo(self) -> None:
        links = await self.index.rows("select id from person_link where ended is null order by id")
        if links:
            await self.index.undo(self.by.choice(links)["id"], ROBIN)

    async def distinct(self) -> None:
        one, other = self.by.sample(sorted(self.latest), 2)
        await self.index.distinct(one, other, ROBIN)
        self.apart.add(frozenset((one, other)))


async def dump(index: Index) -> bytes:
    """All rows, opened, and what is known of each person; in one form."""
    seal, rows = Seal(MASTER), []
    for row in await index.rows("select * from person_record order by id"):
        said: dict[str, Any] = dict(row)
        id_ = row["id"]
        said["known"] = seal.open_known(id_, row["known"])
        said["features"] = seal.open_features(id_, row["features"])
        said["content"] = seal.open_content(id_, row["content"])
        said["golden"] = await index.show(id_)
        rows.append(said)
    links = [dict(row) for row in await index.rows("select * from person_link where ended is null")]
    return msgspec.json.encode([rows, links], enc_hook=str)


async def from_records_alone(database: Database, arrivals: list[Arrival], records: dict[UUID, UUID]) -> Index:
    """An index that only ever saw the arrivals, and links nothing. `records` are the ids by their numbers' digests."""
    seal, chance, ids = Seal(MASTER), Uuid7(), []

    def new_id() -> UUID:
        return ids.pop() if ids else chance()

    index = opened(database, Plain(blind=True), VirtualClock(START), new_id)
    seen: set[UUID] = set()
    for one in arrivals:
        number = seal.number(one.source, one.number)
        ids[:] = [records[number]] if number not in seen else []
        seen.add(number)
        await index.resolve(one)
    return index


@pytest.mark.timeout(0 if STEPS > 1000 else 120)
async def test_everything_split_again_is_the_records_alone(database: Database, dsn: str, postgres_server: Any) -> None:
    index = opened(database)
    trial = Trial(index, Random(6))
    for _ in range(STEPS):
        await trial.step()
        index.heard.events.clear()
    assert all(trial.done[name] for name in ("new", "update", "merge", "source_merge", "split", "undo", "refused"))
    for row in await index.rows("select id from person_link where ended is null order by id desc"):
        await index.undo(row["id"], ROBIN)
    assert all(record == person for record, person in (await index.persons()).items())
    records = {row["number"]: row["id"] for row in await index.rows("select number, id from person_record")}
    name = await postgres_server.take()
    fresh = await Database.open(postgres_server.address(name))
    alone = await from_records_alone(fresh, trial.arrivals, records)
    assert await dump(index) == await dump(alone)
    await fresh.close()
    postgres_server.give_back(name)
