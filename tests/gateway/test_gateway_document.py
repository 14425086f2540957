"""The OpenAPI document and its page: complete, true to their own schemas, and nothing from elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import jsonschema_rs
import pytest
from tests.gateway.asking import STANDARD
from tests.gateway.calling import Api, open_api
from tests.gateway.test_gateway_api import references

from careloom.gateway.classes import Proof, declaration_of
from careloom.gateway.lookups import Lookups


def everything() -> Api:
    return open_api(lookups=Lookups(STANDARD))


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def contents(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each body and answer of a route, with where it stands."""
    for media, one in operation.get("requestBody", {}).get("content", {}).items():
        yield f"body as {media}", one
    for status, response in operation["responses"].items():
        for media, one in response.get("content", {}).items():
            yield f"{status} as {media}", one


def valid(document: dict[str, Any], schema: dict[str, Any], instance: Any) -> bool:
    """Whether an instance follows a schema that may refer to the document's own."""
    whole = {**schema, "components": document["components"]}
    return bool(jsonschema_rs.validator_for(whole).is_valid(instance))


def test_every_route_says_what_it_is_and_has_an_answer_in_each_case() -> None:
    document = everything().app.openapi()
    names = [operation["operationId"] for _, operation in operations(document)]
    assert len(names) == len(set(names)) > 20
    for name, operation in operations(document):
        assert operation["summary"] and operation["tags"], name
        assert {"x-data-class", "x-criticality", "x-owner"} <= set(operation), name
        statuses = set(operation["responses"])
        assert any(status < "300" for status in statuses), name
        if operation.get("security"):
            assert {"401", "403", "429"} <= statuses and operation["x-scope"], name


def test_every_body_and_answer_has_an_example_that_follows_its_schema() -> None:
    document = everything().app.openapi()
    checked = 0
    for name, operation in operations(document):
        for place, content in contents(operation):
            assert "example" in content, f"{name}: {place}"
            if "schema" in content:
                assert valid(document, content["schema"], content["example"]), f"{name}: {place}"
                checked += 1
    assert checked > 100


def test_the_check_of_examples_would_notice() -> None:
    document = everything().app.openapi()
    problem = {"$ref": "#/components/schemas/Problem"}
    assert not valid(document, problem, {"status": 404})


def test_references_resolve_with_look_ups_too() -> None:
    document = everything().app.openapi()
    for reference in references(document):
        node: Any = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
    assert document["openapi"].startswith("3.1")


def test_what_the_document_says_of_keys_is_what_is_declared() -> None:
    api = everything()
    document = api.app.openapi()
    for route in api.app.router.routes:
        declaration = declaration_of(route)
        for method in route.methods:
            operation = document["paths"].get(route.path, {}).get(method.lower())
            if operation is not None:
                assert bool(operation.get("security")) is (declaration.proof is Proof.KEY)
                assert operation["x-data-class"] == declaration.data_class


def test_a_question_about_a_patient_has_no_parameter_in_its_address() -> None:
    for name, operation in operations(everything().app.openapi()):
        if operation["x-data-class"] == "phi" and "/lookups/" in name:
            assert not [one for one in operation.get("parameters", ()) if one["in"] == "query"], name


async def test_the_document_and_the_page_have_tags() -> None:
    api = everything()
    for path in ("/openapi.json", "/docs", "/docs/style.css", "/v1/event-types"):
        first = await api.get(path)
        assert (first.status, "max-age=300" in first.headers["cache-control"]) == (200, True)
        again = await api.get(path, headers={"if-none-match": first.headers["etag"]})
        assert (again.status, again.body) == (304, b"")
        assert "max-age=300" in again.headers["cache-control"]


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        found = dict(attributes)
        self.links += [str(found[name]) for name in ("href", "src", "action") if name in found]
        self.ids += [str(found["id"])] if "id" in found else []
        assert not {name for name in found if name.startswith("on") or name == "style"}
        if tag not in {"meta", "link"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


async def test_the_page_shows_every_route_and_loads_nothing_from_elsewhere() -> None:
    api = everything()
    reply = await api.get("/docs", key=None)
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    page = _Page()
    page.feed(reply.body.decode())
    assert page.open == []
    assert "script" not in page.tags and "style" not in page.tags
    assert [one for one in page.links if not one.startswith(("/", "#"))] == []
    assert {one[1:] for one in page.links if one.startswith("#")} == set(page.ids)
    assert len(page.ids) == len(list(operations(api.app.openapi())))
    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "style-src 'self'" in policy and "unsafe" not in policy
    for path in {one for one in page.links if one.startswith("/")}:
        assert (await api.get(path, key=None)).status == 200


async def test_the_style_sheet_loads_nothing() -> None:
    reply = await open_api().get("/docs/style.css", key=None)
    assert reply.headers["content-type"] == "text/css; charset=utf-8"
    assert not re.search(rb"url\(|@import", reply.body)


async def test_the_catalogue_has_every_event_with_its_readers_and_schema() -> None:
    from careloom.model import CONTRACTS, schema

    api = open_api(consumers=lambda type_: ["b.second", "a.first"] if type_ == "patient.merged.v1" else [])
    found = {one["type"]: one for one in (await api.get("/v1/event-types")).json["types"]}
    assert set(found) == set(CONTRACTS)
    assert found["patient.merged.v1"]["consumers"] == ["a.first", "b.second"]
    for name, one in found.items():
        reply = await api.get(one["schema_url"])
        assert reply.headers["content-type"] == "application/schema+json"
        assert reply.json == json.loads(json.dumps(schema(name)))
        assert jsonschema_rs.validator_for(reply.json).is_valid(one["example"])
    assert (await api.get("/v1/event-types/nothing.v1/schema")).problem == "event-type-unknown"


@pytest.mark.parametrize(
    ("header", "status"), [("*", 304), ('"x", W/{tag}', 304), ("{tag}", 304), ('"x"', 200), ("", 200), ("{tag}x", 200)]
)
async def test_tags_are_compared_weakly(header: str, status: int) -> None:
    api = open_api()
    tag = (await api.get("/v1/event-types")).headers["etag"]
    given = {"if-none-match": header.format(tag=tag)}
    assert (await api.get("/v1/event-types", headers=given)).status == status
