"""What the code of a process works with. Each call is a step that is done once; replayed, it gives what it gave.

    async def admit(run: Run, registration: RegistrationCreated) -> None:
        coverage = await run.step(verify_eligibility, registration.coverage)
        if not coverage.active:
            answer = await run.case("missing-payer-data", "no active coverage was found")
        account = await run.step(open_account, registration.patient, undo=close_account)
        decided = await run.wait_for(AuthorizationDecided, account.order, within="10d")

Between two calls the code only computes: no clock, no chance, no reading, else a replay would go another way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal, TypeVar
from uuid import UUID, uuid5

from careloom.cases.catalogue import APPROVAL
from careloom.cases.kinds import Action
from careloom.core.envelope import Event
from careloom.core.errors import CareloomError
from careloom.core.outcomes import ErrorKind, Outcome, Park, Retry
from careloom.log.handling import RetryPolicy
from careloom.log.ports import NewCase
from careloom.log.steps import outcome_of
from careloom.mapping.subject import subjects_of
from careloom.model import CanonicalEvent, encode
from careloom.model.amounts import Money
from careloom.workflow.answers import Answer, answer_of
from careloom.workflow.approvals import EXPIRED, Approvals, Asked, asked
from careloom.workflow.ballots import Approval
from careloom.workflow.calling import Attempt
from careloom.workflow.declaration import E, Signal, Workflow, length_of
from careloom.workflow.errors import Cancelled, Diverged, RunFailed, Stale, Suspended
from careloom.workflow.journal import Journal, Step, Wait
from careloom.workflow.loop import Counted, Footing, Loop, Plan
from careloom.workflow.surroundings import BACKFILL, Surroundings
from careloom.workflow.values import Failure, decoded, encoded, name_of, result_type

T = TypeVar("T")
OnFailure = Literal["undo", "case"]
_BY_ITSELF = "what it waited for came by itself"


@dataclass
class Numbering:
    """Where the code stands: the next step's place. What goes on side by side has numbers of its own."""

    prefix: str = ""
    last: int = 0

    def next(self) -> str:
        self.last += 1
        return f"{self.prefix}{self.last}"


@dataclass(frozen=True, slots=True)
class Undo:
    """How to undo a step that was done."""

    path: str
    name: str
    function: Callable[..., Awaitable[Any]]
    arguments: tuple[Any, ...]


_numbering: ContextVar[Numbering] = ContextVar("careloom_run_numbering")


