"""Whose turn it is: live runs first, backfills in what is left over.

While live runs come, one run of a backfill is driven at a time, and after each of them several times its own length
belongs to what is live. Once nothing live was driven for a moment, backfills have all their slots and no pauses.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from careloom.core.clock import Clock
from careloom.workflow.surroundings import BACKFILL, LIVE

SLOTS: Final = 64
BACKFILL_SLOTS: Final = 4
COURTESY: Final = 4.0
QUIET_SECONDS: Final = 1.0


class Turns:
    """How many more runs of each urgency may be driven now."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._live_at = -QUIET_SECONDS
        self._backfill_at = 0.0

    def free(self, urgency: int, driven: Collection[int]) -> int:
        """Slots that are free; `driven` are the urgencies of those in hand."""
        mine = sum(1 for one in driven if one == urgency)
        if urgency == LIVE:
            return SLOTS - mine
        if self._is_quiet():
            return BACKFILL_SLOTS - mine
        # Not beside a live one, unless live ones have been at it all the time since it could have had its turn.
        wait = QUIET_SECONDS if LIVE in driven else 0.0
        return 0 if self._clock.monotonic() < self._backfill_at + wait else 1 - mine

    def began(self, urgency: int) -> None:
        """A run is being driven from now on."""
        if urgency == LIVE:
            self._live_at = self._clock.monotonic()

    def ended(self, urgency: int, seconds: float) -> None:
        """It was let go of, after so long."""
        now = self._clock.monotonic()
        if urgency == LIVE:
            self._live_at = now
        elif urgency == BACKFILL:
            self._backfill_at = now + COURTESY * seconds

    def pause(self) -> float:
        """Seconds until a backfill has its turn."""
        if self._is_quiet():
            return 0.0
        now = self._clock.monotonic()
        return max(0.0, min(self._backfill_at, self._live_at + QUIET_SECONDS) - now)

    def _is_quiet(self) -> bool:
        return self._clock.monotonic() - self._live_at >= QUIET_SECONDS
