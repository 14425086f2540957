"""Where a subscription begins to read that is new on a log with a history."""

from __future__ import annotations

from collections.abc import Callable

from tests.log.conftest import Log, Sink

from careloom.core.receipts import Received
from careloom.log.handling import Subscription


async def test_a_new_reader_begins_at_the_beginning_or_from_now_and_the_account_holds(
    log: Log,
    message: Callable[..., Received],
    translate: Callable[..., Subscription],
    deliver: Callable[..., Subscription],
) -> None:
    seen, everything, news = Sink(), Sink(), Sink()
    first = await log.node(translate(), deliver(seen.take, "first"))
    for number in range(5):
        await first.intake.accept(message(f"old-{number}", subject=f"Patient/G/{number}"))
    await log.settled(5)
    await log.close_node(first)
    wants = (translate(), deliver(seen.take, "first"), deliver(everything.take, "all"))
    second = await log.node(*wants, deliver(news.take, "news", from_now=True))
    await everything.until(5)
    await second.intake.accept(message("new", subject="Patient/G/1"))
    await log.settled(6)
    assert sorted(everything.texts()) == sorted(seen.texts()) and len(everything.seen) == 6
    assert news.texts() == ["new"]
    await log.close_node(second)
    third = await log.node(*wants, deliver(news.take, "news", from_now=True))
    await third.intake.accept(message("newest", subject="Patient/G/2"))
    await log.settled(7)
    assert news.texts() == ["new", "newest"], "a start that is not the first goes on where it was"


async def test_what_came_while_the_reader_was_being_started_is_not_left_out(
    log: Log,
    message: Callable[..., Received],
    translate: Callable[..., Subscription],
    deliver: Callable[..., Subscription],
) -> None:
    news = Sink()
    node = await log.node(translate(), deliver(news.take, "news", from_now=True))
    for number in range(3):
        await node.intake.accept(message(f"m-{number}", subject=f"Patient/G/{number}"))
    assert len(await news.until(3)) == 3
