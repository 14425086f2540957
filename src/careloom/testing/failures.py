"""Fails each step of a scenario in turn, and asks what is left of it.

A step fails in two ways: before it had its effect, and after it, with the answer lost. Either for good. What a person
is asked then is given up. The run undoes what it did, the last first.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from careloom.cases.desk import Decision
from careloom.cases.kinds import Action
from careloom.core.errors import AmbiguousError, Rejected
from careloom.testing.boundaries import Call
from careloom.testing.crashes import OpenWorld, Scenario
from careloom.testing.processes import CLERK, World
from careloom.workflow.standing import place

BEFORE: Final = "before its effect"
AFTER: Final = "after its effect, the answer lost"
GIVING_UP: Final = (Action.DISCARD, Action.REJECT)
ROUNDS: Final = 30
HOUR: Final = timedelta(hours=1).total_seconds()


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """The `nth` step of this name in runs of this workflow."""

    workflow: str
    name: str
    nth: int = 1

    def __str__(self) -> str:
        return f"{self.workflow}: {self.name}" + (f" ({self.nth})" if self.nth > 1 else "")


@dataclass
class Failing:
    """Makes one step fail, whenever it is tried; with none it only looks on. `seen`: the steps, in their order."""

    target: Target | None = None
    way: str = BEFORE
    failed: bool = False
    seen: dict[UUID, Target] = field(default_factory=dict)

    async def __call__(self, call: Call, made: Callable[[], Awaitable[Any]]) -> Any:
        key = call.attempt.key
        if key not in self.seen:
            name = call.function.__name__
            nth = 1 + sum((one.workflow, one.name) == (call.workflow, name) for one in self.seen.values())
            self.seen[key] = Target(call.workflow, name, nth)
        if self.target is None or self.seen[key] != self.target:
            return await made()
        self.failed = True
        if self.way == BEFORE:
            raise Rejected("it was made to fail")
        await made()
        raise AmbiguousError("the answer was lost")


@dataclass(frozen=True, slots=True)
class Left:
    """What stands after a failure: the states of the runs, the open cases, and what `look` saw."""

    target: Target
    way: str
    runs: tuple[tuple[str, str], ...]
    cases: tuple[str, ...]
    books: Any


async def every_failure(
    open_world: OpenWorld,
    scenario: Scenario,
    look: Callable[[World], Awaitable[Any]],
    *,
    every: int = 1,
    only: Callable[[Target], bool] = lambda _: True,
) -> list[Left]:
    """Play the scenario once to see its steps, then once for every `every`th step and way of failing; gives what is
    left each time, and `look` says what counts.

    A step that fails may keep everything after it from happening, so what the scenario asserts is not asked then.
    Raises AssertionError when the step was not come to, or what was done was not undone in reverse.
    """
    async with open_world(None) as world:
        watch = Failing()
        world.fate = watch
        await scenario(world)
        targets = [one for one in watch.seen.values() if only(one)]
    assert targets, "the scenario does no step that can fail"
    left = []
    for target, way in [(target, way) for target in targets for way in (BEFORE, AFTER)][::every]:
        async with open_world(None) as world:
            failing = Failing(target, way)
            world.fate = failing
            with suppress(AssertionError):  # what is decided later in the scenario may never be asked
                await scenario(world)
            await give_up(world)
            assert failing.failed, f"{target} was not come to"
            await undone_in_reverse(world, failing)
            runs, cases = await world.runs(), await world.cases()
            left.append(Left(target, way, tuple(runs), tuple(cases), await look(world)))
    return left


async def give_up(world: World) -> None:
    """Give up what persons are asked, and let attempts end, until every run has ended or nobody is asked any more."""
    for _ in range(ROUNDS):
        rows = await world.rows("select id, kind from work_case where resolved is null and run is not null order by id")
        actions = {row["id"]: _giving_up(world, row["kind"]) for row in rows}
        for id_, action in actions.items():
            if action is not None:
                await world.node.work.desk.act(id_, CLERK, Decision(action, "it is given up", b""))
        await world.settle()
        if not await world.rows("select 1 from run_step where state = 'retry' limit 1") and not actions:
            return
        await world.later(seconds=HOUR)


async def undone_in_reverse(world: World, calls: Failing) -> None:
    """Raises AssertionError when a run undid an earlier step before a later one."""
    rows = await world.rows("select run, path from run_step where sort = 'undo'")
    order = {key: number for number, key in enumerate(calls.seen)}
    by_run: dict[UUID, list[str]] = {}
    for row in sorted(rows, key=lambda row: order[uuid5(row["run"], row["path"])]):
        by_run.setdefault(row["run"], []).append(row["path"].removeprefix("undo."))
    for run, paths in by_run.items():
        assert paths == sorted(paths, key=place, reverse=True), f"run {run} undid {paths}"


def _giving_up(world: World, kind: str) -> Action | None:
    allowed = world.node.around.kinds.of(kind).actions
    return next((one for one in GIVING_UP if one in allowed), None)
