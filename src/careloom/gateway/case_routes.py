"""Reads the exception queue: `/v1/cases`, `/v1/case-groups`, `/v1/case-kinds`."""

# No postponed annotations here: FastAPI could not resolve what `router` makes.

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from careloom.cases.reading import Wanted
from careloom.cases.states import NoSuchCase, State, has_ended
from careloom.cases.work import Casework
from careloom.core.outcomes import Category
from careloom.gateway.case_shapes import (
    CASE,
    ENTRY,
    GROUP,
    PAYLOAD,
    CaseShown,
    CasesShown,
    CategoryName,
    GroupsShown,
    HistoryShown,
    KindsShown,
    PayloadShown,
    StateName,
    entry_shown,
    group_shown,
    kind_shown,
    shown,
)
from careloom.gateway.classes import Criticality, DataClass, Declaration, Scope, declared
from careloom.gateway.conditional import tagged
from careloom.gateway.cursors import following, place_read, place_written
from careloom.gateway.examples import answer, empty
from careloom.gateway.passage import passage_of
from careloom.gateway.problems import ProblemError, documented
from careloom.gateway.services import Services

MOST: Final = 500
_READ: Final = Declaration(
    data_class=DataClass.OPERATIONAL,
    criticality=Criticality.NORMAL,
    owner="integration",
    scope=Scope.CASES_READ,
)
_MASKED: Final = Declaration(
    data_class=DataClass.PHI, criticality=Criticality.NORMAL, owner="integration", scope=Scope.CASES_READ
)
Word = Annotated[str | None, Query(max_length=200)]
Limit = Annotated[int, Query(ge=1, le=MOST, description="the most to give")]
Older = Annotated[float, Query(ge=0, le=10 * 366 * 86_400, description="only those that are this many seconds old")]
After = Annotated[str | None, Query(max_length=400, description="the `next` of the page before")]
Sort = Annotated[CategoryName | None, Query(description="only failures of this sort")]
Stated = Annotated[StateName | None, Query(description="only those; without it, all that have not ended")]
_after = msgspec.json.Decoder(tuple[int, datetime, UUID])


def router(services: Services) -> APIRouter:
    """The routes that read cases."""
    routes = APIRouter(tags=["cases"])
    _add_pages(routes, services)
    _add_groups(routes, services)
    _add_one(routes, services)
    _add_about(routes, services)
    _add_kinds(routes, services)
    return routes


def work_of(services: Services) -> Casework:
    """The queue. Raises ProblemError 503 where there is none."""
    if services.cases is None:
        raise ProblemError(503, "unavailable", "the hub cannot answer now; nothing was changed, ask again")
    return services.cases


def no_such_case() -> ProblemError:
    """The problem of an id that no case has."""
    return ProblemError(404, "case-unknown", "there is no such case, or nothing of the kind about it; see /v1/cases")


def _add_pages(routes: APIRouter, services: Services) -> None:
    @routes.get(
        "/v1/cases",
        response_model=None,
        responses={
            **answer(200, "a page", CasesShown, _plain(CasesShown(cases=[CASE])), "Link"),
            **documented(401, 403, 422, 503),
        },
        summary="The exception queue, the most urgent first",
    )
    @declared(_READ)
    async def cases(
        kind: Word = None, owner: Word = None, state: Stated = None, system: Word = None, group: UUID | None = None,
        assignee: Word = None, older_than: Older = 0, category: Sort = None, after: After = None, limit: Limit = 100,
    ) -> JSONResponse:  # fmt: skip
        """`group` is the `cause` of one. Of cases that have ended, the newest come first."""
        wanted = Wanted(
            kind, owner, State(state) if state else None, system, group, assignee, timedelta(seconds=older_than),
            Category(category) if category else None,
        )  # fmt: skip
        ended = state is not None and has_ended(state)
        found = await work_of(services).reader.page(wanted, _read(after, ended=ended), limit)
        later = _written(found.after) if found.after else None
        body = CasesShown(cases=[shown(one) for one in found.cases], next=later)
        asked = {
            "kind": kind, "owner": owner, "state": state, "system": system,
            "group": group and str(group), "assignee": assignee, "older_than": older_than or None,
            "category": category,
        }  # fmt: skip
        return JSONResponse(_plain(body), headers=following("/v1/cases", asked, later, limit))


