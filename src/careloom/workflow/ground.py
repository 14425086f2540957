"""What every call on a run stands on: its place in the code, its record, and whether the run may go on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from careloom.log.ports import NewCase
from careloom.workflow.answers import Answer, answer_of
from careloom.workflow.declaration import Workflow
from careloom.workflow.errors import Cancelled, Diverged, Suspended
from careloom.workflow.journal import Journal, Step, Wait
from careloom.workflow.surroundings import Surroundings
from careloom.workflow.values import Failure, decoded


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


numbering: ContextVar[Numbering] = ContextVar("careloom_run_numbering")


class Ground:
    """One run as its calls see it."""

    def __init__(self, journal: Journal, workflow: Workflow, around: Surroundings) -> None:
        self._journal = journal
        self._workflow = workflow
        self._around = around
        self.undos: list[Undo] = []
        numbering.set(Numbering())

    @property
    def id(self) -> UUID:
        """The run's id; the event that began it has the same."""
        return self._journal.id

    @property
    def begun(self) -> datetime:
        """When it began."""
        found: datetime = self._journal.row["begun"]
        return found

    def _place(self) -> str:
        return numbering.get().next()

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
        known = self._journal.waits.get(path)
        if known is None or known.sort != "case":  # it may have waited there for its next attempt, or for a hold
            self._journal.cases.append(asked)
        # A case's wait keeps its kind where an event's keeps its signal: the answer is read by it.
        return self._waits(Wait(path, "case", due, case.kind))

    async def _keep(self, path: str, step: Step, began: datetime) -> Step:
        await self._journal.record(path, step, began)
        return step
