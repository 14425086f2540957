"""What operators do: each act changes what it names, at once, and is itself an entry of the log."""

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
from careloom.log.acts import looks_at
from careloom.log.handling import Handled, Subscription
from careloom.log.operators import Act, NothingThere
from careloom.log.steps import Item

Message = Callable[..., Received]
Make = Callable[..., Subscription]
SUBJECT = "Patient/G/1"


async def _audits(log: Any, node: Any) -> list[tuple[str, dict[str, Any]]]:
    """Types and contents of the audit entries."""
    rows = await log.rows("select * from event where kind = 'a' order by recorded, seq")
    async with log.database.acquire() as connection:
        keys = await node.keyring.open(connection, {row["key"] for row in rows})
    opened = [Item.of(row).opened(keys[row["key"]]) for row in rows]
    return [(one.type, json.loads(one.data)) for one in opened]


@pytest.fixture
async def stuck(log: Any, message: Message, translate: Make, deliver: Make, sink: Any) -> Any:
    """A node whose subject 1 is parked at its second of four events, until `good` is set."""
    good = asyncio.Event()

    async def handler(event: Recorded) -> Handled:
        return Handled(Park("wrong")) if event.data == b"2" and not good.is_set() else sink.take(event)

    node = await log.node(translate(), deliver(handler))
    node.good = good
    for body in "1234":
        await node.intake.accept(message(body, SUBJECT, body))
    await log.eventually(lambda: log.value("select count(*) = 3 from parked"))
    return node


async def _place(log: Any) -> Position:
    row = (await log.rows("select lane, seq from parked where state = 'case'"))[0]
    return Position(row["lane"], row["seq"])


async def test_what_is_parked_says_what_waits_behind_it(log: Any, stuck: Any) -> None:
    (parked,) = await log.operators(stuck).parked()
    assert (parked["subscription"], parked["reason"], parked["behind"], parked["kind"]) == (
        "deliver",
        "wrong",
        2,
        "delivery",
    )
    for id_ in (parked["case_id"], parked["event"], parked["message"]):
        assert len(await log.operators(stuck).parked(id_)) == 1
    other = await log.value("select event from parked where state = 'behind' limit 1")
    assert await log.operators(stuck).parked(other) == []


async def test_retry_releases_the_whole_subject_in_order(log: Any, stuck: Any, sink: Any, act: Act) -> None:
    stuck.good.set()
    place = await _place(log)
    await log.operators(stuck).retry("deliver", place, act)
    assert (await log.settled(4)).delivered == 4
    assert sink.texts(SUBJECT) == ["1", "2", "3", "4"]
    case = (await log.rows("select state, resolution, resolved_by from work_case"))[0]
    assert tuple(case) == ("resolved", f"retried: {act.reason}", act.by)
    assert await _audits(log, stuck) == [
        ("parked.retried.v1", {"by": act.by, "reason": act.reason, "subscription": "deliver", "targets": [str(place)]})
    ]


async def test_a_retry_that_fails_again_is_a_new_case(log: Any, stuck: Any, act: Act) -> None:
    await log.operators(stuck).retry("deliver", await _place(log), act)
    await log.eventually(lambda: log.value("select count(*) = 2 from work_case"))
    assert await log.value("select count(*) from work_case where state = 'open'") == 1
    states = await log.rows("select state from parked order by seq")
    assert [row["state"] for row in states] == ["case", "behind", "behind"]


async def test_discard_lets_those_behind_go_on_and_keeps_the_reason(log: Any, stuck: Any, sink: Any, act: Act) -> None:
    place = await _place(log)
    await log.operators(stuck).discard("deliver", place, act)
    numbers = await log.settled(4)
    assert (numbers.delivered, numbers.filtered) == (3, 1)
    assert sink.texts(SUBJECT) == ["1", "3", "4"]
    discarded = await log.rows("select outcome, reason from delivery where lane = $1 and seq = $2", *place)
    assert [tuple(row) for row in discarded] == [("discarded", act.reason)]
    assert await log.value("select state from work_case") == "discarded"
    assert [type_ for type_, _ in await _audits(log, stuck)] == ["parked.discarded.v1"]


