"""Where a kind and its other side are put together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol, TypeVar, cast, runtime_checkable

from careloom.core.outcomes import Outcome, Park, Retry, Skip
from careloom.hub.sections import SourceSection
from careloom.mapping.source import Settings as SourceSettings
from careloom.systems.registry import Kind
from careloom.systems.seam import Connection, Listening
from careloom.systems.trial import Inbound, Outbound, Trial
from careloom.testing.clock import VirtualClock
from careloom.testing.surroundings import World

T = TypeVar("T")
PATIENCE = 20.0
_STILL = 0.05


@runtime_checkable
class Surrounded(Protocol):
    """A trial that needs the world, because what it tries is not the connector alone but the room that uses it."""

    def surround(self, world: World) -> None:
        """Called before anything else."""


class Bench:
    """A kind connected to the other side, with everything around it in memory."""

    def __init__(self, kind: Kind, trial: Trial, base: Path) -> None:
        self.kind = kind
        self.trial = trial
        self.clock = VirtualClock()
        self.world = World(base, self.clock)
        self.world.learn(trial.secrets)
        if isinstance(trial, Surrounded):
            trial.surround(self.world)
        self._connection: Connection | None = None
        self._outcomes: list[str] = []

    @property
    def inbound(self) -> Inbound:
        return cast(Inbound, self.trial)

    @property
    def outbound(self) -> Outbound:
        return cast(Outbound, self.trial)

    @property
    def connection(self) -> Connection:
        assert self._connection is not None, "call connect() first"
        return self._connection

    @property
    def said(self) -> list[str]:
        """Every text that the kind gave a person to read."""
        troubles = [f"{one.reason} {one.place}" for one in self.world.troubles.told]
        refusals = [f"{one.reason} {one.location} {one.peer}" for one in self.world.intake.refusals]
        attempts = [one.detail for one in self.world.attempts.recorded]
        return [*troubles, *refusals, *attempts, *self._outcomes]

    async def connect(self) -> Connection:
        """As the hub does at its start."""
        settings = self.kind.read(self.trial.settings, self.world.base)
        made = self.kind.connect(settings, self.world.around(source=self._source()))
        self._connection = made
        if isinstance(made, Listening):
            await made.start()
        if self.trial.direction == "in":
            await self.inbound.meet(made)
        return made

    async def restart(self) -> None:
        """As after the end of a process: what was in memory is gone, what was kept is there."""
        await self.close()
        await self.connect()

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def deliver(self, number: int) -> Outcome:
        """Through the kind; time passes for it only while it waits."""
        outcome = await self.driven(self.outbound.deliver(self.connection, number))
        if isinstance(outcome, Skip | Retry | Park):
            self._outcomes.append(outcome.reason)
        return outcome

    async def driven(self, work: Awaitable[T]) -> T:
        """The result of `work`; the clock goes on whenever nothing else can."""
        task = asyncio.ensure_future(work)
        async with asyncio.timeout(PATIENCE):
            while not (await asyncio.wait([task], timeout=_STILL))[0]:
                if self.clock.sleeping:
                    await self.clock.advance_to_next()
        return task.result()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return once something handed to the intake makes this true."""
        async with asyncio.timeout(PATIENCE):
            await self.world.intake.until(lambda _: condition())

    def _source(self) -> SourceSettings:
        return SourceSection.model_validate(dict(self.trial.source)).for_mapping()

    def foreign(self, what: str) -> bool:
        """Whether this kind has no notion of it."""
        return what in self.trial.foreign


def promise(holds: bool, what: str) -> None:
    """Raise AssertionError that names the promise."""
    if not holds:
        raise AssertionError(f"the promise is broken: {what}")
