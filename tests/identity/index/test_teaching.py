"""The index teaches its model: names, the prior, and weights where somebody asks for them."""

from __future__ import annotations

import pytest
from tests.identity.index.conftest import ROBIN, Index, arrival, opened

from careloom.core.errors import ConfigurationError
from careloom.identity.index import teaching
from careloom.identity.index.teaching import Teaching, estimated, taught
from careloom.identity.index.weighing import Weighing
from careloom.identity.matching.shipped import default_model
from careloom.store.database import Database


@pytest.fixture
async def weighed(database: Database) -> Index:
    return opened(database, Weighing(default_model()), make=Weighing)


async def _filled(index: Index, count: int) -> None:
    """Names of the index's own."""
    for number in range(count):
        await index.resolve(arrival(str(number), f"{('Ana', 'Ben')[number % 2]} Reyes", f"19{10 + number}-02-03"))


async def test_names_and_the_prior_are_those_of_the_index(weighed: Index) -> None:
    await _filled(weighed, 8)
    model, before = await taught(weighed), default_model()
    assert model.version == f"{before.version} on 8 records"
    assert model.frequencies == {"given": {"ana": 0.5, "ben": 0.5}, "family": {"reyes": 1.0}}
    assert model.prior == pytest.approx(min(before.prior * before.records / 8, 0.5))
    assert (model.link, model.review, model.comparisons) == (before.link, before.review, before.comparisons)
    await weighed.use(model, ROBIN)
    assert (await taught(weighed)).version == model.version  # it does not grow with each turn


async def test_weights_want_more_records_than_a_few(weighed: Index) -> None:
    await _filled(weighed, 2)
    with pytest.raises(ConfigurationError, match="too few to train on"):
        await estimated(weighed)


async def test_an_index_that_outgrew_its_model_counts_again_by_itself(
    weighed: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teaching, "ENOUGH", 4)
    hourly = Teaching(weighed, weighed.database, weighed.clock)
    await _filled(weighed, 3)
    assert await hourly.look() is None
    await _filled(weighed, 4)
    first = await hourly.look()
    assert first is not None
    assert first.records == 4
    await _filled(weighed, 7)
    assert await hourly.look() is None
    await _filled(weighed, 8)
    second = await hourly.look()
    assert second is not None
    assert [one.version for one in await weighed.models()] == [first.version, second.version]
    assert weighed.heard.said("org.careloom.audit.person.model_used.v1") or len(weighed.heard.events) >= 2


async def test_of_two_nodes_one_counts(weighed: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teaching, "ENOUGH", 1)
    await _filled(weighed, 2)
    hourly = Teaching(weighed, weighed.database, weighed.clock)
    async with weighed.database.acquire() as other, other.transaction():
        await other.execute("select pg_advisory_xact_lock($1, 0)", teaching._CLASS)
        assert await hourly.look() is None
    assert await hourly.look() is not None
