"""A world for the tests of processes: nodes on one database and one virtual clock, killed at every boundary if asked.

    async with World.open(database, [intake], lambda: {"erp": odoo}) as world:
        world.answers(EligibilityRequested, lambda event: [EligibilityAnswered(...)])
        await world.tell(registration)
        await world.settle()
        await world.later(days=2)
        await world.decide("missing-payer-data", Action.SUPPLY, {...})

A boundary is each moment before and after a record of a run is committed, and each moment after a step had its effect
outside. `every_crash` runs a scenario once undisturbed and then once for each boundary, with the node killed there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
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
from careloom.testing.clock import VirtualClock
from careloom.workflow.calling import Attempt, Binder, Calls
from careloom.workflow.declaration import Registry, Workflow
from careloom.workflow.desk import RunDesk, RunResolver
from careloom.workflow.engine import Engine
from careloom.workflow.feeding import feeding
from careloom.workflow.journal import RunStore
from careloom.workflow.surroundings import Surroundings
from careloom.workflow.telling import Teller
from careloom.workflow.timer import Timer

MASTER: Final = MasterKey(bytes(range(32)))
CLERK: Final = Actor("Robin Okafor")
PATIENCE_SECONDS: Final = 60
MOMENT_SECONDS: Final = 0.25
MOMENTS: Final = 12
TURNS: Final = 20
LOOKS: Final = 50
Answering = Callable[[Any], Iterable[CanonicalEvent]]
OpenSystems = Callable[[], Mapping[str, object] | Awaitable[Mapping[str, object]]]


class Killed(BaseException):
    """The node was killed here."""


@dataclass
class Boundaries:
    """Counts them, and kills at one of them. After that nothing of the node gets through."""

    kill_at: int | None = None
    passed: int = 0
    killed: bool = False

    def cross(self) -> None:
        """Raises Killed at the chosen one, and at any after it."""
        if not self.killed:
            self.passed += 1
            self.killed = self.passed == self.kill_at
        if self.killed:
            raise Killed


class _Store(RunStore):
    def __init__(self, boundaries: Boundaries, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._boundaries = boundaries

    async def record(self, *arguments: Any, **named: Any) -> Any:
        return await self._around(super().record(*arguments, **named))

    async def suspend(self, *arguments: Any, **named: Any) -> None:
        await self._around(super().suspend(*arguments, **named))

    async def compensate(self, *arguments: Any) -> None:
        await self._around(super().compensate(*arguments))

    async def end(self, *arguments: Any, **named: Any) -> None:
        await self._around(super().end(*arguments, **named))

    async def _around(self, work: Any) -> Any:
        try:
            self._boundaries.cross()
        except Killed:
            work.close()
            raise
        done = await work
        self._boundaries.cross()
        return done


class _Calls(Calls):
    def __init__(self, boundaries: Boundaries, binder: Binder) -> None:
        super().__init__(binder)
        self._boundaries = boundaries

    async def __call__(
        self,
        function: Callable[..., Awaitable[Any]],
        arguments: tuple[Any, ...],
        attempt: Attempt,
        workflow: Workflow,
        seconds: float | None = None,
    ) -> Any:
        given = await super().__call__(function, arguments, attempt, workflow, seconds)
        if function is not workflow.function:
            self._boundaries.cross()
        return given


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
        """As a process ends, or is killed: what it held is free."""
        self.engine.stop()
        await asyncio.gather(self.driving, return_exceptions=True)
        await self.log.close()


@dataclass
class World:
    """See the module."""

    database: Database
    flows: Sequence[Flow]
    open_systems: OpenSystems
    clock: VirtualClock
    boundaries: Boundaries
    new_id: Uuid7
    node: Node = field(init=False)
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
        """Until nothing is left to be done at this time; a node that is killed meanwhile is started again.

        An event of several subjects meets itself in each of its lanes, which takes moments of the clock: they pass.
        """
        moments, looks = MOMENTS, 0
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                if self.boundaries.killed:
                    await self._restart()
                self.node.engine.wake()
                idle = asyncio.ensure_future(self.node.engine.idle())
                while not idle.done() and not self.boundaries.killed:
                    await self._pass_turn()
                idle.cancel()
                if self.boundaries.killed:
                    continue
                if await self._joining(stuck=not moments):
                    moments = max(0, moments - 1)
                    await self._moment()
                elif not await self._behind() and self.node.engine.is_idle:
                    return
                else:
                    looks += 1
                    if looks % LOOKS == 0:  # somebody rests on the clock: on a slow machine the moments were too short
                        await self._moment()

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
        store = _Store(self.boundaries, self.database, log.keyring, teller, self.clock)
        opened = self.open_systems()
        systems = await opened if isinstance(opened, Awaitable) else opened
        binder = StepBinder({flow.name: {} for flow in self.flows}, systems, Stores(self.database, MASTER))
        registry = Registry(
            [one for flow in self.flows for one in flow.workflows], [one for flow in self.flows for one in flow.signals]
        )
        around = Surroundings(store, registry, book.kinds, _Calls(self.boundaries, binder), self.clock, self.new_id)
        engine = Engine(around, log.session, Timer(around, [one for flow in self.flows for one in flow.schedules]))
        work = casework(self.database, log.keyring, book, self.clock, self.new_id, [RunResolver(log.keyring)])
        handling += [*feeding(registry, around), Subscription("outside", Bank.EVENTS, self._answer)]
        translate = Subscription("translate", Bank.MESSAGES, self._translate)
        log.start([translate, *handling])
        driving = asyncio.get_running_loop().create_task(engine.run())
        names = [one.name for one in (translate, *handling)]
        return Node(log, work, around, engine, RunDesk(around), driving, names)

    async def _restart(self) -> None:
        await self.node.close()
        self.boundaries = Boundaries(passed=self.boundaries.passed)
        self.node = await self._start()

    async def _behind(self) -> bool:
        """Whether a subscription has not read all of the log, or is handling some of it."""
        rows = await self.rows(
            "select 1 from unnest($1::text[]) as asked (name) left join cursor c on c.subscription = asked.name"
            " left join lane l using (lane) where c.seq is null or l.head > c.seq limit 1",
            self.node.subscriptions,
        )
        due = await self.rows("select 1 from parked where due <= $1 limit 1", self.clock.now())
        return bool(rows or due)

    async def _joining(self, *, stuck: bool) -> bool:
        """Whether an event of several subjects waits for its turn in another of its lanes. One that is `stuck` behind
        something that a person has may wait for ever."""
        rows = await self.rows(
            "select count(*) filter (where state in ('join', 'waiting')) as joins,"
            " count(*) filter (where state = 'case') as cases from parked"
        )
        return bool(rows[0]["joins"]) and not (stuck and rows[0]["cases"])

    async def _moment(self) -> None:
        await self.clock.advance(MOMENT_SECONDS)
        for _ in range(TURNS):
            await self._pass_turn()

    async def _pass_turn(self) -> None:
        """Let the others work: a question to the database is long enough, and no time passes on the clock."""
        await self.rows("select 1")

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

    async def _answer(self, recorded: Recorded) -> Handled:
        for type_, answering in self._answering.items():
            if recorded.type == type_.type:
                for number, answer in enumerate(answering(decode(recorded.type, recorded.data))):
                    await self._accept(answer, f"{recorded.id}/{number}")
        return Handled(Done())


Scenario = Callable[[World], Awaitable[Any]]
"""What happens in a world; it gives what is to be the same however often nodes are killed."""
OpenWorld = Callable[[int | None], AbstractAsyncContextManager[World]]


async def every_crash(open_world: OpenWorld, scenario: Scenario, *, every: int = 1, first: int = 1) -> int:
    """Run the scenario undisturbed, then once for each `every`th boundary with the node killed there; gives how many
    boundaries there are. Raises AssertionError, naming the boundary, when a kill changes what the scenario gives."""
    async with open_world(None) as world:
        wanted = await scenario(world)
        boundaries = world.boundaries.passed
    for number in range(first, boundaries + 1, every):
        async with AsyncExitStack() as stack:
            world = await stack.enter_async_context(open_world(number))
            given = await scenario(world)
        assert given == wanted, f"killed at boundary {number} of {boundaries}: {given} instead of {wanted}"
    return boundaries
