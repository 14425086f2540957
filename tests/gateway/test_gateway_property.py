"""Requests made from the OpenAPI document alone: whatever is sent, the answer is one that the document describes."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis_jsonschema import from_schema
from tests.gateway.asking import REASON
from tests.gateway.calling import DESK, KEYS, SCOPES, Reply, open_api
from tests.gateway.clerk import clerk
from tests.gateway.foreman import foreman
from tests.gateway.steward import codes, steward
from tests.gateway.test_gateway_document import operations

from careloom.core.envelope import Kind, Position, Recorded
from careloom.gateway.classes import Scope
from careloom.gateway.journal import After, Logged, Page
from careloom.gateway.lookup import Found, LookupResult, NotFound, Pending
from careloom.gateway.lookup_shapes import SHAPES, Shape
from careloom.gateway.lookups import Lookups
from careloom.log.journey import Journey
from careloom.model import encode, examples
from careloom.testing.clock import VirtualClock

KNOWN = UUID(int=7)
WHEN = datetime(2026, 3, 4, tzinfo=UTC)
TYPE = "patient.discharged.v1"
DATA = encode(examples()[TYPE])
ROUNDS = 25


class Shelf:
    """A log of one event, whose id is KNOWN."""

    async def page(self, types: Sequence[str], after: After, limit: int) -> Page:
        fresh = [self._event()] if TYPE in types and 76 not in after else []
        return Page(fresh, {**after, 76: 1}, more=bool(fresh) and limit == 1)

    async def event(self, id_: UUID) -> Logged | None:
        return self._event() if id_ == KNOWN else None

    async def journey(self, message: UUID) -> Journey | None:
        if message != KNOWN:
            return None
        at = Position(12, 1)
        received = Recorded(
            id=KNOWN,
            kind=Kind.MESSAGE,
            type="hl7v2:ADT^A03",
            source="ehr",
            subject="s",
            token=KNOWN,
            time=WHEN,
            data=b"",
            datacontenttype="",
            correlation=KNOWN,
            causation=None,
            position=at,
            recorded=WHEN,
        )
        return Journey(KNOWN, "k", "ehr", [received], [], [], [])

    def _event(self) -> Logged:
        return Logged(KNOWN, TYPE, "ehr", KNOWN, WHEN, WHEN, Position(76, 1), KNOWN, None, DATA)


def answering(shape: Shape) -> Any:
    """A system that finds, finds not, or asks for patience, by what it is asked."""

    async def run(asked: Any, budget: float) -> LookupResult:
        number = sum(asked.model_dump_json().encode()) % 3
        return (Found(shape.example_answer), NotFound(), Pending(2.0))[number]

    return shape.lookup(run, owner="front-desk", systems=("erp",), reason=REASON, cache_seconds=30)


CLOCK = VirtualClock()
WORKING = {Scope.CASES_READ, Scope.CASES_WORK, Scope.RUNS_READ, Scope.RUNS_WORK}
API = open_api(
    clock=CLOCK,
    journal=Shelf(),
    lookups=Lookups([answering(shape) for shape in SHAPES], CLOCK),
    consumers=lambda _: (),
    cases=clerk(),
    runs=foreman(),
    persons=steward(),
    codes=codes(),
    scopes=lambda principal: SCOPES[principal] | (WORKING if principal == DESK else set()),
)
DOCUMENT = json.loads(json.dumps(API.app.openapi()))
ROUTES = dict(operations(DOCUMENT))
SEEN: Counter[str] = Counter()


def generated(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """What a schema allows; objects member by member, the rest by hypothesis-jsonschema."""
    if "$ref" in schema:
        return generated(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        return st.one_of([generated(one) for one in schema["anyOf"]])
    if schema.get("type") == "object" and "properties" in schema:
        required = set(schema.get("required", ()))
        members = {name: generated(one) for name, one in schema["properties"].items()}
        return st.fixed_dictionaries(
            {name: one for name, one in members.items() if name in required},
            optional={name: one for name, one in members.items() if name not in required},
        )
    if schema.get("type") == "object":
        return st.dictionaries(st.text(max_size=5), st.none() | st.integers() | st.text(max_size=5), max_size=3)
    return from_schema({name: one for name, one in schema.items() if name not in {"title", "default"}})


def value_of(parameter: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """A value that the parameter's schema allows, or its example; null is left out."""
    made = generated(parameter["schema"])
    if parameter["schema"].get("format") == "uuid":
        made = st.one_of(st.just(str(KNOWN)), st.uuids().map(str), made)
    return st.one_of(made, st.just(parameter["example"])) if "example" in parameter else made


