"""Fails each step of a scenario in turn, and asks what is left of it.

A step fails in two ways: before it had its effect, and after it, with the answer lost. Either for good. What a person
is asked then is given up, or waived. A run that gives up undoes what it did, the last first; what undoes may fail too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import combinations
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
WAIVING: Final = (Action.WAIVE, *GIVING_UP)
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
    """Makes one step fail, whenever it is tried, and `undo`, which is what undoes another; with none it only looks on.
    `seen`: the steps, in their order."""

    target: Target | None = None
    way: str = BEFORE
    undo: Target | None = None
    failed: bool = False
    seen: dict[UUID, Target] = field(default_factory=dict)

    async def __call__(self, call: Call, made: Callable[[], Awaitable[Any]]) -> Any:
        key = call.attempt.key
        if key not in self.seen:
            name = call.function.__name__
            nth = 1 + sum((one.workflow, one.name) == (call.workflow, name) for one in self.seen.values())
            self.seen[key] = Target(call.workflow, name, nth)
        if self.undo is not None and self.seen[key] == self.undo:
            raise Rejected("it was made to fail")
        if self.target is None or self.seen[key] != self.target:
            return await made()
        self.failed = True
        if self.way == BEFORE:
            raise Rejected("it was made to fail")
        await made()
        raise AmbiguousError("the answer was lost")


@dataclass(frozen=True, slots=True)
class Left:
    """What stands after a failure: the states of the runs, the open cases, and what `look` saw; `waived` says whether a
    person had the step left out, `stopped` whether the code of a run failed."""

    target: Target
    way: str
    runs: tuple[tuple[str, str], ...]
    cases: tuple[str, ...]
    books: Any
    waived: bool = False
    stopped: bool = False


async def every_failure(
    open_world: OpenWorld,
    scenario: Scenario,
    look: Callable[[World], Awaitable[Any]],
    *,
    every: int = 1,
    ways: Sequence[str] = (BEFORE, AFTER),
    word: Sequence[Action] = GIVING_UP,
) -> tuple[Any, list[Left]]:
    """Play the scenario once to see its steps, then once for every `every`th step and way of failing; gives what is
    there where nothing fails, and what is left each time; `look` says what counts. To what persons are asked then the
    first of `word` that is offered is answered.

    A step that fails may keep everything after it from happening, so what the scenario asserts is not asked then.
    Raises AssertionError when the step was not come to, or what was done was not undone in reverse.
    """
    async with open_world(None) as world:
        watch = Failing()
        world.fate = watch
        await scenario(world)
        targets, whole = list(watch.seen.values()), await look(world)
    assert targets, "the scenario does no step that can fail"
    left = []
    for target, way in [(target, way) for target in targets for way in ways][::every]:
        async with open_world(None) as world:
            failing = await _failed(world, scenario, Failing(target, way), word)
            await undone_in_reverse(world, failing)
            runs, cases = await world.runs(), await world.cases()
            waived, stopped = await _was_waived(world, target), bool(await world.rows(_STOPPED))
            left.append(Left(target, way, tuple(runs), tuple(cases), await look(world), waived, stopped))
    return whole, left


@dataclass(frozen=True, slots=True)
class Unmended:
    """What stands after what undoes a step failed: the cases, and what became of each undoing."""

    undo: Target
    runs: tuple[tuple[str, str], ...]
    cases: tuple[str, ...]
    states: dict[str, str]


async def every_undo_failing(open_world: OpenWorld, scenario: Scenario, step: str) -> list[Unmended]:
    """Play the scenario with the step of this name failing, then once for each undoing that follows, with that failing
    too. `states` are by the name of what undoes. Raises AssertionError when nothing is undone."""
    async with open_world(None) as world:
        watch = Failing()
        world.fate = watch
        await scenario(world)
        target = next(one for one in watch.seen.values() if one.name == step)
    async with open_world(None) as world:
        failing = await _failed(world, scenario, Failing(target), GIVING_UP)
        undoing = [uuid5(row["run"], row["path"]) for row in await world.rows(_UNDOING)]
        undos = [failing.seen[key] for key in undoing]
    assert undos, f"nothing is undone after {target} failed"
    found = []
    for undo in undos:
        async with open_world(None) as world:
            await _failed(world, scenario, Failing(target, undo=undo), GIVING_UP)
            states = {row["name"]: row["state"] for row in await world.rows(_UNDOING)}
            found.append(Unmended(undo, tuple(await world.runs()), tuple(await world.cases()), states))
    return found


_STOPPED: Final = "select 1 from work_case where kind = 'run-stopped'"
_UNDOING: Final = "select run, path, name, state from run_step where sort = 'undo'"


async def _failed(world: World, scenario: Scenario, failing: Failing, word: Sequence[Action]) -> Failing:
    world.fate = failing
    with suppress(AssertionError):  # what is decided later in the scenario may never be asked
        await scenario(world)
    await give_up(world, word)
    assert failing.failed, f"{failing.target} was not come to"
    return failing


async def _was_waived(world: World, target: Target) -> bool:
    sql = "select 1 from work_case where state = 'waived' and type = $1 and starts_with(reason, $2)"
    return bool(await world.rows(sql, target.workflow, f"{target.name}: "))


async def give_up(world: World, word: Sequence[Action] = GIVING_UP) -> None:
    """Give up what persons are asked, or what else the `word` is, and let attempts end, until every run has ended or
    nobody is asked any more."""
    for _ in range(ROUNDS):
        rows = await world.rows("select id from work_case where resolved is null and run is not null order by id")
        actions = {row["id"]: await _answer(world, row["id"], word) for row in rows}
        for id_, action in actions.items():
            await world.node.work.desk.act(id_, CLERK, Decision(action, "it is given up", b""))
        await world.settle()
        if not await world.rows("select 1 from run_step where state = 'retry' limit 1") and not actions:
            return
        await world.later(seconds=HOUR)


async def undone_in_reverse(world: World, calls: Failing) -> None:
    """Raises AssertionError when a run undid an earlier step before a later one. Of two that were side by side either
    may be the first."""
    rows = await world.rows("select run, path from run_step where sort = 'undo'")
    order = {key: number for number, key in enumerate(calls.seen)}
    by_run: dict[UUID, list[str]] = {}
    for row in sorted(rows, key=lambda row: order[uuid5(row["run"], row["path"])]):
        by_run.setdefault(row["run"], []).append(row["path"].removeprefix("undo."))
    for run, paths in by_run.items():
        wrong = any(_precedes(place(first), place(then)) for first, then in combinations(paths, 2))
        assert not wrong, f"run {run} undid {paths}"


def _precedes(one: Sequence[Any], other: Sequence[Any]) -> bool:
    """By places of steps, in which the number of a step and that of a branch take turns."""
    at = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    return at is not None and at % 2 == 0 and one[at] < other[at]


async def _answer(world: World, case: UUID, word: Sequence[Action]) -> Action:
    """The first of the words that the case offers, else what it offers last."""
    offered = (await world.node.work.reader.one(case)).actions
    return Action(next((one for one in word if one in offered), offered[-1]))
