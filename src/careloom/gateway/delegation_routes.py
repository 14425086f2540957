"""Roles that people hand on while they are away: `/v1/delegations`, listed, given, taken back."""

# No postponed annotations here: FastAPI could not resolve the dependency that `router` makes.

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, Field

from careloom.cases.delegations import Delegation
from careloom.cases.states import NoSuchCase
from careloom.gateway.access import actor_of, caller
from careloom.gateway.case_acts import told
from careloom.gateway.case_routes import Limit, Word, work_of
from careloom.gateway.classes import Criticality, DataClass, Declaration, Scope, declared
from careloom.gateway.cursors import must_be_usual
from careloom.gateway.examples import EVENT_ID, TIME, answer, empty, taken
from careloom.gateway.problems import ProblemError, documented
from careloom.gateway.services import Services
from careloom.gateway.shapes import Because, Shape
from careloom.security.apikeys import Principal

_READ: Final = Declaration(
    data_class=DataClass.OPERATIONAL, criticality=Criticality.NORMAL, owner="integration", scope=Scope.CASES_READ
)
_WORK: Final = Declaration(
    data_class=DataClass.PHI, criticality=Criticality.NORMAL, owner="integration", scope=Scope.CASES_WORK
)


class DelegationShown(Shape):
    """A role that is handed on."""

    id: str = Field(description="its id")
    role: str = Field(description="the role")
    handed_by: str = Field(description="who has it by its own")
    handed_to: str = Field(description="who has it meanwhile")
    since: str = Field(description="from then on")
    until: str = Field(description="until before then")
    why: str = Field(description="the reason that was given")
    made: str = Field(description="when it was handed on")


class DelegationsShown(Shape):
    """Those that hold now, or will."""

    delegations: list[DelegationShown] = Field(description="those that begin first come first")


class HandOn(Because):
    """Which role goes to whom; it is a role of the key that calls."""

    role: str = Field(min_length=1, max_length=200, description="a role that this key was given")
    to: str = Field(min_length=1, max_length=200, description="the name of the key of whoever has it meanwhile")
    until: AwareDatetime = Field(description="until before then")
    since: AwareDatetime | None = Field(default=None, description="from then on; absent: from now")


_EXAMPLE: Final = DelegationShown(
    id=EVENT_ID, role="purchasing", handed_by="robin", handed_to="kim", since=TIME, until="2026-03-18T00:00:00Z",
    why="on leave", made=TIME,
)  # fmt: skip


def router(services: Services) -> APIRouter:
    """The routes of delegations."""
    routes = APIRouter(tags=["cases"])
    known = Depends(caller(services.keys))
    _add_list(routes, services)
    _add_giving(routes, services, known)
    return routes


def _add_list(routes: APIRouter, services: Services) -> None:
    example = DelegationsShown(delegations=[_EXAMPLE]).model_dump()

    @routes.get(
        "/v1/delegations",
        response_model=None,
        responses={
            **answer(200, "those that hold, or will", DelegationsShown, example),
            **documented(401, 403, 422, 503),
        },
        summary="Roles that are handed on, now or later",
    )
    @declared(_READ)
    async def delegations(by: Word = None, to: Word = None, limit: Limit = 100) -> JSONResponse:
        """`by` and `to` are names, without regard to case."""
        with told():
            found = await work_of(services).delegations.list(by=by, to=to, limit=limit)
        return JSONResponse(DelegationsShown(delegations=[_shown(one) for one in found]).model_dump())


def _add_giving(routes: APIRouter, services: Services, known: Any) -> None:
    asked_for = HandOn(role="purchasing", to="kim", until="2026-03-18T00:00:00Z", reason="on leave")  # type: ignore[arg-type]

    @routes.post(
        "/v1/delegations",
        response_model=None,
        status_code=201,
        responses={
            **answer(201, "it is handed on", DelegationShown, _EXAMPLE.model_dump()),
            **documented(401, 403, 422, 503),
        },
        summary="Hand a role of your own on for a time",
        openapi_extra=taken(asked_for),
    )
    @declared(_WORK)
    async def hand_on(asked: HandOn, principal: Annotated[Principal, known]) -> JSONResponse:
        """Only who has a role by its own hands it on, so it travels no further; what the other approves counts as
        yours, and neither of you approves what you asked for."""
        must_be_usual("body.until", asked.until)
        must_be_usual("body.since", asked.since)
        with told():
            made = await work_of(services).delegations.hand_on(
                actor_of(principal), asked.role, asked.to, until=asked.until, since=asked.since, why=asked.reason
            )
        return JSONResponse(_shown(made).model_dump(), 201)

    @routes.post(
        "/v1/delegations/{id}/withdraw",
        response_model=None,
        status_code=204,
        responses={**empty(204, "it is not handed on any more"), **documented(401, 403, 404, 422, 503)},
        summary="Take a role back before its time is over",
        openapi_extra=taken(Because(reason="back from leave")),
    )
    @declared(_WORK)
    async def withdraw(id: UUID, because: Because, principal: Annotated[Principal, known]) -> Response:
        """Only whoever handed it on; anybody else is refused."""
        with told():
            try:
                await work_of(services).delegations.take_back(actor_of(principal), id, because.reason)
            except NoSuchCase:
                detail = "no role is handed on under this id, or not any more; see /v1/delegations"
                raise ProblemError(404, "delegation-unknown", detail) from None
        return Response(status_code=204)


def _shown(one: Delegation) -> DelegationShown:
    return DelegationShown(**one.as_dict())
