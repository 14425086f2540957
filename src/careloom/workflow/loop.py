"""A loop over many items, chunk by chunk. Its place is one row: the cursor and counts, never the items.

Each chunk overwrites it, so a kill resumes at the chunk, and a replay reads one row however many chunks there were.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

import msgspec

from careloom.core.errors import ConfigurationError
from careloom.core.outcomes import ErrorKind, Outcome, Park, Retry
from careloom.log.handling import RetryPolicy
from careloom.log.ports import NewCase
from careloom.log.steps import outcome_of
from careloom.workflow.answers import Answer
from careloom.workflow.calling import Attempt
from careloom.workflow.declaration import Workflow
from careloom.workflow.errors import Suspended
from careloom.workflow.journal import Journal, Step, Wait
from careloom.workflow.surroundings import Surroundings
from careloom.workflow.values import Failure, encoded

BREATH_SECONDS: Final = 5.0
"""After this long a loop keeps its place and lets go of the run, so that others have their turn, and nodes may stop."""
_AGAIN_AT_MOST: Final = 3  # the other side is away: the rest of the chunk need not find that out one by one
_LATELY: Final = 0.3


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """What a loop came to: items that were handled, and that were put aside for a person."""

    done: int
    aside: int


class Place(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Where a loop is. `left`: of a chunk that was not finished, the keys of what is left and how often each was tried.
    `allowed`: so many may be put aside. `tries`: how often the page at `cursor` could not be read."""

    cursor: Any = None
    chunks: int = 0
    done: int = 0
    aside: int = 0
    allowed: int = 0
    left: dict[str, int] | None = None
    tries: int = 0
    pace: float | None = None
    over: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done with which items, and how fast; see `Run.each`."""

    name: str
    source: Callable[..., Awaitable[Any]]
    arguments: tuple[Any, ...]
    handle: Callable[[Any, Attempt], Awaitable[Any]]
    key: Callable[[Any], str] | None
    chunk: int
    aside: int
    total: int | None
    rate: float | None
    at_once: int
    retry: RetryPolicy


@dataclass(frozen=True, slots=True)
class Footing:
    """What a loop stands on: the records of its run, and the run's rules."""

    journal: Journal
    workflow: Workflow
    around: Surroundings
    path: str
    may_go_on: Callable[[str], Awaitable[None]]
    ask: Callable[[str, NewCase], Awaitable[Suspended]]
    answered: Callable[[str], Answer | None]


@dataclass(slots=True)
class _Tally:
    """What one look at a chunk came to."""

    done: int = 0
    aside: list[NewCase] = field(default_factory=list)
    again: dict[str, int] = field(default_factory=dict)
    pause: float = 0.0


