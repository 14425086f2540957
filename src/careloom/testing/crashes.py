"""Kills a node at every boundary of a scenario, and has the same node or another go on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Final

from careloom.testing.processes import World

Scenario = Callable[[World], Awaitable[Any]]
"""What happens in a world; it gives what is to be the same however often nodes are killed."""
OpenWorld = Callable[[int | None], AbstractAsyncContextManager[World]]
RESTART: Final = "restart"
TAKEOVER: Final = "takeover"


@dataclass(frozen=True, slots=True)
class Crash:
    """One kill. `wrong` says what it changed, and is empty where it changed nothing."""

    number: int
    boundaries: int
    way: str
    wrong: str

    def __str__(self) -> str:
        return f"{self.way} after a kill at {self.number} of {self.boundaries}: {self.wrong}"


async def every_crash(
    open_world: OpenWorld,
    scenario: Scenario,
    *,
    every: int = 1,
    first: int = 1,
    ways: Sequence[str] = (),
    tell: Callable[[Crash], None] = lambda _: None,
) -> int:
    """Run the scenario undisturbed, then once for each `every`th boundary with the node killed there; gives how many
    boundaries there are. Raises AssertionError, naming the boundaries, when a kill changes what the scenario gives.

    By turns the same node is started again and another, which waited for the lanes, takes over; with `ways`, each of
    them at each boundary. `tell` hears of each kill.
    """
    async with open_world(None) as world:
        wanted = await scenario(world)
        boundaries = world.boundaries.passed
    wrong: list[Crash] = []
    for turn, number in enumerate(range(first, boundaries + 1, every)):
        for way in ways or ((RESTART, TAKEOVER)[turn % 2],):
            crash = Crash(number, boundaries, way, await _changed(open_world, scenario, number, way, wanted))
            tell(crash)
            if crash.wrong:
                wrong.append(crash)
    assert not wrong, "\n".join(map(str, wrong))
    return boundaries


async def _changed(open_world: OpenWorld, scenario: Scenario, number: int, way: str, wanted: Any) -> str:
    try:
        async with open_world(number) as world:
            world.takes_over = way == TAKEOVER
            given = await scenario(world)
    except Exception as error:  # it came to an end that the undisturbed one never saw
        return f"{type(error).__name__}: {error}"
    return "" if given == wanted else f"{given} instead of {wanted}"
