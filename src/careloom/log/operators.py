"""What operators do to the log: retry, discard, resolve, pause, replay, erase. Each act is an entry of the log too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from careloom.core.clock import Clock
from careloom.core.envelope import Event, Kind, Position
from careloom.core.ids import IdFactory
from careloom.log.acts import LOOKED
from careloom.log.keyring import Keyring
from careloom.log.notices import ERASED, PARKED
from careloom.log.parking import NothingThere as NothingThere
from careloom.log.parking import end_parked, retry_parked
from careloom.log.ports import CaseBook, Connection
from careloom.log.telling import told
from careloom.log.writing import Prepared, Writer
from careloom.store.database import Database
from careloom.store.sql import queries

_SQL = queries("operator")
_LOG = queries("log")


@dataclass(frozen=True, slots=True)
class Act:
    """Who does it, and why. Both are kept for ever."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Erasable:
    """A patient whose bodies can still be read, and how much there is: counts, and when the log took the first and
    the last. `parked` of them would be skipped."""

    subject: str
    messages: int
    events: int
    first: datetime | None
    last: datetime | None
    parked: int


class Operators:
    """Acts on parked entries, cases and subscriptions, each in one transaction with its audit entry."""

    def __init__(
        self, database: Database, writer: Writer, keyring: Keyring, cases: CaseBook, clock: Clock, new_id: IdFactory
    ) -> None:
        self._database = database
        self._writer = writer
        self._keyring = keyring
        self._cases = cases
        self._clock = clock
        self._new_id = new_id

    async def parked(self, some_id: UUID | None = None) -> Sequence[Any]:
        """What waits for a person; `some_id` may be the case's, the event's or the message's."""
        async with self._database.acquire() as connection:
            return await connection.fetch(_SQL.parked_cases, some_id)

    async def loose_cases(self, some_id: UUID | None = None) -> Sequence[Any]:
        """Open cases about which nothing is parked; rows and `some_id` as those of `parked`."""
        async with self._database.acquire() as connection:
            return await connection.fetch(_SQL.loose_cases, some_id)

    async def refusals(self, limit: int) -> Sequence[Any]:
        """What was refused at the door, newest first; never the bodies."""
        async with self._database.acquire() as connection:
            return await connection.fetch(_SQL.refusals, limit)

    async def subscriptions(self) -> Sequence[Any]:
        """All that were ever worked, with who paused or resumed them last."""
        async with self._database.acquire() as connection:
            return await connection.fetch(_SQL.subscriptions)

    async def retry(self, subscription: str, position: Position, act: Act) -> None:
        """Handle it again now. Raises NothingThere when it is not parked for a person."""
        async with self._database.acquire() as connection:
            audit = await self._audit("parked.retried.v1", act, subscription, [str(position)], connection)
            async with connection.transaction():
                await retry_parked(connection, subscription, position, self._clock.now())
                why = f"retried: {act.reason}"
                closed = await self._cases.resolve_at(connection, subscription, [position], why, act.by)
                await self._write(connection, audit, closed)
                await connection.execute(_LOG.notify, PARKED)

    async def discard(self, subscription: str, position: Position, act: Act) -> None:
        """Give it up, with a reason; what waits behind it goes on. Raises NothingThere."""
        async with self._database.acquire() as connection:
            audit = await self._audit("parked.discarded.v1", act, subscription, [str(position)], connection)
            async with connection.transaction():
                await end_parked(connection, subscription, position, "discarded", act.reason, self._clock.now())
                why = f"discarded: {act.reason}"
                closed = await self._cases.resolve_at(connection, subscription, [position], why, act.by, "discarded")
                await self._write(connection, audit, closed)
                await connection.execute(_LOG.notify, PARKED)

    async def resolve(self, case: UUID, act: Act) -> None:
        """Close a case about which nothing is parked. Raises NothingThere."""
        async with self._database.acquire() as connection:
            audit = await self._audit("case.resolved.v1", act, "", [str(case)], connection)
            async with connection.transaction():
                closed = await self._cases.resolve_loose(connection, case, act.reason, act.by)
                if closed is None:
                    raise NothingThere(
                        f"there is no open case {case} that stands alone; what is parked is retried or discarded"
                    )
                await self._write(connection, audit, closed)

    async def pause(self, subscription: str, act: Act, *, paused: bool = True) -> None:
        """Pause or resume a subscription. Raises NothingThere for an unknown one."""
        kind = "subscription.paused.v1" if paused else "subscription.resumed.v1"
        async with self._database.acquire() as connection:
            audit = await self._audit(kind, act, subscription, [], connection)
            async with connection.transaction():
                if await connection.fetchval(_SQL.pause, subscription, paused, act.reason, act.by) is None:
                    raise _unknown(subscription)
                await self._writer.write(connection, audit)
                await connection.execute(_LOG.notify, PARKED)

    async def preview(
        self, subscription: str, since: datetime, until: datetime, type_: str | None, outcome: str | None, limit: int
    ) -> Sequence[Any]:
        """The exact set that `replay` of these events would take. Raises NothingThere for an unknown subscription."""
        async with self._database.acquire() as connection:
            if await connection.fetchval(_SQL.bank_of, subscription) is None:
                raise _unknown(subscription)
            return await connection.fetch(_SQL.replayable, subscription, since, until, type_, outcome, limit)

    async def replay(self, subscription: str, events: Sequence[UUID], act: Act) -> int:
        """Have these handled once more, in order; how many will be. Those not yet handled are left alone."""
        async with self._database.acquire() as connection:
            names = [str(event) for event in events]
            audit = await self._audit("events.replayed.v1", act, subscription, names, connection)
            async with connection.transaction():
                rows = await connection.fetch(_SQL.replay, subscription, events, self._clock.now(), act.reason)
                if not rows:
                    raise NothingThere(
                        f"{subscription} has handled none of these events, so there is nothing to replay"
                    )
                await self._writer.write(connection, audit)
                await connection.execute(_LOG.notify, PARKED)
                return len(rows)

    async def erasable(self, wanted: str) -> list[Erasable]:
        """The patient of a full key, `Patient/NORTH/N-1`; or those of a record number, under every assigner seen."""
        async with self._database.acquire() as connection:
            spaces = [row["space"] for row in await connection.fetch(_LOG.spaces)]
            tokens = {self._keyring.master.token(name): name for name in _patients(wanted, spaces)}
            rows = await connection.fetch(_SQL.erasable, list(tokens))
        found = [Erasable(tokens[row["token"]], *list(row.values())[1:]) for row in rows]
        return sorted(found, key=lambda one: one.subject)

    async def erase(self, subject: str, act: Act) -> None:
        """Make every body of a subject unreadable for ever, here and in every backup of the key table made later.

        The log keeps its chain; what is not yet handled of the subject will be skipped. Raises NothingThere.
        """
        token = self._keyring.master.token(subject)
        async with self._database.acquire() as connection:
            audit = await self._audit("subject.erased.v1", act, "", [str(token)], connection)
            async with connection.transaction():
                if not await connection.fetch(_LOG.erase_subject, token, self._clock.now()):
                    raise NothingThere(
                        "there is no such subject, or it was erased before; check the assigner and the id"
                    )
                await self._writer.write(connection, audit)
                await connection.execute(_LOG.notify, ERASED)
        self._keyring.forget()

    async def record_look(self, target: UUID, act: Act, *more: UUID) -> UUID:
        """Somebody is about to see a body, or what is known of persons, unmasked. Gives the id of the entry that keeps
        it."""
        async with self._database.acquire() as connection:
            audit = await self._audit(LOOKED, act, "", [str(one) for one in (target, *more)], connection)
            async with connection.transaction():
                await self._writer.write(connection, audit)
        return audit[0].row.id

    async def pause_all(self, subscriptions: Sequence[str], act: Act, *, paused: bool = True) -> None:
        """Pause or resume several at once, such as all that call one system, as one act. Raises NothingThere."""
        kind = "subscription.paused.v1" if paused else "subscription.resumed.v1"
        async with self._database.acquire() as connection:
            audit = await self._audit(kind, act, ", ".join(subscriptions), list(subscriptions), connection)
            async with connection.transaction():
                for one in sorted(subscriptions):
                    if await connection.fetchval(_SQL.pause, one, paused, act.reason, act.by) is None:
                        raise _unknown(one)
                await self._writer.write(connection, audit)
                await connection.execute(_LOG.notify, PARKED)

    async def _audit(
        self, type_: str, act: Act, subscription: str, targets: Sequence[str], connection: Connection
    ) -> list[Prepared]:
        now = self._clock.now()
        event = audit_of(type_, act, subscription, targets, self._new_id(), now)
        keys = await self._keyring.ensure(connection, [event.subject])
        return self._writer.prepare([event], keys, now)

    async def _write(self, connection: Connection, audit: Sequence[Prepared], events: Sequence[Event]) -> None:
        telling = await told(connection, self._writer, self._keyring, events, self._clock.now())
        await self._writer.write(connection, [*audit, *telling])


def audit_of(type_: str, act: Act, subscription: str, targets: Sequence[str], id_: UUID, now: datetime) -> Event:
    """The entry of the log that keeps who did what to which targets, and why."""
    data = {"by": act.by, "reason": act.reason, "subscription": subscription, "targets": list(targets)}
    return Event(
        id=id_,
        kind=Kind.AUDIT,
        type=type_,
        source="careloom",
        subject=f"Audit/{act.by}",
        time=now,
        data=msgspec.json.encode(data),
        correlation=id_,
    )


def _patients(wanted: str, spaces: Sequence[str]) -> list[str]:
    """The keys that may be meant. Only patients: the log of operators' acts is sealed under subjects too."""
    if wanted.startswith("Patient/") and wanted.count("/") == 2:
        return [wanted]
    number = wanted.replace("%", "%25").replace("/", "%2F")  # as in the keys, where a slash divides
    return [f"{space}/{number}" for space in spaces if space.startswith("Patient/")]


def _unknown(subscription: str) -> NothingThere:
    return NothingThere(f"there is no subscription {subscription}; `careloom status` lists them")
