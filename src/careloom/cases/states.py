"""The life of a case: the drawn table of its states, and who may be asked to move it.

The database holds the same table (`case_move`) and refuses every other move; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from careloom.core.errors import CareloomError


class State(StrEnum):
    """Where a case is in its life."""

    OPEN = "open"  # nobody has it
    CLAIMED = "claimed"  # a person has it
    WAITING = "waiting"  # a person has it and waits for data
    RESOLVED = "resolved"  # what it was about goes on
    WAIVED = "waived"  # it goes on without
    DISCARDED = "discarded"  # it was given up


_ENDS: Final = (State.RESOLVED, State.WAIVED, State.DISCARDED)
MOVES: Final[Mapping[State, frozenset[State]]] = MappingProxyType(
    {
        State.OPEN: frozenset({State.CLAIMED, *_ENDS}),
        State.CLAIMED: frozenset({State.OPEN, State.WAITING, *_ENDS}),
        State.WAITING: frozenset({State.OPEN, State.CLAIMED, *_ENDS}),
        **{end: frozenset() for end in _ENDS},
    }
)
"""From each state, those it may pass to."""


class NoSuchCase(CareloomError):
    """There is no case of this id."""


class NotPossible(CareloomError):
    """The case is not in the state for it, or somebody else has it, or what was shown has been acted on before."""


def must_move(before: str, after: State) -> None:
    """Raises NotPossible unless a case may pass from one to the other."""
    if after not in MOVES[State(before)]:
        also = ", ".join(sorted(MOVES[State(before)])) or "nowhere: it has ended"
        raise NotPossible(f"a case that is {before} cannot become {after}; it can go to {also}")


def has_ended(state: str) -> bool:
    """Whether nothing more can be done with it."""
    return not MOVES[State(state)]
