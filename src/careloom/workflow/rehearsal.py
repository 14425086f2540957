"""Replays a run on other code without doing anything: tells whether that code asks for what the run has recorded."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, Final

from careloom.core.errors import CareloomError
from careloom.log.steps import place_of
from careloom.workflow.declaration import Signal, Workflow
from careloom.workflow.errors import Diverged, Suspended
from careloom.workflow.journal import ROOT, Journal, Step, Wait
from careloom.workflow.run import Run
from careloom.workflow.standing import place
from careloom.workflow.states import State
from careloom.workflow.surroundings import Surroundings
from careloom.workflow.values import decoded, parameters_of

UNDO: Final = "undo."
_WAITS: Final[Mapping[str, frozenset[str]]] = {
    "step": frozenset({"time", "case", "hold"}),
    "event": frozenset({"event"}),
    "time": frozenset({"time"}),
    "case": frozenset({"case"}),
    "run": frozenset({"run"}),
}
"""What a call of each sort may wait for."""
_FAILURES: Final = frozenset({"mapping", "delivery", "rejected-posting", "ambiguous-outcome"})
_LOOSE: Final = frozenset({"event", "time", "hold"})
"""Waits that may be given up when the code moves on: nobody else counts on them."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the code and the record of a run part. `path` is empty where the code ends by itself."""

    path: str
    recorded: str
    asked: str

    def __str__(self) -> str:
        where = f"at step {self.path} " if self.path else ""
        return f"{where}it recorded {self.recorded}, and the code {self.asked}"


@dataclass
class Rehearsed:
    """What replaying showed. `lines` are the places of the code, outermost first, that asked for each path; `dropped`
    the waits that the code does not ask for any more."""

    difference: Difference | None = None
    lines: dict[str, tuple[int, ...]] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)


class Rehearsal(Run):
    """A run that only replays: what is not recorded is asked for by nobody, so nothing outside is touched."""

    def __init__(self, journal: Journal, workflow: Workflow, around: Surroundings) -> None:
        super().__init__(journal, workflow, around)
        self.told = Rehearsed()
        self._file = getattr(getattr(workflow.function, "__code__", None), "co_filename", "")

    def _recorded(self, path: str, name: str, sort: str) -> Step | None:
        self.told.lines[path] = self._lines()
        step, wait = self._journal.steps.get(path), self._journal.waits.get(path)
        if step is not None and (step.name, step.sort) != (name, sort):
            raise self._differs(path, f"{step.sort} {step.name!r}", f"asks for {sort} {name!r}")
        if step is not None and step.state not in ("tried", "retry"):
            return step
        if wait is None:
            raise Suspended(path)
        if wait.sort not in _WAITS.get(sort, ()) or (wait.sort == "case" and not _asks(wait.signal, sort, name)):
            self._dropped(wait, f"asks for {sort} {name!r}")
        if sort == "event" and path not in self.told.dropped:
            return None  # its key is compared where it is known
        raise Suspended(path)

    async def _await_event(self, path: str, signal: Signal[Any], key: str, within: Any) -> Step:  # noqa: ARG002
        wait = self._journal.waits[path]
        if (wait.signal, wait.key) != (signal.name, self._around.signal_key(signal.name, key)):
            self._dropped(wait, f"waits for {signal.name!r} of another key")
        raise Suspended(path)

    def finish(self) -> None:
        """What the record has and the code did not ask for. Raises Diverged."""
        undos = {undo.path: undo.name for undo in self.undos}
        for path, step in sorted(self._journal.steps.items(), key=lambda one: place(one[0])):
            if path.startswith(UNDO):
                if undos.get(path) != step.name:
                    raise self._differs(path, f"undo {step.name!r}", f"has {undos.get(path) or 'nothing'} there")
            elif path not in self.told.lines:
                raise self._differs(path, f"{step.sort} {step.name!r}", "does not come to it")
        for path, wait in self._journal.waits.items():
            if path not in self.told.lines and path != ROOT and not path.startswith(UNDO):
                self._dropped(wait, "does not come to it")

    def _dropped(self, wait: Wait, asked: str) -> None:
        if wait.sort not in _LOOSE:
            raise self._differs(wait.path, f"that it waits for a {wait.sort}", asked)
        self.told.dropped.append(wait.path)

    def _differs(self, path: str, recorded: str, asked: str) -> Diverged:
        if self.told.difference is None:
            self.told.difference = Difference(path, recorded, asked)
        return Diverged(str(self.told.difference))

    def _lines(self) -> tuple[int, ...]:
        found: list[int] = []
        frame: FrameType | None = sys._getframe(2)
        while frame is not None:
            if frame.f_code.co_filename == self._file:
                found.append(frame.f_lineno)
            frame = frame.f_back
        return tuple(reversed(found))


def _asks(kind: str | None, sort: str, name: str) -> bool:
    """Whether this call may have asked for a case of this kind: a step does when it failed."""
    return kind in _FAILURES if sort == "step" else kind == name


async def rehearse(journal: Journal, workflow: Workflow, around: Surroundings) -> Rehearsed:
    """Replay a run on this code. Nothing is done, nothing is written."""
    run = Rehearsal(journal, workflow, around)
    try:
        await _replay(journal, workflow, run)
        run.finish()
    except Diverged as error:
        run.told.difference = run.told.difference or Difference("", "what it did", f"says: {error}")
    except Exception as error:
        why = str(error) if isinstance(error, CareloomError) else place_of(error)
        run.told.difference = Difference("", f"{len(journal.steps)} steps", f"fails after them: {why}")
    return run.told


async def _replay(journal: Journal, workflow: Workflow, run: Rehearsal) -> None:
    given = decoded(journal.input, workflow.input_type)
    # Systems are for steps, and none is taken here: this may run where no system is open.
    wanted = [one for one in parameters_of(workflow.function)[2:] if one.default is one.empty]
    further = {one.name: None for one in wanted}
    try:
        await workflow.function(run, given, **further)
    except Suspended:
        return
    except CareloomError:
        # A run that undoes itself failed, or was cancelled, where its code failed too.
        if journal.row["state"] != State.COMPENSATING or run.told.difference is not None:
            raise
