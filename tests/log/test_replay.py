"""Replay: exactly the previewed set, in order, without changing the four numbers, and on record."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from careloom.core.envelope import Position, Recorded
from careloom.core.outcomes import Park
from careloom.core.receipts import Received
from careloom.log.handling import Handled, Subscription
from careloom.log.operators import Act, NothingThere
from careloom.log.steps import Item

Message = Callable[..., Received]
Make = Callable[..., Subscription]
EVENT_TYPE = "registration.created.v1"


@pytest.fixture
async def delivered(log: Any, message: Message, translate: Make, deliver: Make, sink: Any) -> Any:
    """A node that has delivered twelve events of three subjects."""

    async def take(event: Recorded) -> Handled:
        return sink.take(event)

    node = await log.node(translate(EVENT_TYPE, "other.v1"), deliver(take))
    for number in range(12):
        await node.intake.accept(message(f"M{number}", f"Patient/G/{number % 3}", str(number)))
    await log.settled(12)
    return node


async def _replayed(log: Any, count: int) -> None:
    await log.eventually(
        lambda: log.value("select sum(replays) = $1 from delivery where subscription = 'deliver'", count)
    )


async def test_one_event_is_handled_once_more_and_the_numbers_stay(
    log: Any, delivered: Any, sink: Any, act: Act
) -> None:
    before, chosen = await log.numbers(), sink.seen[3]
    assert await log.operators(delivered).replay("deliver", [chosen.id], act) == 1
    await sink.until(13)
    await _replayed(log, 1)
    assert (sink.seen[12].id, sink.seen[12].data) == (chosen.id, chosen.data)
    assert await log.numbers() == before
    assert await log.value("select count(*) from parked") == 0


async def test_the_previewed_set_is_exactly_what_is_replayed_in_order(
    log: Any, delivered: Any, sink: Any, act: Act
) -> None:
    operators = log.operators(delivered)
    recorded = sorted(event.recorded for event in sink.seen)
    since, until = recorded[0], recorded[7] + timedelta(microseconds=1)
    preview = await operators.preview("deliver", since, until, EVENT_TYPE, "done", 100)
    wanted = {event.id for event in sink.seen if since <= event.recorded < until}
    assert {row["id"] for row in preview} == wanted
    assert await operators.replay("deliver", [row["id"] for row in preview], act) == len(wanted)
    await _replayed(log, len(wanted))
    again = sink.seen[12:]
    assert {event.id for event in again} == wanted
    for subject in range(3):
        numbers = [int(event.data) for event in again if event.subject == f"Patient/G/{subject}"]
        assert numbers == sorted(numbers)


async def test_the_preview_is_bounded_and_filtered(log: Any, delivered: Any, sink: Any) -> None:
    operators = log.operators(delivered)
    since, until = sink.seen[0].recorded - timedelta(hours=1), sink.seen[-1].recorded + timedelta(hours=1)
    assert len(await operators.preview("deliver", since, until, None, None, 5)) == 5
    assert await operators.preview("deliver", since, until, "other.v1", None, 100) == []
    assert await operators.preview("deliver", since, until, None, "skipped", 100) == []
    assert await operators.preview("deliver", since, since, None, None, 100) == []


async def test_who_and_why_and_the_set_are_an_entry_of_the_log(log: Any, delivered: Any, sink: Any, act: Act) -> None:
    chosen = [event.id for event in sink.seen[:2]]
    await log.operators(delivered).replay("deliver", chosen, act)
    row = (await log.rows("select * from event where kind = 'a'"))[0]
    async with log.database.acquire() as connection:
        keys = await delivered.keyring.open(connection, {row["key"]})
    content = json.loads(Item.of(row).opened(keys[row["key"]]).data)
    assert row["type"] == "events.replayed.v1"
    assert content == {
        "by": act.by, "reason": act.reason, "subscription": "deliver", "targets": [str(id_) for id_ in chosen],
    }  # fmt: skip
    await _replayed(log, 2)


async def test_what_the_subscription_never_handled_is_not_replayed(log: Any, delivered: Any, act: Act) -> None:
    unwanted = [row["id"] for row in await log.rows("select id from event where type = 'other.v1'")]
    with pytest.raises(NothingThere, match="nothing to replay"):
        await log.operators(delivered).replay("deliver", [*unwanted, UUID(int=1)], act)
    assert await log.value("select count(*) from event where kind = 'a'") == 0


async def test_a_replayed_translation_makes_its_events_anew_and_the_numbers_stay(
    log: Any, delivered: Any, sink: Any, act: Act
) -> None:
    before = await log.numbers()
    message = await log.value("select id from event where kind = 'm' order by recorded limit 1")
    assert await log.operators(delivered).replay("translate", [message], act) == 1
    await sink.until(13)
    await log.eventually(lambda: log.value("select count(*) = 0 from flight"))
    assert await log.numbers() == before
    assert await log.value("select count(*) from event where type = $1", EVENT_TYPE) == 13


async def test_a_replay_does_not_try_the_case_of_its_subject_again(
    log: Any, message: Message, translate: Make, deliver: Make, sink: Any, act: Act
) -> None:
    tried: list[str] = []

    async def handler(event: Recorded) -> Handled:
        tried.append(event.data.decode())
        return Handled(Park("wrong")) if event.data == b"2" else sink.take(event)

    node = await log.node(translate(), deliver(handler))
    for body in "123":
        await node.intake.accept(message(body, body=body))
    await log.eventually(lambda: log.value("select count(*) = 2 from parked"))
    await log.operators(node).replay("deliver", [sink.seen[0].id], act)
    await _replayed(log, 1)
    assert tried == ["1", "2", "1"]
    assert [row["state"] for row in await log.rows("select state from parked order by seq")] == ["case", "behind"]
    assert await log.value("select count(*) from attempt") == 1


async def test_a_replay_that_fails_is_a_case_and_its_message_stays_delivered(
    log: Any, message: Message, translate: Make, deliver: Make, sink: Any, act: Act
) -> None:
    broken = asyncio.Event()

    async def handler(event: Recorded) -> Handled:
        return Handled(Park("wrong")) if broken.is_set() else sink.take(event)

    node = await log.node(translate(), deliver(handler))
    await node.intake.accept(message("M1"))
    before = await log.settled(1)
    broken.set()
    operators = log.operators(node)
    await operators.replay("deliver", [sink.seen[0].id], act)
    row = (await log.eventually(lambda: log.rows("select lane, seq from parked where state = 'case'")))[0]
    assert await log.numbers() == before
    await operators.discard("deliver", Position(*row), act)
    assert await log.numbers() == before
    assert await log.value("select outcome from delivery where subscription = 'deliver'") == "done"
