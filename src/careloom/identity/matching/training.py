"""Weights from records of which nobody said who is who: u from pairs taken at random, m by expectation maximisation
(both by Splink), the prior from what the weights find. What the records hardly show keeps the weight it had before."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import sqrt
from random import Random
from typing import Any, NamedTuple

import msgspec

from careloom.core.errors import ConfigurationError
from careloom.identity.matching import splinking
from careloom.identity.matching.blocking import Blocks, keys
from careloom.identity.matching.comparing import COMPARISONS, Declared
from careloom.identity.matching.counting import counted
from careloom.identity.matching.features import Features
from careloom.identity.matching.model import Comparison, Level, Model
from careloom.identity.matching.scoring import Scorer, probability

LEAST = 200
"""Fewer records than this teach nothing that the shipped weights do not know better."""

SURE, DOUBTFUL = 9.964, 0.0
"""Weights (log2 of the odds) of 0.999 and 0.5: the zones of a model whose precision nobody measured."""

_SAMPLE = 10_000  # records whose candidates are scored for the prior
_ROUNDS = 15
_STRENGTH = 40.0  # how many pairs of one person the weights of the model before count for
_FEWEST_PAIRS = 50
_MOST_PAIRS = 1_000_000
_PRESENT = 0.1  # of all records must have what a comparison is about


class Blocking(NamedTuple):
    """What pairs must agree on to teach m of all other comparisons."""

    sql: str
    of: Callable[[Features], object]


_BLOCKINGS = (
    Blocking("l.birth = r.birth", lambda one: one.birth),
    Blocking("l.given = r.given and l.family = r.family", lambda one: one.given and (one.given[0], one.family)),
    Blocking("l.national = r.national", lambda one: one.national),
    Blocking("l.email = r.email", lambda one: one.emails[:1] or None),
)  # fmt: skip


class Seen(NamedTuple):
    """What Splink estimated of a level; None where the records do not show it."""

    m: float | None
    u: float | None


def train(records: Sequence[Features], *, version: str, before: Model | None = None, seed: int = 1) -> Model:
    """A model of these records, with the frequencies of their names. Its zones are those of the model `before`, else
    by probability alone (`SURE`, `DOUBTFUL`), until they are measured (`thresholds`). The same records and seed give
    the same model. Raises ConfigurationError for fewer than `LEAST` records and without the extra `linkage`."""
    if len(records) < LEAST:
        raise ConfigurationError(f"{len(records)} records are too few to train on; {LEAST} are the least")
    names = [one.name for one in COMPARISONS if _present(one, records) >= _PRESENT]
    seen = _estimated(records, names, seed)
    prior = 1.0 / len(records)
    for _ in range(2):  # u of a small set holds pairs of one person; the first prior lets us take them out
        comparisons = tuple(_comparison(one, seen, prior, len(records), before) for one in COMPARISONS)
        model = _model(version, prior, comparisons, before)
        prior = prior_of(model, records, seed)
    return counted(msgspec.structs.replace(model, prior=prior, records=len(records)), records)


def by_probability(model: Model) -> Model:
    """The model with the zones of `SURE` and `DOUBTFUL`: where nobody measured its precision on labelled records."""
    return msgspec.structs.replace(model, link=SURE, review=DOUBTFUL, measured="")


def prior_of(model: Model, records: Sequence[Features], seed: int) -> float:
    """The probability that two records at random are of one person, such that the model finds as many pairs of one
    person as it says there are; from a sample of the records against all."""
    blocks, known = Blocks(), [keys(one) for one in records]
    for at, some in enumerate(known):
        blocks.add(at, some)
    chosen = Random(seed).sample(range(len(records)), min(_SAMPLE, len(records)))  # noqa: S311 (no secret)
    scorer = Scorer(counted(msgspec.structs.replace(model, records=len(records)), records))
    odds = [
        scorer.weight(records[at], records[other]) - scorer.prior
        for at in chosen
        for other in blocks.candidates(known[at])
        if other != at
    ]
    prior, pairs = model.prior, len(chosen) * (len(records) - 1)
    for _ in range(_ROUNDS):
        shift = msgspec.structs.replace(model, prior=prior)
        start = Scorer(shift).prior
        prior = max(sum(probability(start + weight) for weight in odds), 0.5) / pairs
    return min(prior, 0.5)


def _model(version: str, prior: float, comparisons: tuple[Comparison, ...], before: Model | None) -> Model:
    link, review = (before.link, before.review) if before else (SURE, DOUBTFUL)
    return Model(version=version, prior=prior, comparisons=comparisons, link=link, review=review)


def _present(declared: Declared, records: Sequence[Features]) -> float:
    """The share of neighbours in the sequence that both have what is compared."""
    some = records[:20_000]
    return sum(not declared.absent(a, b) for a, b in pairwise(some)) / max(len(some) - 1, 1)


def _estimated(records: Sequence[Features], names: Sequence[str], seed: int) -> dict[str, dict[str, Seen]]:
    linker = splinking.linker_of(records, names)
    linker.training.estimate_u_using_random_sampling(
        max_pairs=_MOST_PAIRS, seed=seed, min_count_per_level=None, num_chunks=1
    )
    for blocking in _BLOCKINGS:
        pairs = _pairs(blocking, records)
        if pairs >= _FEWEST_PAIRS:
            linker.training.estimate_parameters_using_expectation_maximisation(
                blocking.sql,
                estimate_without_term_frequencies=True,
                max_pairs=_MOST_PAIRS if pairs > _MOST_PAIRS else None,
            )
    logging.getLogger("splink").setLevel(logging.WARNING)
    return {one.output_column_name: _levels(one) for one in linker._settings_obj.comparisons}


def _pairs(blocking: Blocking, records: Sequence[Features]) -> int:
    counted = Counter(value for one in records if (value := blocking.of(one)))
    return sum(many * (many - 1) // 2 for many in counted.values())


def _levels(comparison: Any) -> dict[str, Seen]:
    return {
        level.label_for_charts: Seen(_number(level._m_probability), _number(level._u_probability))
        for level in comparison.comparison_levels
        if not level.is_null_level
    }


def _number(value: object) -> float | None:
    """None for what was not trained, and for the text that says so."""
    return value if isinstance(value, float) else None


def _comparison(
    declared: Declared, seen: dict[str, dict[str, Seen]], prior: float, records: int, before: Model | None
) -> Comparison:
    shown = seen.get(declared.name, {})
    known = (
        {level.name: level for one in before.comparisons if one.name == declared.name for level in one.levels}
        if before
        else {}
    )
    pairs = prior * records * (records - 1) / 2
    strength = _STRENGTH if known else 2.0
    even = 1.0 / len(declared.levels)
    frequencies = {test.name: test.frequency for test in declared.tests}
    m, u = {}, {}
    for name in declared.levels:
        mine, earlier = shown.get(name, Seen(None, None)), known.get(name)
        count = pairs if shown else 0.0
        m[name] = ((mine.m or 0.0) * count + (earlier.m if earlier else even) * strength) / (count + strength)
        u[name] = _chance(mine, prior, earlier)
    u |= _crossed(declared.name, m, u, seen, prior)
    return Comparison(
        name=declared.name,
        levels=tuple(
            Level(name=name, m=m[name] / sum(m.values()), u=u[name] / sum(u.values()), frequency=frequencies.get(name))
            for name in declared.levels
        ),
    )


def _chance(seen: Seen, prior: float, earlier: Level | None) -> float:
    """u without the pairs of one person that a random sample holds; what was not seen has what it had before."""
    least = 1.0 / _MOST_PAIRS
    if seen.u is None:
        return earlier.u if earlier else least
    return max((seen.u - prior * (seen.m or 0.0)) / (1.0 - prior), least)


def _crossed(
    name: str, m: dict[str, float], u: dict[str, float], seen: dict[str, dict[str, Seen]], prior: float
) -> dict[str, float]:
    """u of two names that changed places, which is one accident that two comparisons see: each takes half of it. By
    chance it happens no more often than both names agree."""
    if "swapped" not in u or name == "birth":
        return {}
    both = [_chance(seen[one]["exact"], prior, None) if one in seen else u["exact"] for one in ("given", "family")]
    return {"swapped": max(sqrt(m["swapped"] * both[0] * both[1]), 1.0 / _MOST_PAIRS)}
