"""Deliveries without a flow of their own: events of some types go to a target as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from careloom.core.envelope import Recorded
from careloom.core.outcomes import Outcome
from careloom.log.handling import Handled, Subscription
from careloom.log.lanes import Bank


class Target(Protocol):
    """A system that takes events as they are."""

    @property
    def retry_after(self) -> float:
        """Seconds until a call has a chance; 0 when calls go through."""

    async def post(self, event: Recorded) -> Outcome:
        """Deliver one event."""


def forwarding(name: str, events: Sequence[str], target: Target, concurrency: int) -> Subscription:
    """A subscription `deliver.<name>` that posts events of these types."""

    async def deliver(event: Recorded) -> Handled:
        return Handled(await target.post(event))

    return Subscription(
        f"deliver.{name}",
        Bank.EVENTS,
        deliver,
        types=tuple(events),
        gate=lambda: target.retry_after,
        concurrency=concurrency,
    )
