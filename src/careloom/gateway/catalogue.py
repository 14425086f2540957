"""Which events there are: `GET /v1/event-types` and the schema of each."""

# No postponed annotations here: FastAPI could not resolve the dependency that `router` makes.

import json
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from careloom.gateway.classes import Criticality, DataClass, Declaration, declared
from careloom.gateway.conditional import tagged
from careloom.gateway.examples import answer, empty
from careloom.gateway.problems import ProblemError, documented
from careloom.gateway.services import Services
from careloom.model import CONTRACTS, CanonicalEvent, Contract, encode, examples, schema

SCHEMA: Final = "application/schema+json"
_SHOWN: Final = "patient.discharged.v1"
_DECLARED: Final = Declaration(
    data_class=DataClass.OPERATIONAL, criticality=Criticality.LOW, owner="integration", cache_seconds=300
)


class EventType(BaseModel):
    """A canonical event: the promise that its owner makes to its readers."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="its versioned name")
    owner: str = Field(description="the team that answers for it")
    meaning: str = Field(description="what it says")
    schema_url: str = Field(description="where its JSON Schema is")
    consumers: list[str] = Field(description="the subscriptions that read it here")
    example: dict[str, Any] = Field(description="its data, of an invented person")


class EventTypes(BaseModel):
    """All canonical events."""

    model_config = ConfigDict(extra="forbid")

    types: list[EventType] = Field(description="in the order of the reference")


def router(services: Services) -> APIRouter:
    """The catalogue."""
    routes = APIRouter(tags=["events"])
    shown = _shown()

    @routes.get(
        "/v1/event-types",
        response_model=None,
        responses={
            **answer(200, "the catalogue", EventTypes, _example(shown), "ETag"),
            **empty(304, "it is what If-None-Match names", "ETag"),
            **documented(401, 403),
        },
        summary="The canonical events: owner, meaning, schema, example, consumers",
    )
    @declared(_DECLARED)
    async def event_types(request: Request) -> Response:
        types = [_described(one, shown, services.consumers(name)) for name, one in CONTRACTS.items()]
        return tagged(request, EventTypes(types=types).model_dump_json().encode())

    @routes.get(
        "/v1/event-types/{type}/schema",
        response_model=None,
        responses={
            **_schema_answer(),
            **empty(304, "it is what If-None-Match names", "ETag"),
            **documented(401, 403, 404),
        },
        summary="The JSON Schema of an event",
    )
    @declared(_DECLARED)
    async def event_schema(type: Annotated[str, Path(examples=[_SHOWN])], request: Request) -> Response:
        """JSON Schema 2020-12 of the event's data."""
        if type not in CONTRACTS:
            raise ProblemError(404, "event-type-unknown", "there is no event of that type; see /v1/event-types")
        return tagged(request, json.dumps(schema(type)).encode(), media_type=SCHEMA)

    return routes


def _described(contract: Contract, shown: Any, consumers: Any) -> EventType:
    return EventType(
        type=contract.type,
        owner=contract.owner,
        meaning=contract.meaning,
        schema_url=f"/v1/event-types/{contract.type}/schema",
        consumers=sorted(consumers),
        example=msgspec.json.decode(encode(shown[contract.type])),
    )


def _example(shown: Any) -> dict[str, Any]:
    one = _described(CONTRACTS[_SHOWN], shown, ["billing.close_account"])
    return EventTypes(types=[one]).model_dump()


@cache
def _shown() -> Mapping[str, CanonicalEvent]:
    return examples()


@cache
def _shown_schema() -> dict[str, Any]:
    return schema(_SHOWN)


def _schema_answer() -> dict[int | str, dict[str, Any]]:
    content = {SCHEMA: {"schema": {"type": "object"}, "example": _shown_schema()}}
    return {200: {"description": "the schema", "content": content}}
