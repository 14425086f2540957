"""Runs as people see them: how they stand and what they did. Nothing here is sealed, and nothing names a patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from careloom.workflow.journal import ROOT
from careloom.workflow.surroundings import BACKFILL


class Shown:
    """Something that is shown as it is."""

    __slots__ = ()

    def as_dict(self) -> dict[str, Any]:
        """For JSON: ids and moments as text."""
        made: dict[str, Any] = plain(asdict(self))  # type: ignore[call-overload]
        return made


@dataclass(frozen=True, slots=True)
class RunStanding(Shown):
    """A run as it stands. `subject` stands in for whom it is about, `message` is what everything came from and `event`
    what it began by. `error` is why it failed, or stands still; `held`: a person, or the lack of its code, holds it.
    `due` is when it goes on by itself. `late` and `age_seconds` are as of when it was read."""

    id: UUID
    workflow: str
    version: int
    code: str
    state: str
    backfill: bool
    subject: UUID
    message: UUID
    event: UUID | None
    parent: UUID | None
    begun: datetime
    changed: datetime
    ended: datetime | None
    due: datetime | None
    late_at: datetime | None
    late: bool
    deadline: datetime | None
    held: bool
    cancelled_by: str | None
    cancelled_why: str | None
    error: str | None
    age_seconds: float
    revision: int


@dataclass(frozen=True, slots=True)
class StepShown(Shown):
    """Something that a run did. `path` is its place in the code: `3`, within what goes on side by side `3.1.2`, and
    `undo.3` for what undoes it. `reference` is the event that came or was told, or the run that was begun."""

    path: str
    name: str
    sort: str
    state: str
    attempts: int
    began: datetime
    ended: datetime | None
    due: datetime | None
    reference: UUID | None
    error: str | None


@dataclass(frozen=True, slots=True)
class WaitShown(Shown):
    """Something that a run waits for: `sort` is event, time, case, run or hold, `name` the signal, the kind of case or
    what holds it back. The place of a person who has the run itself is `root`."""

    path: str
    sort: str
    name: str | None
    since: datetime
    due: datetime | None
    reference: UUID | None
    answered: datetime | None


@dataclass(frozen=True, slots=True)
class ActShown(Shown):
    """What a person did with a run."""

    at: datetime
    by: str
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class ChildShown(Shown):
    """A run that another began."""

    id: UUID
    workflow: str
    version: int
    state: str
    begun: datetime
    ended: datetime | None


@dataclass(frozen=True, slots=True)
class RunCase(Shown):
    """A case opened for a run. `path` is the place that waits for it; None where it only tells of the run."""

    id: UUID
    kind: str
    state: str
    reason: str
    owner: str
    assignee: str | None
    opened: datetime
    due: datetime
    resolved: datetime | None
    resolution: str | None
    path: str | None


@dataclass(frozen=True, slots=True)
class RunStory(Shown):
    """One run with its timeline: steps and waits in the order of the code, the rest in that of time."""

    run: RunStanding
    steps: Sequence[StepShown]
    waits: Sequence[WaitShown]
    acts: Sequence[ActShown]
    children: Sequence[ChildShown]
    cases: Sequence[RunCase]

    @property
    def stopped(self) -> bool:
        """Whether it stands still until somebody repairs its code."""
        return any(wait.path == ROOT for wait in self.waits)


@dataclass(frozen=True, slots=True)
class RunPage:
    """Some runs; `after` is where the next page goes on, None on the last."""

    runs: Sequence[RunStanding]
    after: tuple[datetime, UUID] | None


@dataclass(frozen=True, slots=True)
class RunCount(Shown):
    """How many runs of one version of a workflow are in one state; `late` of them are over their service level."""

    workflow: str
    version: int
    state: str
    runs: int
    late: int
    oldest: datetime


def standing(row: Mapping[str, Any], now: datetime) -> RunStanding:
    """From a row of the run."""
    same = ("id", "workflow", "version", "code", "state", "parent", "begun", "changed", "ended", "due", "late_at",
            "deadline", "error", "revision")  # fmt: skip
    return RunStanding(
        **{name: row[name] for name in same},
        backfill=row["urgency"] == BACKFILL,
        subject=row["token"],
        message=row["correlation"],
        event=row["causation"],
        late=row["late"] is not None or (row["late_at"] is not None and row["late_at"] <= now),
        held=row["fixed"],
        cancelled_by=row["cancel_by"],
        cancelled_why=row["cancel"],
        age_seconds=round(((row["ended"] or now) - row["begun"]).total_seconds(), 3),
    )


def place(path: str) -> tuple[tuple[int, int | str], ...]:
    """Sorts paths as the code comes to them: 2 before 10, what undoes after everything that was done."""
    return tuple((0, int(part)) if part.isdigit() else (1, part) for part in path.split("."))


def plain(value: Any) -> Any:
    """As JSON has it: ids and moments as text."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
