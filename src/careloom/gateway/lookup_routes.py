"""A route per look-up: `GET /v1/lookups/{name}` with a query, or `POST` with a body where a query would carry PHI.

Addresses end in the logs of every proxy between, so a question about a patient never stands in one.
"""

# No postponed annotations here: FastAPI could not resolve what `router` makes.

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from careloom.core.errors import CareloomError, Throttled, TransientError
from careloom.gateway.access import caller
from careloom.gateway.body import read_body
from careloom.gateway.classes import DataClass, Declaration, Traffic, declared
from careloom.gateway.conditional import tagged
from careloom.gateway.desk import Answer, Answered, Desk, Later
from careloom.gateway.examples import EVENT_ID, HEADERS
from careloom.gateway.lookup import NotFound
from careloom.gateway.passage import passage_of
from careloom.gateway.problems import ProblemError, documented
from careloom.gateway.services import Services
from careloom.security.apikeys import Principal

LARGEST: Final = 64 * 1024
RETRY_SECONDS: Final = 5
STALE: Final = '110 - "Response is Stale"'
_LABEL: Final = {
    "stale": {
        "type": "boolean",
        "description": "true: the system behind does not answer, and this is what it said at `as_of`",
    },
    "as_of": {"type": "string", "format": "date-time", "description": "when this was so; only with `stale`"},
}
_WAIT: Final = "wait="
_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "allowed and without effect: a look-up changes nothing",
    "schema": {"type": "string"},
}
Prefer = Annotated[str | None, Header(max_length=200, description="`wait=N`: answer within N seconds (RFC 7240)")]


class PendingAnswer(BaseModel):
    """The systems have not answered within the budget. The call goes on; `poll` has its answer for two minutes."""

    model_config = ConfigDict(extra="forbid")

    status: str = Field(description="always `pending`", pattern="^pending$")
    poll: str = Field(description="where the answer will be, for this API key alone")
    retry_after: float = Field(description="seconds until it is worth asking")


def router(services: Services) -> APIRouter:
    """The routes of every look-up there is."""
    routes = APIRouter(tags=["look-ups"])
    known = Depends(caller(services.keys))
    for desk in services.lookups:
        _add(routes, desk, known)
    return routes


def declaration_of(desk: Desk) -> Declaration:
    """A look-up's own class, criticality and owner."""
    lookup = desk.lookup
    return Declaration(
        data_class=lookup.data_class,
        criticality=lookup.criticality,
        owner=lookup.owner,
        traffic=Traffic.LOOKUP,
        cache_seconds=0 if lookup.data_class is DataClass.PHI else int(lookup.cache_seconds),
    )


def path_of(desk: Desk) -> str:
    """Where a look-up is."""
    return f"/v1/lookups/{desk.lookup.name}"


def _add(routes: APIRouter, desk: Desk, known: Any) -> None:
    declaration, lookup = declaration_of(desk), desk.lookup
    posted = lookup.data_class is DataClass.PHI

    @declared(declaration)
    async def ask(request: Request, principal: Annotated[Principal, known], prefer: Prefer = None) -> Response:
        asked = await _posted(desk, request) if posted else _queried(desk, request)
        return await _answer(desk, request, principal, asked, _patience(prefer))

    @declared(declaration)
    async def fetch(
        ticket: UUID, request: Request, principal: Annotated[Principal, known], prefer: Prefer = None
    ) -> Response:
        return await _answer(desk, request, principal, ticket, _patience(prefer))

    name = lookup.name.replace("-", "_")
    routes.add_api_route(
        path_of(desk),
        ask,
        methods=["POST" if posted else "GET"],
        name=f"lookup_{name}",
        description=f"Direct: {lookup.reason}. Within {lookup.budget_seconds:g} s; asks {', '.join(lookup.systems)}.",
        summary=lookup.summary,
        response_model=None,
        responses=_responses(desk, posted=posted, polled=False),
        openapi_extra=_asked(desk, posted=posted),
    )
    routes.add_api_route(
        f"{path_of(desk)}/results/{{ticket}}",
        fetch,
        methods=["GET"],
        name=f"lookup_{name}_result",
        summary=f"{lookup.summary}: the answer that was pending",
        response_model=None,
        responses=_responses(desk, posted=posted, polled=True),
    )


async def _posted(desk: Desk, request: Request) -> BaseModel:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json":
        raise ProblemError(415, "content-type-unknown", "send the parameters as application/json")
    body = await read_body(request, LARGEST)
    try:
        return desk.lookup.parameters.model_validate_json(body)
    except ValidationError as error:
        raise _wrong(error, "body") from None


def _queried(desk: Desk, request: Request) -> BaseModel:
    given = dict(request.query_params)
    if len(given) != len(request.query_params.multi_items()):
        raise ProblemError(422, "invalid-request", "a parameter is given twice", location="query")
    try:
        return desk.lookup.parameters.model_validate_strings(given)
    except ValidationError as error:
        raise _wrong(error, "query") from None


def _wrong(error: ValidationError, where: str) -> ProblemError:
    known = error.errors(include_input=False, include_url=False, include_context=False)
    # The name of a field that is not ours may be anything, also a name of a person.
    places = sorted(
        {f"{where}.{one['loc'][0]}" if one["loc"] and one["type"] != "extra_forbidden" else where for one in known}
    )
    wrong = "these parameters are missing, not known or not of their form"
    return ProblemError(422, "parameters-wrong", wrong, location=", ".join(places))


