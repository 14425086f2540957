"""Kills a node at every boundary of a scenario, and has the same node or another go on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from careloom.testing.processes import World

Scenario = Callable[[World], Awaitable[Any]]
"""What happens in a world; it gives what is to be the same however often nodes are killed."""
OpenWorld = Callable[[int | None], AbstractAsyncContextManager[World]]
RESTART: Final = "restart"
TAKEOVER: Final = "takeover"


async def every_crash(
    open_world: OpenWorld, scenario: Scenario, *, every: int = 1, first: int = 1, ways: Sequence[str] = ()
) -> int:
    """Run the scenario undisturbed, then once for each `every`th boundary with the node killed there; gives how many
    boundaries there are. Raises AssertionError, naming the boundary, when a kill changes what the scenario gives.

    By turns the same node is started again and another, which waited for the lanes, takes over; with `ways`, each of
    them at each boundary.
    """
    async with open_world(None) as world:
        wanted = await scenario(world)
        boundaries = world.boundaries.passed
    for turn, number in enumerate(range(first, boundaries + 1, every)):
        for way in ways or ((RESTART, TAKEOVER)[turn % 2],):
            async with open_world(number) as world:
                world.takes_over = way == TAKEOVER
                given = await scenario(world)
            assert given == wanted, f"{way} after a kill at {number} of {boundaries}: {given} instead of {wanted}"
    return boundaries
