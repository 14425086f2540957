"""The life of a run: the drawn table of its states.

The database holds the same table (`run_move`) and refuses every other move; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class State(StrEnum):
    """Where a run is in its life."""

    PENDING = "pending"  # nothing of it was done
    RUNNING = "running"  # it goes on as soon as a node has time
    WAITING = "waiting"  # for an event, a person, a time, another run
    SUSPENDED = "suspended"  # held; nothing is lost
    COMPENSATING = "compensating"  # what it did is being undone
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


MOVES: Final[Mapping[State, frozenset[State]]] = MappingProxyType(
    {
        State.PENDING: frozenset({State.RUNNING, State.SUSPENDED, State.CANCELLED}),
        State.RUNNING: frozenset({State.WAITING, State.SUSPENDED, State.COMPENSATING, State.COMPLETED, State.FAILED}),
        State.WAITING: frozenset({State.RUNNING, State.SUSPENDED, State.COMPENSATING}),
        State.SUSPENDED: frozenset({State.RUNNING, State.COMPENSATING, State.CANCELLED}),
        State.COMPENSATING: frozenset({State.FAILED, State.CANCELLED}),
        State.COMPLETED: frozenset(),
        State.FAILED: frozenset(),
        State.CANCELLED: frozenset(),
    }
)
"""From each state, those it may pass to."""

ENDED: Final = frozenset(state for state, after in MOVES.items() if not after)
