"""What a run asks people to approve: who may, how many of them, and what happens when nobody does.

    decision = await run.approval("order above 5,000", role="purchasing", amount=total, asked_by=order.requester,
                                  needed=2, remind="1d", escalate=("2d", "cfo"), within="5d")

It is a case of the kind `approval`, worked as any other. The run itself keeps its times: it is driven when one comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID, uuid5

from careloom.cases.catalogue import APPROVAL
from careloom.cases.rights import person
from careloom.cases.telling import escalated
from careloom.core.envelope import Event
from careloom.core.errors import ConfigurationError
from careloom.core.ids import IdFactory
from careloom.log.ports import Connection, NewCase
from careloom.model.amounts import Money
from careloom.store.sql import queries
from careloom.workflow.ballots import Approval
from careloom.workflow.declaration import length_of
from careloom.workflow.errors import Stale
from careloom.workflow.journal import RunStore

_SQL = queries("approvals")
EXPIRED: Final = Approval(approved=False, expired=True)
_MOST = 9


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked. The times are lengths from when it was asked."""

    reason: str
    role: str
    amount: Decimal | None
    currency: str | None
    asked_by: str
    needed: int
    remind: timedelta | None
    escalate: timedelta | None
    escalate_to: str | None
    within: timedelta | None

    def case(self, workflow: str, now: datetime) -> NewCase:
        """The case by which people see it; its time is over when it is for another role, or for nobody."""
        over = self.escalate or self.within
        return NewCase(
            APPROVAL, workflow, self.reason, owner=self.role, asked_by=self.asked_by,
            due=None if over is None else now + over,
        )  # fmt: skip


def asked(
    reason: str,
    role: str,
    amount: Money | None,
    asked_by: str,
    needed: int,
    remind: str | timedelta | None,
    escalate: tuple[str | timedelta, str] | None,
    within: str | timedelta | None,
) -> Asked:
    """Raises ConfigurationError for what nobody could ever approve, and for times that come in another order."""
    made = Asked(
        reason,
        role,
        None if amount is None else amount.value,
        None if amount is None else amount.currency,
        asked_by,
        needed,
        None if remind is None else length_of(remind),
        None if escalate is None else length_of(escalate[0]),
        None if escalate is None else escalate[1],
        None if within is None else length_of(within),
    )
    if not reason.strip() or not role.strip() or (escalate is not None and not escalate[1].strip()):
        raise ConfigurationError("an approval has a reason and a role; name the role that it is escalated to as well")
    if not 1 <= needed <= _MOST:
        raise ConfigurationError(f"between 1 and {_MOST} people approve, not {needed}")
    times = [one for one in (made.remind, made.escalate, made.within) if one is not None]
    if times != sorted(set(times)) or any(one <= timedelta(0) for one in times):
        raise ConfigurationError("an approval is first reminded of, later escalated, and expires last")
    return made


@dataclass(frozen=True, slots=True)
class Standing:
    """How one stands: `expired` when its time is over and nobody decided, `due` the next of its times."""

    expired: bool
    due: datetime | None


class Approvals:
    """The approvals that runs ask for, and their times; each is told of once, whichever node drives the run."""

    def __init__(self, store: RunStore, new_id: IdFactory) -> None:
        self._store = store
        self._new_id = new_id

    async def stand(self, run: UUID, path: str, wanted: Asked, now: datetime) -> Standing:
        """Ask, unless it was asked before; tell of what is due."""
        async with self._store.database.acquire() as connection:
            row = await connection.fetchrow(_SQL.asked, run, path)
            if row is None:
                await connection.execute(_SQL.ask, *_row(run, path, wanted, now))
                row = await connection.fetchrow(_SQL.asked, run, path)
        assert row is not None, "it was asked just now, here or by another node"
        if row["outcome"] is not None:
            return Standing(False, None)
        if row["expires_at"] is not None and row["expires_at"] <= now:
            return Standing(True, None)
        if _due(row["remind_at"], row["reminded"], now):
            await self._tell(row, _SQL.remind, _SQL.remind_case, now)
        if _due(row["escalate_at"], row["escalated"], now):
            await self._tell(row, _SQL.escalate, _SQL.hand_on_case, now, row["escalate_to"])
        later = [row[name] for name in ("remind_at", "escalate_at", "expires_at") if row[name] and row[name] > now]
        return Standing(False, min(later, default=None))

    async def expire(self, connection: Connection, run: UUID, path: str, now: datetime) -> Sequence[Event]:
        """Nobody decided in time: the case ends. What tells of it is for the caller to write. Raises Stale when a vote
        came first: the run is driven again, with that."""
        if await connection.fetchval(_SQL.finish, uuid5(run, path), "expired", now) is None:
            raise Stale
        return await self._store.stop_asking(connection, run, path)

    async def _tell(self, row: Any, once: str, case: str, now: datetime, *to: object) -> None:
        async with self._store.database.acquire() as connection, connection.transaction():
            if await connection.fetchval(once, row["id"], now) is None:
                return
            told = await connection.fetch(case, f"{row['run']}/{row['path']}", now, *to)
            await self._store.teller.write(connection, [escalated(one, self._new_id) for one in told])


def _due(at: datetime | None, done: datetime | None, now: datetime) -> bool:
    return at is not None and done is None and at <= now


def _row(run: UUID, path: str, one: Asked, now: datetime) -> tuple[object, ...]:
    remind, escalate, within = (
        None if length is None else now + length for length in (one.remind, one.escalate, one.within)
    )
    return (
        uuid5(run, path), run, path, one.role, one.amount, one.currency, one.needed, one.asked_by, person(one.asked_by),
        now, remind, escalate, one.escalate_to, within,
    )  # fmt: skip
