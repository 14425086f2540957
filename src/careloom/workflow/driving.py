"""Drives one run as far as it goes: replays what it did, does what is next, undoes when it has to."""

from __future__ import annotations

import logging
from datetime import datetime
from uuid import UUID, uuid5

from careloom.core.errors import CareloomError
from careloom.core.outcomes import Retry
from careloom.log.ports import NewCase
from careloom.log.steps import outcome_of, place_of
from careloom.workflow.answers import goes_on
from careloom.workflow.calling import Attempt
from careloom.workflow.declaration import Workflow
from careloom.workflow.errors import Cancelled, Diverged, Stale, Suspended, Unreadable
from careloom.workflow.ground import Undo
from careloom.workflow.journal import ROOT, Journal, Step, Wait
from careloom.workflow.run import Run
from careloom.workflow.states import ENDED, State
from careloom.workflow.surroundings import Surroundings
from careloom.workflow.values import decoded, encoded

_log = logging.getLogger(__name__)


class Driver:
    """Drives runs, one call for each; any number side by side."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    async def drive(self, id_: UUID) -> None:
        """Drive it until it ends, waits, or turns out to be another node's. Raises what the store raises."""
        try:
            journal = await self._around.store.load(id_)
        except Unreadable as error:
            _log.warning("%s", error)
            await self._around.store.give_up(id_)
            return
        if journal.row["state"] in ENDED:
            return
        try:
            await self._drive(journal)
        except Stale:
            _log.debug("run %s is driven by another node", id_)

    async def _drive(self, journal: Journal) -> None:
        row = journal.row
        given_up = _given_up(journal)
        workflow = self._around.registry.of(row["workflow"], row["version"])
        if workflow is None:
            missing = f"its code, {row['workflow']} version {row['version']}, is not here"
            over = given_up or journal.cancel is not None
            return await (self._abandon(journal, missing) if over else self._strand(journal, missing))
        if given_up:
            journal.cancel = journal.cancel or "given up by a person"
        run = Run(journal, workflow, self._around)
        undoing = row["state"] == State.COMPENSATING
        if undoing:
            journal.cancel = journal.cancel or row["error"] or "it failed"
        try:
            given = decoded(journal.input, workflow.input_type)
            attempt = Attempt(journal.id, 1, journal.id, row["correlation"])
            result = await self._around.call(workflow.function, (run, given), attempt, workflow)
            kept = encoded(result, workflow.name)
        except Suspended:
            return await self._let_go(journal, workflow)
        except Stale:
            raise
        except Cancelled as told:
            end = State.FAILED if undoing and not row["cancel"] else State.CANCELLED
            return await self._undo(journal, workflow, run, str(told), end)
        except Exception as error:
            return await self._failed(journal, workflow, run, error, given_up=given_up)
        await self._around.store.end(journal, State.COMPLETED, result=kept)
        return None

    async def _let_go(self, journal: Journal, workflow: Workflow) -> None:
        held = journal.fixed
        state = State.SUSPENDED if held else State.WAITING
        if journal.row["state"] == State.COMPENSATING:
            state = State.COMPENSATING
        pauses = not workflow.waiting_counts
        await self._around.store.suspend(journal, state, None if held else _due(journal), pauses=pauses)
        self._around.woken()

    async def _failed(
        self, journal: Journal, workflow: Workflow, run: Run, error: Exception, *, given_up: bool
    ) -> None:
        if isinstance(error, CareloomError) and not isinstance(error, Diverged):
            return await self._undo(journal, workflow, run, str(error), State.FAILED)
        reason = str(error) if isinstance(error, Diverged) else f"its code failed: {place_of(error)}"
        if given_up:  # what the code came to before it failed can be undone
            return await self._undo(journal, workflow, run, reason, State.CANCELLED)
        return await self._strand(journal, reason)

    async def _strand(self, journal: Journal, reason: str) -> None:
        """The run cannot go on until somebody repairs its code: nothing is undone, a person has it."""
        _log.error("run %s stands still: %s", journal.id, reason)
        row = journal.row
        journal.fresh.clear()
        journal.wait(Wait(ROOT, "case", None, "run-stopped"))
        journal.cases[:] = [
            NewCase("run-stopped", row["workflow"], reason, run=f"{journal.id}/{ROOT}", type=row["workflow"],
                    event=row["causation"], message=row["correlation"])
        ]  # fmt: skip
        undoing = row["state"] == State.COMPENSATING
        await self._around.store.suspend(
            journal, State.COMPENSATING if undoing else State.SUSPENDED, None, error=reason
        )

    async def _abandon(self, journal: Journal, reason: str) -> None:
        """A person gave it up, and its code is not here to undo anything."""
        await self._around.store.compensate(journal, reason)
        await self._around.store.end(journal, State.CANCELLED, error=f"given up with nothing undone: {reason}")

    # ------------------------------------------------------------------ undoing

    async def _undo(self, journal: Journal, workflow: Workflow, run: Run, reason: str, end: State) -> None:
        if journal.row["state"] != State.COMPENSATING:
            await self._around.store.compensate(journal, reason, reason if end is State.CANCELLED else None)
        cases: list[NewCase] = []
        journal.fresh.clear()
        journal.cases.clear()
        try:
            for undo in reversed(run.undos):
                await self._undo_one(journal, workflow, undo)
        except Suspended:
            due = min(one.due for one in journal.fresh.values() if one.due is not None)
            journal.fresh.clear()
            await self._around.store.suspend(journal, State.COMPENSATING, due, error=reason)
            self._around.woken()
            return
        if end is State.FAILED:
            cases.append(_case(journal, workflow, "run-failed", reason))
        await self._around.store.end(journal, end, error=reason, cases=cases)

    async def _undo_one(self, journal: Journal, workflow: Workflow, undo: Undo) -> None:
        before = journal.steps.get(undo.path)
        if before is not None and before.state in ("undone", "left"):
            return
        now = self._around.clock.now()
        if before is not None and before.due is not None and before.due > now:
            journal.wait(Wait(undo.path, "time", before.due))
            raise Suspended
        attempts = (before.attempts if before is not None else 0) + 1
        attempt = Attempt(uuid5(journal.id, undo.path), attempts, journal.id, journal.row["correlation"])
        try:
            await self._around.call(undo.function, undo.arguments, attempt, workflow)
        except Exception as error:
            await self._undo_failed(journal, workflow, undo, error, attempts, now)
        else:
            await journal.record(undo.path, Step(undo.name, "undo", "undone", attempts), now)

    async def _undo_failed(
        self, journal: Journal, workflow: Workflow, undo: Undo, error: Exception, attempts: int, began: datetime
    ) -> None:
        outcome = outcome_of(error)
        reason = getattr(outcome, "reason", "it failed")
        unknown = getattr(error, "kind", None) == "ambiguous"  # what undoes may be repeated, as any step
        if (isinstance(outcome, Retry) or unknown) and attempts < workflow.retry.attempts:
            after = getattr(outcome, "after", None)
            due = self._around.due_in(after if after is not None else workflow.retry.pause(attempts))
            await journal.record(undo.path, Step(undo.name, "undo", "retry", attempts, due, error=reason), began)
            journal.wait(Wait(undo.path, "time", due))
            raise Suspended
        case = _case(journal, workflow, "compensation-failed", f"{undo.name}: {reason}", undo.name)
        left = Step(undo.name, "undo", "left", attempts, error=reason)
        await journal.record(undo.path, left, began, cases=[case])


def _case(journal: Journal, workflow: Workflow, kind: str, reason: str, field: str | None = None) -> NewCase:
    """For which nothing waits: the run has ended, or goes on without it."""
    return NewCase(
        kind, workflow.name, reason, field, event=journal.id, message=journal.row["correlation"],
        owner=workflow.owner, type=workflow.name, criticality=workflow.criticality,
    )  # fmt: skip


def _due(journal: Journal) -> datetime | None:
    """When the run goes on by itself: at the first of what it waits for, or its deadline."""
    waits = [*journal.waits.values(), *journal.fresh.values()]
    times = [wait.due for wait in waits if wait.due is not None]
    if (deadline := journal.row["deadline"]) is not None:
        times.append(deadline)
    return min(times, default=None)


def _given_up(journal: Journal) -> bool:
    """Whether a person gave up a run that stood still. Their answer is used up by that."""
    wait = journal.waits.get(ROOT)
    if wait is None or wait.answer is None:
        return False
    del journal.waits[ROOT]
    return not goes_on(wait.answer)
