"""An event of several subjects is handled after what came before it on each of them, and before what comes after."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest

from careloom.core.envelope import Position, Recorded
from careloom.core.outcomes import Done, Park
from careloom.core.receipts import Received
from careloom.log.handling import Handled, Subscription
from careloom.log.lanes import Bank
from careloom.log.operators import Act

Message = Callable[..., Received]
Make = Callable[..., Subscription]
WINNER, LOSER = "Patient/G/winner", "Patient/G/loser"


@pytest.fixture
def merging(event: Any) -> Subscription:
    """Translates each message to one event; one that says `merge <subject> ...` is about these subjects too."""

    def translator(received: Recorded) -> Handled:
        words = received.data.decode().split()
        others = words[1:] if words[0] == "merge" else []
        return Handled(Done(), (event(received, others=others),))

    return Subscription("translate", Bank.MESSAGES, translator)


class Rules:
    """A target that checks the order: `before` maps each text to those that must have come first."""

    def __init__(self, sink: Any) -> None:
        self._sink = sink
        self.bad: set[bytes] = set()

    async def __call__(self, event: Recorded) -> Handled:
        if event.data in self.bad:
            return Handled(Park("wrong"))
        handled: Handled = self._sink.take(event)
        return handled


async def _send(node: Any, message: Message, *sent: tuple[str, str]) -> None:
    for subject, text in sent:
        others = tuple(text.split()[1:]) if text.startswith("merge") else ()
        await node.intake.accept(message(f"{subject} {text}", subject, text, others))


async def _case(log: Any) -> Position:
    row = (await log.eventually(lambda: log.rows("select lane, seq from parked where state = 'case'")))[0]
    return Position(row["lane"], row["seq"])


async def test_a_merge_waits_for_both_and_both_wait_for_it(
    log: Any, message: Message, merging: Subscription, deliver: Make, sink: Any
) -> None:
    rules = Rules(sink)
    node = await log.node(merging, deliver(rules))
    merge = f"merge {LOSER}"
    await _send(node, message, (WINNER, "w1"), (LOSER, "l1"), (WINNER, merge), (LOSER, "l2"), (WINNER, "w2"))
    texts = [event.data.decode() for event in await sink.until(5)]
    at = texts.index
    assert max(at("w1"), at("l1")) < at(merge) < min(at("w2"), at("l2"))
    assert (await log.settled(5)).delivered == 5
    assert await log.value("select count(*) from parked") == 0


@pytest.mark.parametrize("others", [WINNER, f"{LOSER} {LOSER}", f"{WINNER} {LOSER} {WINNER}"])
async def test_a_merge_that_names_a_subject_twice_or_itself_does_not_wait_for_itself(
    log: Any, message: Message, merging: Subscription, deliver: Make, sink: Any, others: str
) -> None:
    node = await log.node(merging, deliver(Rules(sink)))
    await _send(node, message, (WINNER, f"merge {others}"), (WINNER, "w2"))
    await sink.until(2)
    assert (await log.settled(2)).delivered == 2


async def test_a_parked_loser_blocks_the_merge_until_it_is_retried(
    log: Any, message: Message, merging: Subscription, deliver: Make, sink: Any, act: Act
) -> None:
    rules = Rules(sink)
    rules.bad.add(b"l1")
    node = await log.node(merging, deliver(rules))
    merge = f"merge {LOSER}"
    await _send(node, message, (LOSER, "l1"), (WINNER, "w1"), (WINNER, merge), (LOSER, "l2"), (WINNER, "w2"))
    place = await _case(log)
    await log.eventually(lambda: log.value("select count(*) from parked where state = 'waiting'"))
    await log.eventually(lambda: log.value("select count(*) = 2 from parked where state = 'behind' or state = 'join'"))
    await sink.until(1)
    assert sink.texts() == ["w1"]
    assert (await log.numbers()).holds
    rules.bad.clear()
    await log.operators(node).retry("deliver", place, act)
    texts = [event.data.decode() for event in await sink.until(5)]
    assert texts.index("l1") < texts.index(merge) < min(texts.index("l2"), texts.index("w2"))
    assert (await log.settled(5)).delivered == 5


async def test_a_discarded_merge_releases_both(
    log: Any, message: Message, merging: Subscription, deliver: Make, sink: Any, act: Act
) -> None:
    rules = Rules(sink)
    merge = f"merge {LOSER}"
    rules.bad.add(merge.encode())
    node = await log.node(merging, deliver(rules))
    await _send(node, message, (WINNER, merge), (LOSER, "l2"), (WINNER, "w2"))
    place = await _case(log)
    assert sink.texts() == []
    await log.operators(node).discard("deliver", place, act)
    await sink.until(2)
    numbers = await log.settled(3)
    assert (numbers.delivered, numbers.filtered) == (2, 1)
    await log.eventually(lambda: log.value("select count(*) = 0 from parked"))


@pytest.mark.parametrize("seed", range(4))
async def test_random_merges_on_two_nodes_keep_every_order(
    log: Any, message: Message, merging: Subscription, deliver: Make, sink: Any, seed: int
) -> None:
    chance = random.Random(seed)
    nodes = [await log.node(merging, deliver(Rules(sink)), lanes=4) for _ in range(2)]
    subjects = [f"Patient/G/{number}" for number in range(8)]
    sent: list[tuple[str, list[str]]] = []  # what it says, and all subjects it is about, in the order of intake
    for number in range(60):
        about = chance.sample(subjects, chance.choice((1, 1, 1, 2, 3)))
        text = f"merge {' '.join(about[1:])} {number}" if len(about) > 1 else f"note {number}"
        others = tuple(about[1:])
        await chance.choice(nodes).intake.accept(
            message(str(number), about[0], text.removesuffix(f" {number}") if others else text, others)
        )
        sent.append((text, about))
    events = await sink.until(60)
    assert (await log.settled(60)).delivered == 60
    order = {event.correlation: place for place, event in enumerate(events)}
    ids = {row["key"]: row["id"] for row in await log.rows("select key, id from receipt")}
    for subject in subjects:
        places = [order[ids[str(number)]] for number, (_, about) in enumerate(sent) if subject in about]
        assert places == sorted(places), subject
    await log.eventually(lambda: log.value("select count(*) = 0 from parked"))


async def test_the_messages_of_a_merge_are_ordered_like_their_events(
    log: Any, message: Message, deliver: Make, event: Any
) -> None:
    order: list[str] = []
    done = asyncio.Event()

    def translator(received: Recorded) -> Handled:
        order.append(received.data.decode())
        if len(order) == 4:
            done.set()
        return Handled(Done())

    node = await log.node(Subscription("translate", Bank.MESSAGES, translator))
    await _send(node, message, (LOSER, "l1"), (WINNER, f"merge {LOSER}"), (LOSER, "l2"), (WINNER, "w2"))
    await asyncio.wait_for(done.wait(), 60)
    assert order.index("l1") < order.index(f"merge {LOSER}") < min(order.index("l2"), order.index("w2"))
