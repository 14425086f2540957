"""From which weight on to link and to ask: chosen from what was measured on records of which it is known who is who."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from math import sqrt
from typing import NamedTuple

import msgspec

from careloom.identity.matching.evaluating import Labelled, Pair, are_same
from careloom.identity.matching.model import Model
from careloom.identity.matching.rules import PARTING

PRECISION = 0.9993
"""Of the pairs that are linked with nobody looking: more than the 0.999 that is asked for, as other days differ."""
REVIEWED = 0.015
"""Of all arrivals at most are put before a person: less than the 2% that stewards can bear, as other days differ."""
EVEN = 0.0
"""The weight of even odds: below it, to ask is to waste a steward's time."""
_Z = 1.96


class Point(NamedTuple):
    """A weight, and how many pairs at or above it are of one person, and how many are not."""

    weight: float
    right: int
    wrong: int


def wilson(right: int, whole: int) -> float:
    """The lower end of Wilson's interval (95%) of a share that was measured on so many."""
    if not whole:
        return 0.0
    share, square = right / whole, _Z * _Z / whole
    return (share + square / 2 - _Z * sqrt(share * (1 - share) / whole + square / 4 / whole)) / (1 + square)


def measured(model: Model, found: Sequence[Pair], records: Sequence[Labelled], on: str) -> Model:
    """The model with its zones: `link` is the least weight from which on precision is `PRECISION` even at the lower end
    of its interval, `review` the least, down to even odds, at which no more than `REVIEWED` of the arrivals are asked
    about. Too few pairs to say so leave the model as it is, and `measured` empty."""
    link = _link([pair for pair in found if not pair.vetoes], records)
    if link is None:
        return model
    review = _review(found, link.weight, len(records))
    text = (
        f"{on}: of {link.right + link.wrong} pairs linked, {link.wrong} wrong; precision at least"
        f" {wilson(link.right, link.right + link.wrong):.5f} (Wilson, 95%)"
    )
    return msgspec.structs.replace(model, link=round(link.weight, 3), review=round(review, 3), measured=text)


def with_zones(model: Model, other: Model) -> Model:
    """The model with the zones of another one of the same weights, and what was measured of them."""
    return msgspec.structs.replace(model, link=other.link, review=other.review, measured=other.measured)


def _link(found: list[Pair], records: Sequence[Labelled]) -> Point | None:
    best: Point | None = None
    right = wrong = 0
    ordered = sorted(found, key=lambda one: -one.weight)
    for weight, alike in groupby(ordered, key=lambda one: one.weight):  # pairs of one weight share a zone
        for pair in alike:
            if are_same(records, pair):
                right += 1
            else:
                wrong += 1
        if wilson(right, right + wrong) >= PRECISION:
            best = Point(weight - 0.001, right, wrong)
    return best


def _review(found: Sequence[Pair], link: float, arrivals: int) -> float:
    """An arrival is asked about where it reaches review and does not reach link."""
    linked = {pair.left for pair in found if pair.weight >= link and not pair.vetoes}
    asked: set[int] = set()
    for pair in sorted(found, key=lambda one: -one.weight):
        if pair.weight < EVEN:
            break
        if pair.left in linked or not PARTING.isdisjoint(pair.vetoes):
            continue
        asked.add(pair.left)
        if len(asked) > REVIEWED * arrivals:
            return min(pair.weight + 0.001, link)
    return min(EVEN, link)
