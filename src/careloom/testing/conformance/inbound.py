"""What is promised to whoever sends to us."""

from __future__ import annotations

import asyncio

from careloom.systems.trial import Answer
from careloom.testing.conformance.bench import Bench, promise


async def takes(bench: Bench) -> None:
    """A message that is fine is stored, and its sender is told so."""
    await bench.connect()
    promise(await bench.inbound.send(1) is Answer.TAKEN, "a good message is taken")
    promise(_stored(bench) == 1, "what is taken is in the log")


async def acknowledges_after_the_commit(bench: Bench) -> None:
    """Nobody is told that a message is ours before it is committed."""
    await bench.connect()
    bench.world.intake.hold()
    sending = asyncio.ensure_future(bench.inbound.send(1))
    await bench.until(lambda: bench.world.intake.waiting == 1)
    for _ in range(20):
        await asyncio.sleep(0)
    promise(not sending.done(), "nothing is acknowledged before it is committed")
    bench.world.intake.release()
    promise(await _soon(sending) is Answer.TAKEN, "what is committed is acknowledged")


async def says_later_when_the_store_is_away(bench: Bench) -> None:
    """What could not be stored is not acknowledged, and is taken when it comes again."""
    await bench.connect()
    bench.world.intake.fail()
    promise(await bench.inbound.send(1) is Answer.LATER, "what was not stored is not acknowledged")
    bench.world.intake.recover()
    promise(await bench.inbound.send(1) is Answer.TAKEN, "it is taken when it comes again")
    promise(_stored(bench) == 1, "and stands in the log once")


async def keeps_order(bench: Bench) -> None:
    """Messages of one sender about one subject stand in the log as they were sent."""
    await bench.connect()
    for number in (1, 2, 3):
        promise(await bench.inbound.send(number) is Answer.TAKEN, "a good message is taken")
    subjects = {message.subject for message in bench.world.intake.messages}
    keys = [message.key for message in bench.world.intake.messages]
    promise(len(keys) == len(set(keys)) == 3, "each message is known by a key of its own")
    promise(len(subjects) == 1, "messages about one subject have one ordering key")


async def stores_a_repeat_once(bench: Bench) -> None:
    """A sender that got no answer sends again; the log has it once, and the sender its answer."""
    await bench.connect()
    answers = [await bench.inbound.send(1) for _ in range(3)]
    promise(answers == [Answer.TAKEN] * 3, "a repeat is acknowledged like the first")
    promise(_stored(bench) == 1, "a repeat is stored once")


async def refuses_other_content_under_a_known_key(bench: Bench) -> None:
    """The same key with other content is an error of the sender that nobody may lose sight of."""
    if bench.foreign("other"):
        return
    await bench.connect()
    await bench.inbound.send(1)
    promise(await bench.inbound.send(1, other=True) is Answer.REFUSED, "other content under a known key is refused")
    promise(_stored(bench) == 1, "the first stays as it was")


async def puts_bad_content_aside(bench: Bench) -> None:
    """What cannot be read is refused with its place and kept, and holds nothing up."""
    await bench.connect()
    promise(await bench.inbound.send(1, spoiled=True) is Answer.REFUSED, "what cannot be read is refused")
    kept = len(bench.world.intake.refusals) + len(bench.world.troubles.told)
    promise(kept > 0, "a refusal is kept for the operators")
    promise(_stored(bench) == 0, "what cannot be read is not in the log")
    promise(await bench.inbound.send(2) is Answer.TAKEN, "the next message is taken all the same")


async def turns_strangers_away(bench: Bench) -> None:
    """Who cannot prove who he is stores nothing."""
    if bench.foreign("stranger"):
        return
    await bench.connect()
    promise(await bench.inbound.send(1, stranger=True) is Answer.STRANGER, "a stranger is turned away")
    promise(_stored(bench) == 0, "a stranger stores nothing")
    promise(await bench.inbound.send(1) is Answer.TAKEN, "who is known is heard")


async def survives_a_restart_in_the_middle(bench: Bench) -> None:
    """A process that ends between taking and acknowledging has lost nothing and doubles nothing."""
    await bench.connect()
    promise(await bench.inbound.send(1) is Answer.TAKEN, "a good message is taken")
    bench.world.intake.hold()
    sending = asyncio.ensure_future(bench.inbound.send(2))
    # A system that is asked for its list shows earlier items again.
    await bench.until(lambda: bench.world.intake.waiting >= 1)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    # The commit was under way when the process ended: it may be done, and nobody was told.
    bench.world.intake.release()
    await bench.restart()
    promise(await bench.inbound.send(2) is Answer.TAKEN, "after a restart the sender gets its answer")
    promise(await bench.inbound.send(3) is Answer.TAKEN, "and the next message is taken")
    promise(_stored(bench) == 3, "all are in the log, each once")


CHECKS = (
    takes,
    acknowledges_after_the_commit,
    says_later_when_the_store_is_away,
    keeps_order,
    stores_a_repeat_once,
    refuses_other_content_under_a_known_key,
    puts_bad_content_aside,
    turns_strangers_away,
    survives_a_restart_in_the_middle,
)


def _stored(bench: Bench) -> int:
    return len(bench.world.intake.messages)


async def _soon(sending: asyncio.Future[Answer]) -> Answer:
    async with asyncio.timeout(20):
        return await sending
