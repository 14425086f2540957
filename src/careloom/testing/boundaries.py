"""Where a node may be killed: before and after each record of a run is committed, and after each step's effect."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from careloom.workflow.calling import Attempt, Binder, Calls
from careloom.workflow.declaration import Workflow
from careloom.workflow.journal import RunStore


class Killed(BaseException):
    """The node was killed here."""


@dataclass
class Boundaries:
    """Counts them, and kills at one of them. After that nothing of the node gets through."""

    kill_at: int | None = None
    passed: int = 0
    down: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def killed(self) -> bool:
        return self.down.is_set()

    def cross(self) -> None:
        """Raises Killed at the chosen one, and at any after it."""
        if not self.killed:
            self.passed += 1
            if self.passed == self.kill_at:
                self.down.set()
        if self.killed:
            raise Killed


class MortalStore(RunStore):
    """Runs in the database, by a node that may be killed before and after each of its writes."""

    def __init__(self, boundaries: Boundaries, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._boundaries = boundaries

    async def record(self, *arguments: Any, **named: Any) -> Any:
        return await self._around(super().record(*arguments, **named))

    async def suspend(self, *arguments: Any, **named: Any) -> None:
        await self._around(super().suspend(*arguments, **named))

    async def compensate(self, *arguments: Any) -> None:
        await self._around(super().compensate(*arguments))

    async def end(self, *arguments: Any, **named: Any) -> None:
        await self._around(super().end(*arguments, **named))

    async def _around(self, work: Any) -> Any:
        try:
            self._boundaries.cross()
        except Killed:
            work.close()
            raise
        done = await work
        self._boundaries.cross()
        return done


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a step's function, or of what undoes it."""

    workflow: str
    function: Callable[..., Awaitable[Any]]
    attempt: Attempt


Fate = Callable[[Call, Callable[[], Awaitable[Any]]], Awaitable[Any]]
"""What becomes of a call: it makes the call, or does not, and gives or raises what the run is to see."""


class MortalCalls(Calls):
    """Calls steps, by a node that may be killed after each; `fate` may have them fail."""

    def __init__(self, boundaries: Boundaries, binder: Binder, fate: Fate | None = None) -> None:
        super().__init__(binder)
        self._boundaries = boundaries
        self._fate = fate

    async def __call__(
        self,
        function: Callable[..., Awaitable[Any]],
        arguments: tuple[Any, ...],
        attempt: Attempt,
        workflow: Workflow,
        seconds: float | None = None,
    ) -> Any:
        async def made() -> Any:
            return await super(MortalCalls, self).__call__(function, arguments, attempt, workflow, seconds)

        if function is workflow.function:
            return await made()
        if self._fate is None:
            given = await made()
        else:
            given = await self._fate(Call(workflow.name, function, attempt), made)
        self._boundaries.cross()
        return given
