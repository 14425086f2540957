"""HL7 v2 messages by HTTP: `POST /v1/systems/{name}/messages`."""

# No postponed annotations here: FastAPI could not resolve the dependency that `router` makes.

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from careloom.core.errors import TransientError
from careloom.core.receipts import Accepted, Conflicting, Receipt
from careloom.gateway.access import Key, caller
from careloom.gateway.body import read_body
from careloom.gateway.classes import Criticality, DataClass, Declaration, Scope, Traffic, declared
from careloom.gateway.examples import MESSAGE_ID
from careloom.gateway.problems import ProblemError, documented
from careloom.gateway.services import HttpIntake, Services
from careloom.security.apikeys import Principal
from careloom.systems.mllp.recognise import INTERNAL_ERROR, MEDIA_TYPE, Recognised, Refused

MEDIA_TYPES: Final = (MEDIA_TYPE, "x-application/hl7-v2+er7", "text/plain", "application/octet-stream")
RETRY_SECONDS: Final = 5
_SEND: Final = Declaration(
    data_class=DataClass.PHI,
    criticality=Criticality.HIGH,
    owner="integration",
    scope=Scope.INTAKE,
    traffic=Traffic.INTAKE,
)
_TEXT: Final[dict[str, Any]] = {"schema": {"type": "string"}}
_MESSAGE: Final = (
    "MSH|^~\\&|REG|LAKESIDE|HUB|ERP|20260304050607||ADT^A03|MSG70001|P|2.5.1\r"
    "EVN|A03|20260304050607\rPID|1||MRN700123^^^LAKESIDE^MR||OKONJO^MARIBEL\r"
)
_ANSWER: Final = "MSH|^~\\&|HUB|ERP|REG|LAKESIDE|20260304050607||ACK^A03|A1B2C3D4-1|P|2.5.1\rMSA|AA|MSG70001\r"


class MessageReceipt(BaseModel):
    """Proof that a message is stored. A repeat names the id of the first and has no position of its own."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(description="the id of the message in the log (UUID version 7)")
    position: str | None = Field(default=None, description="lane and sequence, such as 12:4711")
    acknowledged: bool = Field(description="always true: it is committed")


_RECEIPT: Final = {"id": MESSAGE_ID, "position": "12:4711", "acknowledged": True}
_RECEIPTS: Final[dict[int | str, dict[str, Any]]] = {
    status: {
        "description": description,
        "model": MessageReceipt,
        "content": {"application/json": {"example": _RECEIPT}, MEDIA_TYPE: {**_TEXT, "example": _ANSWER}},
    }
    for status, description in ((201, "stored"), (200, "stored before under this key, with the same bytes"))
}
_BODY: Final = {
    "requestBody": {"required": True, "content": {media: {**_TEXT, "example": _MESSAGE} for media in MEDIA_TYPES}}
}


def router(services: Services) -> APIRouter:
    """The route that takes messages."""
    routes = APIRouter(tags=["messages"])
    known = Depends(caller(services.keys))

    @routes.post(
        "/v1/systems/{name}/messages",
        status_code=201,
        response_model=None,
        responses={**_RECEIPTS, **documented(401, 403, 404, 409, 413, 415, 422, 503)},
        openapi_extra=_BODY,
        summary="Take one HL7 v2 message",
    )
    @declared(_SEND)
    async def take(
        name: str,
        request: Request,
        principal: Annotated[Principal, known],
        key: Key = None,
    ) -> Response:
        """Answers once it is committed. With `Accept: application/hl7-v2` the answer is the acknowledgement."""
        system = _system(services, name, principal)
        _check_type(request)
        body = await read_body(request, system.max_message)
        as_hl7 = MEDIA_TYPE in request.headers.get("accept", "")
        recognised = system.recogniser.recognise(body, _peer(request), key=key)
        if isinstance(recognised, Refused):
            return _refused(services, recognised, as_hl7)
        return await _stored(services, system, recognised, as_hl7)

    return routes


def _system(services: Services, name: str, principal: Principal) -> HttpIntake:
    system = services.systems.get(name)
    if system is None:
        raise ProblemError(404, "system-unknown", "no system of that name takes messages by HTTP")
    if not system.admits(principal):
        raise ProblemError(403, "not-allowed", "this API key may not send for this system")
    return system


def _check_type(request: Request) -> None:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in MEDIA_TYPES:
        raise ProblemError(415, "content-type-unknown", f"send an HL7 v2 message as one of {', '.join(MEDIA_TYPES)}")


def _refused(services: Services, refused: Refused, as_hl7: bool) -> Response:
    services.intake.refuse(refused.refusal)
    if refused.fault.code == INTERNAL_ERROR:
        return _problem_or_hl7(_not_stored(), refused.answer, as_hl7)
    problem = ProblemError(422, "unreadable-message", refused.fault.message, location=refused.fault.location or None)
    return _problem_or_hl7(problem, refused.answer, as_hl7)


async def _stored(services: Services, system: HttpIntake, recognised: Recognised, as_hl7: bool) -> Response:
    try:
        # Shielded: a caller that hangs up must not cancel the commit of a whole batch.
        receipt = await asyncio.shield(services.intake.accept(recognised.received))
    except TransientError:
        return _problem_or_hl7(_not_stored(), system.recogniser.unavailable(recognised), as_hl7)
    if isinstance(receipt, Conflicting):
        detail = "this key was used before for another message; send it under a new one"
        problem = ProblemError(409, "key-conflict", detail, location="MSH-10")
        return _problem_or_hl7(problem, system.recogniser.conflicting(recognised), as_hl7)
    return _acknowledged(receipt, as_hl7)


def _acknowledged(receipt: Receipt, as_hl7: bool) -> Response:
    fresh = isinstance(receipt, Accepted)
    status = 201 if fresh else 200
    if as_hl7 and not isinstance(receipt, Conflicting) and receipt.acknowledgement:
        return Response(receipt.acknowledgement, status, media_type=MEDIA_TYPE)
    position = str(receipt.position) if isinstance(receipt, Accepted) else None
    return JSONResponse(
        MessageReceipt(id=str(receipt.id), position=position, acknowledged=True).model_dump(exclude_none=True), status
    )


def _not_stored() -> ProblemError:
    return ProblemError(503, "not-stored", "the message could not be stored; send it again", retry_after=RETRY_SECONDS)


def _problem_or_hl7(problem: ProblemError, answer: bytes, as_hl7: bool) -> Response:
    """The acknowledgement with the problem's status, for a caller that asked for HL7; else the problem itself."""
    if not as_hl7 or not answer:
        raise problem
    return Response(answer, problem.status, problem.headers, media_type=MEDIA_TYPE)


def _peer(request: Request) -> str:
    return request.client.host if request.client else ""
