"""What people do with cases: claim, release, assign, wait, comment, look, decide.

Each act is one transaction that holds the change, its place in the history, the audit entry and what goes on by it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid5

from careloom.cases.delegations import standing_in
from careloom.cases.kinds import ENDS, Action, CaseKinds
from careloom.cases.payloads import Payload, payload_of
from careloom.cases.reading import CaseReader, row_of
from careloom.cases.recording import Recorder
from careloom.cases.resolving import Resolution, Resolver, Resumed
from careloom.cases.rights import Actor, NotAllowed, must_be_another, must_have_role
from careloom.cases.standing import Standing
from careloom.cases.states import NoSuchCase, NotPossible, State, has_ended, must_move
from careloom.cases.telling import subject_of
from careloom.core.clock import Clock
from careloom.core.envelope import Event
from careloom.core.errors import FormatError
from careloom.core.ids import IdFactory
from careloom.log.keyring import Keyring
from careloom.log.operators import Act
from careloom.log.ports import Connection
from careloom.store.database import Database
from careloom.store.sql import queries

_SQL = queries("cases")
LONGEST_TEXT: Final = 4_000
_REASONED: Final = frozenset({Action.EDIT, Action.RESOLVE, Action.REJECT, Action.WAIVE, Action.DISCARD})
_DONE: Final[Mapping[Action, str]] = MappingProxyType(
    {
        Action.SUPPLY: "supplied",
        Action.EDIT: "edited and retried",
        Action.RETRY: "retried",
        Action.RESOLVE: "resolved",
        Action.APPROVE: "approved",
        Action.REJECT: "rejected",
        Action.WAIVE: "waived",
        Action.DISCARD: "discarded",
    }
)


class Decision(NamedTuple):
    """What somebody decides: `data` is JSON for an action that needs some, or the edited payload. `request` makes a
    repeat of the same call harmless."""

    action: Action
    why: str = ""
    data: bytes = b""
    request: UUID | None = None


class Decided(NamedTuple):
    """The row of a case that ended, or waits for others too, what is written of it, and the events that tell of it."""

    row: Any
    why: str
    events: list[Event]


class CaseDesk:
    """Acts on cases. Raises NoSuchCase, NotPossible and NotAllowed; then nothing has changed."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        recorder: Recorder,
        reader: CaseReader,
        resolvers: Iterable[Resolver],
        clock: Clock,
        new_id: IdFactory,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._recorder = recorder
        self._reader = reader
        self._resolvers = {resolver.resumes: resolver for resolver in resolvers}
        self._clock = clock
        self._new_id = new_id

    @property
    def kinds(self) -> CaseKinds:
        """The kinds that this desk knows."""
        return self._reader.kinds

    async def hindrance(self, case: UUID, actor: Actor) -> str:
        """Why this person could not take or decide it now; empty when they could. Raises NoSuchCase."""
        async with self._database.acquire() as connection:
            row = await row_of(connection, case)
            try:
                must_have_role(await standing_in(connection, actor, row, self._clock.now()), row["owner"])
                must_be_free(row, actor)
            except NotAllowed as error:
                return str(error)
        return ""

    async def claim(self, case: UUID, actor: Actor) -> Standing:
        """Take it. Nothing changes when the actor has it; a case that waited for data goes on."""
        async with self._locked(case) as (connection, row):
            must_have_role(await standing_in(connection, actor, row, self._clock.now()), row["owner"])
            must_be_free(row, actor)
            if row["state"] == State.CLAIMED:
                return self._reader.standing(row)
            return await self._change(connection, row, Act(actor.name, ""), State.CLAIMED, assignee=actor.name)

    async def release(self, case: UUID, actor: Actor, why: str = "") -> Standing:
        """Give it back to everybody of its role."""
        async with self._locked(case) as (connection, row):
            must_be_free(row, actor)
            return await self._change(connection, row, Act(actor.name, why), State.OPEN)

    async def wait(self, case: UUID, actor: Actor, why: str) -> Standing:
        """Data was asked for; `why` says which, of whom."""
        _must_say(why, "what you wait for")
        async with self._locked(case) as (connection, row):
            must_be_free(row, actor)
            return await self._change(connection, row, Act(actor.name, why), State.WAITING, assignee=actor.name)

    async def assign(
        self, case: UUID, actor: Actor, *, person: str | None = None, role: str | None = None, why: str = ""
    ) -> Standing:
        """Give it to a person, who then has it, or to a role, of which anybody may claim it; or to one of a role."""
        if not (person or role):
            raise FormatError("name a person or a role", "person")
        async with self._locked(case) as (connection, row):
            act, owner = Act(actor.name, why), role or row["owner"]
            if person:
                return await self._change(
                    connection, row, act, State.CLAIMED, assignee=person, owner=owner, what="assigned"
                )
            return await self._change(connection, row, act, State.OPEN, owner=owner, what="assigned")

    async def comment(self, case: UUID, actor: Actor, text: str, request: UUID | None = None) -> bool:
        """Put a remark on record, sealed; False when this request has done so before. Ended cases take remarks too."""
        _must_say(text, "something")
        async with self._database.acquire() as connection, connection.transaction():
            row = await row_of(connection, case)
            said = await self._note(connection, row, "commented", actor.name, body=text.encode(), request=request)
            if said:
                audit = self._recorder.audit("case.commented.v1", Act(actor.name, ""), [case])
                await self._recorder.write(connection, [audit])
            return said

    async def look(self, case: UUID, actor: Actor, why: str) -> Payload:
        """The payload, unmasked: for those who may see personal data. The look is on record before it is given."""
        _must_say(why, "why you look")
        async with self._database.acquire() as connection, connection.transaction():
            row = await row_of(connection, case)
            payload = await payload_of(connection, self._keyring, row)
            await self._note(connection, row, "looked", actor.name, why=why, entry=payload.entry)
            audit = self._recorder.audit("body.revealed.v1", Act(actor.name, why), [case, payload.entry])
            await self._recorder.write(connection, [audit])
            return payload

    async def act(self, case: UUID, actor: Actor, decision: Decision) -> Standing:
        """Decide it, and let go on what waits for it. A repeat under the same request changes nothing.

        Raises FormatError, located, for data that the action cannot use.
        """
        async with self._database.acquire() as connection, connection.transaction():
            row = await row_of(connection, case)
            if decision.request is not None and await self._is_repeat(connection, row, decision.request):
                return self._reader.standing(row)
            decided = await self.decide(connection, row, actor, decision, self._clock.now())
            came_to = decided.row["state"] if has_ended(decided.row["state"]) else "voted"
            audit = self._recorder.audit(f"case.{came_to}.v1", Act(actor.name, decided.why), [case])
            await self._recorder.write(connection, [*decided.events, audit])
            return self._reader.standing(decided.row)

    async def decide(
        self, connection: Connection, row: Any, actor: Actor, decision: Decision, due: datetime
    ) -> Decided:
        """As `act`, within the caller's transaction, which writes the events and the entry of the audit."""
        kind, action, now = self.kinds.of(row["kind"]), decision.action, self._clock.now()
        actor = await standing_in(connection, actor, row, now)
        resolver = self._may(row, actor, decision)
        edits = action is Action.EDIT
        data = None if edits else kind.read(action, decision.data)
        payload = decision.data if edits else None
        resolution = Resolution(row, action, actor.name, decision.why, now, due, data, payload, actor)
        resumed = await resolver.resolve(connection, resolution)
        await self._note_data(connection, row, actor.name, decision, resumed, supplied=data is not None)
        done = f"{_DONE[action]}, {resumed.said}" if resumed.said else _DONE[action]
        why = f"{done}: {decision.why}" if decision.why else done
        if resumed.waits:
            return await self._voted(connection, row, actor, decision, why)
        state = ENDS[action].value
        ended = await connection.fetchrow(
            _SQL.finish, row["id"], state, now, why, actor.name, decision.request, row["revision"]
        )
        if ended is None:
            raise NotPossible("somebody else changed this case just now; look at it again")
        return Decided(ended, why, [*resumed.events, *self._recorder.book.told([ended])])

    async def _voted(self, connection: Connection, row: Any, actor: Actor, decision: Decision, why: str) -> Decided:
        """It waits for others too, so nobody keeps it."""
        act = (self._clock.now(), actor.name, "it waits for others")
        free = await connection.fetchrow(_SQL.change, row["id"], State.OPEN.value, None, row["owner"], *act)
        request = None if decision.request is None else _of_vote(decision.request)
        await self._note(connection, row, "approved", actor.name, why=why, request=request)
        return Decided(free, why, [])

    async def _is_repeat(self, connection: Connection, row: Any, request: UUID) -> bool:
        if row["request"] == request:
            return True
        return await connection.fetchval(_SQL.requested, row["id"], _of_vote(request)) is not None

    def _may(self, row: Any, actor: Actor, decision: Decision) -> Resolver:
        if has_ended(row["state"]):
            raise NotPossible(f"this case is {row['state']}; what happens again opens a new one")
        must_have_role(actor, row["owner"])
        must_be_free(row, actor)
        offered = self._reader.standing(row).actions
        if decision.action not in offered:
            raise NotPossible(
                f"{decision.action} is nothing for this case; it offers {', '.join(offered) or 'nothing'}"
            )
        if decision.action is Action.APPROVE:
            must_be_another(actor, row["asked_by"])
        if decision.action in _REASONED:
            _must_say(decision.why, "why")
        return self._resolvers[row["resumes"]]

    @asynccontextmanager
    async def _locked(self, case: UUID) -> AsyncIterator[tuple[Connection, Any]]:
        async with self._database.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(_SQL.locked, case)
            if row is None:
                raise NoSuchCase(f"there is no case {case}; `careloom case list` shows those that wait")
            if has_ended(row["state"]):
                raise NotPossible(f"this case is {row['state']}; what happens again opens a new one")
            yield connection, row

    async def _change(
        self, connection: Connection, row: Any, act: Act, state: State, *, assignee: str | None = None,
        owner: str | None = None, what: str = "",
    ) -> Standing:  # fmt: skip
        if row["state"] != state:
            must_move(row["state"], state)
        changed = await connection.fetchrow(
            _SQL.change, row["id"], state.value, assignee, owner or row["owner"], self._clock.now(), act.by, act.reason
        )
        await self._recorder.write(connection, [self._recorder.audit(f"case.{what or state}.v1", act, [row["id"]])])
        return self._reader.standing(changed)

    async def _note_data(
        self, connection: Connection, row: Any, by: str, decision: Decision, resumed: Resumed, *, supplied: bool
    ) -> None:
        if supplied:
            await self._note(connection, row, "supplied", by, why=decision.action.value, body=decision.data)
        if resumed.entry is not None:
            await self._note(connection, row, "edited", by, why=decision.why, entry=resumed.entry)

    async def _note(
        self, connection: Connection, row: Any, what: str, by: str, *, why: str = "", entry: UUID | None = None,
        body: bytes | None = None, request: UUID | None = None,
    ) -> bool:  # fmt: skip
        """Whether it was not there before."""
        id_, key, sealed = self._new_id(), None, None
        if body is not None:
            subject = subject_of(row["id"])
            data_key = (await self._keyring.within(connection, [subject]))[subject]
            key, sealed = data_key.id, data_key.seal(subject, body, id_)
        where = (row["owner"], row["assignee"])
        made = await connection.fetchval(
            _SQL.note, id_, row["id"], self._clock.now(), by, what, *where, why, entry, key, sealed, request
        )
        return made is not None


def _of_vote(request: UUID) -> UUID:
    """A remark under the same key is another request."""
    return uuid5(request, "vote")


def must_be_free(row: Any, actor: Actor) -> None:
    """Raises NotAllowed when somebody else has it."""
    if row["assignee"] is not None and row["assignee"] != actor.name:
        raise NotAllowed("somebody else has this case; have it assigned to you, or ask them to release it")


def _must_say(text: str, what: str) -> None:
    if not text.strip() or len(text) > LONGEST_TEXT or "\0" in text:
        raise FormatError(f"say {what}, in up to {LONGEST_TEXT} characters", "reason")
