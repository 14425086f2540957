"""How long the calls to a system took lately, in this process."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from typing import Any, Final

_SAMPLE: Final = 512


class Latency:
    """The last 512 calls that were answered. Waiting for a turn is not in it, only what the other side took."""

    def __init__(self) -> None:
        self.calls = 0
        self._seconds: deque[float] = deque(maxlen=_SAMPLE)

    def add(self, seconds: float) -> None:
        """One call was answered after so long."""
        self.calls += 1
        self._seconds.append(seconds)

    def percentile(self, share: float) -> float | None:
        """Seconds that this share (0 to 1) of the calls took at most, by nearest rank; None before the first."""
        ranked = sorted(self._seconds)
        return ranked[max(0, math.ceil(share * len(ranked)) - 1)] if ranked else None

    def card(self) -> Mapping[str, Any]:
        """For a connection card: `calls` since the start, p50 and p95 in milliseconds; empty before the first."""
        half, most = self.percentile(0.5), self.percentile(0.95)
        if half is None or most is None:
            return {}
        return {"calls": self.calls, "p50_ms": round(half * 1000, 1), "p95_ms": round(most * 1000, 1)}
