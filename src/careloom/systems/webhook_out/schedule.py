"""When an event is tried again."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from careloom.log.handling import RetryPolicy

_JITTER = 0.1


@dataclass(frozen=True, slots=True)
class Schedule(RetryPolicy):
    """A wait for each attempt, after the last of which the log opens a case. The log counts the attempts, durably, and
    counts none while the endpoint as a whole is held back."""

    waits: tuple[float, ...] = ()

    def pause(self, attempts_made: int, chance: Callable[[], float] = random.random) -> float:
        """Seconds to wait after this many attempts, up to a tenth more, so that events do not come back all at once."""
        wait = self.waits[min(attempts_made, len(self.waits)) - 1]
        return wait * (1 + _JITTER * chance())


def schedule_of(waits: Sequence[float]) -> Schedule:
    """One attempt more than there are waits."""
    return Schedule(attempts=len(waits) + 1, waits=tuple(waits))
