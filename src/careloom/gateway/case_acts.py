"""Works the exception queue: claim, release, wait, assign, comment, look, decide; preview and retry a group."""

# No postponed annotations here: FastAPI could not resolve the dependency that `router` makes.

from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Final
from uuid import UUID, uuid5

import msgspec
from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import JSONResponse

from careloom.cases.desk import Decision
from careloom.cases.kinds import Action
from careloom.cases.rights import NotAllowed
from careloom.cases.standing import Standing
from careloom.cases.states import NoSuchCase, NotPossible
from careloom.core.errors import FormatError
from careloom.gateway.access import Key, actor_of, caller
from careloom.gateway.case_routes import no_such_case, work_of
from careloom.gateway.case_shapes import (
    CASE,
    PAYLOAD,
    SET,
    Assignment,
    CaseShown,
    Comment,
    Decided,
    HistoryShown,
    MemberShown,
    PayloadShown,
    SetOutcome,
    SetRetry,
    SetShown,
    entry_shown,
    shown,
)
from careloom.gateway.classes import Criticality, DataClass, Declaration, Scope, declared
from careloom.gateway.examples import EVENT_ID, answer, taken
from careloom.gateway.passage import passage_of
from careloom.gateway.problems import ProblemError, documented
from careloom.gateway.services import Services
from careloom.gateway.shapes import Because
from careloom.log.parking import NothingThere
from careloom.security.apikeys import Principal

_WORK: Final = Declaration(
    data_class=DataClass.PHI, criticality=Criticality.NORMAL, owner="integration", scope=Scope.CASES_WORK
)
_LOOK: Final = Declaration(data_class=DataClass.PHI, criticality=Criticality.NORMAL, owner="integration")
Tag = Annotated[str | None, Header(alias="If-Match", max_length=200, description="the ETag of what you saw")]
_ACTED: Final = {
    **answer(200, "the case as it stands now", CaseShown, CASE.model_dump(exclude_none=True)),
    **documented(401, 403, 404, 409, 422, 503),
}


def router(services: Services) -> APIRouter:
    """The routes that act on cases."""
    routes = APIRouter(tags=["cases"])
    known = Depends(caller(services.keys))
    _add_holding(routes, services, known)
    _add_saying(routes, services, known)
    _add_looking(routes, services, known)
    _add_deciding(routes, services, known)
    _add_groups(routes, services, known)
    return routes


def _add_holding(routes: APIRouter, services: Services, known: Any) -> None:
    def taking(name: str, summary: str, act: Any) -> None:
        @routes.post(
            f"/v1/cases/{{id}}/{name}",
            response_model=None,
            name=f"case_{name}",
            responses=_ACTED,
            summary=summary,
            openapi_extra=taken(Because(reason="the payer is asked for the number")),
        )
        @declared(_WORK)
        async def take(id: UUID, because: Because, principal: Annotated[Principal, known]) -> JSONResponse:
            return await _acted(act(work_of(services).desk, id, actor_of(principal), because.reason))

    taking("claim", "Take a case", lambda desk, id, actor, why: desk.claim(id, actor))  # noqa: ARG005
    taking("release", "Give a case back", lambda desk, id, actor, why: desk.release(id, actor, why))
    taking("wait", "Wait for data that was asked for", lambda desk, id, actor, why: desk.wait(id, actor, why))

    @routes.post(
        "/v1/cases/{id}/assign",
        response_model=None,
        responses=_ACTED,
        summary="Give a case to a person or to a role",
        openapi_extra=taken(Assignment(role="patient-access", reason="it is theirs")),
    )
    @declared(_WORK)
    async def assign(id: UUID, asked: Assignment, principal: Annotated[Principal, known]) -> JSONResponse:
        desk, actor = work_of(services).desk, actor_of(principal)
        return await _acted(desk.assign(id, actor, person=asked.person, role=asked.role, why=asked.reason))


def _add_saying(routes: APIRouter, services: Services, known: Any) -> None:
    @routes.post(
        "/v1/cases/{id}/comments",
        response_model=None,
        status_code=201,
        responses={
            **answer(201, "it is on record", HistoryShown, {"entries": []}),
            **answer(200, "it was on record before, under this key", HistoryShown, {"entries": []}),
            **documented(401, 403, 404, 422, 503),
        },
        summary="Put a remark on record",
        openapi_extra=taken(Comment(text="asked the registration desk; they call back")),
    )
    @declared(_WORK)
    async def comment(id: UUID, said: Comment, principal: Annotated[Principal, known], key: Key = None) -> JSONResponse:
        """Sealed. With an `Idempotency-Key` a repeat changes nothing."""
        work = work_of(services)
        with told():
            fresh = await work.desk.comment(id, actor_of(principal), said.text, _request(id, principal, key))
            entries = await work.reader.history(id, reveal=False)
        body = HistoryShown(entries=[entry_shown(one) for one in entries if one.what == "commented"])
        return JSONResponse(body.model_dump(exclude_none=True), 201 if fresh else 200)


