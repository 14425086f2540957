"""Runs of one process, in memory; refuses some of what is asked of them."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from careloom.core.errors import FormatError
from careloom.workflow.desk import Opened
from careloom.workflow.errors import AlreadyBegun, NoSuchRun, NoSuchWorkflow, NotPossible
from careloom.workflow.reading import WantedRuns
from careloom.workflow.standing import (
    ActShown,
    ChildShown,
    RunCase,
    RunCount,
    RunPage,
    RunStanding,
    RunStory,
    StepShown,
    WaitShown,
)
from careloom.workflow.starting import Begun
from careloom.workflow.work import RunWork

KNOWN = UUID(int=7)
WHEN = datetime(2026, 3, 4, tzinfo=UTC)
RUN = RunStanding(
    id=KNOWN, workflow="admission.admit", version=1, code="c0", state="waiting", backfill=False, subject=KNOWN,
    message=KNOWN, event=None, parent=None, begun=WHEN, changed=WHEN, ended=None, due=WHEN, late_at=None, late=False,
    deadline=None, held=False, cancelled_by=None, cancelled_why=None, error=None, age_seconds=1.5, revision=1,
)  # fmt: skip
STORY = RunStory(
    RUN,
    [StepShown("1", "open_account", "step", "done", 1, WHEN, WHEN, None, None, None)],
    [WaitShown("2", "case", "stock-shortage", WHEN, None, None, None)],
    [ActShown(WHEN, "Robin Okafor", "began", "")],
    [ChildShown(KNOWN, "admission.bill", 1, "failed", WHEN, WHEN)],
    [RunCase(KNOWN, "stock-shortage", "open", "none", "supply-chain", None, WHEN, WHEN, None, None, "2")],
)
_REFUSALS = (NoSuchRun, NotPossible, FormatError)


def _known(run: UUID, *said: object) -> None:
    if run != KNOWN:
        raise _REFUSALS[sum(repr(said).encode()) % len(_REFUSALS)]("refused by the foreman")


class _Foreman:
    async def page(self, wanted: WantedRuns, after: Any, limit: int) -> RunPage:
        return RunPage([RUN], (WHEN, KNOWN) if limit == 1 else None)

    async def one(self, run: UUID) -> RunStanding:
        _known(run)
        return RUN

    async def story(self, run: UUID) -> RunStory:
        if run != KNOWN:
            raise NoSuchRun("none")
        return STORY

    async def counts(self, workflow: str | None, since: datetime | None) -> list[RunCount]:
        if since is not None and since < WHEN:
            raise FormatError("give a later time", "since")
        return [RunCount("admission.admit", 1, "waiting", 1, 0, WHEN)]

    async def picture_of_run(self, run: UUID) -> str:
        if run != KNOWN:
            raise (NoSuchRun, NotPossible, NoSuchWorkflow)[run.int % 3]("none")
        return "flowchart TD\n"

    async def act(self, run: UUID, *said: object) -> None:
        _known(run, *said)

    async def look(self, run: UUID, *said: object) -> Opened:
        if run != KNOWN:
            raise (NoSuchRun, FormatError)[sum(repr(said).encode()) % 2]("none")
        return Opened(b'{"order": 1}', {"1": b"null"}, {}, None)

    async def start(self, workflow: str, body: bytes, *said: object, key: str | None, subject: str | None) -> Begun:
        if workflow != "admission.admit":
            raise (NoSuchWorkflow, AlreadyBegun, FormatError)[sum(repr((body, said, subject)).encode()) % 3]("none")
        return Begun(KNOWN, key is None)


def foreman() -> RunWork:
    """One of a fixed answer."""
    one = _Foreman()
    desk = SimpleNamespace(
        cancel=one.act, suspend=one.act, resume=one.act, retry=one.act, move=one.act, look=one.look
    )  # fmt: skip
    return cast(RunWork, SimpleNamespace(reader=one, desk=desk, start=one.start, picture_of_run=one.picture_of_run))
