"""What the status says of each system: where its breaker stands, also for kinds that tell only how long to wait."""

from __future__ import annotations

import pytest

from careloom.hub.cards import standing
from careloom.systems.resilience import BreakerState


class Waits:
    def __init__(self, seconds: float) -> None:
        self.retry_after = seconds


class Tells(Waits):
    state = BreakerState.REFUSED


@pytest.mark.parametrize(
    ("system", "state", "wait"),
    [
        (object(), "no breaker", 0.0),
        (Waits(0.0), "closed", 0.0),
        (Waits(12.5), "open", 12.5),
        (Tells(60.0), "refused", 60.0),
    ],
)
def test_a_system_is_shown_as_it_stands(system: object, state: str, wait: float) -> None:
    assert standing(system) == {"state": state, "retry_after": wait}
