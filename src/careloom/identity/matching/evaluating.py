"""How right the decisions are on records of which somebody said who is who: each record arrives in its turn and meets
those before it, as in the index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from careloom.identity.matching.blocking import Blocks, keys
from careloom.identity.matching.features import Features
from careloom.identity.matching.model import Model
from careloom.identity.matching.rules import ruled, vetoes
from careloom.identity.matching.scoring import Scorer
from careloom.identity.matching.zones import Zone

FLOOR = -6.0
"""Pairs of less weight are not kept: no zone begins below."""


class Labelled(NamedTuple):
    """A record and the person that it is of. `person` is None for one who is nobody else; `doubtful` says that even
    the label asks for a second look: such a record counts for the zones, and neither for nor against precision."""

    features: Features
    person: str | None
    doubtful: bool = False


class Pair(NamedTuple):
    """Two records by their places, the later one first, and what was found of them."""

    left: int
    right: int
    weight: float
    vetoes: tuple[str, ...] = ()


class Figures(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How right one way of deciding was. `precision` and `recall` are of the pairs that it links by itself;
    `recall_with_review` is with the pairs that it asks about. `link`, `review` and `new` are shares of the arrivals by
    the best zone that each reached."""

    precision: float
    recall: float
    f1: float
    recall_with_review: float
    link: float
    review: float
    new: float
    linked_pairs: int
    wrong_pairs: int


def pairs(model: Model, records: Sequence[Labelled], known: int = 0) -> Iterator[Pair]:
    """All pairs that share a key and weigh something. The first `known` records are in the index already and meet one
    another no more."""
    scorer, blocks = Scorer(model), Blocks()
    weight = scorer.weight
    for at, one in enumerate(records):
        mine = keys(one.features)
        if at >= known:
            for other in blocks.candidates(mine):
                weighed = weight(one.features, records[other].features)
                if weighed >= FLOOR:
                    yield Pair(at, other, weighed, vetoes(one.features, records[other].features))
        if at < known or known == 0:
            blocks.add(at, mine)


def same_persons(records: Sequence[Labelled], known: int = 0) -> int:
    """How many pairs of one person there are to be found."""
    if not known:
        counted = Counter(one.person for one in records if one.person is not None and not one.doubtful)
        return sum(many * (many - 1) // 2 for many in counted.values())
    before = Counter(one.person for one in records[:known] if one.person is not None)
    return sum(before[one.person] for one in records[known:] if one.person is not None and not one.doubtful)


def zoned(model: Model, found: Iterable[Pair]) -> Iterator[tuple[Pair, Zone]]:
    """Each pair with its zone, rules and all."""
    for pair in found:
        yield pair, ruled(model.zone(pair.weight), pair.vetoes)


def figures(decided: Iterable[tuple[Pair, Zone]], records: Sequence[Labelled], known: int = 0) -> Figures:
    """How right these decisions are."""
    right, asked, wrong = 0, 0, 0
    best: dict[int, Zone] = {}
    for pair, zone in decided:
        if zone is Zone.NEW:
            continue
        if best.get(pair.left) is not Zone.LINK:
            best[pair.left] = zone
        if records[pair.left].doubtful or records[pair.right].doubtful:
            continue
        same = are_same(records, pair)
        right += same and zone is Zone.LINK
        asked += same and zone is Zone.REVIEW
        wrong += not same and zone is Zone.LINK
    whole, arrivals, zones = same_persons(records, known), max(len(records) - known, 1), Counter(best.values())
    precision, recall = right / max(right + wrong, 1), right / max(whole, 1)
    return Figures(
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / max(precision + recall, 1e-12),
        recall_with_review=(right + asked) / max(whole, 1),
        link=zones[Zone.LINK] / arrivals,
        review=zones[Zone.REVIEW] / arrivals,
        new=1 - (zones[Zone.LINK] + zones[Zone.REVIEW]) / arrivals,
        linked_pairs=right + wrong,
        wrong_pairs=wrong,
    )


def are_same(records: Sequence[Labelled], pair: Pair) -> bool:
    """Whether the labels say that both are of one person."""
    person = records[pair.left].person
    return person is not None and person == records[pair.right].person
