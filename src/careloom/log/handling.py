"""What a subscription is: a name, the entries it wants, and a handler."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from careloom.core.envelope import Event, Recorded
from careloom.core.outcomes import Outcome
from careloom.log.lanes import Bank


@dataclass(frozen=True, slots=True)
class Handled:
    """An outcome, and new events to be appended in the same transaction that moves the cursor."""

    outcome: Outcome
    events: tuple[Event, ...] = ()


Handler: TypeAlias = Callable[[Recorded], Handled | Awaitable[Handled]]
"""A plain function is called in place (translation); a coroutine function runs beside those of other subjects."""

Gate: TypeAlias = Callable[[], float]
"""Seconds until the target may be tried again: 0 when it may be tried now. A breaker, a window, a rate."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff with full jitter: before attempt n+1 a random wait of up to first * 2**n seconds."""

    attempts: int = 8
    first_seconds: float = 0.5
    longest_seconds: float = 60.0

    def pause(self, attempts_made: int, chance: Callable[[], float] = random.random) -> float:
        """Seconds to wait after this many attempts; never less than a tenth of the step, so retries do not spin."""
        step: float = min(self.longest_seconds, self.first_seconds * 2.0 ** max(0, attempts_made - 1))
        return step * (0.1 + 0.9 * chance())


def _always_open() -> float:
    return 0.0


@dataclass(frozen=True, slots=True)
class Subscription:
    """A named reader of one bank of the log. `types` None means every type.

    `owner` is who its cases are for; behind by more than `sla_seconds` it is late, and so much the worse the higher
    its `criticality`. One that begins `from_now` does not read what was recorded before it was first started: what a
    new consumer makes of old facts may be wanted (accounts in Odoo) or not (a process for each registration there was).
    `systems` are the names of those that its handler calls.
    """

    name: str
    bank: Bank
    handler: Handler
    types: tuple[str, ...] | None = None
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    gate: Gate = _always_open
    concurrency: int = 64
    batch: int = 512
    owner: str = ""
    sla_seconds: float | None = None
    criticality: str = "normal"
    from_now: bool = False
    systems: tuple[str, ...] = ()

    def wants(self, type_: str) -> bool:
        """Whether events of this type are for this subscription."""
        return self.types is None or type_ in self.types
