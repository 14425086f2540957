"""What a set of records teaches a model without any label."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from careloom.identity.matching import shipped
from careloom.identity.matching.counting import Count, common, counted
from careloom.identity.matching.features import Features
from careloom.identity.matching.scoring import Scorer

SMITHS = [Features(given=("ana",), family="smith")] * 90
OTHERS = [Features(given=("ben",), family=f"other{n // 5}") for n in range(10)]


def test_names_weigh_by_how_frequent_they_are_here() -> None:
    model = counted(replace(shipped.default_model(), records=0), [*SMITHS, *OTHERS])
    assert model.frequencies["family"] == {"smith": 0.9, "other0": 0.05, "other1": 0.05}
    assert model.rarest["family"] == 0.03
    scorer = Scorer(model)
    assert scorer.weight(SMITHS[0], SMITHS[1]) < scorer.weight(OTHERS[0], OTHERS[1]) - 3


def test_among_twice_as_many_two_at_random_are_one_person_half_as_often() -> None:
    before = replace(shipped.default_model(), prior=1e-4, records=50)
    model = counted(before, [*SMITHS, *OTHERS])
    assert (model.records, model.prior) == (100, pytest.approx(5e-5))
    assert counted(replace(before, records=0), SMITHS).prior == 1e-4
    assert counted(replace(before, prior=0.4, records=5000), SMITHS).prior == 0.5


def test_to_count_nothing_changes_nothing_but_names() -> None:
    model = shipped.default_model()
    assert Count().taught(model) == replace(model, frequencies={}, rarest={})


def test_common_names_alone_and_the_others_as_often_as_they_are() -> None:
    model = counted(shipped.default_model(), [*SMITHS, *OTHERS])
    kept = common(model, 0.5)
    assert kept.frequencies["family"] == {"smith": 0.9}
    assert kept.rarest["family"] == pytest.approx(0.05)
    assert common(kept, 0.5) == kept