def _add_looking(routes: APIRouter, services: Services, known: Any) -> None:
    @routes.post(
        "/v1/cases/{id}/looks",
        response_model=None,
        responses={
            **answer(200, "the payload", PayloadShown, PAYLOAD.model_dump()),
            **documented(401, 403, 404, 422, 503),
        },
        summary="See the payload of a case; the look is on record",
        openapi_extra=taken(Because(reason="which number is missing")),
    )
    @declared(_LOOK)
    async def look(id: UUID, because: Because, principal: Annotated[Principal, known]) -> JSONResponse:
        """Needs the scope `read:phi` and a reason."""
        with told():
            found = await work_of(services).desk.look(id, actor_of(principal), because.reason)
        body = PayloadShown(
            entry=str(found.entry), type=found.type, contenttype=found.contenttype, edited=found.edited, masked=False,
            text=found.text,
        )  # fmt: skip
        return JSONResponse(body.model_dump())


def _add_deciding(routes: APIRouter, services: Services, known: Any) -> None:
    @routes.post(
        "/v1/cases/{id}/actions",
        response_model=None,
        responses={**_ACTED, **documented(412)},
        summary="Decide a case, and let go on what waits for it",
        openapi_extra=taken(Decided(action="retry", reason="the mapping was corrected")),
    )
    @declared(_WORK)
    async def decide(
        id: UUID, decided: Decided, request: Request, principal: Annotated[Principal, known],
        key: Key = None, seen: Tag = None,
    ) -> JSONResponse:  # fmt: skip
        """`edit` needs the scope `read:phi` too, since the payload is the caller's then. With `If-Match` the case is
        decided only as it was seen; with an `Idempotency-Key` a repeat changes nothing."""
        if _edits(decided) and Scope.READ_PHI not in passage_of(request).scopes:
            raise ProblemError(403, "scope-missing", "to edit a payload this API key needs the scope `read:phi` too")
        work = work_of(services)
        wanted = _request(id, principal, key)
        if seen is not None:
            await _must_be_seen(work.reader.one(id), seen)
        return await _acted(work.desk.act(id, actor_of(principal), _decision(decided, wanted)))


def _add_groups(routes: APIRouter, services: Services, known: Any) -> None:
    @routes.post(
        "/v1/case-groups/{cause}/preview",
        response_model=None,
        responses={
            **answer(200, "the set", SetShown, SET.model_dump()),
            **documented(401, 403, 404, 422, 503),
        },
        summary="The set that a retry of a group would touch",
    )
    @declared(_WORK)
    async def preview(cause: UUID, principal: Annotated[Principal, known]) -> JSONResponse:
        """Changes nothing. The token stands for just this set, whatever happens to the group afterwards."""
        with told():
            found = await work_of(services).groups.preview(cause, actor_of(principal))
        members = [
            MemberShown(id=str(one.id), kind=one.kind, system=one.system, type=one.type, opened=one.opened.isoformat())
            for one in found.members
        ]
        body = SetShown(token=str(found.token), cause=str(found.cause), members=members, more=found.more)
        return JSONResponse(body.model_dump())

    @routes.post(
        "/v1/case-groups/retry",
        response_model=None,
        responses={
            **answer(200, "it is under way", SetOutcome, {"retried": 11, "left": 1, "seconds": 0.5}),
            **documented(401, 403, 404, 409, 422, 503),
        },
        summary="Retry the set that was previewed, and no other",
        openapi_extra=taken(SetRetry(token=EVENT_ID, reason="the target is back")),
    )
    @declared(_WORK)
    async def retry(asked: SetRetry, principal: Annotated[Principal, known]) -> JSONResponse:
        """Spread over time, so that the target bears it."""
        with told():
            token = _uuid(asked.token)
            found = await work_of(services).groups.retry(token, actor_of(principal), asked.reason)
        body = SetOutcome(retried=found.retried, left=found.left, seconds=found.seconds)
        return JSONResponse(body.model_dump())


@contextmanager
def told() -> Iterator[None]:
    """Turns what the desk refuses into problems. Their texts are ours: they repeat nothing that came."""
    try:
        yield
    except NoSuchCase:
        raise no_such_case() from None
    except NotAllowed as error:
        raise ProblemError(403, "case-not-yours", str(error)) from None
    except FormatError as error:
        raise ProblemError(422, "case-data-wrong", error.reason, location=error.location or None) from None
    except (NotPossible, NothingThere) as error:
        raise ProblemError(409, "case-conflict", str(error)) from None


async def _acted(act: Awaitable[Standing]) -> JSONResponse:
    with told():
        found = await act
    etag = f'"{found.id}.{found.revision}.{found.overdue:d}"'
    return JSONResponse(shown(found).model_dump(exclude_none=True), headers={"ETag": etag})


async def _must_be_seen(reading: Awaitable[Standing], tag: str) -> None:
    with told():
        now = await reading
    if tag.strip() != "*" and tag.strip(' "').rpartition(".")[0] != f"{now.id}.{now.revision}":
        raise ProblemError(412, "case-changed", "the case has changed since you saw it; look at it again")


def _edits(decided: Decided) -> bool:
    return decided.action == "edit"


def _decision(decided: Decided, request: UUID | None) -> Decision:
    if _edits(decided):
        data = (decided.payload or "").encode()
    else:
        data = b"" if decided.data is None else msgspec.json.encode(decided.data)
    return Decision(Action(decided.action), decided.reason, data, request)


def _request(case: UUID, principal: Principal, key: str | None) -> UUID | None:
    """What stands for a call in the record: of one key, one case and one caller."""
    return None if key is None else uuid5(case, f"{principal.id}/{key}")


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NoSuchCase("no set was shown under this token") from None
