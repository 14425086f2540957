"""The index with matching as it is: features, keys, weights and rules under a trained model."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.identity.index.conftest import Index, arrival, opened

from careloom.identity.index.comparing import lookups, shared
from careloom.identity.index.weighing import Weighing
from careloom.identity.matching.comparing import COMPARISONS
from careloom.identity.matching.model import Comparison, Level, Model
from careloom.identity.matching.zones import Zone
from careloom.model import Identifier
from careloom.store.database import Database

CARD = Identifier(value="77", type="MB", assigner="PAYER")


def _levels(names: tuple[str, ...]) -> tuple[Level, ...]:
    *levels, differs = names
    found = [Level(name=name, m=0.8 / 2**place, u=0.002 * 2**place) for place, name in enumerate(levels)]
    return (*found, Level(name=differs, m=0.02, u=0.97))


MODEL = Model(
    version="test",
    prior=1e-3,
    comparisons=tuple(Comparison(name=one.name, levels=_levels(one.levels)) for one in COMPARISONS),
    link=6.0,
    review=0.0,
)


@pytest.fixture
async def index(database: Database) -> AsyncIterator[Index]:
    made = opened(database, Weighing(MODEL))
    yield made
    await made.close()


async def test_the_same_person_misspelt_is_linked_with_evidence(index: Index) -> None:
    elder = await index.resolve(arrival("1", "Katherine Okonjo", phone="2065550142"))
    younger = await index.resolve(arrival("2", "Kate Okonjoh", source="lab", phone="(206) 555-0142"))
    assert younger.person == elder.person
    (link,) = (await index.explain(elder.person)).links
    assert link.evidence is not None
    assert link.evidence.model == "test"
    assert link.evidence.levels["birth"] == "exact"


async def test_twins_are_two_even_if_they_share_a_number(index: Index) -> None:
    elder = await index.resolve(arrival("1", "Ana Okonjo", others=(CARD,)))
    younger = await index.resolve(arrival("2", "Zelda Okonjo", others=(CARD,)))
    assert younger.person != elder.person
    assert younger.doubts == (elder.person,)
    assert (await index.resolve(arrival("3", "Bertram Okonjo", source="lab"))).person not in (elder, younger)


async def test_somebody_else_is_somebody_else(index: Index) -> None:
    await index.resolve(arrival("1", "Ana Okonjo"))
    other = await index.resolve(arrival("2", "Bertram Silva", "1951-11-30"))
    assert (other.zone, other.doubts) == (Zone.NEW, ())


async def test_a_marriage_is_no_overlaid_record_and_another_patient_is(index: Index) -> None:
    await index.resolve(arrival("1", "Ana Okonjo"))
    await index.resolve(arrival("1", "Ana Silva", day=1))
    assert index.heard.cases == []
    await index.resolve(arrival("1", "Bertram Drake", "1951-11-30", day=2))
    assert [case.kind for case in index.heard.cases] == ["overlaid-record"]


async def test_people_are_found_however_a_name_is_written(index: Index) -> None:
    await index.resolve(arrival("1", "José Núñez"))
    assert len(await index.find(family="NUNEZ", given="jose")) == 1


def test_what_is_compared_and_what_is_looked_up_have_keys_of_their_own() -> None:
    matcher = Weighing(MODEL)
    features = matcher.features(arrival("1", "Ana Okonjo", others=(CARD,)).patient)
    assert len(shared(features)) == 2
    texts = [*matcher.keys(features), *shared(features), *lookups(features)]
    assert len(set(texts)) == len(texts)
