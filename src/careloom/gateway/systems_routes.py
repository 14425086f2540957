"""Requests that a system answers by itself: webhooks, a FHIR endpoint. `/v1/systems/{name}/<path>`."""

# No postponed annotations here: FastAPI could not resolve the dependency that `router` makes.

import logging
from typing import Annotated

from fastapi import APIRouter, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from careloom.core.errors import CareloomError, FormatError, TransientError
from careloom.gateway.access import principal_of
from careloom.gateway.body import read_body
from careloom.gateway.classes import Scope
from careloom.gateway.problems import ProblemError, documented
from careloom.gateway.services import Services
from careloom.systems import seam

log = logging.getLogger(__name__)

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
RETRY_SECONDS = 5
_ASKING = frozenset({"GET", "HEAD"})
_bearer = HTTPBearer(auto_error=False, description="an API key, unless the system checks its callers by itself")


def router(services: Services) -> APIRouter:
    """The route that hands requests to systems."""
    routes = APIRouter(tags=["systems"])

    @routes.api_route(
        "/v1/systems/{name}/{path:path}",
        methods=METHODS,
        response_model=None,
        responses=documented(400, 401, 403, 404, 413, 503),
        summary="A request that the system answers by itself",
        include_in_schema=False,
    )
    async def answer(
        name: str,
        path: str,
        request: Request,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    ) -> Response:
        endpoint = services.endpoints.get(name)
        if endpoint is None:
            raise ProblemError(404, "system-unknown", "no system of that name answers HTTP requests")
        principal = None if endpoint.authenticates else principal_of(services.keys, credentials)
        scopes = services.scopes(principal) if principal is not None else frozenset()
        if principal is not None and request.method not in _ASKING and Scope.INTAKE not in scopes:
            raise ProblemError(403, "scope-missing", "this API key lacks the scope `intake`; ask the operators")
        asked = seam.Request(
            method=request.method,
            path=path,
            query=request.url.query,
            headers={key.lower(): value for key, value in request.headers.items()},
            body=await read_body(request, endpoint.max_body),
            peer=request.client.host if request.client else "",
            principal=principal.name if principal is not None else None,
            reads_phi=Scope.READ_PHI in scopes,
        )
        return _response(await _ask(endpoint, asked))

    return routes


async def _ask(endpoint: seam.Endpoint, asked: seam.Request) -> seam.Reply:
    try:
        return await endpoint.answer(asked)
    except TransientError:
        detail = "nothing was stored; send it again"
        raise ProblemError(503, "not-stored", detail, retry_after=RETRY_SECONDS) from None
    except FormatError as error:
        raise ProblemError(422, "unreadable-message", error.reason, location=error.location or None) from None
    except CareloomError as error:
        log.warning("a request could not be answered: %s", type(error).__name__)
        raise ProblemError(503, "not-ready", "this system cannot answer now; see the hub's log") from None


def _response(reply: seam.Reply) -> Response:
    return Response(reply.body, reply.status, dict(reply.headers), media_type=reply.media_type)
