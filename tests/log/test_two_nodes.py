"""Several nodes on one log: they share its lanes, wake each other, and replace each other."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

from careloom.core.envelope import Recorded
from careloom.core.outcomes import Done
from careloom.core.receipts import Received
from careloom.log.handling import Handled, Subscription
from careloom.log.settling import LaneResult
from careloom.log.steps import Ended, Item

Message = Callable[..., Received]
Make = Callable[..., Subscription]


def _lanes_of(node: Any, place: int = 0) -> set[int]:
    return set(node.workers[place]._ownership.owned)


async def _shared(log: Any, nodes: list[Any], lanes: int) -> None:
    """Wait until the nodes hold every lane between them, each its fair share."""
    share = -(-lanes // len(nodes))

    async def fair() -> bool:
        await log.value("select 1")
        held = [_lanes_of(node) for node in nodes]
        return sum(map(len, held)) == len(set().union(*held)) == lanes and max(map(len, held)) <= share

    await log.eventually(fair)


async def test_two_nodes_share_the_lanes_and_handle_each_event_once(
    log: Any, message: Message, translate: Make, deliver: Make, sink: Any
) -> None:
    async def take(event: Recorded) -> Handled:
        return sink.take(event)

    nodes = [await log.node(translate(), deliver(take), lanes=16) for _ in range(2)]
    await _shared(log, nodes, 16)
    assert [len(_lanes_of(node)) for node in nodes] == [8, 8]
    await asyncio.gather(
        *(nodes[n % 2].intake.accept(message(f"M{n}", f"Patient/G/{n % 30}", str(n))) for n in range(300))
    )
    await log.settled(300)
    assert Counter(sink.texts()) == Counter(str(number) for number in range(300))


async def test_a_third_node_gets_its_share_and_a_leaving_one_leaves_its_own(log: Any, translate: Make) -> None:
    nodes = [await log.node(translate(), lanes=9)]
    await _shared(log, nodes, 9)
    nodes += [await log.node(translate(), lanes=9) for _ in range(2)]
    await _shared(log, nodes, 9)
    assert [len(_lanes_of(node)) for node in nodes] == [3, 3, 3]
    await log.close_node(nodes.pop())
    await _shared(log, nodes, 9)


async def test_when_the_session_of_a_node_is_killed_another_takes_over_and_no_delivery_is_doubled(
    log: Any, message: Message, translate: Make, deliver: Make, sink: Any
) -> None:
    async def take(event: Recorded) -> Handled:
        return sink.take(event)

    first = await log.node(translate(), deliver(take))
    await _shared(log, [first], 8)
    second = await log.node(translate(), deliver(take))
    await _shared(log, [first, second], 8)
    calls = [second.intake.accept(message(f"M{n}", f"Patient/G/{n % 20}", str(n))) for n in range(400)]
    await sink.until(20)
    pid = first.session._connection.get_server_pid()
    await log.value("select pg_terminate_backend($1)", pid)
    await asyncio.gather(*calls)
    numbers = await log.settled(400)
    assert (numbers.delivered, numbers.parked) == (400, 0)
    rows = await log.rows("select event, replays from delivery where subscription = 'deliver'")
    assert len(rows) == len({row["event"] for row in rows}) == 400
    assert await log.value("select count(*) from event where kind = 'e'") == 400


async def test_a_dead_node_leaves_its_lanes_to_another(
    log: Any, message: Message, translate: Make, deliver: Make, sink: Any
) -> None:
    stuck, started = asyncio.Event(), asyncio.Event()

    async def hang(_: Recorded) -> Handled:
        started.set()
        await stuck.wait()
        return Handled(Done("too late"))

    async def take(event: Recorded) -> Handled:
        return sink.take(event)

    dying = await log.node(translate(), deliver(hang), lanes=2)
    await dying.intake.accept(message("M1", body="the one"))
    await asyncio.wait_for(started.wait(), 30)
    await log.node(deliver(take), lanes=2)
    dying.workers[1].stop()  # it takes up nothing new, and still has the event in hand
    await log.value("select pg_terminate_backend($1)", dying.session._connection.get_server_pid())
    await sink.until(1)
    await log.eventually(lambda: log.value("select count(*) from delivery where subscription = 'deliver'"))
    stuck.set()
    await log.close_node(dying)
    references = await log.rows("select reference, replays from delivery where subscription = 'deliver'")
    assert [tuple(row) for row in references] == [("sink/1", 0)]


async def test_a_stale_owner_cannot_commit_not_even_parked_entries(
    log: Any, message: Message, translate: Make, event: Any
) -> None:
    node = await log.node(translate(), lanes=1)
    await node.intake.accept(message("M1"))
    await log.settled(1)
    settler, worker = node.workers[0]._settler, node.workers[0]
    old = worker._lanes[0]
    item = Item.of((await log.rows("select * from event where kind = 'm'"))[0])
    received = item.opened((await _keys(log, node, item))[item.key])
    step = Ended(item, "done", 1, events=(event(received),))
    assert await settler.settle([LaneResult(0, old.epoch, old.cursor - 1, old.cursor, [step])]) == {0: False}
    await log.value("update cursor set epoch = epoch + 1 where subscription = 'translate'")
    assert await settler.settle([LaneResult(0, old.epoch, old.cursor, old.cursor, [step])]) == {0: False}
    assert await log.value("select count(*) from event where kind = 'e'") == 1
    assert await log.value("select sum(replays) from delivery") == 0


async def _keys(log: Any, node: Any, item: Item) -> Any:
    async with log.database.acquire() as connection:
        return await node.keyring.open(connection, {item.key})


async def test_a_lane_that_was_taken_by_another_is_read_again_not_worked_from_memory(
    log: Any, message: Message, translate: Make, deliver: Make, sink: Any
) -> None:
    async def take(event: Recorded) -> Handled:
        return sink.take(event)

    node = await log.node(translate(), deliver(take), lanes=1)
    await node.intake.accept(message("M1"))
    await log.settled(1)
    await log.value("update cursor set epoch = epoch + 1")
    await node.intake.accept(message("M2"))
    assert (await log.settled(2)).delivered == 2
    assert await log.value("select count(*) from delivery where subscription = 'deliver'") == 2


async def test_an_append_on_one_node_wakes_the_other_by_notify(log: Any, message: Message, sink: Any) -> None:
    reader = await log.node()
    heard: asyncio.Queue[str] = asyncio.Queue()
    reader._notices._heard = heard.put_nowait
    reader._notices.start()
    assert {await heard.get(), await heard.get()} == {"erased", "parked"}  # it listens
    writer = await log.node()
    await writer.intake.accept(message("M1"))
    assert await asyncio.wait_for(heard.get(), 30) == "m"


async def test_polling_finds_what_a_lost_notify_did_not_say(
    log: Any, message: Message, translate: Make, deliver: Make, sink: Any
) -> None:
    async def take(event: Recorded) -> Handled:
        return sink.take(event)

    reader = await log.node(translate(), deliver(take))
    reader._notices._heard = lambda _: None
    writer = await log.node()
    writer._notices.send = lambda _: None
    await writer.intake.accept(message("M1"))
    await sink.until(1)


async def test_listening_is_taken_up_again_after_the_connection_was_lost(
    log: Any, message: Message, translate: Make
) -> None:
    node = await log.node(translate())
    notices = node._notices
    await log.eventually(
        lambda: log.value(
            "select count(*) from pg_stat_activity where query ilike 'listen%' and datname = current_database()"
        )
    )
    heard: asyncio.Queue[tuple[int, str]] = asyncio.Queue()
    lost = notices._connection.get_server_pid()
    # What the first connection says when it begins to listen may come only now: each says by which one it came.
    notices._heard = lambda said: heard.put_nowait((notices._connection.get_server_pid(), said))
    await log.value("select pg_terminate_backend($1)", lost)

    async def by_another(wanted: str) -> None:
        while (one := await asyncio.wait_for(heard.get(), 30))[0] == lost or one[1] != wanted:
            pass

    await by_another("parked")
    writer = await log.node()
    await writer.intake.accept(message("M1"))
    await by_another("m")