async def test_a_discarded_message_is_filtered(log: Any, message: Message, act: Act) -> None:
    def translator(_: Recorded) -> Handled:
        return Handled(Park("unreadable"))

    from careloom.log.lanes import Bank

    node = await log.node(Subscription("translate", Bank.MESSAGES, translator))
    await node.intake.accept(message("M1"))
    await log.eventually(lambda: log.value("select count(*) from parked"))
    await log.operators(node).discard("translate", await _place(log), act)
    assert (await log.settled(1)).filtered == 1


@pytest.mark.parametrize("what", ["retry", "discard"])
async def test_what_is_not_there_cannot_be_acted_on_and_leaves_no_audit(
    log: Any, stuck: Any, act: Act, what: str
) -> None:
    operators = log.operators(stuck)
    place = await _place(log)
    behind = Position(place.lane, place.sequence + 1)
    for subscription, wrong in (("deliver", behind), ("deliver", Position(15, 99)), ("unknown", place)):
        with pytest.raises(NothingThere, match="nothing is parked"):
            await getattr(operators, what)(subscription, wrong, act)
    assert await log.value("select count(*) from event where kind = 'a'") == 0
    assert await log.value("select count(*) from parked") == 3


async def test_a_paused_subscription_handles_nothing_until_resumed_while_intake_goes_on(
    log: Any, message: Message, translate: Make, deliver: Make, sink: Any, act: Act
) -> None:
    async def take(event: Recorded) -> Handled:
        return sink.take(event)

    node = await log.node(translate(), deliver(take))
    await node.intake.accept(message("M1", body="before"))
    await sink.until(1)
    operators = log.operators(node)
    await operators.pause("deliver", act)
    await node.intake.accept(message("M2", body="while"))
    await log.eventually(lambda: log.value("select count(*) = 1 from flight"))
    node.workers[1].wake()
    paused = await log.rows("select paused, reason, by from subscription where name = 'deliver'")
    assert [tuple(row) for row in paused] == [(True, act.reason, act.by)]
    assert sink.texts() == ["before"]
    await operators.pause("deliver", act, paused=False)
    await sink.until(2)
    assert [type_ for type_, _ in await _audits(log, node)] == ["subscription.paused.v1", "subscription.resumed.v1"]


async def test_an_unknown_subscription_cannot_be_paused(log: Any, act: Act) -> None:
    with pytest.raises(NothingThere, match="no subscription"):
        await log.operators(await log.node()).pause("unknown", act)


async def test_a_look_at_a_body_is_on_record(log: Any, message: Message, act: Act) -> None:
    node = await log.node()
    receipt = await node.intake.accept(message("M1"))
    await log.operators(node).record_look(receipt.id, act)
    ((type_, content),) = await _audits(log, node)
    assert (type_, content["by"], content["targets"]) == ("body.revealed.v1", act.by, [str(receipt.id)])


async def test_several_are_paused_as_one_act_or_none_is(log: Any, stuck: Any) -> None:
    operators = log.operators(stuck)
    with pytest.raises(NothingThere, match="nowhere"):
        await operators.pause_all(["deliver", "nowhere"], Act("robin", "the target is upgraded"))
    assert not await log.value("select bool_or(paused) from subscription")
    await operators.pause_all(["translate", "deliver"], Act("robin", "the target is upgraded"))
    assert await log.value("select bool_and(paused) from subscription")
    await operators.pause_all(["translate", "deliver"], Act("robin", "done"), paused=False)
    assert not await log.value("select bool_or(paused) from subscription")
    audits = await _audits(log, stuck)
    assert [(type_, said["targets"]) for type_, said in audits] == [
        ("subscription.paused.v1", ["translate", "deliver"]),
        ("subscription.resumed.v1", ["translate", "deliver"]),
    ]


async def test_a_look_is_that_of_one_person_at_one_message_for_a_while(log: Any, stuck: Any) -> None:
    message, other = UUID(int=1), UUID(int=2)
    look = await log.operators(stuck).record_look(message, Act("robin", "a complaint"))
    pause = (await log.rows("select now() as at"))[0]["at"]
    long_ago = pause - timedelta(days=400)
    seen = (log.database, stuck.keyring)
    assert await looks_at(*seen, look, message, "robin", long_ago)
    assert not await looks_at(*seen, look, other, "robin", long_ago)
    assert not await looks_at(*seen, look, message, "kim", long_ago)
    assert not await looks_at(*seen, other, message, "robin", long_ago)
    assert not await looks_at(*seen, look, message, "robin", pause + timedelta(days=400))
