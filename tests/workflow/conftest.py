"""A log and an engine of runs at work on one database, on a clock that stands still."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from careloom.cases.book import Cases
from careloom.cases.desk import Decision
from careloom.cases.kinds import Action
from careloom.cases.rights import Actor, AmountLimits
from careloom.cases.work import Casework, casework
from careloom.core.envelope import Event, Recorded
from careloom.core.errors import ConfigurationError
from careloom.core.ids import Uuid7
from careloom.core.outcomes import Done
from careloom.core.receipts import Received
from careloom.log.handling import Handled, Subscription
from careloom.log.lanes import Bank
from careloom.log.node import LogNode
from careloom.model import CanonicalEvent, encode
from careloom.security.sealing import MasterKey
from careloom.store.database import Database
from careloom.testing.clock import VirtualClock
from careloom.workflow.ballots import NO_LIMITS
from careloom.workflow.calendars import Calendar
from careloom.workflow.calling import Calls
from careloom.workflow.declaration import Registry, Signal, Workflow
from careloom.workflow.desk import RunDesk, RunResolver
from careloom.workflow.engine import Engine
from careloom.workflow.feeding import feeding
from careloom.workflow.journal import RunStore
from careloom.workflow.schedule import Schedule
from careloom.workflow.surroundings import Surroundings
from careloom.workflow.telling import Teller
from careloom.workflow.timer import Timer

MASTER = MasterKey(bytes(range(32)))
ROBIN = Actor("Robin Okafor")
SUBJECT = "Patient/G/MRN1"


@dataclass
class Outside:
    """What steps do outside: each effect once by its key, as a system with idempotency keys does it."""

    calls: list[str] = field(default_factory=list)
    effects: dict[UUID, str] = field(default_factory=dict)
    fail: dict[str, list[Exception]] = field(default_factory=dict)
    after: Callable[[str], None] = field(default=lambda _: None)

    def do(self, what: str, key: UUID) -> str:
        self.calls.append(what)
        if self.fail.get(what):
            raise self.fail[what].pop(0)
        self.effects[key] = what
        self.after(what)
        return what

    @property
    def held(self) -> list[str]:
        return sorted(self.effects.values())


@dataclass
class House:
    """One node."""

    database: Database
    clock: Any
    log: LogNode
    work: Casework
    around: Surroundings
    engine: Engine
    desk: RunDesk
    outside: Outside
    timer: Timer
    task: asyncio.Task[None] | None = None

    async def begin(self, workflow: Workflow, given: Any = "input", run: UUID | None = None) -> UUID:
        id_ = run or self.around.new_id()
        await self.around.begin(id_, workflow, given, SUBJECT)
        return id_

    async def settle(self) -> None:
        """Until nothing is due at this time."""
        self.engine.wake()
        async with asyncio.timeout(60):
            await self.engine.idle()

    async def later(self, seconds: float) -> None:
        await self.clock.advance(seconds)
        await self.settle()

    async def state(self, run: UUID) -> str:
        async with self.database.acquire() as connection:
            found: str = await connection.fetchval("select state from run where id = $1", run)
        return found

    async def rows(self, sql: str, *arguments: object) -> Sequence[Any]:
        async with self.database.acquire() as connection:
            return await connection.fetch(sql, *arguments)

    async def cases(self) -> list[str]:
        return [row["kind"] for row in await self.rows("select kind from work_case where resolved is null order by id")]

    async def vote(self, by: Actor, action: Action = Action.APPROVE, why: str = "because") -> None:
        """On the one approval that is open."""
        await self.decide("approval", action, by=by, why=why)

    async def decide(
        self, kind: str, action: Action, data: bytes = b"", by: Actor = ROBIN, why: str = "because"
    ) -> None:
        rows = await self.rows("select id from work_case where kind = $1 and resolved is null", kind)
        assert len(rows) == 1, f"{len(rows)} cases of {kind} are open"
        await self.work.desk.act(rows[0]["id"], by, Decision(action, why, data))
        await self.settle()

    async def result(self, run: UUID) -> Any:
        found = await self.around.ended(run)
        assert found is not None, "it has not ended"
        return found

    async def tell(self, event: CanonicalEvent, key: str) -> None:
        """Append an event as a message would bring it."""
        body = event.type.encode() + b" " + encode(event)
        await self.log.intake.accept(
            Received(
                key=key, subject=SUBJECT, body=body, system="ehr", type="hl7v2:ADT^A04", acknowledgement=b"AA",
                time=self.clock.now(),
            )
        )  # fmt: skip

    async def handled(self, condition: Callable[[], Awaitable[Any]]) -> Any:
        """Wait for what the log's workers do; they are on the same clock, and rest on it."""
        async with asyncio.timeout(60):
            while not (answer := await condition()):
                await self.clock.advance(0.05)
            return answer


class Binder:
    """Gives `Outside`, and `further` things, to who asks for one of their class."""

    def __init__(self, outside: Outside, further: Sequence[object] = ()) -> None:
        self._outside = outside
        self._further = further

    def __call__(self, workflow: str, parameter: str, wanted: Any) -> object:
        for one in self._further:
            if type(one) is wanted:
                return one
        if wanted is not Outside:
            raise ConfigurationError(f"{workflow}({parameter}): nothing fits")
        return self._outside


@asynccontextmanager
async def house_on(
    database: Database,
    workflows: Sequence[Workflow],
    signals: Sequence[Signal[Any]] = (),
    *,
    clock: Any = None,
    outside: Outside | None = None,
    works: bool = True,
    limits: AmountLimits = NO_LIMITS,
    schedules: Sequence[Schedule] = (),
    calendars: Mapping[str, Calendar] | None = None,
    further: Sequence[object] = (),
) -> AsyncIterator[House]:
    clock, outside = clock or VirtualClock(), outside or Outside()
    new_id = Uuid7(clock)
    book = Cases(clock, new_id)
    log = await LogNode.open(database, MASTER, book, clock, new_id, lanes=4)
    store = RunStore(database, log.keyring, Teller(log.writer, log.keyring, book, clock, lambda _: 0), clock)
    around = Surroundings(
        store, Registry(workflows, signals), book.kinds, Calls(Binder(outside, further)), clock, new_id
    )
    timer = Timer(around, schedules, calendars)
    engine = Engine(around, log.session, timer)
    work = casework(database, log.keyring, book, clock, new_id, [RunResolver(log.keyring, limits)])
    house = House(database, clock, log, work, around, engine, RunDesk(around), outside, timer)
    if works:
        house.task = asyncio.create_task(engine.run())
        log.start([Subscription("translate", Bank.MESSAGES, _translate(new_id)), *feeding(around.registry, around)])
    try:
        yield house
    finally:
        engine.stop()
        if house.task is not None:
            await asyncio.gather(house.task, return_exceptions=True)
        await log.close()


def _translate(new_id: Uuid7) -> Callable[[Recorded], Handled]:
    def translate(message: Recorded) -> Handled:
        type_, _, data = message.data.partition(b" ")
        event = Event(
            id=new_id(), type=type_.decode(), source=message.source, subject=message.subject, time=message.time,
            data=data, correlation=message.correlation, causation=message.id,
        )  # fmt: skip
        return Handled(Done(), (event,))

    return translate


@pytest.fixture
def outside() -> Outside:
    return Outside()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()
