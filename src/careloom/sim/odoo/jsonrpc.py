"""`POST /jsonrpc`: the services `common`, `object` and `db` (`odoo/CONTRACT.md` section 1).

The status is always 200. The code of an error is 200 in 18.0 and 0 in 19.0; a result of None has no `result` key.
"""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from careloom.sim.odoo import errors
from careloom.sim.odoo.pages import closing, json_response, page
from careloom.sim.odoo.services import Services


class JsonRpc:
    """The handler of one server."""

    def __init__(self, services: Services, major: int) -> None:
        self._services = services
        self._major = major

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/jsonrpc", self._post),
            web.post("/web/webclient/version_info", self._version_info),
            web.post("/web/session/authenticate", self._session),
        ]

    async def _post(self, request: web.Request) -> web.Response:
        if request.headers.get("Content-Type", "").split(";")[0] not in ("application/json", "application/json-rpc"):
            return self._wrong_type()
        try:
            body = json.loads(await request.text())
        except ValueError:
            return closing(web.Response(status=400, text="Invalid JSON data", content_type="text/html"))
        params = body.get("params", {})
        try:
            result = await self._services.call(params.get("service"), params.get("method"), params.get("args", []))
        except errors.OdooError as problem:
            return self._failure(body, problem)
        return success(body, result)

    def _wrong_type(self) -> web.Response:
        if self._major == 18:
            return page(400, "400 Bad Request", "Request type is not compatible with this endpoint.")
        return page(415, "415 Unsupported Media Type", "Please verify the Content-Type request header.")

    def _failure(self, body: dict[str, Any], problem: errors.OdooError) -> web.Response:
        return failure(body, problem, self._major)

    async def _version_info(self, request: web.Request) -> web.Response:
        return success(await request.json(), self._services.version())

    async def _session(self, request: web.Request) -> web.Response:
        body = await request.json()
        params = body.get("params", {})
        try:
            about = self._services.open_session(params.get("db"), params.get("login"), params.get("password"))
        except errors.OdooError as problem:
            return self._failure(body, problem)
        response = success(body, about)
        response.set_cookie("session_id", self._services.session_id(about["uid"]), httponly=True, path="/")
        return response


def failure(body: dict[str, Any], problem: errors.OdooError, major: int) -> web.Response:
    """The answer of a call that failed."""
    data = errors.error_body(problem, body.get("params"))
    error = {"code": 200 if major == 18 else 0, "message": "Odoo Server Error", "data": data}
    return json_response({"jsonrpc": "2.0", "id": body.get("id"), "error": error})


def success(body: dict[str, Any], result: Any) -> web.Response:
    """The answer of a call; a result of None has no place in it."""
    answer = {"jsonrpc": "2.0", "id": body.get("id")}
    return json_response(answer if result is None else {**answer, "result": result})
