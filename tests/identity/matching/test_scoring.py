"""The online score is Splink's, pair by pair and level by level."""

from __future__ import annotations

from random import Random

import msgspec
import pytest

from careloom.core.errors import ConfigurationError
from careloom.identity.matching import splinking
from careloom.identity.matching.comparing import COMPARISONS, DIFFERS
from careloom.identity.matching.counting import counted
from careloom.identity.matching.features import Features
from careloom.identity.matching.model import Comparison, Level, Model
from careloom.identity.matching.scoring import Scorer, probability

GIVEN = (
    "anna",
    "annie",
    "ann",
    "robert",
    "bob",
    "rob",
    "robret",
    "maria",
    "marla",
    "m",
    "lucas",
    "lucad",
    "weft",
    "jo",
)
FAMILY = ("weft", "wefd", "shuttle", "shuttel", "weft shuttle", "bobbin", "bobbins", "anna", "li", "de weft", "")
BIRTHS = ("1984-03-07", "1984-07-03", "1984-03-08", "1984-03-17", "1948-03-07", "1984-03", "1984", "1985-11-30", None)
STREETS = ("heddle ln", "hedle ln", "warp st", "po box", None)
CITIES = ("loomford", "lomford", "spindle bay", None)
PHONES = ("+12065550101", "+12065550110", "+15095550199")
EMAILS = ("anna@example.org", "anna@example.com", "ana@example.org", "bob.weft@example.net")
NATIONALS = ("900112222", "900112223", "900112322", "2222", "900221222", "900334444", None)


def invented(chance: Random) -> Features:
    pick = chance.choice
    return Features(
        given=tuple(pick(GIVEN) for _ in range(chance.choice((0, 1, 1, 2, 3)))),
        family=pick(FAMILY),
        former=tuple(chance.sample(("weft", "warp", "bobbin"), chance.choice((0, 0, 1, 2)))),
        birth=pick(BIRTHS),
        sex=pick(("f", "m", None)),
        number=pick(("12", "21", "123", "9", None)),
        street=pick(STREETS),
        city=pick(CITIES),
        postcode=pick(("98001", "98010", "5308", None)),
        phones=tuple(chance.sample(PHONES, chance.choice((0, 1, 1, 2)))),
        emails=tuple(chance.sample(EMAILS, chance.choice((0, 0, 1, 2)))),
        national=pick(NATIONALS),
        unit=pick(("1", "2", None, None)),
    )


def made_up(seed: int) -> Model:
    chance, found = Random(seed), []
    for one in COMPARISONS:
        frequency = {test.name: test.frequency for test in one.tests}
        levels = (
            Level(
                name=name, m=chance.uniform(0.01, 0.9), u=chance.uniform(1e-5, 0.9), frequency=frequency.get(name),
                share=chance.choice((0.5, 1.0)),
            )
            for name in one.levels
        )  # fmt: skip
        found.append(Comparison(name=one.name, levels=tuple(levels)))
    return Model(version=f"made up {seed}", prior=0.003, comparisons=tuple(found), link=10.0, review=0.0)


@pytest.mark.parametrize("seed", range(3))
def test_ours_is_splinks_with_the_frequency_of_terms(seed: int) -> None:
    chance = Random(seed)
    records = [invented(chance) for _ in range(4_000)]
    records += [Features(given=("anna",), family="weft"), Features(given=("weft",), family="anna")]
    model = counted(made_up(seed), records[:3_000])
    pairs = list(zip(records[::2], records[1::2], strict=True))
    ours, theirs = Scorer(model), splinking.scores(model, pairs)
    reached = set()
    for (a, b), weight in zip(pairs, theirs, strict=True):
        evidence = ours.score(a, b)
        assert evidence.weight == pytest.approx(weight, abs=1e-6), evidence.levels
        assert ours.weight(a, b) == pytest.approx(evidence.weight, abs=1e-9)
        assert ours.weight(b, a) == pytest.approx(evidence.weight, abs=1e-9)
        reached |= set(evidence.levels.items())
    assert {(one.name, test.name) for one in COMPARISONS for test in one.tests} <= reached


def test_ours_is_splinks_without_frequencies() -> None:
    chance, model = Random(7), made_up(7)
    pairs = [(invented(chance), invented(chance)) for _ in range(500)]
    ours = [Scorer(model).weight(a, b) for a, b in pairs]
    assert splinking.scores(model, pairs) == pytest.approx(ours, abs=1e-6)


def test_a_rare_name_weighs_more_than_a_common_one() -> None:
    crowd = [Features(given=("anna",), family="weft")] * 90 + [Features(given=("zenobia",), family="loomis")] * 10
    scorer = Scorer(counted(made_up(1), crowd))
    assert scorer.weight(crowd[-1], crowd[-1]) > scorer.weight(crowd[0], crowd[0])


def test_what_is_absent_weighs_nothing() -> None:
    model = made_up(2)
    evidence = Scorer(model).score(Features(), Features())
    assert set(evidence.levels.values()) == {"absent"}
    assert evidence.weight == pytest.approx(Scorer(model).prior)
    assert evidence.probability == pytest.approx(model.prior)
    assert probability(-5_000.0) == 0.0


def test_a_model_of_other_levels_is_refused() -> None:
    model = made_up(3)
    other = Comparison(name="sex", levels=(Level(name=DIFFERS, m=0.5, u=0.5),))
    with pytest.raises(ConfigurationError, match="levels of sex"):
        Scorer(msgspec.structs.replace(model, comparisons=(*model.comparisons[:4], other)))


def test_without_splink_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "splink", None)
    with pytest.raises(ConfigurationError, match=r"careloom\[linkage\]"):
        splinking.libraries()
