"""Training and measuring, on a small generated hospital."""

from __future__ import annotations

from functools import cache

import msgspec
import pytest

from careloom.core.errors import ConfigurationError
from careloom.identity.matching import plain_splink, shipped, thresholds, training
from careloom.identity.matching.counting import counted
from careloom.identity.matching.evaluating import Labelled, Pair, figures, pairs, same_persons, zoned
from careloom.identity.matching.features import Features
from careloom.identity.matching.headings import FIELDS
from careloom.identity.matching.model import Model
from careloom.identity.matching.normalising import features_of_row
from careloom.identity.matching.scoring import Scorer
from careloom.identity.matching.zones import Zone
from careloom.sim import population_names
from careloom.sim.population import hospital


@cache
def generated(persons: int, seed: int) -> tuple[Labelled, ...]:
    columns = {field: [field] for field in FIELDS}
    return tuple(Labelled(features_of_row(one.row, columns), str(one.person)) for one in hospital(persons, seed))


@cache
def trained() -> Model:
    return training.train([one.features for one in generated(3_000, 5)], version="t", before=shipped.default_model())


def test_the_shipped_model_is_of_this_release_and_holds_names_that_everybody_knows() -> None:
    model = shipped.default_model()
    assert Scorer(model).model is model
    for feature, names in population_names.common().items():
        assert model.frequencies[feature].keys() <= names
        assert min(model.frequencies[feature].values()) >= shipped.COMMON
    assert model.link > model.review
    assert "Wilson" in model.measured
    assert msgspec.json.decode(shipped.written(model), type=Model) == model


def test_the_shipped_model_decides_well_on_another_hospital() -> None:
    records = generated(6_000, 11)
    model = counted(shipped.default_model(), [one.features for one in records])
    found = figures(zoned(model, pairs(model, records)), records)
    assert found.precision >= 0.995
    assert found.recall >= 0.9
    assert found.review < 0.02
    assert found.link + found.review + found.new == pytest.approx(1.0)


def test_training_learns_that_agreement_speaks_for_one_person() -> None:
    model = trained()
    for comparison in model.comparisons:
        assert sum(level.m for level in comparison.levels) == pytest.approx(1.0)
        assert sum(level.u for level in comparison.levels) == pytest.approx(1.0)
        exact = next(level for level in comparison.levels if level.name in ("exact", "same", "phone and house"))
        assert exact.m > exact.u
        assert comparison.levels[-1].m < comparison.levels[-1].u
    whole = len(generated(3_000, 5))
    expected = same_persons(generated(3_000, 5)) / (whole * (whole - 1) / 2)
    assert expected / 2 < model.prior < expected * 2


def test_names_that_few_have_are_not_listed() -> None:
    model = trained()
    least = min(model.frequencies["family"].values())
    assert least == pytest.approx(model.rarest["family"])
    assert set(model.frequencies) == {"given", "family"}


def test_too_few_records_teach_nothing() -> None:
    with pytest.raises(ConfigurationError, match="too few"):
        training.train([Features()] * 3, version="t")


def _two(weight: float, *, same: bool) -> tuple[Pair, list[Labelled]]:
    return Pair(1, 0, weight), [Labelled(Features(), "a"), Labelled(Features(), "a" if same else "b")]


def test_wilson_is_careful_with_few() -> None:
    assert thresholds.wilson(0, 0) == 0.0
    assert thresholds.wilson(10, 10) < 0.75
    assert thresholds.wilson(100_000, 100_000) > 0.9999


def test_zones_are_chosen_from_what_was_measured() -> None:
    # Person 0 to 9,999 twice, at weights from 10 up; below weight 8, pairs of two persons only.
    records = [Labelled(Features(), str(at)) for at in range(10_000)] * 2
    good = [Pair(10_000 + at, at, 10.0 + at % 7) for at in range(10_000)]
    bad = [Pair(10_000 + at, at + 1, 7.0) for at in range(100)]
    model = thresholds.measured(trained(), good + bad, records, "a test")
    assert 7.0 < model.link <= 10.0
    assert model.review <= 7.0
    assert "of 10000 pairs linked, 0 wrong" in model.measured


def test_too_few_pairs_leave_the_zones_alone() -> None:
    model = trained()
    pair, records = _two(50.0, same=True)
    assert thresholds.measured(model, [pair], records, "a test") is model


@pytest.mark.parametrize(("same", "wrong"), [(True, 0), (False, 1)])
def test_figures_count_what_the_labels_say(same: bool, wrong: int) -> None:
    pair, records = _two(50.0, same=same)
    found = figures([(pair, Zone.LINK)], records)
    assert (found.wrong_pairs, found.linked_pairs, found.link) == (wrong, 1, 0.5)
    assert found.precision == 1.0 - wrong


def test_a_doubtful_label_counts_for_zones_alone() -> None:
    pair, records = _two(50.0, same=True)
    records[1] = records[1]._replace(doubtful=True)
    found = figures([(pair, Zone.REVIEW)], records)
    assert (found.review, found.linked_pairs) == (0.5, 0)
    assert same_persons(records) == 0


def test_of_two_files_the_second_arrives_at_the_first() -> None:
    records = generated(3_000, 5)[:600]
    model = trained()
    for pair in pairs(model, records, known=300):
        assert pair.right < 300 <= pair.left


def test_plain_splink_is_measured_on_the_same_values() -> None:
    records = generated(3_000, 5)
    decided = [(pair, Zone.LINK) for pair, chance in plain_splink.predicted(records) if chance >= plain_splink.LINK]
    found = figures(decided, records)
    assert found.recall > 0.5
    assert found.linked_pairs == len(decided)
