"""What stewards are asked: the cases of the index, each owned by those who answer for the facility that it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final
from uuid import UUID

from careloom.identity.index.deciding import Choice
from careloom.identity.index.seam import Basis
from careloom.log.ports import NewCase
from careloom.model import Identifier

DUPLICATE, OVERLAID = "possible-duplicate", "overlaid-record"
QUESTION: Final = "question"
"""What the cases of questions wait for (see `answering`)."""


def question_field(question: UUID) -> str:
    """The field of the case that is open for a question."""
    return f"question/{question}"


class Stewards:
    """Makes the cases. `owners` are teams by facility, which is the assigner of a record's number; for any other
    facility it is the team of the kind of case."""

    def __init__(self, owners: Mapping[str, str] = MappingProxyType({})) -> None:
        self._owners = owners

    def question(self, question: UUID, system: str, number: Identifier, reason: str) -> NewCase:
        """Asks whether the record of this number is of one person with another one."""
        return NewCase(
            DUPLICATE, system, reason, field=question_field(question), run=f"{QUESTION}:{question}",
            owner=self._owner(number),
        )  # fmt: skip

    def duplicate(self, question: UUID, system: str, number: Identifier, choice: Choice) -> NewCase:
        """The same, and why: what is alike."""
        reason = f"two records look like one person (weight {choice.evidence.weight:.1f})"
        if choice.basis is Basis.IDENTIFIER:
            reason = "two records share a number" + ("" if choice.sure else ", and contradict each other")
        return self.question(question, system, number, reason)

    def overlaid(self, record: UUID, system: str, number: Identifier, why: Sequence[str]) -> NewCase:
        """Tells of a record whose content became another person's."""
        reason = f"a record's new content cannot be of the person that it was of: {', '.join(why)} differ"
        return NewCase(OVERLAID, system, reason, field=f"record/{record}", owner=self._owner(number))

    def _owner(self, number: Identifier) -> str:
        return self._owners.get(number.assigner or "", "")
