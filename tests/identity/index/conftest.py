"""An index on a fresh database, with a matcher whose every decision can be read off the names."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from careloom.cases.book import Cases
from careloom.core.envelope import Event
from careloom.core.ids import Uuid7
from careloom.identity.index.asking import Stewards
from careloom.identity.index.comparing import Matcher
from careloom.identity.index.index import PersonIndex
from careloom.identity.index.seam import Arrival
from careloom.identity.index.survivorship import Authority
from careloom.identity.matching.features import Features
from careloom.identity.matching.model import Model
from careloom.identity.matching.zones import Evidence, Zone
from careloom.log.operators import Act
from careloom.log.ports import Connection, NewCase
from careloom.model import ContactPoint, HumanName, Identifier, Patient, decode
from careloom.security.sealing import MasterKey
from careloom.store.database import Database
from careloom.testing.clock import VirtualClock

MASTER = MasterKey(bytes(range(32)))
ROBIN = Act("Robin Okafor", "seen side by side")
START = datetime(2026, 3, 1, 8, tzinfo=UTC)


class Plain:
    """Same family, given and birth: linked. Same family and birth: looked at. `blind` links nobody, by no number."""

    def __init__(self, *, blind: bool = False, version: str = "plain") -> None:
        self.blind = blind
        self.version = version

    def features(self, patient: Patient) -> Features:
        name = patient.name[0] if patient.name else HumanName()
        return Features(
            given=tuple(one.lower() for one in name.given),
            family=(name.family or "").lower(),
            birth=patient.birth_date,
            phones=tuple(one.value for one in patient.telecom),
            identifiers=tuple(f"{one.assigner or ''}|{one.type or ''}|{one.value}" for one in patient.identifier),
        )

    def keys(self, features: Features) -> Sequence[str]:
        return [f"F|{features.family}|{features.birth}"] if features.family else []

    def zone(self, one: Features, other: Features) -> tuple[Zone, Evidence] | None:
        if self.blind or not one.family or (one.family, one.birth) != (other.family, other.birth):
            return None
        return (Zone.LINK if one.given == other.given else Zone.REVIEW), self.evidence(one, other)

    def evidence(self, one: Features, other: Features) -> Evidence:
        weight = 20.0 if one.given == other.given else 5.0
        return Evidence(
            model=self.version, levels={"name": "exact"}, weights={"name": weight}, weight=weight, probability=0.5
        )

    def contradicts(self, old: Features, new: Features) -> Sequence[str]:
        if self.blind:
            return ("everything",)
        both = old.birth and new.birth and old.given and new.given
        return ("given", "birth") if both and old.birth != new.birth and old.given != new.given else ()


@dataclass
class Heard:
    """Takes what the index tells, and opens its cases."""

    book: Cases
    events: list[Event] = field(default_factory=list)
    cases: list[NewCase] = field(default_factory=list)

    async def write(self, connection: Connection, events: Sequence[Event], cases: Sequence[NewCase] = ()) -> None:
        self.events += [*events, *await self.book.open(connection, cases)]
        self.cases += cases

    def said(self, type_: str) -> list[Any]:
        return [decode(one.type, one.data) for one in self.events if one.type == type_]


class Index(PersonIndex):
    """With what it told, and what the database holds."""

    heard: Heard
    database: Database
    clock: VirtualClock

    async def rows(self, sql: str, *arguments: object) -> list[Any]:
        async with self.database.acquire() as connection:
            return list(await connection.fetch(sql, *arguments))

    async def value(self, sql: str, *arguments: object) -> Any:
        return (await self.rows(sql, *arguments))[0][0]

    async def persons(self) -> dict[UUID, UUID]:
        return {row["id"]: row["person"] for row in await self.rows("select id, person from person_record")}


Make = Callable[..., Index]


def opened(
    database: Database,
    matcher: Matcher | None = None,
    clock: VirtualClock | None = None,
    new_id: Callable[[], UUID] | None = None,
    authority: Sequence[Authority] = (),
    make: Callable[[Model], Matcher] | None = None,
    stewards: Stewards | None = None,
) -> Index:
    """An index over this database."""
    used = clock or VirtualClock(START)
    ids = new_id or Uuid7(used)
    book = Cases(used, ids)
    heard = Heard(book)
    index = Index(
        database, MASTER, book, heard, used, ids, shipped=matcher or Plain(), authority=authority,
        make=make or (lambda model: Plain(version=model.version)), stewards=stewards,
    )  # fmt: skip
    index.heard, index.database, index.clock = heard, database, used
    return index


@pytest.fixture
async def index(database: Database) -> AsyncIterator[Index]:
    made = opened(database)
    yield made
    await made.close()


def arrival(
    number: str,
    name: str = "",
    birth: str | None = "1980-02-03",
    *,
    source: str = "ehr",
    day: int = 0,
    phone: str = "",
    others: Sequence[Identifier] = (),
    assigner: str = "NORTH",
) -> Arrival:
    """A patient as a source knows it; `name` is `Given Family`."""
    given, _, family = name.partition(" ")
    mine = Identifier(value=number, type="MR", assigner=assigner)
    patient = Patient(
        identifier=(mine, *others),
        name=(HumanName(family=family, given=(given,)),) if name else (),
        birth_date=birth if name else None,
        telecom=(ContactPoint(system="phone", value=phone),) if phone else (),
    )
    return Arrival(source, mine, patient, START + timedelta(days=day))
