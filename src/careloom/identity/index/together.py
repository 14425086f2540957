"""Many questions answered together: exactly those that were shown, each as if it were answered alone, at a rate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

from careloom.cases.desk import CaseDesk, Decision
from careloom.cases.kinds import Action
from careloom.cases.recording import Recorder
from careloom.cases.rights import Actor, NotAllowed, must_be_assigned
from careloom.cases.sets import CaseSets
from careloom.cases.states import NoSuchCase, NotPossible
from careloom.core.clock import Clock
from careloom.core.errors import FormatError
from careloom.core.ids import IdFactory
from careloom.identity.index.components import components
from careloom.identity.index.reviewing import Reviewing, Wanted
from careloom.identity.index.seam import Basis
from careloom.log.operators import Act
from careloom.log.ports import Connection
from careloom.store.database import Database
from careloom.store.sql import queries

_SQL = queries("persons")
MOST: Final = 200
PER_SECOND: Final = 20.0
LONGEST_SECONDS: Final = 60.0
"""How long whoever decides would wait for the answer, at the most."""


@dataclass(frozen=True, slots=True)
class Member:
    """A question of a set. `left`: why it would be left as it is now; empty where it would be decided."""

    case: UUID
    question: UUID
    basis: Basis
    system: str
    asked: datetime
    weight: float | None
    older: UUID
    newer: UUID
    left: str


@dataclass(frozen=True, slots=True)
class Together:
    """Persons who would be one, as the oldest of them. `sizes`: how many records each has; `apart`: somebody said that
    two of them are not the same, so that their questions would be left."""

    person: UUID
    persons: tuple[UUID, ...]
    sizes: Mapping[UUID, int]
    questions: int
    apart: bool


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """What was shown under a token, as it stands now. `gone` of it were answered, or lost a record, meanwhile; `more`:
    what was asked for has others, which are not in it."""

    token: UUID
    members: tuple[Member, ...]
    groups: tuple[Together, ...]
    gone: int
    made_by: str
    used: datetime | None
    used_by: str | None

    @property
    def same(self) -> tuple[Member, ...]:
        """Those that would be answered by "the same person"."""
        apart = {one for group in self.groups if group.apart for one in group.persons}
        return tuple(one for one in self.distinct if one.older not in apart)

    @property
    def distinct(self) -> tuple[Member, ...]:
        """Those that would be answered by "not the same"."""
        return tuple(one for one in self.members if not one.left)


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of it: `left` were answered or taken meanwhile, or cannot be answered so."""

    answered: int
    left: int


