"""A world for the tests of processes: a node on one database and one virtual clock, and another after a kill.

    async with World.open(database, [intake], lambda: {"erp": odoo}) as world:
        world.answers(EligibilityRequested, lambda event: [EligibilityAnswered(...)])
        await world.tell(registration)
        await world.settle()
        await world.later(days=2)
        await world.decide("missing-payer-data", Action.SUPPLY, {...})

`careloom.testing.crashes` kills its node at every boundary, `careloom.testing.failures` fails every step in turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from careloom.cases.book import Cases
from careloom.cases.desk import Decision
from careloom.cases.kinds import Action
from careloom.cases.rights import Actor
from careloom.cases.work import Casework, casework
from careloom.core.envelope import Event, Kind, Recorded
from careloom.core.ids import Uuid7
from careloom.core.outcomes import Done
from careloom.core.receipts import Received
from careloom.flows import Flow
from careloom.flows.binding import StepBinder
from careloom.flows.stores import Stores
from careloom.log.handling import Handled, Subscription
from careloom.log.lanes import Bank
from careloom.log.node import LogNode
from careloom.log.steps import Item
from careloom.mapping.subject import subjects_of
from careloom.model import CanonicalEvent, decode, encode
from careloom.security.sealing import MasterKey
from careloom.store.database import Database
from careloom.testing.boundaries import Boundaries, Call, Fate, MortalCalls, MortalStore
from careloom.testing.clock import VirtualClock
from careloom.workflow.declaration import Registry, Workflow
from careloom.workflow.desk import RunDesk, RunResolver
from careloom.workflow.engine import BALANCE_SECONDS, Engine
from careloom.workflow.feeding import feeding
from careloom.workflow.surroundings import Surroundings
from careloom.workflow.telling import Teller
from careloom.workflow.timer import Timer

MASTER: Final = MasterKey(bytes(range(32)))
CLERK: Final = Actor("Robin Okafor")
PATIENCE_SECONDS: Final = 60
MOMENT_SECONDS: Final = 0.25
MOMENTS: Final = 12
LONG_SECONDS: Final = 0.5
SHORT_SECONDS: Final = 0.05
_STANDING: Final = """
    select exists (
        select from unnest($1::text[]) as asked (name)
        left join cursor c on c.subscription = asked.name left join lane l using (lane)
        where c.seq is null or l.head > c.seq
    ) as unread,
    exists (select from parked where due <= $2) as due,
    exists (select from parked where state in ('join', 'waiting')) as joins,
    exists (select from parked where state = 'case') as stuck"""
Answering = Callable[[Any], Iterable[CanonicalEvent]]
OpenSystems = Callable[[], Mapping[str, object] | Awaitable[Mapping[str, object]]]


@dataclass
class Node:
    """What one process of the hub would hold."""

    log: LogNode
    work: Casework
    around: Surroundings
    engine: Engine
    desk: RunDesk
    driving: asyncio.Task[None]
    subscriptions: list[str]

    async def close(self) -> None:
        """As a process ends: what is in hand is finished, what it held is free."""
        self.engine.stop()
        await asyncio.gather(self.driving, return_exceptions=True)
        await self.log.close()

    async def die(self) -> None:
        """As a process is killed: nothing is finished, and its sessions with the database end."""
        tasks = [self.driving, *self.engine._tasks, *self.log._tasks]
        tasks += [task for worker in self.log.workers for task in worker._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.log._notices.close()
        await self.log.session.close()


@dataclass
class World:
    """See the module."""

    database: Database
    flows: Sequence[Flow]
    open_systems: OpenSystems
    clock: VirtualClock
    boundaries: Boundaries
    new_id: Uuid7
    takes_over: bool = False
    """Whether after a kill another node, which waits for the lanes, goes on; else the same is started again."""
    fate: Fate | None = None
    """What becomes of the calls of steps."""
    node: Node = field(init=False)
    _stirred: asyncio.Event = field(default_factory=asyncio.Event)
    _answering: dict[type[CanonicalEvent], Answering] = field(default_factory=dict)
    _told: int = 0

    @classmethod
    @asynccontextmanager
    async def open(
        cls, database: Database, flows: Sequence[Flow], systems: OpenSystems = dict, *, kill_at: int | None = None
    ) -> AsyncIterator[World]:
        """`systems` opens what steps ask for, anew for each node, since a killed one loses what it remembers."""
        clock = VirtualClock()
        world = cls(database, flows, systems, clock, Boundaries(kill_at), Uuid7(clock))
        world.node = await world._start()
        try:
            yield world
        finally:
            await world.node.close()

    # ------------------------------------------------------------------ what happens in it

    def answers(self, event: type[CanonicalEvent], answering: Answering) -> None:
        """Have the world outside answer events of this type; call it before any of them is told."""
        self._answering[event] = answering

    async def tell(self, *events: CanonicalEvent, key: str = "") -> None:
        """Append these, as messages of a system would bring them."""
        for event in events:
            self._told += 1
            await self._accept(event, f"{key or 'told'}/{self._told}")

    async def begin(self, workflow: Workflow, given: Any, subject: str = "Patient/LAKESIDE/MRN700123") -> UUID:
        """Begin a run that no event begins."""
        run = self.new_id()
        await self.node.around.begin(run, workflow, given, subject)
        return run

    async def settle(self) -> None:
        """Until nothing is left to be done at this time; a node that is killed meanwhile is followed by another.

        An event of several subjects meets itself in each of its lanes, which takes moments of the clock: they pass.
        """
        moments = MOMENTS
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                self.node.engine.wake()
                await self._until_idle()
                if self.boundaries.killed:
                    await self._follow()
                    continue
                standing = await self._standing()
                if standing["joins"] and (moments or not standing["stuck"]):
                    moments = max(0, moments - 1)
                    await self._moment()
                elif standing["unread"] or standing["due"]:
                    if not await self._stirs(LONG_SECONDS):  # somebody rests on the clock
                        await self._moment()
                elif self.node.engine.is_idle:
                    return

    async def later(self, **length: float) -> None:
        """Let time pass (`days=2`, `hours=4`), and do what is due by then."""
        await self.clock.advance(timedelta(**length).total_seconds())
        await self.settle()

    async def decide(
        self, kind: str, action: Action, data: Mapping[str, Any] | None = None, *, by: Actor = CLERK
    ) -> None:
        """Decide the only open case of this kind, and see what comes of it."""
        rows = await self.rows("select id from work_case where kind = $1 and resolved is null", kind)
        assert len(rows) == 1, f"{len(rows)} cases of {kind} are open, not one"
        body = b"" if data is None else msgspec.json.encode(data)
        await self.node.work.desk.act(rows[0]["id"], by, Decision(action, "it was looked into", body))
        await self.settle()

    # ------------------------------------------------------------------ what can be seen of it

    async def cases(self) -> list[str]:
        """The kinds of the open ones, sorted."""
        return sorted(row["kind"] for row in await self.rows("select kind from work_case where resolved is null"))

    async def runs(self) -> list[tuple[str, str]]:
        """Workflow and state of each run, sorted."""
        rows = await self.rows("select workflow, state from run")
        return sorted((row["workflow"], row["state"]) for row in rows)

    async def told(self, event: type[CanonicalEvent]) -> list[Any]:
        """The events of this type in the log, oldest first."""
        sql = "select * from event where kind = 'e' and type = $1 order by recorded, lane, seq"
        rows = await self.rows(sql, event.type)
        async with self.database.acquire() as connection:
            keys = await self.node.log.keyring.open(connection, {row["key"] for row in rows})
        return [decode(event.type, Item.of(row).opened(keys[row["key"]]).data) for row in rows]

    async def rows(self, sql: str, *arguments: object) -> Sequence[Any]:
        """What the database has."""
        async with self.database.acquire() as connection:
            return await connection.fetch(sql, *arguments)

    # ------------------------------------------------------------------ within

    async def _start(self) -> Node:
        book = Cases(self.clock, self.new_id)
        log = await LogNode.open(self.database, MASTER, book, self.clock, self.new_id, lanes=4)
        handling: list[Subscription] = []
        teller = Teller(log.writer, log.keyring, book, self.clock, lambda type_: sum(s.wants(type_) for s in handling))
        store = MortalStore(self.boundaries, self.database, log.keyring, teller, self.clock)
        opened = self.open_systems()
        systems = await opened if isinstance(opened, Awaitable) else opened
        binder = StepBinder({flow.name: {} for flow in self.flows}, systems, Stores(self.database, MASTER))
        registry = Registry(
            [one for flow in self.flows for one in flow.workflows], [one for flow in self.flows for one in flow.signals]
        )
        around = Surroundings(
            store, registry, book.kinds, MortalCalls(self.boundaries, binder, self._becomes), self.clock, self.new_id
        )
        engine = Engine(around, log.session, Timer(around, [one for flow in self.flows for one in flow.schedules]))
        work = casework(self.database, log.keyring, book, self.clock, self.new_id, [RunResolver(log.keyring)])
        handling += [*feeding(registry, around), Subscription("outside", Bank.EVENTS, self._answer)]
        translate = Subscription("translate", Bank.MESSAGES, self._translate)
        log.start([translate, *handling])
        for worker in log.workers:
            worker.passed = self._stirred.set
        driving = asyncio.get_running_loop().create_task(engine.run())
        names = [one.name for one in (translate, *handling)]
        return Node(log, work, around, engine, RunDesk(around), driving, names)

    async def _follow(self) -> None:
        """Have a node go on where one was killed. One that takes over is there before the dead one's locks are free."""
        dead, self.boundaries = self.node, Boundaries(passed=self.boundaries.passed)
        if not self.takes_over:
            await dead.die()
        self.node = await self._start()
        if self.takes_over:
            await dead.die()
            await self.clock.advance(2 * BALANCE_SECONDS)

    async def _until_idle(self) -> None:
        """Until the engine has nothing to do and no worker of the log has anything in hand, or the node is killed."""
        down = asyncio.ensure_future(self.boundaries.down.wait())
        resting = asyncio.ensure_future(self._resting())
        _, pending = await asyncio.wait({down, resting}, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()

    async def _resting(self) -> None:
        while True:
            await self.node.engine.idle()
            self._stirred.clear()
            if not any(worker.is_busy for worker in self.node.log.workers):
                return
            await self._stirs(LONG_SECONDS)

    async def _standing(self) -> Any:
        """What is left to be read, to be met and to be done again; `stuck` is what waits behind something that a person
        has, and may wait for ever."""
        [row] = await self.rows(_STANDING, self.node.subscriptions, self.clock.now())
        return row

    async def _moment(self) -> None:
        self._stirred.clear()
        await self.clock.advance(MOMENT_SECONDS)
        await self._stirs(SHORT_SECONDS)

    async def _stirs(self, seconds: float) -> bool:
        """Wait until the log did something, though not for ever; whether it did."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stirred.wait(), seconds)
        return self._stirred.is_set()

    async def _accept(self, event: CanonicalEvent, key: str) -> None:
        body = event.type.encode() + b" " + encode(event)
        subject, _ = subjects_of(event)
        await self.node.log.intake.accept(
            Received(
                key=key, subject=subject, body=body, system="outside", type="json:event", acknowledgement=b"",
                time=self.clock.now(),
            )
        )  # fmt: skip

    def _translate(self, message: Recorded) -> Handled:
        type_, _, data = message.data.partition(b" ")
        event = decode(type_.decode(), data)
        subject, others = subjects_of(event)
        made = Event(
            id=self.new_id(), kind=Kind.EVENT, type=event.type, source=message.source, subject=subject,
            time=message.time, data=data, correlation=message.correlation, causation=message.id, others=others,
        )  # fmt: skip
        return Handled(Done(), (made,))

    async def _becomes(self, call: Call, made: Callable[[], Awaitable[Any]]) -> Any:
        return await (made() if self.fate is None else self.fate(call, made))

    async def _answer(self, recorded: Recorded) -> Handled:
        for type_, answering in self._answering.items():
            if recorded.type == type_.type:
                for number, answer in enumerate(answering(decode(recorded.type, recorded.data))):
                    await self._accept(answer, f"{recorded.id}/{number}")
        return Handled(Done())
