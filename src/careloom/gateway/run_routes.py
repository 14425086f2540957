"""Reads runs of processes: `/v1/runs`, one with its timeline, its picture."""

# No postponed annotations here: FastAPI could not resolve what `router` makes.

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime

from careloom.core.errors import FormatError
from careloom.gateway.case_routes import Limit
from careloom.gateway.classes import Criticality, DataClass, Declaration, Scope, declared
from careloom.gateway.conditional import tagged
from careloom.gateway.cursors import following, is_usual, must_be_usual, place_read, place_written
from careloom.gateway.examples import TIME, answer, empty
from careloom.gateway.problems import ProblemError, documented
from careloom.gateway.run_shapes import (
    RUN,
    STORY,
    WORKFLOW,
    RunCountShown,
    RunCountsShown,
    RunsShown,
    RunState,
    StoryShown,
    count_shown,
    run_shown,
    story_shown,
)
from careloom.gateway.services import Services
from careloom.workflow.errors import AlreadyBegun, NoSuchRun, NoSuchWorkflow, NotPossible
from careloom.workflow.reading import WantedRuns
from careloom.workflow.states import State
from careloom.workflow.work import RunWork

_READ: Final = Declaration(
    data_class=DataClass.OPERATIONAL, criticality=Criticality.NORMAL, owner="integration", scope=Scope.RUNS_READ
)
MERMAID: Final = "text/vnd.mermaid"
Name = Annotated[str | None, Query(pattern=WORKFLOW, description="only of this process")]
Stated = Annotated[RunState | None, Query(description="only those")]
About = Annotated[str | None, Query(max_length=400, description="only those about this, such as an order's number")]
After = Annotated[str | None, Query(max_length=400, description="the `next` of the page before")]
_after = msgspec.json.Decoder(tuple[datetime, UUID])


def router(services: Services) -> APIRouter:
    """The routes that read runs."""
    routes = APIRouter(tags=["runs"])
    _add_pages(routes, services)
    _add_counts(routes, services)
    _add_one(routes, services)
    return routes


def runs_of(services: Services) -> RunWork:
    """The runs. Raises ProblemError 503 where there are none."""
    if services.runs is None:
        raise ProblemError(503, "unavailable", "the hub cannot answer now; nothing was changed, ask again")
    return services.runs


@contextmanager
def told() -> Iterator[None]:
    """Turns what is refused into problems. Their texts are ours: they repeat nothing that came."""
    try:
        yield
    except NoSuchRun:
        raise ProblemError(404, "run-unknown", "there is no such run, or whom it was about was erased") from None
    except NoSuchWorkflow:
        raise ProblemError(404, "workflow-unknown", "no workflow of this name can be begun or drawn here") from None
    except AlreadyBegun:
        other = "a run was begun under this key with something else; use another key for another run"
        raise ProblemError(409, "key-conflict", other) from None
    except NotPossible as error:
        raise ProblemError(409, "run-conflict", str(error)) from None
    except FormatError as error:
        raise ProblemError(422, "run-input-wrong", error.reason, location=error.location or None) from None


def _add_pages(routes: APIRouter, services: Services) -> None:
    example = RunsShown(runs=[RUN]).model_dump(exclude_none=True)

    @routes.get(
        "/v1/runs",
        response_model=None,
        responses={**answer(200, "a page", RunsShown, example, "Link"), **documented(401, 403, 422, 503)},
        summary="Runs of processes, the newest first",
    )
    @declared(_READ)
    async def runs(
        workflow: Name = None, state: Stated = None, about: About = None,
        begun_from: Annotated[AwareDatetime | None, Query(description="begun then or later")] = None,
        begun_before: Annotated[AwareDatetime | None, Query(description="begun before")] = None,
        unfinished: Annotated[bool, Query(description="only those that have not ended")] = False,
        after: After = None, limit: Limit = 100,
    ) -> JSONResponse:  # fmt: skip
        """What a run is about is what its workflow says: the number of the order, of the account."""
        must_be_usual("query.begun_from", begun_from)
        must_be_usual("query.begun_before", begun_before)
        wanted = WantedRuns(workflow, State(state) if state else None, about, begun_from, begun_before, unfinished)
        place = None if after is None else place_read(after, _place)
        found = await runs_of(services).reader.page(wanted, place, limit)
        later = place_written(found.after) if found.after else None
        body = RunsShown(runs=[run_shown(one) for one in found.runs], next=later)
        asked = {
            "workflow": workflow, "state": state, "about": about, "begun_from": begun_from and begun_from.isoformat(),
            "begun_before": begun_before and begun_before.isoformat(), "unfinished": "true" if unfinished else None,
        }  # fmt: skip
        return JSONResponse(body.model_dump(exclude_none=True), headers=following("/v1/runs", asked, later, limit))


def _add_counts(routes: APIRouter, services: Services) -> None:
    one = RunCountShown(workflow="admission.admit", version=2, state="waiting", runs=12, late=1, oldest=TIME)

    @routes.get(
        "/v1/run-counts",
        response_model=None,
        responses={
            **answer(200, "the counts", RunCountsShown, RunCountsShown(counts=[one]).model_dump()),
            **documented(401, 403, 422, 503),
        },
        summary="How many runs there are, by process, version and state",
    )
    @declared(_READ)
    async def counts(
        workflow: Name = None, since: Annotated[AwareDatetime | None, Query(description="begun then or later")] = None
    ) -> JSONResponse:
        """All that have not ended, and those begun `since` (a day ago, at most 92 days) that have."""
        must_be_usual("query.since", since)
        with told():
            found = await runs_of(services).reader.counts(workflow, since)
        return JSONResponse(RunCountsShown(counts=[count_shown(one) for one in found]).model_dump())


def _add_one(routes: APIRouter, services: Services) -> None:
    @routes.get(
        "/v1/runs/{id}",
        response_model=None,
        responses={
            **answer(200, "the run", StoryShown, STORY.model_dump(exclude_none=True)),
            **documented(401, 403, 404, 422, 503),
        },
        summary="One run with its timeline: steps, waits, acts, children, cases",
    )
    @declared(_READ)
    async def run(id: UUID) -> JSONResponse:
        """What its steps gave is sealed; to see it, post a look."""
        with told():
            found = await runs_of(services).reader.story(id)
        return JSONResponse(story_shown(found).model_dump(exclude_none=True))

    drawn = 'flowchart TD\n    start(["admission.admit v2"])\n'
    content = {MERMAID: {"schema": {"type": "string"}, "example": drawn}}

    @routes.get(
        "/v1/runs/{id}/diagram",
        response_model=None,
        responses={
            200: {"description": "a Mermaid flowchart", "content": content},
            **empty(304, "it is what If-None-Match names", "ETag"),
            **documented(401, 403, 404, 409, 422, 503),
        },
        summary="The process as its code has it, with how far a run of it is",
    )
    @declared(_READ)
    async def picture(id: UUID, request: Request) -> Response:
        """Steps have the classes done, now, failed or undone."""
        with told():
            text = await runs_of(services).picture_of_run(id)
        return tagged(request, text.encode(), media_type=f"{MERMAID}; charset=utf-8")


def _place(packed: bytes) -> tuple[datetime, UUID]:
    found = _after.decode(packed)
    if found[0].tzinfo is None or not is_usual(found[0]):
        raise ValueError
    return found
