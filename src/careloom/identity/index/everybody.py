"""All records of the index, for who looks for duplicates among them in one go."""

from __future__ import annotations

from collections.abc import AsyncIterator

from careloom.identity.index.errors import DecidedOtherwise
from careloom.identity.index.index import PersonIndex
from careloom.identity.index.seam import Basis
from careloom.identity.matching.dedupe import Kept, Proposal
from careloom.identity.matching.model import Model
from careloom.log.operators import Act


class Everybody:
    """`All` of `matching.dedupe`. `act` is who looks, and why."""

    def __init__(self, index: PersonIndex, act: Act) -> None:
        self._index = index
        self._act = act

    def records(self) -> AsyncIterator[Kept]:
        """Every record that says something; one that its source ended says nothing more."""
        return self._index.everybody()

    async def model(self) -> Model:
        """The model in use."""
        return await self._index.model()

    async def link(self, proposal: Proposal, by: str) -> bool:  # noqa: ARG002 - the act says who
        """See `All.link`."""
        try:
            joined = await self._index.merge(
                proposal.left, proposal.right, self._act, basis=Basis.BATCH, evidence=proposal.evidence
            )
        except DecidedOtherwise:
            return False
        return joined is not None

    async def ask(self, proposal: Proposal) -> bool:
        """See `All.ask`."""
        return await self._index.ask(proposal.left, proposal.right, proposal.evidence)
