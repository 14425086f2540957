"""`POST /json/2/<model>/<method>` of Odoo 19 (`odoo/CONTRACT.md` section 1). 18.0 redirects it to the login page."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from aiohttp import web

from careloom.sim.odoo import errors
from careloom.sim.odoo.dispatch import Invocation
from careloom.sim.odoo.pages import json_response, page, redirect
from careloom.sim.odoo.reception import Authenticate, Reception
from careloom.sim.odoo.users import User, Users

_NEEDS_BEARER = "User not authenticated, use an API Key with a Bearer Authorization header."


class Json2:
    """The handlers of one server."""

    def __init__(self, reception: Reception, users: Users, database: str, major: int) -> None:
        self._reception = reception
        self._users = users
        self._database = database
        self._major = major

    def routes(self) -> list[web.RouteDef]:
        if self._major < 19:
            return [web.route("*", "/json/2/{tail:.*}", self._to_login)]
        return [
            web.post("/json/2/{model}/{method}", self._post),
            web.route("*", "/json/2/{tail:.*}", self._elsewhere),
        ]

    async def _to_login(self, request: web.Request) -> web.Response:
        return redirect(f"/web/login?redirect={request.path_qs}%3F")

    async def _elsewhere(self, _: web.Request) -> web.Response:
        return _refusal(errors.not_found("Did you mean POST /json/2/<model>/<method>?"), None)

    async def _post(self, request: web.Request) -> web.Response:
        if request.headers.get("X-Odoo-Database", self._database) != self._database:
            return page(404, "404 Not Found", "No database is selected: check the X-Odoo-Database header.")
        if request.headers.get("Content-Type", "").split(";")[0] != "application/json":
            return page(415, "415 Unsupported Media Type", "Please verify the Content-Type request header.")
        given: Any = None
        try:
            given = _parsed(await request.text())
            call = _invocation(request.match_info["model"], request.match_info["method"], given)
            return json_response(await self._reception.serve(call, self._authenticate(request)))
        except errors.OdooError as problem:
            return _refusal(problem, given)

    def _authenticate(self, request: web.Request) -> Authenticate:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")

        def user(now: datetime) -> User:
            if scheme.lower() != "bearer":
                raise errors.unauthorized(_NEEDS_BEARER)
            return self._users.bearer(secret, now)

        return user


def _parsed(text: str) -> Any:
    try:
        return json.loads(text or "{}")
    except ValueError as problem:
        raise errors.http_error("BadRequest", 400, f"could not parse the body as json: {problem}") from problem


def _invocation(model: str, method: str, given: Any) -> Invocation:
    """A body that is not an object is no arguments at all, and nobody says so [a45]."""
    named = dict(given) if isinstance(given, dict) else {}
    ids, context = named.pop("ids", None), named.pop("context", None)
    return Invocation(model, method, ids=ids, named=named, context=context or {})


def _refusal(problem: errors.OdooError, given: Any) -> web.Response:
    response = json_response(errors.error_body(problem, given), status=problem.status)
    if problem.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer "
    return response
