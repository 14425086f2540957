"""Acts on runs of processes: start, cancel, suspend, resume, retry, move, look."""

# No postponed annotations here: FastAPI could not resolve the dependency that `router` makes.

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse

from careloom.core.errors import FormatError
from careloom.gateway.access import Key, caller
from careloom.gateway.classes import Criticality, DataClass, Declaration, Scope, declared
from careloom.gateway.examples import answer, taken
from careloom.gateway.problems import documented
from careloom.gateway.run_routes import runs_of, told
from careloom.gateway.run_shapes import RUN, RUN_ID, Move, OpenedShown, RunShown, RunStarted, Start, run_shown
from careloom.gateway.services import Services
from careloom.gateway.shapes import Because
from careloom.security.apikeys import Principal
from careloom.workflow.desk import RunDesk, Told

_WORK: Final = Declaration(
    data_class=DataClass.PHI, criticality=Criticality.NORMAL, owner="integration", scope=Scope.RUNS_WORK
)
_LOOK: Final = Declaration(data_class=DataClass.PHI, criticality=Criticality.NORMAL, owner="integration")
Act = Callable[[RunDesk, UUID, Told], Coroutine[Any, Any, Any]]
_ACTED: Final = {
    **answer(200, "the run as it stands now", RunShown, RUN.model_dump(exclude_none=True)),
    **documented(401, 403, 404, 409, 422, 503),
}


def router(services: Services) -> APIRouter:
    """The routes that act on runs."""
    routes = APIRouter(tags=["runs"])
    known = Depends(caller(services.keys))
    _add_start(routes, services, known)
    _add_acts(routes, services, known)
    _add_move(routes, services, known)
    _add_look(routes, services, known)
    return routes


def _add_start(routes: APIRouter, services: Services, known: Any) -> None:
    started = {"id": RUN_ID}

    @routes.post(
        "/v1/runs",
        response_model=None,
        status_code=201,
        responses={
            **answer(201, "it is begun", RunStarted, started, "Location"),
            **answer(200, "it was begun before, under this key", RunStarted, started, "Location"),
            **documented(401, 403, 404, 409, 422, 503),
        },
        summary="Begin a run of a process",
        openapi_extra=taken(Start(workflow="admission.admit", input={"order": "O-4711"}, reason="asked by the ward")),
    )
    @declared(_WORK)
    async def start(asked: Start, principal: Annotated[Principal, known], key: Key = None) -> JSONResponse:
        """The input is read by the type that the process takes. With an `Idempotency-Key` a repeat is the same run."""
        work = runs_of(services)
        with told():
            body, who = _encoded(asked.input), Told(principal.name, asked.reason)
            begun = await work.start(asked.workflow, body, who, key=key, subject=asked.subject)
        headers = {"Location": f"/v1/runs/{begun.run}"}
        return JSONResponse(RunStarted(id=str(begun.run)).model_dump(), 201 if begun.fresh else 200, headers)


def _add_acts(routes: APIRouter, services: Services, known: Any) -> None:
    def acting(name: str, summary: str, act: Act) -> None:
        @routes.post(
            f"/v1/runs/{{id}}/{name}",
            response_model=None,
            name=f"run_{name}",
            responses=_ACTED,
            summary=summary,
            openapi_extra=taken(Because(reason="the visit was cancelled")),
        )
        @declared(_WORK)
        async def take(id: UUID, why: Because, principal: Annotated[Principal, known]) -> JSONResponse:
            return await _acted(services, id, act(runs_of(services).desk, id, Told(principal.name, why.reason)))

    acting("cancel", "Undo what a run did, the last first; needs a reason", lambda desk, id, who: desk.cancel(id, who))
    acting("suspend", "Hold a run: nothing new begins", lambda desk, id, who: desk.suspend(id, who))
    acting("resume", "Have a run go on where it stopped", lambda desk, id, who: desk.resume(id, who))
    acting("retry", "Have a run that stands still for its code go on", lambda desk, id, who: desk.retry(id, who))


def _add_move(routes: APIRouter, services: Services, known: Any) -> None:
    @routes.post(
        "/v1/runs/{id}/move",
        response_model=None,
        responses=_ACTED,
        summary="Have a run finish on another version of its process; needs a reason",
        openapi_extra=taken(Move(version=3, reason="version 2 asks the wrong payer")),
    )
    @declared(_WORK)
    async def move(id: UUID, asked: Move, principal: Annotated[Principal, known]) -> JSONResponse:
        """Refused, with the place, where replaying the run on that code does not come to what it recorded."""
        who = Told(principal.name, asked.reason)
        return await _acted(services, id, runs_of(services).desk.move(id, asked.version, who))


def _add_look(routes: APIRouter, services: Services, known: Any) -> None:
    example = OpenedShown(input={"order": "O-4711"}, steps={"1": "A-17"}, answers={}, result=None).model_dump()

    @routes.post(
        "/v1/runs/{id}/looks",
        response_model=None,
        name="run_look",
        responses={
            **answer(200, "what is sealed of it", OpenedShown, example),
            **documented(401, 403, 404, 422, 503),
        },
        summary="See what a run began with and what its steps gave; the look is on record",
        openapi_extra=taken(Because(reason="which account was opened")),
    )
    @declared(_LOOK)
    async def look(id: UUID, why: Because, principal: Annotated[Principal, known]) -> JSONResponse:
        """Needs the scope `read:phi` and a reason."""
        with told():
            found = await runs_of(services).desk.look(id, Told(principal.name, why.reason))
        body = OpenedShown(
            input=_decoded(found.input),
            steps={path: _decoded(one) for path, one in found.steps.items()},
            answers={path: _decoded(one) for path, one in found.answers.items()},
            result=None if found.result is None else _decoded(found.result),
        )
        return JSONResponse(body.model_dump())


async def _acted(services: Services, run: UUID, act: Coroutine[Any, Any, Any]) -> JSONResponse:
    with told():
        await act
        found = await runs_of(services).reader.one(run)
    return JSONResponse(run_shown(found).model_dump(exclude_none=True))


def _encoded(value: Any) -> bytes:
    try:
        return msgspec.json.encode(value)
    except (OverflowError, TypeError, ValueError, RecursionError):
        raise FormatError("is no JSON that can be kept", "$") from None


def _decoded(body: bytes) -> Any:
    return msgspec.json.decode(body) if body else None
