"""Runs of processes: which there are, one with its time line and picture, and what people do with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

import msgspec
from starlette.responses import Response

from careloom.console.addresses import BY_TIME, PAGE, address, day, place_read, place_written, word
from careloom.console.drawing import Drawing, drawing
from careloom.console.pages import approvals, delegations
from careloom.console.rendering import TEMPLATES
from careloom.console.rights import Right
from careloom.console.timeline import look_of, timeline
from careloom.console.visiting import Page, Refused, Visit
from careloom.core.errors import FormatError
from careloom.workflow.desk import Opened, RunDesk, Told
from careloom.workflow.errors import NoSuchRun, NoSuchWorkflow, NotPossible
from careloom.workflow.progress import progress_of
from careloom.workflow.reading import WantedRuns
from careloom.workflow.standing import RunStanding, RunStory
from careloom.workflow.states import ENDED, State

TEMPLATES.filters["look_of"] = look_of
_FILTERS: Final = ("workflow", "state", "about", "begun_from", "begun_before", "unfinished")
Act = Callable[[RunDesk, UUID, Told], Awaitable[Any]]
_ACTS: Final[dict[str, tuple[str, Act]]] = {
    "suspend": ("It is held: nothing new begins in it.", lambda desk, run, told: desk.suspend(run, told)),
    "resume": ("It goes on where it stopped.", lambda desk, run, told: desk.resume(run, told)),
    "retry": ("It goes on; what it did is not done again.", lambda desk, run, told: desk.retry(run, told)),
    "cancel": ("What it did is undone, the last first.", lambda desk, run, told: desk.cancel(run, told)),
}


async def _runs(visit: Visit) -> Response:
    wanted = _wanted(visit)
    place: Any = place_read(visit.asked("after"), BY_TIME)
    reader = visit.house.runs.reader
    page, counts = await reader.page(wanted, place, PAGE), await reader.counts(wanted.workflow)
    asked = {name: visit.asked(name) for name in _FILTERS}
    later = None if page.after is None else address("/runs", asked, after=place_written(page.after))
    known = sorted({one.name for one in visit.house.runs.around.registry.workflows})
    return visit.show(
        "runs.html", title="Workflows", page=page, counts=counts, asked=asked, later=later, workflows=known,
        first=address("/runs", asked) if place is not None else None, states=list(State),
    )  # fmt: skip


def _wanted(visit: Visit) -> WantedRuns:
    state = word(visit, "state")
    if state is not None and state not in set(State):
        raise Refused(f"a run is {', '.join(State)}", 400)
    return WantedRuns(
        word(visit, "workflow"), State(state) if state else None, word(visit, "about"), day(visit, "begun_from"),
        day(visit, "begun_before"), visit.asked("unfinished") != "",
    )  # fmt: skip


async def _run(visit: Visit) -> Response:
    return await _shown(visit, visit.path["id"])


def _acting(name: str) -> Page:
    said, act = _ACTS[name]

    async def handle(visit: Visit) -> Response:
        form, run = await visit.form(), visit.path["id"]
        try:
            await act(visit.house.runs.desk, run, Told(visit.visitor.name, form.one("reason")))
        except (NotPossible, FormatError) as error:
            return await _shown(visit, run, wrong=str(error))
        return visit.go(f"/runs/{run}", said)

    return Page(f"/runs/{{id:uuid}}/{name}", Right.OPERATE, handle, methods=("POST",))


async def _look(visit: Visit) -> Response:
    """Answered by the page itself: what is seen stays in no address and in no store."""
    form, run = await visit.form(), visit.path["id"]
    try:
        opened = await visit.house.runs.desk.look(run, Told(visit.visitor.name, form.one("reason")))
    except FormatError as error:
        return await _shown(visit, run, wrong=str(error))
    return await _shown(visit, run, opened=opened)


async def _shown(visit: Visit, id_: UUID, *, wrong: str = "", opened: Opened | None = None) -> Response:
    story = await visit.house.runs.reader.story(id_)
    picture, missing = await _picture(visit, story)
    seen = [] if opened is None else _seen(opened)
    return visit.show(
        "run.html", 409 if wrong else 200, title=story.run.workflow, story=story, run=story.run, wrong=wrong,
        moments=timeline(story), loops=await progress_of(visit.house.database, id_), picture=picture, missing=missing,
        acts=_possible(story) if visit.may(Right.OPERATE) else (), seen=seen, live=opened is None and not wrong,
    )  # fmt: skip


async def _picture(visit: Visit, story: RunStory) -> tuple[Drawing | None, str]:
    """Else why there is none."""
    try:
        return drawing(await visit.house.runs.graph_of_run(story)), ""
    except (NoSuchRun, NoSuchWorkflow, NotPossible) as error:
        return None, str(error)


def _possible(story: RunStory) -> tuple[str, ...]:
    """The acts that make sense as it stands; the desk decides."""
    run: RunStanding = story.run
    if run.state in ENDED or run.cancelled_by is not None:
        return ()
    if run.held:
        return ("retry", "cancel") if story.stopped else ("resume", "cancel")
    return ("suspend", "cancel")


def _seen(opened: Opened) -> list[tuple[str, str]]:
    """What is sealed of a run, part by part."""
    parts = [("what it began with", opened.input), *((f"step {path}", body) for path, body in opened.steps.items())]
    parts += [(f"answer at {path}", body) for path, body in opened.answers.items()]
    if opened.result is not None:
        parts.append(("what came of it", opened.result))
    return [(name, msgspec.json.format(body, indent=2).decode() if body else "") for name, body in parts]


PAGES = (
    Page("/runs", Right.SEE, _runs, "Workflows"),
    Page("/runs/{id:uuid}", Right.SEE, _run),
    *(_acting(name) for name in _ACTS),
    Page("/runs/{id:uuid}/look", Right.SEE_PERSONAL, _look, methods=("POST",)),
    *approvals.PAGES,
    *delegations.PAGES,
)
