"""Calls that do something outside: steps, and loops of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar
from uuid import uuid5

from careloom.cases.kinds import Action
from careloom.core.errors import CareloomError
from careloom.core.outcomes import ErrorKind, Outcome, Park, Retry
from careloom.log.handling import RetryPolicy
from careloom.log.ports import NewCase
from careloom.log.steps import outcome_of
from careloom.workflow.answers import Answer
from careloom.workflow.calling import Attempt
from careloom.workflow.declaration import Workflow, length_of
from careloom.workflow.errors import Cancelled
from careloom.workflow.ground import Ground, Undo
from careloom.workflow.journal import Step, Wait
from careloom.workflow.loop import Counted, Footing, Loop, Plan
from careloom.workflow.surroundings import BACKFILL
from careloom.workflow.values import Failure, encoded, name_of, result_type

T = TypeVar("T")
OnFailure = Literal["undo", "case"]


class Stepping(Ground):
    """Steps of a run."""

    async def step(
        self,
        function: Callable[..., Awaitable[T]],
        *arguments: Any,
        undo: Callable[..., Awaitable[Any]] | None = None,
        undo_by: tuple[Any, ...] | None = None,
        name: str = "",
        retry: RetryPolicy | None = None,
        timeout: str | timedelta | None = None,
        on_failure: OnFailure = "undo",
        repeatable: bool = True,
        held_by: tuple[str, str] | None = None,
    ) -> T:
        """Do something outside, once, and keep what it gave.

        `function` gets `arguments`; its further parameters are filled by their annotation, systems by the settings of
        the flow, `Attempt` with the key that makes a repeat harmless. `undo` gets `undo_by`, else what the step gave,
        else its arguments, if the run comes to undo itself. A step that failed, was waived or cut short after it was
        tried may have had some of its effect, so it is undone too, by `undo_by` or, where it gives nothing, by its
        arguments: what undoes finds what is there by its key, and does nothing when nothing is.

        What is transient is tried again by `retry`. What fails for good raises StepFailed, or with
        `on_failure="case"` waits for a person who has it retried, waived (the step then gives None) or given up.
        A step that is not `repeatable` is never tried again when nothing tells whether it happened: a person decides.
        `held_by` (sort, key): it waits while steps of that sort are held back for the key.
        """
        path, name = self._place(), name or name_of(function)
        gives = result_type(function)
        value: Any = None
        known = False
        try:
            done = self._recorded(path, name, "step")
            if done is None:
                await self._may_go_on(path, held_by)
                done = await self._perform(
                    path, name, function, arguments, retry or self._workflow.retry, timeout, on_failure,
                    noted=undo is not None or not repeatable, repeatable=repeatable,
                )  # fmt: skip
            value = self._value(done, name, gives)
            known = done.body is not None  # what a person had waived has none, and nobody knows what came of it
        finally:
            if undo is not None and path in self._journal.steps:
                by = undo_by
                if by is None and value is not None:
                    by = (value,)
                elif by is None and (known or gives is type(None)):
                    by = arguments
                if by is not None:
                    self.undos.append(Undo(f"undo.{path}", name_of(undo), undo, by))
        return value  # type: ignore[no-any-return]

    async def _perform(
        self,
        path: str,
        name: str,
        function: Callable[..., Awaitable[Any]],
        arguments: tuple[Any, ...],
        policy: RetryPolicy,
        timeout: str | timedelta | None,
        on_failure: OnFailure,
        *,
        noted: bool,
        repeatable: bool,
    ) -> Step:
        now = self._around.clock.now()
        before = self._journal.steps.get(path)
        attempts = before.attempts if before is not None else 0
        answer = self._answered(path)
        if answer is not None:
            if (ended := await self._as_decided(path, name, answer)) is not None:
                return ended
            attempts = 0
        elif (known := self._journal.waits.get(path)) is not None and known.sort == "case":
            if self._journal.cancel is not None:  # whatever came of it is undone, so nobody need decide
                raise Cancelled(self._journal.cancel)
            raise self._waits(known)
        elif before is not None and before.state == "retry" and before.due is not None and before.due > now:
            raise self._waits(Wait(path, "time", before.due))
        elif before is not None and before.state == "tried" and not repeatable:
            unknown = "the node ended while it was tried, and nothing tells whether it happened"
            raise await self._ask(path, NewCase("ambiguous-outcome", self._workflow.name, unknown, name))
        if noted and before is None:
            await self._keep(path, Step(name, "step", "tried", 1), now)
        attempt = Attempt(key=uuid5(self.id, path), number=attempts + 1, run=self.id, correlation=self._correlation)
        try:
            seconds = None if timeout is None else length_of(timeout).total_seconds()
            value = await self._around.call(function, arguments, attempt, self._workflow, seconds)
        except Exception as error:
            outcome = outcome_of(error)
            if repeatable and getattr(error, "kind", None) is ErrorKind.AMBIGUOUS:
                outcome = Retry(str(error), kind=ErrorKind.AMBIGUOUS)
            if not isinstance(error, CareloomError):
                on_failure = "case"  # a bug waits for its repair: undoing the work of days would not mend it
            return await self._failed(path, name, outcome, attempts + 1, policy, on_failure, now)
        return await self._keep(path, Step(name, "step", "done", attempts + 1, body=encoded(value, name)), now)

    async def _failed(
        self, path: str, name: str, outcome: Outcome, attempts: int, policy: RetryPolicy, on_failure: OnFailure,
        began: datetime,
    ) -> Step:  # fmt: skip
        if isinstance(outcome, Retry) and (not outcome.counted or attempts < policy.attempts):
            pause = outcome.after if outcome.after is not None else policy.pause(attempts)
            due = self._around.due_in(pause)
            made = attempts if outcome.counted else attempts - 1
            await self._keep(path, Step(name, "step", "retry", made, due, error=outcome.reason), began)
            raise self._waits(Wait(path, "time", due))
        parked = outcome if isinstance(outcome, Park) else _given_up(outcome, attempts)
        if on_failure == "case":
            asked = NewCase(
                parked.case,
                self._workflow.name,
                f"{name}: {parked.reason}",
                parked.field or name,
                category=parked.category,
            )
            raise await self._ask(path, asked)
        failure = Failure(reason=parked.reason, kind=parked.kind.value, field=parked.field)
        failed = Step(name, "step", "failed", attempts, body=encoded(failure, name), error=parked.reason)
        return await self._keep(path, failed, began)

    async def _as_decided(self, path: str, name: str, answer: Answer) -> Step | None:
        """What a person's word on a failed step makes of it; None: it is tried again."""
        now = self._around.clock.now()
        if answer.action in (Action.RETRY, Action.APPROVE, Action.EDIT):
            await self._keep(path, Step(name, "step", "retry", 0), now)  # its answer is used up
            return None
        if answer.given_up:
            failure = Failure(reason=f"given up by {answer.by}")
            failed = Step(name, "step", "failed", body=encoded(failure, name), error=failure.reason)
            return await self._keep(path, failed, now)
        return await self._keep(path, Step(name, "step", "done"), now)

    async def each(
        self,
        source: Callable[..., Awaitable[tuple[Sequence[T], Any]]],
        function: Callable[..., Awaitable[Any]],
        *arguments: Any,
        key: Callable[[T], str] | None = None,
        chunk: int = 500,
        aside: int = 20,
        total: int | None = None,
        rate: float | None = None,
        at_once: int = 1,
        retry: RetryPolicy | None = None,
        name: str = "",
    ) -> Counted:
        """Handle many items, chunk by chunk; a kill resumes at the chunk, and `progress_of` says how far it is.

        `source(*arguments, cursor, chunk, ...)` gives the next items and the cursor after them, None after the last;
        its first cursor is None. Further parameters of both functions are filled as those of steps, and the `Attempt`
        of `function(item, ...)` has the key that makes a repeat harmless. What is transient is tried again by `retry`;
        an item that fails for good becomes a case by its `key`, which names no patient. With more than `aside` of
        those the loop waits for a person. `rate` is items a second at most, `at_once` how many go on side by side.
        """
        name = name or name_of(function)

        async def handle(item: T, attempt: Attempt) -> Any:
            return await self._around.call(function, (item,), attempt, self._workflow)

        policy = retry or self._workflow.retry
        return await self._loop(Plan(name, source, arguments, handle, key, chunk, aside, total, rate, at_once, policy))

    async def begin_each(
        self,
        source: Callable[..., Awaitable[tuple[Sequence[T], Any]]],
        workflow: Workflow,
        *arguments: Any,
        key: Callable[[T], str],
        subject: Callable[[T], str],
        given: Callable[[T], Any] | None = None,
        rate: float = 50.0,
        total: int | None = None,
        name: str = "",
    ) -> Counted:
        """Begin a run of `workflow` for each item at the urgency of a backfill, at most `rate` a second; each once.

        An item is known by its `key`, which names no patient; its run is about `subject`, and gets what `given` makes
        of the item, else the item.
        """
        name = name or f"begin {workflow.name}"

        async def handle(item: T, attempt: Attempt) -> None:
            about = item if given is None else given(item)
            await self._around.begin(
                attempt.key, workflow, about, subject(item), correlation=attempt.correlation, urgency=BACKFILL
            )

        chunk = max(1, min(500, int(rate / 5)))  # small ones, so that they come evenly
        return await self._loop(
            Plan(name, source, arguments, handle, key, chunk, chunk, total, rate, 1, self._workflow.retry)
        )

    async def _loop(self, plan: Plan) -> Counted:
        path = self._place()
        done = self._recorded(path, plan.name, "each")
        if done is None:
            footing = Footing(
                self._journal, self._workflow, self._around, path, self._may_go_on, self._ask, self._answered
            )
            done = await Loop(footing, plan).go()
        counted: Counted = self._value(done, plan.name, Counted)
        return counted


def _given_up(outcome: Outcome, attempts: int) -> Park:
    assert isinstance(outcome, Retry), "done and skipped are not raised"
    case = "ambiguous-outcome" if outcome.kind is ErrorKind.AMBIGUOUS else "delivery"
    return Park(
        f"{outcome.reason} (given up after {attempts} attempts)", outcome.kind, case=case, category=outcome.category
    )
