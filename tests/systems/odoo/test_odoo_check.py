"""The start-up check, against a scripted Odoo that lacks one thing at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from careloom.sim.odoo.server import SimulatedOdoo
from careloom.systems.odoo import Odoo

Start = Callable[[str], Awaitable[Any]]
Connect = Callable[..., Odoo]

USER = {"id": 6, "partner_id": [7, "Svc"], "company_id": [1, "Hospital"], "company_ids": [1]}
HEALTHY: dict[str, Any] = {
    "res.users/context_get": {"uid": 6},
    "res.users/read": [USER],
    "res.partner/read": [{"id": 7, "email": "svc@example.org"}],
    "res.partner/fields_get": {"name": {"type": "char"}, "display_name": {"type": "char", "readonly": True}},
    "res.partner/has_access": True,
    "res.users/has_group": False,
    "res.country/search_read": [{"id": 1, "code": "AD"}],
    "ir.model.data/check_object_reference": "builtins.ValueError",
}


async def problems(
    scripted: Start, connect: Connect, changed: dict[str, Any], needs: Any = None, series: str = "19.0", **settings: Any
) -> list[str]:
    server = await scripted(series)
    script = HEALTHY | changed

    def answer(path: str, body: dict[str, Any]) -> web.Response:
        given = script[path.removeprefix("/json/2/")]
        if isinstance(given, str):
            return web.json_response({"name": given, "message": "x", "debug": "x"}, status=500)
        return web.json_response(given)

    server.answer = answer
    findings = await connect(server, **settings).check(needs or {"res.partner": ["name"]})
    assert all(finding.advice for finding in findings)
    return [finding.problem for finding in findings]


async def test_a_healthy_odoo_has_no_findings(scripted: Start, connect: Connect) -> None:
    assert await problems(scripted, connect, {}, lang="en_US", allowed_company_ids=(1,)) == []


@pytest.mark.parametrize(
    ("changed", "settings", "words"),
    [
        ({"res.partner/read": [{"id": 7, "email": False}]}, {}, "no e-mail"),
        ({"res.users/read": [USER | {"company_id": False}]}, {}, "no company"),
        ({"res.users/read": []}, {}, "own record"),
        ({"res.users/has_group": True}, {}, "is an administrator"),
        ({}, {"allowed_company_ids": (1, 5)}, "companies [5]"),
        ({"res.country/search_read": "odoo.exceptions.UserError"}, {"lang": "xx_XX"}, "language xx_XX"),
        ({"ir.model.data/check_object_reference": ["ir.module.module", 9]}, {}, "module is called careloom"),
        ({"ir.model.data/check_object_reference": ["ir.module.module", False]}, {}, "module is called careloom"),
        ({"ir.model.data/check_object_reference": "odoo.exceptions.AccessError"}, {}, "module is called careloom"),
        ({"res.partner/has_access": False}, {}, "may not read, write, create res.partner"),
        ({"res.partner/fields_get": "odoo.exceptions.AccessError"}, {}, "model res.partner cannot be used"),
        ({"res.users/context_get": "werkzeug.exceptions.Unauthorized"}, {}, "no connection"),
        ({"res.users/read": "psycopg2.OperationalError"}, {}, "a part of the check failed"),
    ],
)
async def test_what_is_missing_is_found(
    scripted: Start, connect: Connect, changed: dict[str, Any], settings: dict[str, Any], words: str
) -> None:
    (problem,) = await problems(scripted, connect, changed, **settings)
    assert words in problem


async def test_fields_that_are_missing_or_read_only(scripted: Start, connect: Connect) -> None:
    needs = {"res.partner": ["name", "mobile", "display_name", "country_id/id"]}
    found = await problems(scripted, connect, {}, needs)
    assert [problem.split(" here")[0] for problem in found] == [
        "res.partner has no field mobile",
        "res.partner.display_name is read-only",
        "res.partner has no field country_id",
    ]


async def test_a_version_that_cannot_tell_who_is_an_administrator(scripted: Start, connect: Connect) -> None:
    assert await problems(scripted, connect, {"res.users/has_group": "builtins.AttributeError"}) == []


async def test_the_module_of_a_missing_model_is_named(scripted: Start, connect: Connect) -> None:
    server = await scripted("19.0")
    server.answer = lambda path, body: (
        web.json_response(HEALTHY[path.removeprefix("/json/2/")])
        if path.removeprefix("/json/2/") in HEALTHY and "check_object" not in path
        else web.json_response({"name": "werkzeug.exceptions.NotFound", "message": "x"}, status=404)
    )
    findings = await connect(server).check({"purchase.order": ["partner_id"]})
    assert any("install the module purchase, or" in finding.advice for finding in findings)


async def test_a_version_that_cannot_answer_about_rights_is_believed(scripted: Start, connect: Connect) -> None:
    assert await problems(scripted, connect, {"res.partner/has_access": "builtins.TypeError"}) == []


@pytest.mark.parametrize(("series", "words"), [("20.0", "newer"), ("saas~19.3", ""), ("19.0", "")])
async def test_the_version_is_judged(scripted: Start, connect: Connect, series: str, words: str) -> None:
    found = await problems(scripted, connect, {}, series=series)
    assert (words in found[0]) if words else found == []


async def test_an_old_version_is_told(scripted: Start, connect: Connect) -> None:
    server = await scripted("16.0")
    server.answer = lambda path, body: web.json_response({"jsonrpc": "2.0", "id": 1, "result": []})
    findings = await connect(server).check({})
    assert "Odoo 16.0 is older" in findings[0].problem


async def test_the_field_that_19_dropped(sim: SimulatedOdoo, connect: Connect) -> None:
    found = [finding.problem for finding in await connect(sim).check({"res.partner": ["mobile"]})]
    assert any("mobile" in problem for problem in found) == (sim.version == "19.0")