class QuestionSets:
    """Shows sets of questions, and decides them by the desk of cases."""

    def __init__(
        self,
        database: Database,
        reviewing: Reviewing,
        desk: CaseDesk,
        recorder: Recorder,
        clock: Clock,
        new_id: IdFactory,
    ) -> None:
        self._database = database
        self._reviewing = reviewing
        self._desk = desk
        self._recorder = recorder
        self._clock = clock
        self._sets = CaseSets(clock, new_id)

    async def matching(self, wanted: Wanted, actor: Actor) -> tuple[UUID, bool]:
        """The token of all that match, up to `MOST` and in their order, and whether some were left out. Raises
        NoSuchCase where none could be decided by this person."""
        found = await self._reviewing.questions(wanted, None, MOST)
        return await self._kept([one.case for one in found.questions], actor, more=found.after is not None)

    async def chosen(self, questions: Sequence[UUID], actor: Actor) -> tuple[UUID, bool]:
        """The same, of just these. Raises NotPossible for more than `MOST`."""
        wanted = list(dict.fromkeys(questions))
        if len(wanted) > MOST:
            raise NotPossible(f"at most {MOST} questions are answered at once; choose fewer")
        async with self._database.acquire() as connection:
            cases = [row["id"] for row in await connection.fetch(_SQL.cases_of_questions, wanted)]
        return await self._kept(cases, actor, more=len(cases) < len(wanted))

    async def shown(self, token: UUID, actor: Actor) -> QuestionSet:
        """What it would do now. Raises NoSuchCase for a token that was never given."""
        async with self._database.acquire() as connection:
            kept = await self._sets.shown(connection, token)
            members = await self._members(connection, kept.cases, actor)
            groups = await self._groups(connection, [one for one in members if not one.left])
        gone = len(kept.cases) - len(members)
        return QuestionSet(token, members, groups, gone, kept.made_by, kept.used, kept.used_by)

    async def decide(
        self, token: UUID, actor: Actor, why: str, *, same: bool, per_second: float = PER_SECOND
    ) -> Decided:
        """Answer what was shown and can be answered still, one after the other, each in a transaction of its own. What
        is broken off leaves the rest open. Raises NoSuchCase, NotPossible for a set that was used, that is empty now or
        that would take too long, NotAllowed, and FormatError where nobody says why."""
        must_be_assigned(actor)
        if not why.strip():
            raise FormatError("say why", "reason")
        kept = await self.shown(token, actor)
        chosen = kept.same if same else kept.distinct
        if not chosen and kept.used is None:
            raise NotPossible("nothing of this set can be decided so by you now; look at it again")
        if per_second <= 0 or (len(chosen) - 1) / per_second > LONGEST_SECONDS:
            raise NotPossible(f"at this rate it takes more than {LONGEST_SECONDS:.0f} seconds; choose fewer, or a rate")
        await self._begin(token, actor, why, [one.case for one in chosen])
        decision = Action.APPROVE if same else Action.REJECT
        answered = 0
        for place, one in enumerate(chosen):
            if place:
                await self._clock.sleep(1 / per_second)
            answered += await self._answer(one, actor, Decision(decision, why, request=uuid5(token, str(one.case))))
        return Decided(answered, len(kept.members) + kept.gone - answered)

    async def _begin(self, token: UUID, actor: Actor, why: str, cases: Sequence[UUID]) -> None:
        async with self._database.acquire() as connection, connection.transaction():
            await self._sets.use(connection, token, actor)
            audit = self._recorder.audit("questions.decided.v1", Act(actor.name, why), cases)
            await self._recorder.write(connection, [audit])

    async def _answer(self, one: Member, actor: Actor, decision: Decision) -> bool:
        """False where an answer before it, or somebody else, settled it."""
        try:
            await self._desk.act(one.case, actor, decision)
        except (NotPossible, NoSuchCase, NotAllowed):
            return False
        return True

    async def _kept(self, cases: Sequence[UUID], actor: Actor, *, more: bool) -> tuple[UUID, bool]:
        async with self._database.acquire() as connection:
            members = await self._members(connection, cases, actor)
            able = [one.case for one in members if not one.left]
            if not able:
                raise NoSuchCase("none of these questions could be answered by you; choose what waits and is yours")
            return await self._sets.keep(connection, able, actor), more or len(able) < len(cases)

    async def _members(self, connection: Connection, cases: Sequence[UUID], actor: Actor) -> tuple[Member, ...]:
        return tuple(_member(row, actor) for row in await connection.fetch(_SQL.pairs_of_cases, list(cases)))

    async def _groups(self, connection: Connection, members: Sequence[Member]) -> tuple[Together, ...]:
        pairs = [(one.older, one.newer) for one in members]
        whose = components({person for pair in pairs for person in pair}, pairs)
        persons = list(whose)
        sizes = {row["person"]: row["records"] for row in await connection.fetch(_SQL.sizes_of, persons)}
        marks = await connection.fetch(_SQL.distinct_among, persons)
        apart = {whose[row["one"]] for row in marks if whose[row["one"]] == whose[row["other"]]}
        asked = Counter(whose[one.older] for one in members)
        found: dict[UUID, list[UUID]] = {}
        for person in sorted(persons):
            found.setdefault(whose[person], []).append(person)
        return tuple(
            Together(
                first,
                tuple(each),
                {one: sizes.get(one, 0) for one in each},
                asked[first],
                first in apart,
            )
            for first, each in found.items()
        )


def _member(row: Any, actor: Actor) -> Member:
    left = ""
    if not actor.has(row["owner"]):
        left = f"it is for the role {row['owner']}"
    elif row["assignee"] not in (None, actor.name):
        left = "somebody else has it"
    elif row["older_person"] == row["newer_person"]:
        left = "the two are one person now"
    place = (row["case_id"], row["id"], Basis(row["basis"]), row["system"], row["asked"], row["weight"])
    return Member(*place, row["older_person"], row["newer_person"], left)
