"""A trained model: how much each level of each comparison says, and from which weight on we trust it."""

from __future__ import annotations

import msgspec

from careloom.identity.matching.zones import Zone


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """One level of a comparison. `m` is the probability of it among pairs of one person, `u` among all other pairs.

    `frequency` names the feature whose terms adjust the weight by how frequent they are, where the level is an
    agreement on the very term; `share` is how much of the adjustment counts, 0 to 1.
    """

    name: str
    m: float
    u: float
    frequency: str | None = None
    share: float = 1.0


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What is compared (see `comparing`, where levels are declared by the same names), best level first. The level
    `absent` (a side says nothing) weighs nothing and is not listed."""

    name: str
    levels: tuple[Level, ...]


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. `prior` is the probability that two records taken at random are of one person, among as many as
    `records` (0: nobody said).

    `link` and `review` are the least weights (log2) of their zones; where they were measured, `measured` says on what
    and with which precision. `frequencies` give the share of a term among all records, by feature; `rarest` stands
    for a term that is not listed.
    """

    version: str
    prior: float
    comparisons: tuple[Comparison, ...]
    link: float
    review: float
    measured: str = ""
    records: int = 0
    frequencies: dict[str, dict[str, float]] = {}
    rarest: dict[str, float] = {}

    def zone(self, weight: float) -> Zone:
        """Where a pair of this weight belongs, rules apart."""
        return Zone.LINK if weight >= self.link else Zone.REVIEW if weight >= self.review else Zone.NEW
