"""The API as a whole: its document, its errors, its headers, its server."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import signal
import socket

import pytest
from fastapi.openapi.models import OpenAPI

from careloom.core.errors import ConfigurationError
from careloom.gateway.app import create_app
from careloom.gateway.problems import Problem
from careloom.gateway.server import serve

PATHS = {
    "/healthz",
    "/v1/case-groups",
    "/v1/case-groups/retry",
    "/v1/case-groups/{cause}/preview",
    "/v1/case-kinds",
    "/v1/cases",
    "/v1/cases/{id}",
    "/v1/cases/{id}/actions",
    "/v1/cases/{id}/assign",
    "/v1/cases/{id}/claim",
    "/v1/cases/{id}/comments",
    "/v1/cases/{id}/history",
    "/v1/cases/{id}/looks",
    "/v1/cases/{id}/payload",
    "/v1/cases/{id}/release",
    "/v1/cases/{id}/wait",
    "/v1/codes/{entity}",
    "/v1/delegations",
    "/v1/delegations/{id}/withdraw",
    "/v1/direct",
    "/v1/event-types",
    "/v1/event-types/{type}/schema",
    "/v1/events",
    "/v1/events/{id}",
    "/v1/messages/{id}",
    "/v1/person-questions",
    "/v1/persons/search",
    "/v1/persons/{id}",
    "/v1/run-counts",
    "/v1/runs",
    "/v1/runs/{id}",
    "/v1/runs/{id}/cancel",
    "/v1/runs/{id}/diagram",
    "/v1/runs/{id}/looks",
    "/v1/runs/{id}/move",
    "/v1/runs/{id}/resume",
    "/v1/runs/{id}/retry",
    "/v1/runs/{id}/suspend",
    "/v1/status",
    "/v1/systems/{name}/messages",
    "/v2/events",
}
AUTHORISED = {"authorization": "Bearer clm_ehr"}


def references(node: object) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if "$ref" in node else []
        return own + [one for name, value in node.items() if name != "example" for one in references(value)]
    return [one for value in node for one in references(value)] if isinstance(node, list) else []


async def document_of(gateway) -> dict[str, object]:
    async with gateway.http.get(f"{gateway.url}/openapi.json") as answer:
        return await answer.json()


async def test_the_openapi_document_is_valid_and_its_references_resolve(gateway) -> None:
    document = await document_of(gateway)
    OpenAPI.model_validate(document)
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) == PATHS
    for reference in references(document):
        node = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
        assert node


async def test_every_documented_error_is_a_problem_and_every_route_but_health_asks_for_a_key(gateway) -> None:
    document = await document_of(gateway)
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert bool(operation.get("security")) is (path != "/healthz")
            for status, response in operation["responses"].items():
                if status >= "400":
                    (media,) = response["content"]
                    assert media == "application/problem+json"
    statuses = set(document["paths"]["/v1/systems/{name}/messages"]["post"]["responses"])
    assert statuses == {"200", "201", "401", "403", "404", "409", "413", "415", "422", "429", "503"}


async def test_any_call_gets_a_documented_answer_of_the_documented_shape(gateway) -> None:
    documented = (await document_of(gateway))["paths"]["/v1/systems/{name}/messages"]["post"]["responses"]
    chance = random.Random(7001)
    bodies = [b"MSH|^~\\&|A|B|C|D|2026||ADT^A04|M%d|P|2.5.1\rPID|1||QUILLFEATHER%d\r" % (n % 3, n) for n in range(6)]
    bodies += [b"", b"x" * 6000, *(chance.randbytes(60) for _ in range(5))]
    seen = set()
    for _ in range(300):
        (gateway.intake.fail if chance.random() < 0.2 else gateway.intake.recover)()
        system = chance.choice(["ehr", "ehr", "lab", "none"])
        key = chance.choice(["clm_ehr", "clm_ehr", "clm_ehr", "clm_other", "bad", None])
        given = {
            "content_type": chance.choice(["application/hl7-v2", "text/plain", "text/plain", "application/json"]),
            "idempotency_key": chance.choice(["one", "two", "not plain"]),
        }
        async with gateway.post(chance.choice(bodies), system=system, key=key, **given) as answer:
            text = await answer.text()
            seen.add(str(answer.status))
            assert str(answer.status) in documented
            if answer.status >= 400:
                assert Problem.model_validate_json(text).status == answer.status
                assert answer.headers["content-type"] == "application/problem+json"
            assert "QUILLFEATHER" not in text
    assert seen == set(documented) - {"429"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 404), ("GET", "/QUILLFEATHER", 404), ("DELETE", "/healthz", 405), ("POST", "/docs", 405)],
)
async def test_the_framework_s_own_errors_are_problems_too(gateway, method: str, path: str, status: int) -> None:
    async with gateway.http.request(method, gateway.url + path) as answer:
        assert answer.status == status
        assert answer.headers["content-type"] == "application/problem+json"
        text = await answer.text()
    assert Problem.model_validate_json(text).status == status
    assert "QUILLFEATHER" not in text


async def test_a_bug_is_a_problem_without_its_text(gateway, caplog) -> None:
    def broken() -> dict[str, object]:
        raise KeyError("QUILLFEATHER")

    object.__setattr__(gateway.services, "status", broken)
    async with gateway.http.get(f"{gateway.url}/v1/status", headers=AUTHORISED) as answer:
        assert answer.status == 500
        assert Problem.model_validate_json(await answer.text()).type.endswith("internal-error")
        assert "QUILLFEATHER" not in await answer.text()
    assert "KeyError" in caplog.text
    assert "QUILLFEATHER" not in caplog.text


async def test_status_needs_a_key_and_health_tells_nothing(gateway) -> None:
    async with gateway.http.get(f"{gateway.url}/v1/status") as answer:
        assert answer.status == 401
    async with gateway.http.get(f"{gateway.url}/v1/status", headers=AUTHORISED) as answer:
        assert await answer.json() == {"received": 0, "time": "2026-03-04T05:06:07+00:00"}
    async with gateway.http.get(f"{gateway.url}/healthz") as answer:
        assert await answer.json() == {"status": "ok"}


@pytest.mark.parametrize("path", ["/healthz", "/v1/status", "/nowhere"])
async def test_every_response_has_security_headers_and_names_no_server(gateway, path: str) -> None:
    async with gateway.http.get(gateway.url + path) as answer:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "server" not in answer.headers


async def test_no_log_line_carries_a_path_or_a_body(gateway, message, caplog) -> None:
    with caplog.at_level(logging.DEBUG):
        async with gateway.post(message()) as answer, gateway.post(b"QUILLFEATHER", system="nobody-7001") as other:
            assert (answer.status, other.status) == (201, 404)
    told = "\n".join(
        record.getMessage() for record in caplog.records if record.name.startswith(("careloom", "uvicorn"))
    )
    assert "QUILLFEATHER" not in told
    assert "7001" not in told
    assert "/v1/systems" not in told


async def test_a_port_that_is_taken_is_a_configuration_error(gateway) -> None:
    with pytest.raises(ConfigurationError, match="cannot listen for HTTP"):
        await serve(create_app(gateway.services), port=int(gateway.url.rsplit(":", 1)[1]))


async def test_the_server_leaves_signals_alone_and_closes_cleanly(gateway, message) -> None:
    before = signal.getsignal(signal.SIGTERM)
    serving = await serve(create_app(gateway.services))
    assert signal.getsignal(signal.SIGTERM) is before
    gateway.intake.hold()
    url = f"http://127.0.0.1:{serving.port}/v1/systems/ehr/messages"
    headers = {**AUTHORISED, "content-type": "text/plain"}
    posting = asyncio.ensure_future(gateway.http.post(url, data=message(), headers=headers).__aenter__())
    await gateway.intake.until(lambda store: store.waiting == 1)
    closing = asyncio.ensure_future(serving.close())
    gateway.intake.release()
    assert (await posting).status == 201
    await closing
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", serving.port)) != 0


def test_the_document_can_be_written_without_a_server() -> None:
    from careloom.gateway.services import Services

    app = create_app(Services(None, None, {}, dict))  # type: ignore[arg-type]
    json.dumps(app.openapi())
    assert app.openapi() is app.openapi()
