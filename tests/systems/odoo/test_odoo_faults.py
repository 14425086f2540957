"""What each error of Odoo means, over both transports; every row of the measured table of errors."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from careloom.core.errors import (
    AccessRefused,
    AmbiguousError,
    CareloomError,
    Contention,
    ContractBroken,
    Rejected,
    Throttled,
    Unavailable,
)
from careloom.systems.odoo import Odoo
from careloom.systems.odoo.faults import MEANINGS, Fault, OdooFault, raised
from careloom.systems.resilience import BreakerState

TRANSCRIPTS = Path(__file__).resolve().parents[3] / ".." / "shared" / "odoo" / "transcripts"
CANARY = "Zephyrine Quillfeather"

TABLE: list[tuple[str, int, type[CareloomError], bool]] = [
    ("odoo.exceptions.ValidationError", 422, Rejected, False),
    ("odoo.exceptions.UserError", 422, Rejected, False),
    ("odoo.exceptions.AccessError", 403, AccessRefused, False),
    ("odoo.exceptions.AccessDenied", 401, AccessRefused, True),
    ("werkzeug.exceptions.Unauthorized", 401, AccessRefused, True),
    ("odoo.exceptions.MissingError", 404, Rejected, False),
    ("builtins.ValueError", 500, ContractBroken, False),
    ("psycopg2.errors.InvalidTextRepresentation", 500, Rejected, False),
    ("builtins.TypeError", 500, ContractBroken, False),
    ("builtins.IndexError", 500, ContractBroken, False),
    ("builtins.AttributeError", 404, ContractBroken, False),
    ("werkzeug.exceptions.NotFound", 404, ContractBroken, False),
    ("werkzeug.exceptions.UnprocessableEntity", 422, ContractBroken, False),
    ("werkzeug.exceptions.BadRequest", 400, ContractBroken, False),
    ("psycopg2.errors.SerializationFailure", 500, Contention, False),
    ("psycopg2.errors.LockNotAvailable", 500, Contention, False),
    ("psycopg2.errors.DeadlockDetected", 500, Contention, False),
    ("odoo.exceptions.LockError", 409, Contention, False),
    ("psycopg2.OperationalError", 500, Unavailable, False),
    ("some.addon.NewError", 500, Rejected, False),
]

Start = Callable[[str], Awaitable[Any]]
Connect = Callable[..., Odoo]


def failing(name: str, status: int, series: str) -> web.Response:
    body = {"name": name, "message": f"{CANARY} is wrong", "arguments": [CANARY], "context": {}, "debug": CANARY}
    if series.startswith("18"):
        return web.json_response({"jsonrpc": "2.0", "id": 1, "error": {"code": 200, "message": CANARY, "data": body}})
    return web.json_response(body, status=status)


def everything_shown(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))


@pytest.mark.parametrize("series", ["18.0", "19.0"])
@pytest.mark.parametrize(("name", "status", "class_", "stops"), TABLE, ids=[row[0] for row in TABLE])
async def test_an_error_is_classed_by_its_name_and_tells_nothing_private(
    scripted: Start,
    connect: Connect,
    caplog: pytest.LogCaptureFixture,
    series: str,
    name: str,
    status: int,
    class_: type[CareloomError],
    stops: bool,
) -> None:
    caplog.set_level(logging.DEBUG)
    server = await scripted(series)
    server.answer = lambda path, body: failing(name, status, series)
    odoo = connect(server)
    with pytest.raises(class_) as caught:
        await odoo.read("res.partner", [1], ["name"])
    error = caught.value
    assert isinstance(error, OdooFault)
    assert (error.name, error.model, error.method) == (name, "res.partner", "read")
    assert error.private_detail == f"{CANARY} is wrong"
    assert CANARY not in everything_shown(error)
    assert "Zephyrine" not in caplog.text
    assert (odoo.state is BreakerState.REFUSED) == stops


def test_every_known_name_has_advice() -> None:
    for name in MEANINGS:
        error = raised(Fault(name, "res.partner", "write", row=3, field="email", private_detail=CANARY))
        assert str(error).startswith(f"Odoo res.partner.write row 3 field email: {name}: ")
        assert CANARY not in everything_shown(error)
        assert error.outcome() is not None


@pytest.mark.parametrize("series", ["18.0", "19.0"])
@pytest.mark.parametrize(
    ("status", "class_"),
    [
        (303, ContractBroken),
        (404, ContractBroken),
        (415, ContractBroken),
        (200, ContractBroken),
        (429, Throttled),
        (503, Unavailable),
        (502, Unavailable),
        (504, Unavailable),
    ],
)
async def test_a_page_instead_of_json(
    scripted: Start, connect: Connect, series: str, status: int, class_: type[CareloomError]
) -> None:
    server = await scripted(series)
    headers = {"Retry-After": "17", "Location": "/web/login"}
    server.answer = lambda path, body: web.Response(
        status=status, text=f"<html>{CANARY}</html>", content_type="text/html", headers=headers
    )
    with pytest.raises(class_) as caught:
        await connect(server).read("res.partner", [1], ["name"])
    assert CANARY not in everything_shown(caught.value)
    assert f"HTTP {status}" in str(caught.value)
    if status in (429, 503):
        assert getattr(caught.value, "retry_after", None) == 17.0


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_a_proxy_that_loses_the_answer_of_a_write_leaves_the_outcome_open(
    scripted: Start, connect: Connect, status: int
) -> None:
    server = await scripted("19.0")

    def answer(path: str, body: dict[str, Any]) -> web.Response:
        if path.endswith("fields_get"):
            return web.json_response({"name": {"type": "char"}})
        return web.Response(status=status, text="<html></html>", content_type="text/html")

    server.answer = answer
    with pytest.raises(AmbiguousError):
        await connect(server).write("res.partner", [1], {"name": "x"})
    assert [path for path, _ in server.requests].count("/json/2/res.partner/write") == 2


async def test_json_that_breaks_off_is_no_answer_of_odoo(scripted: Start, connect: Connect) -> None:
    server = await scripted("19.0")
    server.answer = lambda path, body: web.Response(text='{"a": ', content_type="application/json")
    with pytest.raises(ContractBroken):
        await connect(server).read("res.partner", [1], ["name"])


async def test_nobody_listens_is_an_outage_and_not_a_doubt(scripted: Start, connect: Connect) -> None:
    server = await scripted("19.0")
    server.url = "http://127.0.0.1:1"
    with pytest.raises(Unavailable, match="nothing was sent"):
        await connect(server).upsert("res.partner", "careloom.x", {"name": "x"})


async def test_the_key_goes_into_the_header_and_the_database_too(scripted: Start, connect: Connect) -> None:
    server = await scripted("19.0")
    server.answer = lambda path, body: web.json_response([])
    await connect(server, allowed_company_ids=(3, 1), lang="en_US").read("res.partner", [1, 2], ["name"])
    path, body = server.requests[0]
    assert path == "/json/2/res.partner/read"
    context = {"tz": "UTC", "lang": "en_US", "allowed_company_ids": [3, 1]}
    assert body == {"ids": [1, 2], "fields": ["name"], "context": context}
    assert server.headers[0]["Authorization"] == "bearer secret-key"
    assert server.headers[0]["X-Odoo-Database"] == "hospital"


async def test_json_rpc_names_the_same_arguments(scripted: Start, connect: Connect) -> None:
    server = await scripted("18.0")
    server.answer = lambda path, body: web.json_response({"jsonrpc": "2.0", "id": 1, "result": []})
    await connect(server).search_read("res.partner", [["ref", "=", "7"]], ["name"], limit=1, order="id")
    path, body = server.requests[0]
    assert path == "/jsonrpc"
    named = {"domain": [["ref", "=", "7"]], "fields": ["name"], "limit": 1, "order": "id", "context": {"tz": "UTC"}}
    assert body["params"]["args"] == ["hospital", 6, "secret-key", "res.partner", "search_read", [], named]


EXPECTED: dict[str, type[CareloomError]] = {name: class_ for name, _, class_, _ in TABLE}


@pytest.mark.corpora
@pytest.mark.skipif(not TRANSCRIPTS.exists(), reason="the measured transcripts are not here")
@pytest.mark.parametrize("series", ["18.0", "19.0"])
async def test_the_errors_of_the_measured_transcripts(scripted: Start, connect: Connect, series: str) -> None:
    """Answers of real servers, played back: each error is the class that its name has in the table."""
    paths = ("/json/2/",) if series == "19.0" else ("/jsonrpc",)
    seen, server = 0, await scripted(series)
    for file in sorted((TRANSCRIPTS / series).glob("*.json")):
        script = json.loads(file.read_text("utf-8"))
        answer = script["response"]
        name = _error_name(answer["body"]) if answer else None
        if not script["request"]["path"].startswith(paths) or name is None:
            continue
        server.requests.clear()
        server.answer = lambda path, body, played=answer: web.json_response(played["body"], status=played["status"])
        with pytest.raises(EXPECTED[name]):
            await connect(server)._connection.call("res.partner", "anything", {}, repeatable=True)
        assert (len(server.requests) > 1) == (EXPECTED[name] is Contention)
        seen += 1
    assert seen > 20


def _error_name(body: Any) -> str | None:
    if not isinstance(body, dict):
        return None
    data = body.get("error", {}).get("data", {}) if "jsonrpc" in body else body
    name = data.get("name")
    return name if isinstance(name, str) and "debug" in data else None
