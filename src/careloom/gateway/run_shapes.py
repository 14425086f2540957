"""How the API shows runs, and what it takes about them."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import Field

from careloom.gateway.examples import EVENT_ID, MESSAGE_ID, SUBJECT, TIME
from careloom.gateway.shapes import Because, Shape
from careloom.workflow.standing import RunCount, RunStanding, RunStory
from careloom.workflow.starting import LONGEST_SUBJECT

RUN_ID: Final = "019cbd0a-7b20-7d11-9c3e-4e5f6a7b8c9d"
WORKFLOW: Final = r"^[A-Za-z0-9][\w.-]{0,199}$"
RunState = Literal[
    "pending", "running", "waiting", "suspended", "compensating", "completed", "failed", "cancelled"
]  # fmt: skip


class RunShown(Shape):
    """A run of a process. It names no patient."""

    id: str = Field(description="its id")
    workflow: str = Field(description="the process")
    version: int = Field(description="the version of the code that it finishes on")
    code: str = Field(description="the fingerprint of that code when it began, or was moved")
    state: str = Field(description="pending, running, waiting, suspended, compensating, completed, failed, cancelled")
    backfill: bool = Field(description="whether it yields to live work")
    subject: str = Field(description="stands in for whom it is about")
    message: str = Field(description="the message that everything came from; the run itself where there is none")
    event: str | None = Field(default=None, description="the event that it began by")
    parent: str | None = Field(default=None, description="the run that waits for it")
    begun: str = Field(description="since when")
    changed: str = Field(description="when something of it changed last")
    ended: str | None = Field(default=None, description="when it ended")
    due: str | None = Field(default=None, description="when it goes on by itself")
    late_at: str | None = Field(default=None, description="when it is over its service level, until that is told")
    late: bool = Field(description="whether it is")
    deadline: str | None = Field(default=None, description="when it is undone, unless it has ended")
    held: bool = Field(description="whether a person holds it")
    cancelled_by: str | None = Field(default=None, description="who had it cancelled")
    cancelled_why: str | None = Field(default=None, description="why")
    error: str | None = Field(default=None, description="why it failed, or stands still")
    age_seconds: float = Field(description="for how long it has run, or did")
    revision: int = Field(description="grows with each change")


class StepOfRun(Shape):
    """Something that a run did."""

    path: str = Field(description="its place in the code: 3; side by side 3.1.2; what undoes it undo.3")
    name: str = Field(description="what it is")
    sort: str = Field(description="step, event, time, case, run, event out, hold or undo")
    state: str = Field(description="tried, retry, done, failed, undone, or left: it could not be undone")
    attempts: int = Field(description="how often it was tried")
    began: str = Field(description="when it was begun")
    ended: str | None = Field(default=None, description="when it ended")
    due: str | None = Field(default=None, description="when it is tried again")
    reference: str | None = Field(default=None, description="the event that came or was told, or the run begun")
    error: str | None = Field(default=None, description="why it failed")


class WaitOfRun(Shape):
    """Something that a run waits for."""

    path: str = Field(description="where in the code; root: a person has the run itself")
    sort: str = Field(description="event, time, case, run or hold")
    name: str | None = Field(default=None, description="the signal, the kind of case, or what holds it back")
    since: str = Field(description="since when")
    due: str | None = Field(default=None, description="until when")
    reference: str | None = Field(default=None, description="the run that it waits for")
    answered: str | None = Field(default=None, description="when it came")


class ActOnRun(Shape):
    """What a person did with a run."""

    at: str = Field(description="when")
    by: str = Field(description="who")
    what: str = Field(description="began, cancelled, suspended, resumed, moved, retried or looked")
    why: str = Field(description="the reason that was given")


class ChildOfRun(Shape):
    """A run that this one began."""

    id: str = Field(description="its id")
    workflow: str = Field(description="the process")
    version: int = Field(description="its version")
    state: str = Field(description="its state")
    begun: str = Field(description="since when")
    ended: str | None = Field(default=None, description="when it ended")


class CaseOfRun(Shape):
    """A case that was opened for a run."""

    id: str = Field(description="its id; see /v1/cases")
    kind: str = Field(description="what it is")
    state: str = Field(description="its state")
    reason: str = Field(description="what is wrong")
    owner: str = Field(description="the role that answers for it")
    assignee: str | None = Field(default=None, description="who has it")
    opened: str = Field(description="since when")
    due: str = Field(description="by when it is to be over")
    resolved: str | None = Field(default=None, description="when it ended")
    resolution: str | None = Field(default=None, description="how")
    path: str | None = Field(default=None, description="the place that waits for it; absent: it only tells of the run")


class StoryShown(Shape):
    """A run with its timeline."""

    run: RunShown
    steps: list[StepOfRun] = Field(description="in the order of the code")
    waits: list[WaitOfRun] = Field(description="what it waits for now")
    acts: list[ActOnRun] = Field(description="what people did, oldest first")
    children: list[ChildOfRun] = Field(description="the runs that it began")
    cases: list[CaseOfRun] = Field(description="what people were asked or told, oldest first")


class RunsShown(Shape):
    """Some runs, the newest first."""

    runs: list[RunShown] = Field(description="at most as many as were asked for")
    next: str | None = Field(default=None, description="the `after` of the next page; absent on the last")


class RunCountShown(Shape):
    """Runs of one version of a process in one state."""

    workflow: str = Field(description="the process")
    version: int = Field(description="the version of its code")
    state: str = Field(description="their state")
    runs: int = Field(description="how many")
    late: int = Field(description="those of them that are over their service level, or were")
    oldest: str = Field(description="when the oldest of them began")


class RunCountsShown(Shape):
    """How many runs there are."""

    counts: list[RunCountShown] = Field(description="by process, version and state")


class RunStarted(Shape):
    """A run that was begun."""

    id: str = Field(description="its id; the same for a repeat under the same key")


class OpenedShown(Shape):
    """What is sealed of a run, as JSON values."""

    input: Any = Field(description="what it began with")
    steps: dict[str, Any] = Field(description="by path: what each gave or was told")
    answers: dict[str, Any] = Field(description="by path: what came that it has not taken yet")
    result: Any = Field(default=None, description="what came of it")


class Move(Because):
    """To which code a run goes."""

    version: int = Field(ge=1, le=2**31 - 1, description="a version of the same workflow that the code has")


class Start(Because):
    """What is begun."""

    workflow: str = Field(pattern=WORKFLOW, description="its name; the newest version is begun")
    input: dict[str, Any] | str | int | None = Field(description="what the process takes, as JSON")
    subject: str | None = Field(
        default=None, max_length=LONGEST_SUBJECT, description="whom it is about: Patient/<assigner>/<number>"
    )


def run_shown(one: RunStanding) -> RunShown:
    """A run."""
    return RunShown(**one.as_dict())


def count_shown(one: RunCount) -> RunCountShown:
    """How many of one sort."""
    return RunCountShown(**one.as_dict())


def story_shown(one: RunStory) -> StoryShown:
    """A run with its timeline."""
    return StoryShown(**one.as_dict())


RUN: Final = RunShown(
    id=RUN_ID, workflow="admission.admit", version=2, code="9f1c7a0b3d5e2f48", state="waiting", backfill=False,
    subject=SUBJECT, message=MESSAGE_ID, event=EVENT_ID, begun=TIME, changed=TIME, due="2026-03-14T05:06:07Z",
    late=False, held=False, age_seconds=61.5, revision=4,
)  # fmt: skip
STORY: Final = StoryShown(
    run=RUN,
    steps=[
        StepOfRun(
            path="1", name="open_account", sort="step", state="done", attempts=1, began=TIME, ended=TIME
        )
    ],
    waits=[
        WaitOfRun(
            path="2", sort="event", name="admission.AuthorizationGranted", since=TIME, due="2026-03-14T05:06:07Z"
        )
    ],
    acts=[],
    children=[],
    cases=[],
)  # fmt: skip
