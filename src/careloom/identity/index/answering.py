"""What stewards say of two records that may be of one person: their case ends, and the index knows."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from careloom.cases.kinds import Action
from careloom.cases.resolving import Resolution, Resumed
from careloom.cases.rights import must_be_assigned
from careloom.cases.states import NotPossible
from careloom.identity.index.asking import QUESTION
from careloom.identity.index.errors import DecidedOtherwise, NoSuchPerson
from careloom.identity.index.index import PersonIndex
from careloom.log.operators import Act
from careloom.log.ports import Connection


class QuestionResolver:
    """A `Resolver` of cases: approved, the two are one person; rejected, they are not, for ever."""

    resumes: Final = QUESTION
    actions: Final = frozenset({Action.APPROVE, Action.REJECT})

    def __init__(self, index: PersonIndex) -> None:
        self._index = index

    async def resolve(self, connection: Connection, resolution: Resolution) -> Resumed:
        """Raises NotAllowed for a key whose roles nobody said, NotPossible where it was decided otherwise meanwhile."""
        must_be_assigned(resolution.actor)
        question = UUID(resolution.case["run"].partition(":")[2])
        same = resolution.action is Action.APPROVE
        try:
            events = await self._index.answer(connection, question, Act(resolution.by, resolution.why), same=same)
        except (NoSuchPerson, DecidedOtherwise) as error:
            raise NotPossible(str(error)) from None
        return Resumed(events, said="one person" if same else "not the same person")
