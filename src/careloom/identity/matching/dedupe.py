"""De-duplication of everything that is there, in one go: Splink proposes over all records, the rules and zones decide.

What holds the records is given: the index offers `All`, and a test a list.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple, Protocol
from uuid import UUID

from careloom.identity.matching import splinking
from careloom.identity.matching.features import Features
from careloom.identity.matching.model import Model
from careloom.identity.matching.rules import decide
from careloom.identity.matching.scoring import Scorer
from careloom.identity.matching.zones import Evidence, Zone


class Kept(NamedTuple):
    """A record of the index: its id, the person that it is of today, and what is compared of it."""

    record: UUID
    person: UUID
    features: Features


class Proposal(NamedTuple):
    """Two records of two persons that are one, or may be, and why."""

    left: UUID
    right: UUID
    zone: Zone
    evidence: Evidence


class All(Protocol):
    """What de-duplication needs of the index."""

    def records(self) -> AsyncIterator[Kept]:
        """Every record that is there."""

    async def model(self) -> Model:
        """The model in use."""

    async def link(self, proposal: Proposal, by: str) -> bool:
        """Make the persons of both records one. False where that was so already, or somebody said that they are not."""

    async def ask(self, proposal: Proposal) -> bool:
        """Open a case for a steward. False where it was asked before."""


class Done(NamedTuple):
    """What a run of de-duplication found, and what it changed."""

    records: int
    linked: int
    asked: int


def proposals(model: Model, records: Sequence[Kept]) -> list[Proposal]:
    """All pairs of records of two persons that reach review or link, the surest first. Needs the extra `linkage`."""
    scorer, found = Scorer(model), []
    for left, right, _ in splinking.predicted(model, [one.features for one in records], model.review):
        one, other = records[left], records[right]
        if one.person == other.person:
            continue
        evidence = scorer.score(one.features, other.features)
        zone = decide(model, evidence)
        if zone is not Zone.NEW:
            found.append(Proposal(one.record, other.record, zone, evidence))
    return sorted(found, key=lambda proposal: -proposal.evidence.weight)


async def dedupe(index: All, by: str, *, apply: bool) -> tuple[Done, list[Proposal]]:
    """Find the duplicates of the whole index; with `apply`, link those of the link zone and ask about the others."""
    records = [one async for one in index.records()]
    found = proposals(await index.model(), records)
    if not apply:
        return Done(len(records), 0, 0), found
    linked = asked = 0
    for proposal in found:
        if proposal.zone is Zone.LINK:
            linked += await index.link(proposal, by)
        else:
            asked += await index.ask(proposal)
    return Done(len(records), linked, asked), found