def _add_groups(routes: APIRouter, services: Services) -> None:
    @routes.get(
        "/v1/case-groups",
        response_model=None,
        responses={
            **answer(200, "the groups", GroupsShown, _plain(GroupsShown(groups=[GROUP]))),
            **documented(401, 403, 422, 503),
        },
        summary="What waits, by what caused it",
    )
    @declared(_READ)
    async def groups(kind: Word = None, owner: Word = None, limit: Limit = 100) -> JSONResponse:
        found = await work_of(services).reader.groups(kind, owner, limit)
        return JSONResponse(_plain(GroupsShown(groups=[group_shown(one) for one in found])))


def _add_one(routes: APIRouter, services: Services) -> None:
    @routes.get(
        "/v1/cases/{id}",
        response_model=None,
        responses={
            **answer(200, "the case", CaseShown, _plain(CASE), "ETag"),
            **empty(304, "it is what If-None-Match names", "ETag"),
            **documented(401, 403, 404, 422, 503),
        },
        summary="One case",
    )
    @declared(_READ)
    async def case(id: UUID, request: Request) -> Response:
        """The tag changes with the case, not with its age."""
        try:
            found = await work_of(services).reader.one(id)
        except NoSuchCase:
            raise no_such_case() from None
        etag = f'"{id}.{found.revision}.{found.overdue:d}"'
        return tagged(request, shown(found).model_dump_json(exclude_none=True).encode(), etag=etag)


def _add_about(routes: APIRouter, services: Services) -> None:
    @routes.get(
        "/v1/cases/{id}/history",
        response_model=None,
        responses={
            **answer(200, "the history", HistoryShown, _plain(HistoryShown(entries=[ENTRY]))),
            **documented(401, 403, 404, 422, 503),
        },
        summary="What happened to a case",
    )
    @declared(_MASKED)
    async def history(
        id: UUID, request: Request, after: Annotated[int, Query(ge=0)] = 0, limit: Limit = 100
    ) -> JSONResponse:
        """Data that was supplied is shown to keys with the scope `read:phi`. `after` is a `number`."""
        reveal = Scope.READ_PHI in passage_of(request).scopes
        try:
            found = await work_of(services).reader.history(id, reveal=reveal, after=after, limit=limit)
        except NoSuchCase:
            raise no_such_case() from None
        return JSONResponse(_plain(HistoryShown(entries=[entry_shown(one) for one in found])))

    @routes.get(
        "/v1/cases/{id}/payload",
        response_model=None,
        responses={
            **answer(200, "its shape", PayloadShown, _plain(PAYLOAD)),
            **documented(401, 403, 404, 422, 503),
        },
        summary="What a case is about, masked",
    )
    @declared(_MASKED)
    async def payload(id: UUID) -> JSONResponse:
        """To see it open, post a look."""
        try:
            found = await work_of(services).reader.masked_payload(id)
        except NoSuchCase:
            raise no_such_case() from None
        body = PayloadShown(
            entry=str(found.entry), type=found.type, contenttype=found.contenttype, edited=found.edited, masked=True,
            text=found.masked,
        )  # fmt: skip
        return JSONResponse(_plain(body))


def _add_kinds(routes: APIRouter, services: Services) -> None:
    @routes.get(
        "/v1/case-kinds",
        response_model=None,
        responses={
            **answer(200, "the kinds", KindsShown, {"kinds": []}, "ETag"),
            **empty(304, "it is what If-None-Match names", "ETag"),
            **documented(401, 403, 503),
        },
        summary="The kinds of cases: owner, time, runbook, actions and the data they need",
    )
    @declared(_READ)
    async def kinds(request: Request) -> Response:
        found = KindsShown(kinds=[kind_shown(kind) for kind in work_of(services).reader.kinds])
        return tagged(request, found.model_dump_json().encode())


def _plain(body: BaseModel) -> Any:
    return body.model_dump(exclude_none=True)


def _written(after: Sequence[Any]) -> str:
    return place_written((0, *after) if len(after) == 2 else tuple(after))


def _read(text: str | None, *, ended: bool) -> tuple[Any, ...] | None:
    if text is None:
        return None
    found = place_read(text, _place)
    _, *place = found
    return tuple(place) if ended else found


def _place(packed: bytes) -> tuple[int, datetime, UUID]:
    found = _after.decode(packed)
    if found[1].tzinfo is None or not 0 <= found[0] <= 4:
        raise ValueError
    return found
