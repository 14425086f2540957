"""Two runs about one thing: the later fact must reach the run of the earlier one, however the two overlap.

A run that takes something back waits until its own event stands among the arrivals, and acts then. A run that does
something looks at the arrivals after it did it. So at least one of the two sees the other, and what both do is
repeatable.
"""

from __future__ import annotations

from careloom.workflow.declaration import E, Signal
from careloom.workflow.run import Run


async def announced(run: Run, signal: Signal[E], key: str, own: E) -> None:
    """Go on once this run's own event can be seen by every other run that asks for the signal."""
    while True:
        found = await run.wait_for(signal, key, within="1h")
        if found is None or found == own:
            return


async def arrived(run: Run, signal: Signal[E], key: str) -> list[E]:
    """What came of this signal since the run began, without waiting."""
    found = []
    while (one := await run.wait_for(signal, key, within="0s")) is not None:
        found.append(one)
    return found
