"""An edit stands in for the body of a parked entry, at its place; everything else about the entry stays its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from careloom.core.envelope import Event, Kind, Position, Recorded
from careloom.core.outcomes import Done, Park
from careloom.core.receipts import Received
from careloom.log.handling import Handled, Subscription
from careloom.log.lanes import Bank
from careloom.log.parking import NothingThere, edit_parked, end_parked, retry_parked
from careloom.log.telling import told

Message = Callable[..., Received]
Make = Callable[..., Subscription]
WINNER, LOSER = "Patient/G/winner", "Patient/G/loser"


@pytest.fixture
def merging(event: Any) -> Subscription:
    """Each message becomes one event; a merge is about the loser too."""

    def translator(received: Recorded) -> Handled:
        others = [LOSER] if received.data.startswith(b"merge") else []
        return Handled(Done(), (event(received, others=others),))

    return Subscription("translate", Bank.MESSAGES, translator)


async def edit(log: Any, node: Any, place: Position, body: bytes) -> UUID:
    """Put an edit in the place of a parked entry and have it tried again; the id of the edit."""
    [row] = await log.rows("select * from event where lane = $1 and seq = $2", *place)
    id_ = UUID(int=row["id"].int ^ 1)
    made = Event(
        id=id_, kind=Kind.AUDIT, type="payload.edited.v1", source=row["source"], subject=WINNER, time=row["time"],
        data=body, correlation=row["correlation"], causation=row["id"],
    )  # fmt: skip
    async with log.database.acquire() as connection, connection.transaction():
        await edit_parked(connection, "deliver", place, id_)
        await retry_parked(connection, "deliver", place, log.clock.now())
        await node.writer.write(connection, await told(connection, node.writer, node.keyring, [made], log.clock.now()))
    for worker in node.workers:
        worker.wake(parked=True)
    return id_


async def case_at(log: Any) -> Position:
    [row] = await log.eventually(lambda: log.rows("select lane, seq from parked where state = 'case'"))
    return Position(row["lane"], row["seq"])


async def test_an_edited_event_of_two_subjects_lets_both_go_on_in_order(
    log: Any, message: Message, merging: Subscription, deliver: Make, sink: Any
) -> None:
    async def handler(event: Recorded) -> Handled:
        return Handled(Park("wrong")) if event.data == b"merge bad" else sink.take(event)

    node = await log.node(merging, deliver(handler))
    for subject, text in ((WINNER, "w1"), (WINNER, "merge bad"), (LOSER, "l2"), (WINNER, "w2")):
        others = (LOSER,) if text.startswith("merge") else ()
        await node.intake.accept(message(f"{subject} {text}", subject, text, others))
    place = await case_at(log)
    edited = await edit(log, node, place, b"merge good")
    texts = [event.data.decode() for event in await sink.until(4)]
    assert texts.index("merge good") < min(texts.index("l2"), texts.index("w2"))
    taken = next(event for event in sink.seen if event.data == b"merge good")
    [original] = await log.rows("select id, correlation from event where lane = $1 and seq = $2", *place)
    assert (taken.id, taken.causation, taken.correlation) == (edited, original["id"], original["correlation"])
    assert taken.position == place and taken.subject == WINNER
    assert (await log.settled(4)).delivered == 4
    assert await log.value("select count(*) from parked") == 0
    assert await log.value("select event from delivery where lane = $1 and seq = $2", *place) == original["id"]


async def test_an_edit_that_fails_again_is_kept_for_the_next_try(
    log: Any, message: Message, merging: Subscription, deliver: Make, sink: Any
) -> None:
    bad = {b"bad", b"worse"}

    async def handler(event: Recorded) -> Handled:
        return Handled(Park("wrong")) if event.data in bad else sink.take(event)

    node = await log.node(merging, deliver(handler))
    await node.intake.accept(message("M1", WINNER, "bad"))
    place = await case_at(log)
    edited = await edit(log, node, place, b"worse")
    await log.eventually(lambda: log.value("select count(*) = 2 from attempt"))
    assert await log.value("select edited from parked") == edited
    bad.clear()
    async with log.database.acquire() as connection:
        await retry_parked(connection, "deliver", await case_at(log), log.clock.now())
    for worker in node.workers:
        worker.wake(parked=True)
    assert [event.data for event in await sink.until(1)] == [b"worse"]


async def test_what_waits_for_nobody_can_be_neither_edited_nor_ended(log: Any) -> None:
    await log.node()
    async with log.database.acquire() as connection:
        for act in (
            edit_parked(connection, "deliver", Position(0, 1), UUID(int=1)),
            retry_parked(connection, "deliver", Position(0, 1), log.clock.now()),
            end_parked(connection, "deliver", Position(0, 1), "skipped", "why", log.clock.now()),
        ):
            with pytest.raises(NothingThere, match="nothing is parked for a person at 0:1 of deliver"):
                await act


async def test_a_key_made_within_a_transaction_is_gone_with_it(log: Any) -> None:
    """Else what is sealed under it afterwards could never be opened."""
    node = await log.node()
    with pytest.raises(ZeroDivisionError):
        async with log.database.acquire() as connection, connection.transaction():
            first = await node.keyring.within(connection, ["Case/careloom/1"])
            raise ZeroDivisionError
    assert node.keyring.cached("Case/careloom/1") is None
    async with log.database.acquire() as connection, connection.transaction():
        second = await node.keyring.within(connection, ["Case/careloom/1"])
        again = await node.keyring.within(connection, ["Case/careloom/1"])
        assert await node.keyring.within(connection, []) == {}
    one, two, three = (keys["Case/careloom/1"] for keys in (first, second, again))
    assert one.id != two.id == three.id and one.token == two.token
    assert three.open(two.seal("s", b"data", UUID(int=1)), UUID(int=1)) == ("s", b"data")
