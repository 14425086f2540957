"""A log at work whose subscription parks what a test wants parked, and the queue over it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from careloom.cases.book import Cases
from careloom.cases.desk import Decision
from careloom.cases.kinds import Action
from careloom.cases.reading import Wanted
from careloom.cases.rights import Actor
from careloom.cases.standing import Standing
from careloom.cases.work import Casework, casework
from careloom.core.clock import Clock, SystemClock
from careloom.core.envelope import Event, Recorded
from careloom.core.ids import Uuid7
from careloom.core.outcomes import Done, Outcome, Park
from careloom.core.receipts import Received
from careloom.log.handling import Handled, RetryPolicy, Subscription
from careloom.log.keyring import Keyring
from careloom.log.lanes import Bank
from careloom.log.node import LogNode
from careloom.log.ports import NewCase
from careloom.log.steps import Item
from careloom.security.sealing import MasterKey
from careloom.store.database import Database
from careloom.testing.clock import VirtualClock

MASTER = MasterKey(bytes(range(32)))
SECONDS = 60
TYPE = "test.happened.v1"
ROBIN, SAM = Actor("Robin Okafor"), Actor("Sam Lindqvist")


@dataclass
class Queue:
    """The queue on one database. `clock` is that of everything here."""

    database: Database
    clock: Clock
    new_id: Uuid7
    keyring: Keyring
    work: Casework

    async def open(self, *cases: NewCase) -> list[UUID]:
        """Open these as the log or a system does; the ids of all that there are, oldest first."""
        async with self.database.acquire() as connection, connection.transaction():
            await self.work.recorder.open(connection, cases)
        return [row["id"] for row in await self.rows("select id from work_case order by opened, id")]

    async def one(self, **changed: Any) -> UUID:
        """The id of a new case about a system."""
        known = {row["id"] for row in await self.rows("select id from work_case")}
        fields: dict[str, Any] = {"kind": "silence", "system": "ehr", "reason": "nothing for an hour"}
        [made] = set(await self.open(NewCase(**fields | changed))) - known
        return made

    async def rows(self, sql: str, *arguments: object) -> Sequence[Any]:
        async with self.database.acquire() as connection:
            return await connection.fetch(sql, *arguments)

    async def value(self, sql: str, *arguments: object) -> Any:
        async with self.database.acquire() as connection:
            return await connection.fetchval(sql, *arguments)

    async def told(self, type_: str | None = None) -> list[tuple[str, Any]]:
        """Types and contents of what the log was told of cases, in order."""
        rows = await self.rows(
            "select * from event where kind = 'e' and type like 'exception.%' and ($1::text is null or type = $1)"
            " order by id",
            type_,
        )
        return [(one.type, msgspec.json.decode(one.data)) for one in await self.opened(rows)]

    async def audits(self) -> list[tuple[str, Any]]:
        """Types and contents of the entries of the audit, in order."""
        rows = await self.rows("select * from event where kind = 'a' and type <> 'payload.edited.v1' order by id")
        return [(one.type, msgspec.json.decode(one.data)) for one in await self.opened(rows)]

    async def opened(self, rows: Sequence[Any]) -> list[Recorded]:
        async with self.database.acquire() as connection:
            keys = await self.keyring.open(connection, {row["key"] for row in rows})
        return [Item.of(row).opened(keys[row["key"]]) for row in rows]

    async def history(self, case: UUID, *, reveal: bool = False) -> list[str]:
        return [entry.what for entry in await self.work.reader.history(case, reveal=reveal)]


def queue_on(database: Database, clock: Clock) -> Queue:
    """Another node's view of a database is another of these."""
    new_id, keyring = Uuid7(clock), Keyring(MASTER)
    return Queue(database, clock, new_id, keyring, casework(database, keyring, Cases(clock, new_id), clock, new_id))


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def queue(database: Database, clock: VirtualClock) -> Queue:
    """No log runs here, and time stands still."""
    return queue_on(database, clock)


@dataclass
class House(Queue):
    """A log at work too. Events whose body is in `bad` are parked as a case; `seen` are those that were handled."""

    node: LogNode
    bad: dict[bytes, Outcome] = field(default_factory=dict)
    seen: list[Recorded] = field(default_factory=list)

    async def send(self, key: str, subject: str, body: str) -> UUID:
        """One message, which becomes one event."""
        received = Received(
            key=key,
            subject=f"Patient/G/{subject}",
            body=body.encode(),
            system="ehr",
            type="hl7v2:ADT^A04",
            acknowledgement=b"AA",
            time=datetime(2026, 3, 1, 8, tzinfo=UTC),
        )
        return (await self.node.intake.accept(received)).id

    async def _parked(self, subject: str) -> int:
        token = MASTER.token(f"Patient/G/{subject}")
        return int(await self.value("select count(*) from parked where token = $1", token))

    async def stuck(self, subject: str, *bodies: str, kind: str = "delivery", reason: str = "wrong plan") -> Standing:
        """The case of a subject whose first event cannot be handled; the others of it wait behind."""
        self.bad[bodies[0].encode()] = Park(reason, case=kind)
        for body in bodies:
            await self.send(f"{subject}/{body}", subject, body)

        async def all_wait() -> bool:
            return await self._parked(subject) >= len(bodies)

        await self.eventually(all_wait)
        case = await self.value(
            "select c.id from work_case c join parked p using (subscription, lane, seq)"
            " where p.token = $1 and c.resolved is null",
            MASTER.token(f"Patient/G/{subject}"),
        )
        return await self.work.reader.one(case)

    async def handled(self, *bodies: str) -> list[str]:
        """Wait until these were handled; everything that was, in order."""
        await self.eventually(lambda: self._has(bodies))
        return [event.data.decode() for event in self.seen]

    async def _has(self, bodies: Sequence[str]) -> bool:
        await asyncio.sleep(0)
        return set(bodies) <= {event.data.decode() for event in self.seen}

    async def act(
        self, case: UUID, action: Action, why: str = "because", data: bytes = b"", by: Actor = ROBIN
    ) -> Standing:
        return await self.work.desk.act(case, by, Decision(action, why, data))

    async def page(self, **wanted: Any) -> Sequence[Standing]:
        return (await self.work.reader.page(Wanted(**wanted), None, 100)).cases

    async def eventually(self, condition: Callable[[], Awaitable[Any]]) -> Any:
        async with asyncio.timeout(SECONDS):
            while not (answer := await condition()):
                pass
            return answer

    def translate(self, message: Recorded) -> Handled:
        event = Event(
            id=self.new_id(),
            type=TYPE,
            source=message.source,
            subject=message.subject,
            time=message.time,
            data=message.data,
            correlation=message.correlation,
            causation=message.id,
        )
        return Handled(Done(), (event,))

    async def deliver(self, event: Recorded) -> Handled:
        if event.data in self.bad:
            return Handled(self.bad[event.data])
        self.seen.append(event)
        return Handled(Done())


@pytest.fixture
async def house(database: Database) -> AsyncIterator[House]:
    clock = SystemClock()
    base = queue_on(database, clock)
    node = await LogNode.open(database, MASTER, base.work.recorder.book, clock, base.new_id, lanes=4)
    made = House(database, clock, base.new_id, base.keyring, base.work, node)
    retry = RetryPolicy(first_seconds=0.001, longest_seconds=0.01)
    node.start(
        [
            Subscription("translate", Bank.MESSAGES, made.translate),
            Subscription("deliver", Bank.EVENTS, made.deliver, types=(TYPE,), retry=retry, owner="billing"),
        ]
    )
    yield made
    await node.close()
