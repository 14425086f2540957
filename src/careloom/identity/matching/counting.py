"""What a set of records teaches a model without any label: how frequent its names are, and how rare one person is among
so many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

import msgspec

from careloom.identity.matching.comparing import TERMS
from careloom.identity.matching.features import Features
from careloom.identity.matching.model import Model

LEAST = 3
"""A name that fewer records have is not listed: it counts as the rarest that is."""
_RAREST_PRIOR, _MOST_PRIOR = 1e-12, 0.5


class Count:
    """Counts records, one by one: nothing of them is kept but how often each name is there."""

    def __init__(self) -> None:
        self.records = 0
        self._terms: dict[str, Counter[str]] = {feature: Counter() for feature in TERMS}

    def add(self, one: Features) -> None:
        """One more."""
        self.records += 1
        for feature, term in TERMS.items():
            if (value := term(one)) is not None:
                self._terms[feature][value] += 1

    def taught(self, model: Model, least: int = LEAST) -> Model:
        """The same weights with the share of each name here. The prior is of as many records: to how many others a
        record is the same person's stays, and among twice as many others two at random are so half as often."""
        found: dict[str, dict[str, float]] = {}
        rarest: dict[str, float] = {}
        for feature, counted in self._terms.items():
            total = counted.total()
            if total:
                found[feature] = {term: many / total for term, many in sorted(counted.items()) if many >= least}
                rarest[feature] = least / total
        scale = model.records / self.records if model.records and self.records else 1.0
        prior = min(max(model.prior * scale, _RAREST_PRIOR), _MOST_PRIOR)
        return msgspec.structs.replace(
            model, frequencies=found, rarest=rarest, prior=prior, records=self.records or model.records
        )


def counted(model: Model, records: Iterable[Features]) -> Model:
    """See `Count.taught`."""
    count = Count()
    for one in records:
        count.add(one)
    return count.taught(model)


def common(model: Model, share: float, among: Mapping[str, Collection[str]] | None = None) -> Model:
    """With the names alone that at least so many of all have, and, by feature, are `among` these. One that is not
    listed counts as those that were left out do on the whole, each as often as it occurs."""
    kept: dict[str, dict[str, float]] = {}
    rarest: dict[str, float] = {}
    for feature, terms in model.frequencies.items():
        known = terms if among is None else among[feature]
        kept[feature] = {term: round(one, 7) for term, one in terms.items() if one >= share and term in known}
        left = [one for term, one in terms.items() if term not in kept[feature]]
        unlisted = max(1.0 - sum(terms.values()), 0.0)
        mass = sum(left) + unlisted
        seen = sum(one * one for one in left) + unlisted * model.rarest[feature]
        rarest[feature] = round(seen / mass, 9) if mass else model.rarest[feature]
    return msgspec.structs.replace(model, frequencies=kept, rarest=rarest)
