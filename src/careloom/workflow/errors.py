"""What goes wrong in runs.

CareloomError
├── StepFailed      a step failed for good; the code of the run may catch it, else the run undoes what it did
├── RunFailed       a run that this one waited for failed or was cancelled
├── NoSuchRun       there is no run of this id
├── Unreadable      whom the run was about was erased
├── NoSuchWorkflow  no workflow of this name is in the code
├── AlreadyBegun    a run was begun under this key with something else
├── NotPossible     the run is not in the state for it
└── Diverged        the code does not do what it did when the run began
"""

from __future__ import annotations

from careloom.core.errors import CareloomError
from careloom.core.outcomes import ErrorKind


class StepFailed(CareloomError):
    """A step failed for good. `step` is its name, `kind` how, `field` what is wrong where that is known."""

    def __init__(self, step: str, reason: str, kind: ErrorKind = ErrorKind.PERMANENT, field: str | None = None) -> None:
        super().__init__(f"{step}: {reason}")
        self.step = step
        self.reason = reason
        self.kind = kind
        self.field = field


class RunFailed(CareloomError):
    """A run that this one waited for did not complete. `state` is what became of it."""

    def __init__(self, workflow: str, state: str, reason: str) -> None:
        super().__init__(f"{workflow} {state}: {reason}")
        self.state = state


class NoSuchRun(CareloomError):
    """There is no run of this id."""


class Unreadable(NoSuchRun):
    """Whom the run was about was erased, and with it what the run knew."""


class NoSuchWorkflow(CareloomError):
    """No workflow of this name can be begun here: it is not in the code, or retired."""


class AlreadyBegun(CareloomError):
    """A run was begun under this key with something else."""


class NotPossible(CareloomError):
    """The run is not in the state for it."""


class Diverged(CareloomError):
    """Replaying a run, its code asked for another step than it recorded: the code changed under it."""


class Suspended(BaseException):
    """Raised within a run to let go of it until what it waits for comes. Not an Exception: code that catches those must
    not take it for a failure."""


class Cancelled(BaseException):
    """Raised within a run that is being undone, at the first step that it has not done. Not an Exception either."""


class Stale(Exception):
    """Another node drives this run; what this one does to it is void."""
