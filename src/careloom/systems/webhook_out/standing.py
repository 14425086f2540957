"""Whether an endpoint is sent to at all: after nothing but failures for days, or when it says that it is gone, not.

What is known is remembered for all nodes, and across restarts. A disabled endpoint loses nothing: its events stay in
the log until somebody enables it.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Final

import msgspec

from careloom.core.errors import HeldBack, TransientError
from careloom.systems.seam import Memory, Surroundings, Trouble

CASE: Final = "endpoint-disabled"
KEY: Final = "endpoint"
LOOK_SECONDS: Final = 5.0
"""How soon every node notices that it was enabled."""
HELD_SECONDS: Final = LOOK_SECONDS
"""What a disabled endpoint gives as the time until a call has a chance, again and again. Not longer: an event that was
tried in the moment it was disabled is due after that time, whenever it is enabled."""
_STALE_SECONDS: Final = 60.0


class State(msgspec.Struct, frozen=True):
    """What is remembered. `since` is the first of a row of nothing but failures; `disabled` when and why it was
    disabled."""

    since: datetime | None = None
    failures: int = 0
    disabled: datetime | None = None
    reason: str = ""


class Standing:
    """One endpoint's state, as this node knows it. It is disabled after `seconds` and at least `failures` of nothing
    but failures."""

    def __init__(self, around: Surroundings, *, seconds: float, failures: int) -> None:
        self._around = around
        self._seconds = seconds
        self._failures = failures
        self._state = State()
        self._known_at: float | None = None
        self._watcher: asyncio.Task[None] | None = None

    @property
    def disabled(self) -> bool:
        """Whether nothing is sent."""
        return self._state.disabled is not None

    @property
    def retry_after(self) -> float:
        """Seconds until a call has a chance, as far as this is concerned."""
        return HELD_SECONDS if self.disabled else 0.0

    async def admit(self) -> None:
        """Return if something may be sent. Raises HeldBack otherwise: the event waits, and no attempt is counted."""
        if self._known_at is None:
            await self._learn()
        if self.disabled:
            raise HeldBack(f"{self._around.system} is disabled: {self._state.reason}", retry_after=HELD_SECONDS)

    async def succeeded(self) -> None:
        """Something was delivered: the row of failures is over. Other nodes may have seen it: look now and then."""
        if self._known_at is not None and self._around.clock.monotonic() - self._known_at > _STALE_SECONDS:
            await self._learn()
        if self._state != State():
            await self._keep(State())

    async def failed(self, reason: str) -> None:
        """An attempt came to nothing; perhaps it was one too many."""
        await self._learn()
        if self.disabled:
            return
        now = self._around.clock.now()
        state = State(self._state.since or now, self._state.failures + 1)
        assert state.since is not None, "set above"
        if (now - state.since).total_seconds() >= self._seconds and state.failures >= self._failures:
            span = f"nothing but failures since {state.since:%Y-%m-%d %H:%M} UTC ({state.failures}), the last: {reason}"
            await self.disable(span)
        else:
            await self._keep(state)

    async def disable(self, reason: str) -> None:
        """Send nothing more until somebody enables it; a case says so."""
        now = self._around.clock.now()
        await self._keep(State(self._state.since, self._state.failures, now, reason))
        name = self._around.system
        advice = f"its events wait in the log; correct it and run careloom webhook enable {name}"
        await self._around.troubles.report(Trouble(CASE, f"the endpoint was disabled: {reason}; {advice}"))

    async def close(self) -> None:
        """Stop watching."""
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)

    async def _learn(self) -> None:
        self._take(await recall(self._around.memory))

    async def _keep(self, state: State) -> None:
        if state == State():
            await self._around.memory.delete(KEY)
        else:
            await self._around.memory.put(KEY, msgspec.json.encode(state))
        self._take(state)

    def _take(self, state: State) -> None:
        self._state = state
        self._known_at = self._around.clock.monotonic()
        if self.disabled and self._watcher is None:
            self._watcher = asyncio.get_running_loop().create_task(self._watch())

    async def _watch(self) -> None:
        """While disabled nothing is posted, so nothing else would find out that it was enabled."""
        while self.disabled:
            await self._around.clock.sleep(LOOK_SECONDS)
            try:
                state = await recall(self._around.memory)
            except TransientError:
                continue
            self._state, self._known_at = state, self._around.clock.monotonic()
        self._watcher = None


async def recall(memory: Memory) -> State:
    """What is remembered of an endpoint."""
    kept = await memory.get(KEY)
    return State() if kept is None else msgspec.json.decode(kept, type=State)


async def enable(memory: Memory) -> bool:
    """Have an endpoint sent to again, by all nodes within seconds. False when it was not disabled."""
    state = await recall(memory)
    await memory.delete(KEY)
    return state.disabled is not None
