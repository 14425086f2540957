"""Nodes of one log on one database, and what they are fed with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from careloom.cases.book import Cases
from careloom.core.clock import Clock, SystemClock
from careloom.core.envelope import Event, Recorded
from careloom.core.ids import Uuid7
from careloom.core.outcomes import Done, Outcome, Skip
from careloom.core.receipts import Received
from careloom.log.conservation import Conservation, conservation
from careloom.log.handling import Gate, Handled, Handler, RetryPolicy, Subscription
from careloom.log.lanes import Bank
from careloom.log.node import LogNode
from careloom.log.operators import Act, Operators
from careloom.security.sealing import MasterKey
from careloom.store.database import Database

MASTER = MasterKey(bytes(range(32)))
WHEN = datetime(2026, 3, 1, 8, tzinfo=UTC)
EVENT_TYPE = "registration.created.v1"
SECONDS = 60

new_id = Uuid7()


@dataclass(slots=True)
class Sink:
    """Takes events as a target would, and lets a test wait for them."""

    seen: list[Recorded] = field(default_factory=list)
    _came: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, event: Recorded) -> Handled:
        self.seen.append(event)
        self._came.set()
        return Handled(Done(f"sink/{len(self.seen)}"))

    async def until(self, count: int) -> list[Recorded]:
        """Wait for so many."""
        async with asyncio.timeout(SECONDS):
            while len(self.seen) < count:
                self._came.clear()
                await self._came.wait()
        return self.seen

    def texts(self, subject: str | None = None) -> list[str]:
        """What the events say, in the order in which they came."""
        return [event.data.decode() for event in self.seen if subject in (None, event.subject)]


class Log:
    """Opens nodes on one database, each with connections of its own, and asks the database what came of it all."""

    def __init__(self, dsn: str, database: Database) -> None:
        self.dsn = dsn
        self.database = database
        self.master = MASTER
        self.clock: Clock = SystemClock()
        self._nodes: list[tuple[LogNode, Database]] = []

    async def node(
        self, *subscriptions: Subscription, clock: Clock | None = None, lanes: int | None = 8, size: int = 8
    ) -> LogNode:
        """A node that works these subscriptions."""
        opened = await Database.open(self.dsn, size=size)
        used = clock or self.clock
        try:
            node = await LogNode.open(opened, MASTER, Cases(used, new_id), used, new_id, lanes=lanes)
        except BaseException:
            await opened.close()
            raise
        self._nodes.append((node, opened))
        if subscriptions:
            node.start(subscriptions)
        return node

    async def close_node(self, node: LogNode) -> None:
        """Finish what it has in hand."""
        for place, (known, opened) in enumerate(self._nodes):
            if known is node:
                del self._nodes[place]
                await node.close()
                await opened.close()
                return

    async def close(self) -> None:
        for node, _ in list(self._nodes):
            await self.close_node(node)

    def operators(self, node: LogNode, clock: Clock | None = None) -> Operators:
        """Acts of operators on this node."""
        used = clock or self.clock
        return Operators(self.database, node.writer, node.keyring, Cases(used, new_id), used, new_id)

    async def rows(self, sql: str, *arguments: object) -> Sequence[Any]:
        async with self.database.acquire() as connection:
            return await connection.fetch(sql, *arguments)

    async def value(self, sql: str, *arguments: object) -> Any:
        async with self.database.acquire() as connection:
            return await connection.fetchval(sql, *arguments)

    async def numbers(self) -> Conservation:
        return await conservation(self.database)

    async def eventually(self, condition: Callable[[], Awaitable[Any]]) -> Any:
        """Ask the database again and again until it says so; every question is a round trip, so nothing spins."""
        async with asyncio.timeout(SECONDS):
            while True:
                answer = await condition()
                if answer:
                    return answer

    async def settled(self, messages: int) -> Conservation:
        """Wait until so many messages are delivered or filtered, and nothing is in flight."""

        async def over() -> Conservation | None:
            found = await self.numbers()
            return found if found.delivered + found.filtered == messages and not found.in_flight else None

        return await self.eventually(over)


@pytest.fixture
async def log(dsn: str, database: Database) -> AsyncIterator[Log]:
    opened = Log(dsn, database)
    yield opened
    await opened.close()


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def act() -> Act:
    return Act("Robin Okafor", "asked by the ward")


@pytest.fixture
def message() -> Callable[..., Received]:
    """Makes a message as a listener hands it in."""

    def make(
        key: str,
        subject: str = "Patient/GENHOSP/MRN1",
        body: bytes | str = b"",
        others: Sequence[str] = (),
        **more: Any,
    ) -> Received:
        content = body.encode() if isinstance(body, str) else body
        fields = {"system": "ehr", "type": "hl7v2:ADT^A04", "acknowledgement": b"AA|" + key.encode(), "time": WHEN}
        return Received(key=key, subject=subject, body=content or key.encode(), others=tuple(others), **fields | more)

    return make


@pytest.fixture
def translate() -> Callable[..., Subscription]:
    """Makes the subscription that turns each message into events of these types, with the message's body."""

    def make(*types: str, **more: Any) -> Subscription:
        def handler(message: Recorded) -> Handled:
            wanted = types or (EVENT_TYPE,)
            return Handled(Done(), tuple(event_of(message, type_) for type_ in wanted))

        return Subscription("translate", Bank.MESSAGES, handler, **more)

    return make


@pytest.fixture
def deliver() -> Callable[..., Subscription]:
    """Makes a subscription to events."""

    def make(
        handler: Handler,
        name: str = "deliver",
        types: tuple[str, ...] | None = (EVENT_TYPE,),
        retry: RetryPolicy = RetryPolicy(first_seconds=0.001, longest_seconds=0.01),  # noqa: B008
        gate: Gate = lambda: 0.0,
        **more: Any,
    ) -> Subscription:
        return Subscription(name, Bank.EVENTS, handler, types=types, retry=retry, gate=gate, **more)

    return make


@pytest.fixture
def event() -> Callable[..., Event]:
    """Makes the event that a translator makes of a message."""
    return event_of


def event_of(message: Recorded, type_: str = EVENT_TYPE, others: Sequence[str] = (), **changed: Any) -> Event:
    fields: dict[str, Any] = {
        "id": new_id(),
        "type": type_,
        "source": message.source,
        "subject": message.subject,
        "time": message.time,
        "data": message.data,
        "correlation": message.correlation,
        "causation": message.id,
        "others": tuple(others),
    }
    return Event(**fields | changed)


@pytest.fixture
def saying() -> Callable[..., Handler]:
    """Makes a handler that gives these outcomes one after the other, and the last of them from then on."""

    def make(*outcomes: Outcome | Exception, sink: Sink | None = None) -> Handler:
        left = list(outcomes)

        async def handler(event: Recorded) -> Handled:
            outcome = left.pop(0) if len(left) > 1 else left[0]
            if isinstance(outcome, Exception):
                raise outcome
            if sink is not None and isinstance(outcome, Done | Skip):
                sink.take(event)
            return Handled(outcome)

        return handler

    return make
