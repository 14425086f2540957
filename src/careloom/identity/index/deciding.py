"""Whom a record belongs to, by its candidates: one person at most, and questions about the others. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple
from uuid import UUID

from careloom.identity.index.comparing import Matcher
from careloom.identity.index.seam import Basis
from careloom.identity.matching.features import Features
from careloom.identity.matching.zones import Evidence, Zone

MOST_DOUBTS: Final = 5
"""Of one record about as many persons is asked at most, the likeliest; more is a sign of data that say nothing."""


class Candidate(NamedTuple):
    """A record that shares a key with the one that is decided."""

    record: UUID
    person: UUID
    features: Features


class Choice(NamedTuple):
    """A candidate that it may be, on which basis. `sure`: no person need look."""

    record: UUID
    person: UUID
    basis: Basis
    evidence: Evidence
    sure: bool


class Decision(NamedTuple):
    """The link of a new record, if any, and the persons to be asked about."""

    link: Choice | None
    doubts: tuple[Choice, ...]

    @property
    def zone(self) -> Zone:
        return Zone.LINK if self.link else Zone.REVIEW if self.doubts else Zone.NEW


def decide(matcher: Matcher, features: Features, candidates: Iterable[Candidate]) -> Decision:
    """Of a record that is new. It is linked to one person; whoever else it is surely, too, is a question, for two
    persons are never made one by an arrival. Only where it is surely nobody are the doubtful ones asked about."""
    choices = _choices(matcher, features, candidates)
    sure = [one for one in choices if one.sure]
    doubtful = sure[1:] + [one for one in choices if not one.sure and one.basis is Basis.IDENTIFIER]
    if sure:
        return Decision(sure[0], tuple(doubtful[:MOST_DOUBTS]))
    return Decision(None, tuple(choices[:MOST_DOUBTS]))


def doubts(matcher: Matcher, features: Features, own: UUID, candidates: Iterable[Candidate]) -> tuple[Choice, ...]:
    """Of a known record of the person `own` whose content changed: whom it may be, too."""
    others = [one for one in candidates if one.person != own]
    return tuple(_choices(matcher, features, others)[:MOST_DOUBTS])


def _choices(matcher: Matcher, features: Features, candidates: Iterable[Candidate]) -> list[Choice]:
    """Each person by its best record: numbers before scores, then by weight, then the oldest."""
    mine = set(features.identifiers)
    best: dict[UUID, Choice] = {}
    for candidate in candidates:
        found = _choice(matcher, features, candidate, mine)
        if found is not None and ((known := best.get(found.person)) is None or _order(found) < _order(known)):
            best[found.person] = found
    return sorted(best.values(), key=_order)


def _order(one: Choice) -> tuple[bool, bool, float, UUID]:
    return not one.sure, one.basis is not Basis.IDENTIFIER, -one.evidence.weight, one.record


def _choice(matcher: Matcher, features: Features, candidate: Candidate, mine: set[str]) -> Choice | None:
    other = candidate.features
    if not mine.isdisjoint(other.identifiers):
        evidence = matcher.evidence(other, features)
        sure = not matcher.contradicts(other, features)
        return Choice(candidate.record, candidate.person, Basis.IDENTIFIER, evidence, sure)
    scored = matcher.zone(other, features)
    if scored is None or scored[0] is Zone.NEW:
        return None
    zone, evidence = scored
    return Choice(candidate.record, candidate.person, Basis.SCORE, evidence, zone is Zone.LINK)
