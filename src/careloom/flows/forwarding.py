"""Deliveries without a flow of their own: events of some types go to a target as they are."""

from __future__ import annotations

from collections.abc import Sequence

from careloom.core.envelope import Recorded
from careloom.log.handling import Handled, RetryPolicy, Subscription
from careloom.log.lanes import Bank
from careloom.systems.seam import Retried, Target


def forwarding(name: str, events: Sequence[str], target: Target, concurrency: int, system: str = "") -> Subscription:
    """A subscription `deliver.<name>` that posts events of these types; a target may say how it is tried again.
    `system` is the target's name."""

    async def deliver(event: Recorded) -> Handled:
        return Handled(await target.post(event))

    return Subscription(
        f"deliver.{name}",
        Bank.EVENTS,
        deliver,
        types=tuple(events),
        gate=lambda: target.retry_after,
        concurrency=concurrency,
        retry=target.retry if isinstance(target, Retried) else RetryPolicy(),
        systems=(system,) if system else (),
    )