def _patience(prefer: str | None) -> float | None:
    for one in (prefer or "").split(","):
        text = one.strip().lower()
        if text.startswith(_WAIT) and text.removeprefix(_WAIT).isdecimal():
            return float(text.removeprefix(_WAIT))
    return None


async def _answer(
    desk: Desk, request: Request, principal: Principal, asked: BaseModel | UUID, wait: float | None
) -> Response:
    try:
        if isinstance(asked, UUID):
            found = await desk.fetch(asked, principal.id, wait)
        else:
            found = await desk.ask(asked, principal.id, wait)
    except CareloomError as error:
        raise _failed(error, request) from None
    if found is None:
        raise ProblemError(404, "ticket-unknown", "no such answer is kept for this API key; ask again")
    return _told(desk, request, found)


def _failed(error: CareloomError, request: Request) -> ProblemError:
    passage_of(request).outcome = "busy" if isinstance(error, Throttled) else "failed"
    if isinstance(error, TransientError):
        detail = "the system behind cannot answer now; ask again"
        return ProblemError(503, "lookup-unavailable", detail, retry_after=round(error.retry_after or RETRY_SECONDS))
    return ProblemError(502, "lookup-failed", "the system behind did not give an answer that can be used")


def _told(desk: Desk, request: Request, found: Answer) -> Response:
    passage = passage_of(request)
    if isinstance(found, Later):
        passage.outcome = "pending"
        poll = f"{path_of(desk)}/results/{found.ticket}"
        body = PendingAnswer(status="pending", poll=poll, retry_after=found.after)
        headers = {"Location": poll, "Retry-After": str(max(1, round(found.after)))}
        return JSONResponse(body.model_dump(), 202, headers)
    if isinstance(found, NotFound):
        passage.outcome = "not-found"
        raise ProblemError(404, "nothing-found", "the systems were asked and have nothing of the kind")
    passage.outcome = "stale" if found.stale else "kept" if found.age else "found"
    return _given(desk, request, found)


def _given(desk: Desk, request: Request, found: Answered) -> Response:
    if found.stale:
        passage_of(request).stores = False
        label = {"Age": str(int(found.age)), "Warning": STALE, "Cache-Control": "no-store"}
        return Response(found.body, media_type="application/json", headers=label)
    if desk.lookup.data_class is DataClass.PHI:
        return Response(found.body, media_type="application/json")
    return tagged(request, found.body, etag=found.etag, headers={"Age": str(int(found.age))})


def _asked(desk: Desk, *, posted: bool) -> dict[str, Any]:
    schema, example = _inlined(desk.lookup.parameters), desk.lookup.example_parameters
    if posted:
        content = {"application/json": {"schema": schema, "example": example}}
        return {"requestBody": {"required": True, "content": content}, "parameters": [_KEY]}
    return {
        "parameters": [
            {
                "name": name,
                "in": "query",
                "required": name in schema.get("required", ()),
                "description": one.get("description", ""),
                "schema": one,
                **({"example": example[name]} if name in example else {}),
            }
            for name, one in schema["properties"].items()
        ]
    }


def _responses(desk: Desk, *, posted: bool, polled: bool) -> dict[int | str, dict[str, Any]]:
    phi = desk.lookup.data_class is DataClass.PHI
    content = {"schema": _answered(desk), "example": desk.lookup.example_answer}
    tag = {} if phi else {"headers": {"ETag": HEADERS["ETag"]}}
    statuses = [401, 403, 404, 422, 502, 503, *([413, 415] if posted and not polled else [])]
    made: dict[int | str, dict[str, Any]] = {
        200: {"description": "the answer", "content": {"application/json": content}, **tag},
        202: _pending(desk),
        **documented(*statuses),
    }
    return made if phi else {**made, 304: {"description": "it is what If-None-Match names", **tag}}


def _answered(desk: Desk) -> dict[str, Any]:
    """The schema of an answer, with the label of one that is told while the systems are away."""
    schema = _inlined(desk.lookup.answer)
    if desk.lookup.stale_seconds:
        schema["properties"] = {**schema["properties"], **_LABEL}
    return schema


def _pending(desk: Desk) -> dict[str, Any]:
    poll = f"{path_of(desk)}/results/{EVENT_ID}"
    example = PendingAnswer(status="pending", poll=poll, retry_after=1.0).model_dump()
    return {
        "description": "not yet: poll",
        "model": PendingAnswer,
        "content": {"application/json": {"example": example}},
        "headers": {name: HEADERS[name] for name in ("Location", "Retry-After")},
    }


def _inlined(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of a model with its definitions in place, since the document has one list of schemas for all."""
    schema: dict[str, Any] = json.loads(json.dumps(model.model_json_schema()))
    resolved: dict[str, Any] = _resolved(schema, schema.pop("$defs", {}))
    return resolved


def _resolved(node: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(node, dict):
        if "$ref" in node:
            return _resolved(definitions[node["$ref"].rpartition("/")[2]], definitions)
        return {name: _resolved(one, definitions) for name, one in node.items()}
    return [_resolved(one, definitions) for one in node] if isinstance(node, list) else node