@st.composite
def requests(draw: st.DrawFn, name: str) -> tuple[str, str, dict[str, str], bytes]:
    operation = ROUTES[name]
    method, path = name.split(" ")
    query, headers = {}, {}
    for parameter in operation.get("parameters", ()):
        value = draw(value_of(parameter)) if parameter.get("required") or draw(st.booleans()) else None
        if value is None:
            continue
        text = value if isinstance(value, str) else json.dumps(value)
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", quote(text, safe="") or "-")
        elif parameter["in"] == "query":
            query[parameter["name"]] = text
        else:
            headers[parameter["name"]] = "".join(one for one in text if " " <= one <= "~")
    body = b""
    if contents := operation.get("requestBody", {}).get("content"):
        media = draw(st.sampled_from(sorted(contents)))
        content = contents[media]
        made = draw(st.one_of(st.just(content["example"]), generated(content["schema"])))
        body = made.encode("utf-8", "replace") if isinstance(made, str) else json.dumps(made).encode()
        headers["content-type"] = media
    if key := draw(st.sampled_from([*KEYS, *KEYS, "clm_unknown", None])):
        headers["authorization"] = f"Bearer {key}"
    return method, f"{path}?{urlencode(query)}" if query else path, headers, body


def check(name: str, reply: Reply) -> None:
    """The answer is documented, with its shape and its content type, and no bug."""
    documented = ROUTES[name]["responses"]
    assert str(reply.status) in documented, f"{name} answered {reply.status}: {reply.body[:200]!r}"
    assert reply.status < 500, reply.body
    SEEN[f"{name} {reply.status}"] += 1
    content = documented[str(reply.status)].get("content")
    if content is None:
        assert reply.body == b""
        return
    media = reply.headers["content-type"].partition(";")[0]
    assert media in content
    if "schema" in content[media] and "json" in media:
        schema = {**content[media]["schema"], "components": DOCUMENT["components"]}
        jsonschema_rs.validator_for(schema).validate(reply.json)


@pytest.mark.parametrize("name", ROUTES)
def test_whatever_the_document_allows_gets_an_answer_that_it_describes(name: str) -> None:
    @settings(max_examples=ROUNDS, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(requests(name))
    def trial(request: tuple[str, str, dict[str, str], bytes]) -> None:
        method, target, headers, body = request
        reply = asyncio.run(API.call(method, target, key=None, headers=headers, body=body))
        check(name, reply)

    trial()
    assert {one for one in SEEN if one.startswith(name)}


@pytest.mark.parametrize("name", [one for one in ROUTES if "{" not in one.replace("{name}", "")])
def test_the_examples_of_the_document_succeed(name: str) -> None:
    """Each route called as its own examples say, with a key that may."""
    operation = ROUTES[name]
    method, path = name.split(" ")
    examples_of = {one["name"]: one["example"] for one in operation.get("parameters", ()) if "example" in one}
    query = {
        one["name"]: examples_of[one["name"]]
        for one in operation.get("parameters", ())
        if one["in"] == "query" and one["name"] in examples_of
    }
    target = path.replace("{name}", "ehr") + (f"?{urlencode(query)}" if query else "")
    for media, content in (operation.get("requestBody", {}).get("content") or {"": {}}).items():
        attributes = (
            {n: v for n, v in examples_of.items() if n.startswith("ce-")} if media == "application/json" else {}
        )
        shown = content.get("example", "")
        body = shown.encode() if isinstance(shown, str) else json.dumps(shown).encode()
        headers = {**attributes, **({"content-type": media} if media else {}), "idempotency-key": f"k-{len(media)}"}
        key = "clm_pioneer" if path.startswith("/v2") else "clm_portal" if "events" in path else "clm_desk"
        reply = asyncio.run(API.call(method, target, key=key, headers=headers, body=body))
        check(name, reply)
        assert reply.status < 300 or reply.problem == "nothing-found", (name, media, reply.body)
