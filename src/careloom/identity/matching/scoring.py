"""The weight of a pair, as Splink computes it: the prior, and for each comparison log2(m/u) of the level reached, with
the frequency of the very term in the place of u where the level is an agreement on it.

Fellegi and Sunter, "A Theory for Record Linkage" (1969); for the adjustment, Splink's documentation on term frequency.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log2
from typing import NamedTuple

from careloom.core.errors import ConfigurationError
from careloom.identity.matching.comparing import ABSENT, COMPARISONS, DIFFERS, TERMS, Declared, Predicate, Term
from careloom.identity.matching.features import Features
from careloom.identity.matching.model import Comparison, Level, Model
from careloom.identity.matching.rules import vetoes
from careloom.identity.matching.zones import Evidence


class Adjustment(NamedTuple):
    """What a term adds to the weight of its level: by the term, and what a term adds that is not listed."""

    term: Term
    by_term: Mapping[str, float]
    unlisted: float

    def of(self, a: Features, b: Features) -> float:
        """For a pair whose terms may differ, by the more frequent one, as Splink has it."""
        one, other = self.term(a), self.term(b)
        if one is None or other is None:
            return 0.0
        return min(self.by_term.get(one, self.unlisted), self.by_term.get(other, self.unlisted))


Weighed = tuple[Predicate, float, Adjustment | None]


class Scorer:
    """Scores pairs under one model. It may be shared by threads."""

    def __init__(self, model: Model) -> None:
        """Raises ConfigurationError where the model's levels are not those that are declared (another release's)."""
        self.model = model
        self.prior = log2(model.prior / (1 - model.prior))
        self._steps = tuple(_step(declared, model) for declared in _declared(model))

    def weight(self, a: Features, b: Features) -> float:
        """The weight alone: the fast path, for the many candidates that are nobody."""
        total = self.prior
        for absent, tests, differs in self._steps:
            if absent(a, b):
                continue
            for holds, weight, adjustment in tests:
                if holds(a, b):
                    total += weight if adjustment is None else weight + adjustment.of(a, b)
                    break
            else:
                total += differs
        return total

    def score(self, a: Features, b: Features) -> Evidence:
        """All that is kept of a decision: the level and weight of each comparison, the whole, and the vetoes."""
        levels, weights = self.levels(a, b), {}
        for declared, (_, tests, differs) in zip(_declared(self.model), self._steps, strict=True):
            level = levels[declared.name]
            if level in (ABSENT, DIFFERS):
                weights[declared.name] = 0.0 if level == ABSENT else differs
                continue
            _, weight, adjustment = tests[declared.levels.index(level)]
            weights[declared.name] = weight if adjustment is None else weight + adjustment.of(a, b)
        whole = self.prior + sum(weights.values())
        return Evidence(
            model=self.model.version, levels=levels, weights=weights, weight=whole, probability=probability(whole),
            vetoes=vetoes(a, b),
        )  # fmt: skip

    def levels(self, a: Features, b: Features) -> dict[str, str]:
        """The level that each comparison reaches; `absent` where a side says nothing."""
        return {declared.name: level_of(declared, a, b) for declared in _declared(self.model)}


def level_of(declared: Declared, a: Features, b: Features) -> str:
    """The level that one comparison reaches."""
    if declared.absent(a, b):
        return ABSENT
    return next((test.name for test in declared.tests if test.holds(a, b)), DIFFERS)


def probability(weight: float) -> float:
    """Of a weight (log2 of the odds)."""
    return 1.0 / (1.0 + 2.0**-weight) if weight > -1000 else 0.0


def share_of(model: Model, feature: str, term: str) -> float | None:
    """The frequency that the model uses for a term: its own, or that of the rarest; None where it knows of none."""
    return model.frequencies.get(feature, {}).get(term, model.rarest.get(feature))


def _declared(model: Model) -> list[Declared]:
    wanted = {comparison.name for comparison in model.comparisons}
    return [declared for declared in COMPARISONS if declared.name in wanted]


def _step(declared: Declared, model: Model) -> tuple[Predicate, tuple[Weighed, ...], float]:
    of_model = next(one for one in model.comparisons if one.name == declared.name)
    if tuple(level.name for level in of_model.levels) != declared.levels:
        raise ConfigurationError(
            f"model {model.version}: the levels of {declared.name} are not those of this release; train it anew with"
            " `careloom match train`"
        )
    tests = tuple(
        (test.holds, log2(level.m / level.u), _adjustment(level, model))
        for test, level in zip(declared.tests, of_model.levels, strict=False)
    )
    return declared.absent, tests, _last(of_model)


def _last(comparison: Comparison) -> float:
    level = comparison.levels[-1]
    return log2(level.m / level.u)


def _adjustment(level: Level, model: Model) -> Adjustment | None:
    if level.frequency is None or level.frequency not in model.frequencies:
        return None
    base, listed = log2(level.u), model.frequencies[level.frequency]
    rarest = model.rarest.get(level.frequency)
    return Adjustment(
        TERMS[level.frequency],
        {term: level.share * (base - log2(share)) for term, share in listed.items()},
        0.0 if rarest is None else level.share * (base - log2(rarest)),
    )
