"""Every error of the API as RFC 9457 `application/problem+json`. No problem ever repeats what the caller sent."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from careloom.core.errors import TransientError

log = logging.getLogger(__name__)

MEDIA_TYPE: Final = "application/problem+json"
_TYPE: Final = "urn:careloom:problem:"


class Problem(BaseModel):
    """RFC 9457 section 3.1, and the place in the message that is wrong, where there is one."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="names the kind of problem", examples=["urn:careloom:problem:unreadable-message"])
    title: str = Field(description="the kind in words")
    status: int = Field(ge=400, le=599, description="the HTTP status")
    detail: str = Field(description="what happened and what to do")
    instance: str = Field(description="the route that was called, as in the OpenAPI document")
    location: str | None = Field(default=None, description="where in the message, such as MSH-10")


class ProblemError(Exception):
    """Raised anywhere in a route to answer with a problem."""

    def __init__(
        self, status: int, kind: str, detail: str, *, location: str | None = None, retry_after: int | None = None
    ) -> None:
        super().__init__(f"{kind}: {detail}")
        self.status, self.kind, self.detail, self.location = status, kind, detail, location
        self.headers: dict[str, str] = {} if retry_after is None else {"Retry-After": str(retry_after)}
        if status == HTTPStatus.UNAUTHORIZED:
            self.headers["WWW-Authenticate"] = "Bearer"


def answered(request: Request, error: ProblemError) -> JSONResponse:
    """The response that tells of `error`."""
    problem = Problem(
        type=_TYPE + error.kind,
        title=error.kind.replace("-", " ").capitalize(),
        status=error.status,
        detail=error.detail,
        instance=_route_of(request),
        location=error.location,
    )
    return JSONResponse(problem.model_dump(exclude_none=True), error.status, error.headers, media_type=MEDIA_TYPE)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI `responses` of a route that may answer with problems of these statuses."""
    return {status: {"description": HTTPStatus(status).phrase, "content": _content(status)} for status in statuses}


def _content(status: int) -> dict[str, Any]:
    phrase = HTTPStatus(status).phrase
    example = Problem(
        type=_TYPE + _EXAMPLES.get(status, _slug(phrase)),
        title=_EXAMPLES.get(status, _slug(phrase)).replace("-", " ").capitalize(),
        status=status,
        detail=_ADVICE.get(status, "says what happened and what to do"),
        instance="/v1/status",
    )
    schema = {"$ref": "#/components/schemas/Problem"}
    return {MEDIA_TYPE: {"schema": schema, "example": example.model_dump(exclude_none=True)}}


def install(app: FastAPI) -> None:
    """Make every error of `app` a problem: ours, the framework's, and those nobody expected."""
    app.add_exception_handler(ProblemError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _framework)
    app.add_exception_handler(TransientError, _away)
    app.add_middleware(_Unexpected)


async def _ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ProblemError)
    return answered(request, error)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    places = ", ".join(sorted({".".join(str(part) for part in one["loc"]) for one in error.errors()}))
    problem = ProblemError(422, "invalid-request", "these parts of the request are not valid", location=places)
    return answered(request, problem)


async def _away(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, TransientError)
    problem = ProblemError(
        503, "unavailable", "the hub cannot answer now; nothing was changed, ask again", retry_after=5
    )
    return answered(request, problem)


async def _framework(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    problem = ProblemError(error.status_code, _slug(phrase), _ADVICE.get(error.status_code, phrase))
    problem.headers.update(error.headers or {})
    return answered(request, problem)


class _Unexpected:
    """Answers an exception that nobody foresaw.

    The framework's own handler raises it again, and the server would log its text, which may quote the message that
    caused it: only the type is told, or logged.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            request = Request(scope)
            log.error("gateway: %s in %s; report this as a bug", type(error).__name__, _route_of(request))
            if not started:
                await answered(request, _BUG)(scope, receive, send)


_BUG: Final = ProblemError(500, "internal-error", "an error of ours; nothing was acknowledged, send again")
_EXAMPLES: Final[Mapping[int, str]] = {
    401: "key-missing",
    403: "scope-missing",
    409: "key-conflict",
    413: "message-too-large",
    415: "content-type-unknown",
    422: "invalid-request",
    429: "quota-exceeded",
}
_ADVICE: Final[Mapping[int, str]] = {
    404: "there is no such resource; see /openapi.json",
    405: "this resource does not take that method; see /openapi.json",
}


def _slug(phrase: str) -> str:
    return phrase.lower().replace(" ", "-")


def _route_of(request: Request) -> str:
    """The path called, if it is one of ours; another path may hold anything and is not repeated."""
    route = request.scope.get("route")
    if route is None:
        return "about:blank"
    template: str = route.path
    return template
