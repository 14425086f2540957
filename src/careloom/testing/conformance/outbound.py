"""What is promised about what we send."""

from __future__ import annotations

import asyncio

from careloom.core.outcomes import Done, ErrorKind, Outcome, Park, Retry
from careloom.systems.trial import Behaviour
from careloom.testing.conformance.bench import Bench, promise

_HELD_SECONDS = 3_600.0  # longer than any breaker holds


async def delivers_in_order(bench: Bench) -> None:
    """What is sent arrives, once and as it was sent."""
    await bench.connect()
    outcomes = [await bench.deliver(number) for number in (1, 2, 3)]
    promise(all(isinstance(outcome, Done) for outcome in outcomes), "what is delivered is done")
    promise(list(await bench.outbound.effects()) == [1, 2, 3], "each arrived once, in order")


async def repeats_without_a_second_effect(bench: Bench) -> None:
    """The same event again is no second effect, where the kind promises so."""
    promises = bench.kind.manifest.guarantees
    if not (promises.deduplicates or promises.idempotent_key):
        return
    await bench.connect()
    for _ in range(2):
        promise(isinstance(await bench.deliver(1), Done), "a repeat is done, like the first")
    promise(list(await bench.outbound.effects()) == [1], "a repeat has no second effect")


async def tells_what_it_cannot_know(bench: Bench) -> None:
    """Taken, and no answer: never told to be done without a look, never told to have failed for good."""
    if not await _behaving(bench, Behaviour.MUTE):
        return
    outcome = await bench.deliver(1)
    promise(_is_unsure(outcome, bench), f"without an answer nobody knows, and that is what is said, not {outcome}")
    await _recovered(bench)
    if isinstance(outcome, Retry):
        promise(isinstance(await bench.deliver(1), Done), "once it answers, it is done")
    promise(list(await bench.outbound.effects()).count(1) == 1, "and it took effect once")


async def times_out(bench: Bench) -> None:
    """A side that takes nothing and says nothing does not hold us for ever."""
    if not await _behaving(bench, Behaviour.DEAF):
        return
    promise(not isinstance(await bench.deliver(1), Done), "nothing is done that was not answered")
    promise(not await bench.outbound.effects(), "nothing took effect")


async def waits_for_a_side_that_is_down(bench: Bench) -> None:
    """Not reached is not lost: it is tried again, calls are held back, and it goes on when the side is back."""
    if not await _behaving(bench, Behaviour.DOWN):
        return
    for _ in range(8):
        promise(_is_transient(await bench.deliver(1)), "a side that is down is tried again")
    held = getattr(bench.connection, "retry_after", None)
    promise(held is None or held > 0, "after several failures calls are held back")
    await _recovered(bench)
    promise(isinstance(await bench.deliver(1), Done), "when the side is back, it goes on")
    promise(list(await bench.outbound.effects()) == [1], "and arrives once")


async def slows_down_when_asked(bench: Bench) -> None:
    """A side that is busy is given time, and nothing is lost."""
    if not await _behaving(bench, Behaviour.BUSY):
        return
    promise(_is_transient(await bench.deliver(1)), "a busy side is tried again")
    await _recovered(bench)
    promise(isinstance(await bench.deliver(1), Done), "when it has time, it goes on")


async def tries_a_broken_side_again(bench: Bench) -> None:
    """A side that says it is broken is not at fault with the event."""
    if not await _behaving(bench, Behaviour.FAILING):
        return
    promise(_is_transient(await bench.deliver(1)), "a broken side is tried again")
    await _recovered(bench)
    promise(isinstance(await bench.deliver(1), Done), "when it works, it goes on")


async def leaves_refused_content_to_a_person(bench: Bench) -> None:
    """Content that is refused will be refused again: a case, and the next event goes on."""
    if not await _behaving(bench, Behaviour.STRICT):
        return
    for number in range(1, 8):
        promise(_is_permanent(await bench.deliver(number)), "refused content waits for a person")
    promise(not getattr(bench.connection, "retry_after", 0), "refused content holds no other call back")
    await bench.outbound.behave(Behaviour.WILLING)
    promise(isinstance(await bench.deliver(10), Done), "what is not refused goes through")


async def stops_without_credentials(bench: Bench) -> None:
    """Refused credentials do not burn the queue, and new ones let it go on."""
    if not await _behaving(bench, Behaviour.CLOSED):
        return
    promise(not isinstance(await bench.deliver(1), Done), "without credentials nothing is done")
    promise(not await bench.outbound.effects(), "and nothing took effect")
    await _recovered(bench)
    promise(isinstance(await bench.deliver(1), Done), "with credentials it goes on")


async def survives_a_restart_in_the_middle(bench: Bench) -> None:
    """A process that ends between sending and hearing: the event comes again, and takes effect once where promised."""
    if not await _behaving(bench, Behaviour.MUTE):
        return
    sending = asyncio.ensure_future(bench.outbound.deliver(bench.connection, 1))
    async with asyncio.timeout(20):
        await bench.outbound.until(1)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    await bench.outbound.behave(Behaviour.WILLING)
    await bench.restart()
    outcome = await bench.deliver(1)
    promises = bench.kind.manifest.guarantees
    if promises.deduplicates or promises.idempotent_key or promises.read_back:
        promise(isinstance(outcome, Done), "after a restart it is done")
        promise(list(await bench.outbound.effects()) == [1], "and took effect once")


CHECKS = (
    delivers_in_order,
    repeats_without_a_second_effect,
    tells_what_it_cannot_know,
    times_out,
    waits_for_a_side_that_is_down,
    slows_down_when_asked,
    tries_a_broken_side_again,
    leaves_refused_content_to_a_person,
    stops_without_credentials,
    survives_a_restart_in_the_middle,
)


async def _behaving(bench: Bench, behaviour: Behaviour) -> bool:
    """Connect, with a side that behaves so; False where such a side cannot."""
    if bench.foreign(behaviour.value):
        return False
    await bench.outbound.behave(behaviour)
    await bench.connect()
    return True


async def _recovered(bench: Bench) -> None:
    await bench.outbound.behave(Behaviour.WILLING)
    await bench.clock.advance(_HELD_SECONDS)


def _is_transient(outcome: Outcome) -> bool:
    return isinstance(outcome, Retry) and outcome.kind is not ErrorKind.PERMANENT


def _is_permanent(outcome: Outcome) -> bool:
    return isinstance(outcome, Park) and outcome.kind is ErrorKind.PERMANENT


def _is_unsure(outcome: Outcome, bench: Bench) -> bool:
    """Ambiguous by name; or tried again, which only a key or a look at the other side makes harmless."""
    promises = bench.kind.manifest.guarantees
    harmless = promises.idempotent_key or promises.read_back or promises.deduplicates
    if isinstance(outcome, Park):
        return outcome.kind is ErrorKind.AMBIGUOUS
    if isinstance(outcome, Retry):
        return harmless
    return isinstance(outcome, Done) and promises.read_back
