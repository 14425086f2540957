"""A person index of one person and one question, and a crosswalk of one code, in memory."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from careloom.identity.crosswalk.codes import Canonical, Code, Near, Unknown
from careloom.identity.crosswalk.work import Codework
from careloom.identity.index.errors import NoSuchPerson
from careloom.identity.index.index import PersonIndex
from careloom.identity.index.reading import Explained, Link
from careloom.identity.index.reviewing import Queue, Waiting
from careloom.identity.index.sealed import Held
from careloom.identity.index.seam import Basis
from careloom.identity.matching.zones import Evidence
from careloom.model import HumanName, Identifier, Patient, Person

KNOWN, OTHER = UUID(int=7), UUID(int=8)
WHEN = datetime(2026, 3, 4, tzinfo=UTC)
NUMBER = Identifier(value="N-1", type="MR", assigner="NORTH")
PATIENT = Patient(
    identifier=(NUMBER,), name=(HumanName(family="Weaver", given=("Ottilie",)),), birth_date="1971-04-12",
    person=Person(id=str(KNOWN), number=NUMBER),
)  # fmt: skip
EVIDENCE = Evidence(model="m", levels={"family": "exact"}, weights={"family": 7.5}, weight=7.5, probability=0.9)
LINKS = [
    Link(
        id=KNOWN, older=KNOWN, newer=OTHER, basis=basis, evidence=evidence, made=WHEN, by="careloom", why="arrived",
        ended=ended, ended_by=ended and "robin", ended_why=ended and "twins",
    )
    for basis, evidence, ended in ((Basis.SCORE, EVIDENCE, WHEN), (Basis.STEWARD, None, None))
]  # fmt: skip


class _Index:
    def __init__(self) -> None:
        self.reviewing = SimpleNamespace(questions=self._questions)

    async def find(self, *, number: str, family: str, given: str, birth: str, assigner: str | None) -> list[Patient]:
        if not number and not (family and (given or birth)):
            raise ValueError("say a number")
        return [] if assigner == "SOUTH" else [PATIENT]

    async def explain(self, some_id: UUID) -> Explained:
        if some_id != KNOWN:
            raise NoSuchPerson("there is none")
        held = Held(KNOWN, KNOWN, "ehr", NUMBER, PATIENT, WHEN, False)
        return Explained(
            person=KNOWN, patient=PATIENT, origins={"name": KNOWN}, records=[held], links=LINKS, apart=[], questions=[]
        )

    async def _questions(self, wanted: Any, after: Any, limit: int) -> Queue:
        weight = None if wanted.basis is Basis.SOURCE else 7.5
        state = ("health-information", wanted.assignee, "open")
        one = Waiting(KNOWN, Basis.SCORE, "lab", WHEN, weight, "m", KNOWN, *state, WHEN, WHEN)
        return Queue([one], (WHEN, KNOWN) if limit == 1 and after is None else None)


class _Lookup:
    async def lookup(self, system: str, type: str, value: str, at: date, *, entity: str) -> Canonical | Unknown:
        if len(value) % 2:
            return Unknown((Near(f"{value}0", "acme", "Acme", 90.0),), True)
        return Canonical(entity, "acme", "Acme", 3)

    async def codes_of(self, canonical: Canonical, system: str, at: date) -> tuple[Code, ...]:
        return (Code(system, "partner", "417", "Acme"),)


def steward() -> PersonIndex:
    return cast(PersonIndex, _Index())


def codes() -> Codework:
    return Codework(cast(Any, None), cast(Any, _Lookup()), cast(Any, None))
