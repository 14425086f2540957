"""Counts what people vote on an approval, in the transaction of the desk; the database refuses what must not be too.

A vote counts for whose role it is: somebody who stands in for another does not vote beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from careloom.cases.kinds import Action
from careloom.cases.resolving import Resolution
from careloom.cases.rights import Actor, AmountLimits, NotAllowed, must_be_another, must_be_assigned, person
from careloom.cases.states import NotPossible
from careloom.log.ports import Connection
from careloom.store.sql import queries

_SQL = queries("approvals")
NO_LIMITS: Final = AmountLimits()


class Approval(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of an approval: `by` are those who decided, in order; `why` is what the last of them said. Not approved
    is also what `expired`: then nobody did."""

    approved: bool
    by: tuple[str, ...] = ()
    why: str = ""
    expired: bool = False


class Counted(NamedTuple):
    """One vote more: `decision` is None while it waits for others too."""

    decision: Approval | None
    said: str


class Ballots:
    """Takes votes. Raises NotAllowed and NotPossible; then nothing has changed."""

    def __init__(self, limits: AmountLimits = NO_LIMITS) -> None:
        self._limits = limits

    async def vote(self, connection: Connection, run: UUID, path: str, resolution: Resolution) -> Counted:
        """Take one vote. A rejection decides, and so does the last approval of those that are needed."""
        row = await connection.fetchrow(_SQL.locked, run, path)
        if row is None:
            raise NotPossible("nobody asked for this approval by `run.approval`")
        votes = await connection.fetch(_SQL.votes, row["id"])
        approves = resolution.action is Action.APPROVE
        behalf = self._may(row, votes, resolution)
        await connection.execute(
            _SQL.vote, row["id"], person(resolution.by), resolution.by, behalf, person(behalf or resolution.by),
            row["role"], approves, resolution.at,
        )  # fmt: skip
        approved = len(votes) + 1
        said = [f"in the place of {behalf}"] if behalf else []
        if approves and approved < row["needed"]:
            return Counted(None, ", ".join([f"{approved} of {row['needed']}", *said]))
        await connection.execute(_SQL.finish, row["id"], "approved" if approves else "rejected", resolution.at)
        by = (*(vote["by"] for vote in votes), resolution.by) if approves else (resolution.by,)
        return Counted(Approval(approved=approves, by=by, why=resolution.why), ", ".join(said))

    def _may(self, row: Any, votes: Sequence[Any], resolution: Resolution) -> str | None:
        """In whose place the actor votes, if not by a role of their own."""
        if row["outcome"] is not None:
            raise NotPossible(f"this is {row['outcome']} already")
        if row["expires_at"] is not None and row["expires_at"] <= resolution.at:
            raise NotPossible("the time to approve it is over")
        actor = resolution.actor
        must_be_assigned(actor)
        must_be_another(actor, row["asked_by"])
        if any(vote["voter"] == person(actor.name) for vote in votes):
            raise NotAllowed("you voted before; somebody else must be the other")
        behalf = _free(actor, votes)
        if resolution.action is Action.APPROVE and row["amount"] is not None:
            acting = actor if behalf is None else Actor(actor.name, frozenset({row["role"]}))
            self._limits.must_allow(acting, row["amount"], row["currency"])
        return behalf


def _free(actor: Actor, votes: Sequence[Any]) -> str | None:
    """The first of those in whose place the actor stands that has not voted."""
    spent = {vote["authority"] for vote in votes}
    if person(actor.name) in spent:
        raise NotAllowed("somebody voted in your place before; somebody else must be the other")
    if not actor.in_place_of:
        return None
    left = [name for name in actor.in_place_of if person(name) not in spent]
    if not left:
        raise NotAllowed("in whose place you stand has voted before; somebody else must be the other")
    return left[0]