class Run:
    """One run, in the hands of its code."""

    def __init__(self, journal: Journal, workflow: Workflow, around: Surroundings) -> None:
        self._journal = journal
        self._workflow = workflow
        self._around = around
        self.undos: list[Undo] = []
        _numbering.set(Numbering())

    @property
    def id(self) -> UUID:
        """The run's id; the event that began it has the same."""
        return self._journal.id

    @property
    def begun(self) -> datetime:
        """When it began."""
        found: datetime = self._journal.row["begun"]
        return found

    # ------------------------------------------------------------------ steps

    async def step(
        self,
        function: Callable[..., Awaitable[T]],
        *arguments: Any,
        undo: Callable[..., Awaitable[Any]] | None = None,
        name: str = "",
        retry: RetryPolicy | None = None,
        timeout: str | timedelta | None = None,
        on_failure: OnFailure = "undo",
        repeatable: bool = True,
        held_by: tuple[str, str] | None = None,
    ) -> T:
        """Do something outside, once, and keep what it gave.

        `function` gets `arguments`; its further parameters are filled by their annotation, systems by the settings of
        the flow, `Attempt` with the key that makes a repeat harmless. `undo` gets what the step gave, if the run comes
        to undo itself. What is transient is tried again by `retry`. What fails for good raises StepFailed, or with
        `on_failure="case"` waits for a person who has it retried, waived (the step then gives None) or given up.
        A step that is not `repeatable` is never tried again when nothing tells whether it happened: a person decides.
        `held_by` (sort, key): it waits while steps of that sort are held back for the key.
        """
        path, name = self._place(), name or name_of(function)
        done = self._recorded(path, name, "step")
        if done is None:
            await self._may_go_on(path, held_by)
            done = await self._perform(
                path, name, function, arguments, retry or self._workflow.retry, timeout, on_failure,
                noted=undo is not None or not repeatable, repeatable=repeatable,
            )  # fmt: skip
        value = self._value(done, name, result_type(function))
        # What a person had waived was not done, so there is nothing to undo.
        if undo is not None and done.body is not None:
            given = (value,) if value is not None else arguments
            self.undos.append(Undo(f"undo.{path}", name_of(undo), undo, given))
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
            asked = NewCase(parked.case, self._workflow.name, f"{name}: {parked.reason}", parked.field or name)
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

    # ------------------------------------------------------------------ waits

    async def wait_for(
        self, event: type[E] | Signal[E], key: str, *, within: str | timedelta | None = None
    ) -> E | None:
        """The next event of this signal with this key that the run has not had; None when none comes `within`."""
        signal: Signal[E] = event if isinstance(event, Signal) else self._around.registry.signal_for(event)
        path = self._place()
        done = self._recorded(path, signal.name, "event")
        if done is None:
            done = await self._await_event(path, signal, key, within)
        return signal.read(done.body) if done.body else None

    async def _await_event(self, path: str, signal: Signal[Any], key: str, within: str | timedelta | None) -> Step:
        await self._may_go_on(path)
        now = self._around.clock.now()
        token = self._around.signal_key(signal.name, key)
        arrived = await self._around.arrival(self._journal, signal.name, token)
        if arrived is not None:
            return await self._keep(path, _taken(signal, *arrived), now)
        known = self._journal.waits.get(path)
        due = known.due if known else now + length_of(within) if within is not None else None
        if due is not None and due <= now:
            return await self._keep(path, Step(signal.name, "event", "done"), now)
        raise self._waits(Wait(path, "event", due, signal.name, token))

    async def sleep(self, length: str | timedelta) -> None:
        """Go on after this long."""
        path = self._place()
        if self._recorded(path, "sleep", "time") is not None:
            return
        await self._may_go_on(path)
        now = self._around.clock.now()
        known = self._journal.waits.get(path)
        due = known.due if known and known.due else now + length_of(length)
        if due > now:
            raise self._waits(Wait(path, "time", due))
        await self._keep(path, Step("sleep", "time", "done"), now)

    async def now(self) -> datetime:
        """The time, the same in every replay."""
        path = self._place()
        done = self._recorded(path, "now", "time")
        if done is None:
            now = self._around.clock.now()
            done = await self._keep(path, Step("now", "time", "done", body=encoded(now, "now")), now)
        return decoded(done.body, datetime)  # type: ignore[no-any-return]

    async def case(
        self,
        kind: str,
        reason: str,
        *,
        field: str | None = None,
        owner: str = "",
        asked_by: str = "",
        within: str | timedelta | None = None,
    ) -> Answer | None:
        """Ask a person by a case of this kind, and wait for what is decided; None when nobody did `within`.

        `reason` and `field` name no patient. What follows from the answer is for the code to say (`Answer.given_up`).
        """
        path = self._place()
        done = self._recorded(path, kind, "case")
        if done is None:
            done = await self._await_case(path, NewCase(kind, self._workflow.name, reason, field, owner=owner,
                                                        asked_by=asked_by), within)  # fmt: skip
        return None if done.body is None else answer_of(done.body, kind, self._around.kinds)

    async def _await_case(self, path: str, wanted: NewCase, within: str | timedelta | None) -> Step:
        await self._may_go_on(path)
        now = self._around.clock.now()
        known = self._journal.waits.get(path)
        if known is None:
            raise await self._ask(path, wanted, None if within is None else now + length_of(within))
        if known.answer is None and (known.due is None or known.due > now):
            raise self._waits(known)
        step = Step(wanted.kind, "case", "done", body=known.answer)
        if known.answer is None:
            over = partial(self._around.store.stop_asking, run=self.id, path=path)
            await self._journal.record(path, step, now, first=over)
            return step
        return await self._keep(path, step, now)

    async def approval(
        self,
        reason: str,
        *,
        role: str,
        amount: Money | None = None,
        asked_by: str = "",
        needed: int = 1,
        remind: str | timedelta | None = None,
        escalate: tuple[str | timedelta, str] | None = None,
        within: str | timedelta | None = None,
    ) -> Approval:
        """Have people of this role approve, `needed` of them, none of whom is who `asked_by`; one who rejects decides.

        An `amount` must be within the limits of each. After `remind` it is told of, after `escalate` it is for another
        role, and `within` that time somebody must have decided: all counted from now. `reason` names no patient.
        """
        wanted = asked(reason, role, amount, asked_by, needed, remind, escalate, within)
        path = self._place()
        done = self._recorded(path, APPROVAL, "case")
        if done is None:
            await self._may_go_on(path)
            done = await self._await_approval(path, wanted)
        return decoded(done.body, Approval)  # type: ignore[no-any-return]

    async def _await_approval(self, path: str, wanted: Asked) -> Step:
        now, approvals = self._around.clock.now(), Approvals(self._around.store, self._around.new_id)
        known = self._journal.waits.get(path)
        if known is not None and known.answer is not None:
            return await self._keep(path, Step(APPROVAL, "case", "done", body=known.answer), now)
        standing = await approvals.stand(self.id, path, wanted, now)
        if standing.expired:
            over = Step(APPROVAL, "case", "done", body=encoded(EXPIRED, APPROVAL))
            expire = partial(approvals.expire, run=self.id, path=path, now=now)
            await self._journal.record(path, over, now, first=expire)
            return over
        if known is None:
            raise await self._ask(path, wanted.case(self._workflow.name, now), standing.due)
        self._journal.waits[path] = later = replace(known, due=standing.due)
        raise self._waits(later)

    async def case_unless(
        self, kind: str, reason: str, signal: Signal[E], key: str, *, field: str | None = None, owner: str = ""
    ) -> Answer | E:
        """Ask a person as `case` does, unless an event of this signal and key comes first: then it is given instead,
        and the case is closed."""
        at, event_at = self._place(), self._place()
        answered, came = self._recorded(at, kind, "case"), self._recorded(event_at, signal.name, "event")
        if answered is None:
            case = NewCase(kind, self._workflow.name, reason, field, owner=owner)
            answered = await self._first_of(at, case, event_at, signal, key)
        if came is None:
            came = Step(signal.name, "event", "done")
            if answered.body is None:
                arrived = await self._around.arrival(self._journal, signal.name, self._token(signal, key))
                assert arrived is not None, "it was there when the case was closed"
                came = _taken(signal, *arrived)
            await self._keep(event_at, came, self._around.clock.now())
        if answered.body is not None:
            return answer_of(answered.body, kind, self._around.kinds)
        assert came.body, "an answer or an event ended it"
        return signal.read(came.body)

    async def _first_of(self, at: str, case: NewCase, event_at: str, signal: Signal[Any], key: str) -> Step:
        """The case, answered or closed for an event. What a person decided counts, also when an event came meanwhile:
        it is had later."""
        await self._may_go_on(at)
        now = self._around.clock.now()
        known = self._journal.waits.get(at)
        if known is not None and known.answer is not None:
            return await self._keep(at, Step(case.kind, "case", "done", body=known.answer), now)
        token = self._token(signal, key)
        arrived = await self._around.arrival(self._journal, signal.name, token)
        if arrived is None or not arrived[2]:
            self._waits(Wait(event_at, "event", None, signal.name, token))
            raise await self._ask(at, case)
        step = Step(case.kind, "case", "done")
        close = partial(self._around.store.stop_asking, run=self.id, path=at, why=_BY_ITSELF, state="resolved")
        await self._journal.record(at, step, now, first=close if known is not None else None)
        return step

    def _token(self, signal: Signal[Any], key: str) -> UUID:
        return self._around.signal_key(signal.name, key)

    async def parallel(self, *branches: Coroutine[Any, Any, Any]) -> list[Any]:
        """Go on side by side. When one fails the others go on to their next step that is not done, then it raises."""
        path = self._place()

        async def branch(number: int, work: Coroutine[Any, Any, Any]) -> Any:
            _numbering.set(Numbering(f"{path}.{number}."))
            return await work

        tasks = [asyncio.create_task(branch(number, work)) for number, work in enumerate(branches, 1)]
        try:
            await asyncio.wait(tasks)
        except asyncio.CancelledError:
            for task in tasks:
                task.cancel()
            raise
        return _together(tasks)

    async def child(self, workflow: Workflow, given: Any, *, name: str = "") -> Any:
        """Begin another run and wait for what it gives. Raises RunFailed when it fails or is cancelled."""
        path, name = self._place(), name or workflow.name
        done = self._recorded(path, name, "run")
        if done is None:
            done = await self._await_child(path, name, workflow, given)
        if done.state == "failed":
            state, _, reason = (decoded(done.body, Failure).reason).partition(": ")
            raise RunFailed(workflow.name, state, reason)
        return decoded(done.body, result_type(workflow.function))

    async def _await_child(self, path: str, name: str, workflow: Workflow, given: Any) -> Step:
        await self._may_go_on(path)
        now = self._around.clock.now()
        child = uuid5(self.id, path)
        if path not in self._journal.waits:
            await self._around.begin_child(self._journal, child, workflow, given)
        ended = await self._around.ended(child)
        if ended is None:
            raise self._waits(Wait(path, "run", reference=child))
        state, body, error = ended
        if state == "completed":
            return await self._keep(path, Step(name, "run", "done", reference=child, body=body), now)
        failure = encoded(Failure(reason=f"{state}: {error or 'no reason is known'}"), name)
        failed = Step(
            name, "run", "failed", reference=child, body=failure, error=f"it {state}" if error is None else error
        )
        return await self._keep(path, failed, now)

    # ------------------------------------------------------------------ telling, holding

    async def emit(self, *events: CanonicalEvent) -> None:
        """Append these to the log, once, together with the record that it was done."""
        path = self._place()
        if self._recorded(path, "emit", "event out") is not None:
            return
        await self._may_go_on(path)
        now = self._around.clock.now()
        made = [self._event(path, number, event, now) for number, event in enumerate(events)]
        await self._journal.record(path, Step("emit", "event out", "done", reference=made[0].id), now, events=made)

    async def hold(self, sort: str, key: str, reason: str) -> None:
        """From now on steps of this sort wait, in every run, where they are about this key; until this run lets go of
        them or ends."""
        path = self._place()
        if self._recorded(path, f"hold {sort}", "hold") is None:
            await self._may_go_on(path)
            now = self._around.clock.now()
            await self._around.hold(self._journal, sort, key, reason)
            await self._keep(path, Step(f"hold {sort}", "hold", "done"), now)

    async def release(self, sort: str, key: str) -> None:
        """What this run held back goes on where it stopped, unless another run holds it back too."""
        path = self._place()
        if self._recorded(path, f"release {sort}", "hold") is None:
            now = self._around.clock.now()
            await self._around.release(self._journal, sort, key)
            await self._keep(path, Step(f"release {sort}", "hold", "done"), now)

    # ------------------------------------------------------------------ within

    def _place(self) -> str:
        return _numbering.get().next()

    @property
    def _correlation(self) -> UUID:
        found: UUID = self._journal.row["correlation"]
        return found

    def _recorded(self, path: str, name: str, sort: str) -> Step | None:
        """What stands at this place, if it has ended. Raises Diverged when it is another step's."""
        step = self._journal.steps.get(path)
        if step is None:
            return None
        if (step.name, step.sort) != (name, sort):
            raise Diverged(
                f"run {self.id} recorded {step.sort} {step.name!r} as its step {path}, and its code now asks for "
                f"{sort} {name!r}: give the changed code a new version, and move the run by `careloom workflow move`"
            )
        return None if step.state in ("tried", "retry", "going") else step

    def _value(self, step: Step, name: str, type_: Any) -> Any:
        if step.state == "failed":
            failure: Failure = decoded(step.body, Failure)
            raise failure.as_error(name)
        return decoded(step.body, type_)

    async def _may_go_on(self, path: str, held_by: tuple[str, str] | None = None) -> None:
        """Raises Cancelled or Suspended where the run is not to do anything new."""
        journal = self._journal
        tried = journal.steps.get(path)
        # A step that was begun and can be undone is finished first: else nobody would know what is to be undone.
        begun = tried is not None and tried.state == "tried"
        if journal.cancel is not None and not begun:
            raise Cancelled(journal.cancel)
        deadline = journal.row["deadline"]
        if deadline is not None and deadline <= self._around.clock.now() and not begun:
            raise Cancelled("it did not end before its deadline")
        if journal.fixed:
            raise Suspended("a person holds it")
        if held_by is not None and (key := await self._around.held(*held_by)) is not None:
            raise self._waits(Wait(path, "hold", None, held_by[0], key))

    def _answered(self, path: str) -> Answer | None:
        wait = self._journal.waits.get(path)
        if wait is None or wait.sort != "case" or wait.answer is None:
            return None
        return answer_of(wait.answer, wait.signal or "", self._around.kinds)

    def _waits(self, wait: Wait) -> Suspended:
        self._journal.wait(wait)
        return Suspended(wait.path)

    async def _ask(self, path: str, case: NewCase, due: datetime | None = None) -> Suspended:
        """Have a case opened when the run lets go; it goes on from here by what is decided."""
        asked = replace(
            case,
            run=f"{self.id}/{path}",
            type=self._workflow.name,
            owner=case.owner or self._workflow.owner,
            criticality=self._workflow.criticality,
            event=self._journal.row["causation"],
            message=self._correlation,
        )
        if path not in self._journal.waits:
            self._journal.cases.append(asked)
        # A case's wait keeps its kind where an event's keeps its signal: the answer is read by it.
        return self._waits(Wait(path, "case", due, case.kind))

    async def _keep(self, path: str, step: Step, began: datetime) -> Step:
        await self._journal.record(path, step, began)
        return step

    def _event(self, path: str, number: int, event: CanonicalEvent, now: datetime) -> Event:
        subject, others = subjects_of(event)
        return Event(
            id=uuid5(self.id, f"{path}/{number}"),
            type=event.type,
            source=self._workflow.name,
            subject=subject,
            time=event.occurred or now,
            data=encode(event),
            correlation=self._correlation,
            causation=self._journal.row["causation"],
            others=others,
        )


def _taken(signal: Signal[Any], event: UUID, type_: str, body: bytes) -> Step:
    return Step(signal.name, "event", "done", reference=event, body=signal.kept(type_, body))


def _given_up(outcome: Outcome, attempts: int) -> Park:
    assert isinstance(outcome, Retry), "done and skipped are not raised"
    case = "ambiguous-outcome" if outcome.kind is ErrorKind.AMBIGUOUS else "delivery"
    return Park(f"{outcome.reason} (given up after {attempts} attempts)", outcome.kind, case=case)


def _together(tasks: Sequence[asyncio.Task[Any]]) -> list[Any]:
    """The results; or what was raised, what ends the run before what only lets go of it."""
    raised = [error for task in tasks if (error := task.exception()) is not None]
    for sort in (Stale, Diverged, Cancelled, Exception, BaseException):
        for error in raised:
            if isinstance(error, sort):
                raise error
    return [task.result() for task in tasks]