class Loop:
    """One loop of one run, while it is driven."""

    def __init__(self, on: Footing, plan: Plan) -> None:
        self._on = on
        self._plan = plan
        self._began = on.around.clock.now()
        self._driven = on.around.clock.monotonic()

    async def go(self) -> Step:
        """Go on from its place to the end. Raises Suspended and Cancelled as any step."""
        place = self._place()
        if (given_up := await self._as_decided(place)) is not None:
            return given_up
        while not place.over:
            await self._on.may_go_on(self._on.path)
            await self._chunk(place)
            self._breathe(place)
        counted = Counted(done=place.done, aside=place.aside)
        return await self._end(Step(self._plan.name, "each", "done", body=encoded(counted, self._plan.name)))

    def _place(self) -> Place:
        step = self._on.journal.steps.get(self._on.path)
        if step is None or step.body is None:
            return Place(allowed=self._plan.aside)
        return msgspec.json.decode(step.body, type=Place)

    async def _as_decided(self, place: Place) -> Step | None:
        """What a person said where the loop stood still; and a wait that is not over is gone on with."""
        path, journal = self._on.path, self._on.journal
        known = journal.waits.get(path)
        if known is None:
            return None
        answer = self._on.answered(path)
        if answer is not None:
            journal.waits.pop(path)
            if answer.given_up:
                failure = Failure(reason=f"given up by {answer.by}")
                return await self._end(Step(self._plan.name, "each", "failed", body=encoded(failure, self._plan.name)))
            place.allowed = place.aside + self._plan.aside
        elif known.sort == "case" or (known.due is not None and known.due > self._began):
            await self._on.may_go_on(path)
            raise self._waits(known)
        return None

    async def _end(self, step: Step) -> Step:
        await self._on.journal.record(self._on.path, step, self._began)
        return step

    # ------------------------------------------------------------------ a chunk

    async def _chunk(self, place: Place) -> None:
        """Handle what is left of a page, and keep the place. Raises Suspended where it is to go on later."""
        clock = self._on.around.clock
        now, before = clock.now(), clock.monotonic()
        items, after = await self._page(place)
        keyed = [(self._key(place, number, item), item) for number, item in enumerate(items, 1)]
        todo = [one for one in keyed if place.left is None or one[0] in place.left]
        known, tally = place.left or {}, _Tally()
        while todo and not self._enough(place, tally, before):
            part, todo = todo[: self._plan.at_once], todo[self._plan.at_once :]
            await self._part(part, known, tally)
        place.left = {**tally.again, **{key: known.get(key, 0) for key, _ in todo}} or None
        place.done += tally.done
        place.aside += len(tally.aside)
        handled = tally.done + len(tally.aside)
        place.pace = _pace(place.pace, handled, clock.monotonic() - before)
        if place.left is None:
            place.cursor, place.chunks, place.over = msgspec.to_builtins(after), place.chunks + 1, after is None
        await self._keep(place, tally.aside)
        if place.aside > place.allowed:
            raise await self._stop(f"{place.aside} items were put aside, more than the {place.allowed} that may be")
        if tally.again:
            raise self._waits(Wait(self._on.path, "time", self._on.around.due_in(tally.pause)))
        self._hold_to_rate(place, now, handled)

    async def _page(self, place: Place) -> tuple[Sequence[Any], Any]:
        plan, journal = self._plan, self._on.journal
        key = uuid5(journal.id, f"{self._on.path}/page {place.chunks}")
        attempt = Attempt(key, place.tries + 1, journal.id, journal.row["correlation"])
        try:
            arguments = (*plan.arguments, place.cursor, plan.chunk)
            items, after = await self._on.around.call(plan.source, arguments, attempt, self._on.workflow)
            if not items and after is not None and msgspec.to_builtins(after) == place.cursor:
                raise ConfigurationError("the source gives no items and the same cursor again, so it would never end")
        except Exception as error:
            raise await self._unread(place, _outcome(error)) from None
        place.tries = 0
        return items, after

    async def _unread(self, place: Place, outcome: Outcome) -> Suspended:
        """The page could not be read: later, or when a person says so."""
        tries = place.tries + 1
        if isinstance(outcome, Retry) and (not outcome.counted or tries < self._plan.retry.attempts):
            place.tries = tries if outcome.counted else place.tries
            await self._keep(place)
            pause = outcome.after if outcome.after is not None else self._plan.retry.pause(tries)
            return self._waits(Wait(self._on.path, "time", self._on.around.due_in(pause)))
        place.tries = 0
        await self._keep(place)
        reason = getattr(outcome, "reason", "it failed")
        return await self._stop(f"the items after chunk {place.chunks} cannot be read: {reason}")

    def _key(self, place: Place, number: int, item: Any) -> str:
        """What an item is known by: its key, else its number in its chunk."""
        return self._plan.key(item) if self._plan.key else f"{place.chunks + 1}.{number}"

    def _enough(self, place: Place, tally: _Tally, before: float) -> bool:
        around = self._on.around
        return (
            around.stopping
            or len(tally.again) >= _AGAIN_AT_MOST
            or place.aside + len(tally.aside) > place.allowed
            or around.clock.monotonic() - before > BREATH_SECONDS
        )

    async def _part(self, part: list[tuple[str, Any]], known: dict[str, int], tally: _Tally) -> None:
        work = [self._one(key, item, known.get(key, 0) + 1) for key, item in part]
        outcomes = [await work[0]] if len(work) == 1 else await asyncio.gather(*work)
        for (key, _), outcome in zip(part, outcomes, strict=True):
            tries = known.get(key, 0) + 1
            if outcome is None:
                tally.done += 1
            elif isinstance(outcome, Retry) and (not outcome.counted or tries < self._plan.retry.attempts):
                tally.again[key] = tries if outcome.counted else tries - 1
                pause = outcome.after if outcome.after is not None else self._plan.retry.pause(tries)
                tally.pause = max(tally.pause, pause)
            else:
                tally.aside.append(self._aside(key, outcome, tries))

    async def _one(self, key: str, item: Any, number: int) -> Outcome | None:
        journal = self._on.journal
        id_: UUID = uuid5(journal.id, f"{self._on.path}/{key}")
        try:
            await self._plan.handle(item, Attempt(id_, number, journal.id, journal.row["correlation"]))
        except Exception as error:
            return _outcome(error)
        return None

    # ------------------------------------------------------------------ what becomes of it

    def _aside(self, key: str, outcome: Outcome, tries: int) -> NewCase:
        """A case for one item. The key is its only name: the reason of an error quotes no value."""
        given_up = f" (given up after {tries} attempts)" if isinstance(outcome, Retry) else ""
        reason = f"{self._plan.name}: item {key}: {getattr(outcome, 'reason', 'it failed')}{given_up}"
        workflow, row = self._on.workflow, self._on.journal.row
        return NewCase(
            "item-aside", workflow.name, reason, f"item {key}", event=row["causation"], message=row["correlation"],
            owner=workflow.owner, type=workflow.name, criticality=workflow.criticality,
        )  # fmt: skip

    async def _stop(self, reason: str) -> Suspended:
        case = NewCase("batch-stopped", self._on.workflow.name, f"{self._plan.name}: {reason}", self._plan.name)
        return await self._on.ask(self._on.path, case)

    async def _keep(self, place: Place, cases: Sequence[NewCase] = ()) -> None:
        step = Step(self._plan.name, "each", "going", body=encoded(place, self._plan.name))
        counts = (place.done, place.aside, self._plan.total, place.pace)
        await self._on.journal.record_place(self._on.path, step, self._began, counts, cases)

    def _waits(self, wait: Wait) -> Suspended:
        self._on.journal.wait(wait)
        return Suspended(wait.path)

    def _hold_to_rate(self, place: Place, since: datetime, handled: int) -> None:
        if self._plan.rate is None or place.over:
            return
        due = since + timedelta(seconds=handled / self._plan.rate)
        if due > self._on.around.clock.now():
            raise self._waits(Wait(self._on.path, "time", due))

    def _breathe(self, place: Place) -> None:
        """Let go of the run between two chunks, when the node stops or others wait for their turn."""
        clock = self._on.around.clock
        long = clock.monotonic() - self._driven > BREATH_SECONDS
        if not place.over and (self._on.around.stopping or long):
            raise self._waits(Wait(self._on.path, "time", clock.now()))


def _outcome(error: Exception) -> Outcome:
    """Handling an item may be repeated, as any step: its key is the same."""
    outcome = outcome_of(error)
    if getattr(error, "kind", None) is ErrorKind.AMBIGUOUS and isinstance(outcome, Park):
        return Retry(str(error), kind=ErrorKind.AMBIGUOUS)
    return outcome


def _pace(lately: float | None, handled: int, seconds: float) -> float | None:
    """Items a second, with what was lately counting more; None while no time passed."""
    if seconds <= 0:
        return lately
    now = handled / seconds
    return now if lately is None else lately + _LATELY * (now - lately)
