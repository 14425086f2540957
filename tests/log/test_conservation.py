"""received = delivered + filtered + parked + in flight: after every step, at every moment, by an independent count."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from careloom.core.envelope import Position, Recorded
from careloom.core.outcomes import Done, Park, Skip
from careloom.core.receipts import Accepted, Received
from careloom.log.conservation import lag
from careloom.log.handling import Handled, Subscription
from careloom.log.lanes import Bank
from careloom.log.operators import Act

Message = Callable[..., Received]
Make = Callable[..., Subscription]
TYPES = ("a.v1", "b.v1", "c.v1")
WANTED = {"one": ("a.v1",), "two": ("a.v1", "b.v1"), "three": ("c.v1",)}


@dataclass
class Ledger:
    """What must be true of each message, kept by hand: which deliveries it owes, and how those that ended did."""

    subject: dict[UUID, str] = field(default_factory=dict)
    types: dict[UUID, tuple[str, ...]] = field(default_factory=dict)
    bad: set[str] = field(default_factory=set)  # subscriptions that park everything
    ended: dict[UUID, dict[tuple[str, str], bool]] = field(default_factory=lambda: defaultdict(dict))
    queues: dict[tuple[str, str], list[tuple[UUID, str]]] = field(default_factory=lambda: defaultdict(list))
    parked: set[tuple[str, str]] = field(default_factory=set)  # subjects that wait for a person, by subscription

    def accept(self, id_: UUID, subject: str, types: tuple[str, ...]) -> None:
        self.subject[id_], self.types[id_] = subject, types
        for type_ in types:
            for name in (name for name, wanted in WANTED.items() if type_ in wanted):
                self.queues[name, subject].append((id_, type_))
        self.work()

    def work(self) -> None:
        """Every subject goes on until its subscription parks it."""
        for (name, subject), queue in self.queues.items():
            if queue and name in self.bad:
                self.parked.add((name, subject))
            while queue and (name, subject) not in self.parked:
                id_, type_ = queue.pop(0)
                self.ended[id_][name, type_] = True

    def retry(self, name: str, subject: str) -> None:
        self.parked.discard((name, subject))
        self.work()

    def discard(self, name: str, subject: str) -> None:
        id_, type_ = self.queues[name, subject].pop(0)
        self.ended[id_][name, type_] = False
        self.retry(name, subject)

    def work_of_each(self) -> dict[str, tuple[int, int]]:
        """How many events ended and how many wait for a person, or behind one that does, by subscription."""
        ended = Counter(name for work in self.ended.values() for name, _ in work)
        waiting = Counter(name for (name, _), queue in self.queues.items() for _ in queue)
        return {name: (ended[name], waiting[name]) for name in ended | waiting}

    def numbers(self) -> tuple[int, int, int, int]:
        """Received, delivered, filtered, parked; at rest nothing is in flight."""
        waiting = {id_ for queue in self.queues.values() for id_, _ in queue}
        over = [id_ for id_ in self.subject if id_ not in waiting]
        delivered = sum(any(self.ended[id_].values()) for id_ in over)
        return len(self.subject), delivered, len(over) - delivered, len(waiting)


class Scenario:
    """Random acts on a running node, each mirrored in the ledger."""

    def __init__(self, log: Any, message: Message, event: Any, sink: Any, seed: int) -> None:
        self.chance = random.Random(seed)
        self.log, self.message, self.event, self.sink = log, message, event, sink
        self.model = Ledger()
        self.sent: list[Received] = []
        self.replays = 0
        self.node: Any = None

    def subscriptions(self, deliver: Make) -> list[Subscription]:
        translate = Subscription("translate", Bank.MESSAGES, self._translate)
        return [translate, *(deliver(self._handler(name), name, types=types) for name, types in WANTED.items())]

    def _translate(self, received: Recorded) -> Handled:
        types = received.data.decode().split()
        if not types:
            return Handled(Skip("says nothing"))
        return Handled(Done(), tuple(self.event(received, type_) for type_ in types))

    def _handler(self, name: str) -> Callable[[Recorded], Any]:
        async def handle(event: Recorded) -> Handled:
            await asyncio.sleep(0)
            return Handled(Park("wrong")) if name in self.model.bad else self.sink.take(event)

        return handle

    async def step(self, act: Act) -> None:
        await self.chance.choice(
            (self.append, self.append, self.append, self.repeat, self.break_or_mend, self.operate, self.replay)
        )(act)

    async def append(self, _: Act) -> None:
        types = tuple(sorted(self.chance.sample(TYPES, self.chance.randrange(4))))
        subject = f"Patient/G/{self.chance.randrange(5)}"
        sent = self.message(f"M{len(self.sent)}", subject, " ".join(types) or " ")
        receipt = await self.node.intake.accept(sent)
        assert isinstance(receipt, Accepted)
        self.sent.append(sent)
        self.model.accept(receipt.id, subject, types)

    async def repeat(self, _: Act) -> None:
        if self.sent:
            await self.node.intake.accept(self.chance.choice(self.sent))

    async def break_or_mend(self, _: Act) -> None:
        self.model.bad ^= {self.chance.choice(list(WANTED))}

    async def operate(self, act: Act) -> None:
        """Retry or discard whatever is parked first."""
        operators = self.log.operators(self.node)
        parked = await operators.parked()
        if not parked:
            return
        one = self.chance.choice(parked)
        name, place = one["subscription"], Position(one["lane"], one["seq"])
        subject = self.model.subject[one["message"]]
        if self.chance.random() < 0.5:
            await operators.discard(name, place, act)
            self.model.discard(name, subject)
        else:
            await operators.retry(name, place, act)
            self.model.retry(name, subject)

    async def replay(self, act: Act) -> None:
        """Of a subscription in good health, so that the replay ends."""
        rows = await self.log.rows(
            "select subscription, event from delivery where subscription <> 'translate' and outcome = 'done'"
        )
        rows = [row for row in rows if row["subscription"] not in self.model.bad]
        if rows:
            chosen = self.chance.choice(rows)
            await self.log.operators(self.node).replay(chosen["subscription"], [chosen["event"]], act)

    async def at_rest(self) -> Any:
        async def rest() -> Any:
            busy = await self.log.value("select count(*) from parked where state in ('retry', 'replay')")
            numbers = await self.log.numbers()
            assert numbers.holds, numbers
            found = (numbers.received, numbers.delivered, numbers.filtered, numbers.parked)
            # A message that waits for one subscription is parked, whatever another still does with it.
            rows = await self.log.rows(
                "select subscription, count(*) filter (where ended), count(*) filter (where not ended) from"
                " (select subscription, true as ended from delivery where subscription <> 'translate' union all"
                "  select subscription, false from parked where state <> 'join') one group by 1"
            )
            work = {row[0]: (row[1], row[2]) for row in rows}
            self.last = (found, work, self.model.numbers(), self.model.work_of_each())
            fits = found == self.model.numbers() and work == self.model.work_of_each()
            return numbers if not busy and not numbers.in_flight and fits else None

        try:
            return await self.log.eventually(rest)
        except TimeoutError:
            raise AssertionError(f"found and expected: {self.last}") from None


@pytest.mark.parametrize("seed", range(3))
async def test_the_numbers_are_those_of_an_independent_count_after_every_step(
    log: Any, message: Message, deliver: Make, event: Any, sink: Any, act: Act, seed: int
) -> None:
    scenario = Scenario(log, message, event, sink, seed)
    scenario.node = await log.node(*scenario.subscriptions(deliver), lanes=4)
    for _ in range(60):
        await scenario.step(act)
        await scenario.at_rest()


async def test_they_hold_at_every_moment_while_two_nodes_work(
    log: Any, message: Message, deliver: Make, event: Any, sink: Any
) -> None:
    scenario = Scenario(log, message, event, sink, 5)
    nodes = [await log.node(*scenario.subscriptions(deliver), lanes=4) for _ in range(2)]
    chance = random.Random(5)

    async def send(node: Any, sender: int) -> None:
        for number in range(40):
            types = " ".join(chance.sample(TYPES, chance.randrange(4))) or " "
            await node.intake.accept(message(f"{sender}-{number}", f"Patient/G/{chance.randrange(20)}", types))

    sending = asyncio.gather(*(send(nodes[sender % 2], sender) for sender in range(6)))
    looks = moving = 0
    while True:
        over = sending.done()
        numbers = await log.numbers()
        assert numbers.holds, numbers
        looks, moving = looks + 1, moving + bool(numbers.in_flight)
        if over and not numbers.in_flight:
            break
    await sending
    assert numbers.received == 240
    assert looks > moving > 5


async def test_messages_are_in_flight_before_any_subscription_has_ever_run(log: Any, message: Message) -> None:
    node = await log.node()
    await node.intake.accept(message("M1"))
    numbers = await log.numbers()
    assert (numbers.received, numbers.in_flight, numbers.holds) == (1, 1, True)
    assert numbers.as_dict()["holds"] is True


async def test_lag_says_how_far_behind_each_subscription_is_and_since_when(
    log: Any, message: Message, translate: Make, deliver: Make, sink: Any
) -> None:
    opened = asyncio.Event()

    async def handler(event: Recorded) -> Handled:
        return sink.take(event)

    node = await log.node(translate(), deliver(handler, gate=lambda: 0.0 if opened.is_set() else 1.0))
    for number in range(3):
        await node.intake.accept(message(f"M{number}"))
    await log.eventually(lambda: log.value("select count(*) = 3 from flight"))
    translating, delivering = await lag(log.database)
    assert (translating["name"], translating["behind"], translating["oldest"]) == ("translate", 0, None)
    assert (delivering["name"], delivering["behind"]) == ("deliver", 3)
    assert delivering["oldest"] == await log.value("select min(recorded) from event where kind = 'e'")
    opened.set()
    node.workers[1].wake()
    await sink.until(3)
