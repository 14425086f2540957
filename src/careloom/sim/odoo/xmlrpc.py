"""`/xmlrpc/2/<service>` and the older `/xmlrpc/<service>`: the same services, with faults for errors.

A result of None cannot be sent: the client gets a fault for a call that was committed (`odoo/CONTRACT.md` section 0).
"""

from __future__ import annotations

import xmlrpc.client
from typing import Any
from xml.parsers.expat import ExpatError

from aiohttp import web

from careloom.sim.odoo import errors
from careloom.sim.odoo.pages import closing
from careloom.sim.odoo.services import Services


class XmlRpc:
    """The handlers of one server."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/xmlrpc/2/{service}", self._post), web.post("/xmlrpc/{service}", self._post_old)]

    async def _post(self, request: web.Request) -> web.Response:
        try:
            return _answer(xmlrpc.client.dumps((await self._result(request),), methodresponse=True))
        except errors.OdooError as problem:
            said = errors.debug_text(problem, await request.text()) if problem.fault == 1 else problem.message
            return _fault(problem.fault, said)
        except (ExpatError, TypeError) as problem:
            failed = errors.OdooError(f"{type(problem).__module__}.{type(problem).__name__}", str(problem))
            return _fault(1, errors.debug_text(failed, await request.text()))

    async def _post_old(self, request: web.Request) -> web.Response:
        try:
            return _answer(xmlrpc.client.dumps((await self._result(request),), methodresponse=True))
        except errors.OdooError as problem:
            return _fault(problem.name.rsplit(".", 1)[1], problem.message)

    async def _result(self, request: web.Request) -> Any:
        params, method = xmlrpc.client.loads(await request.text(), use_builtin_types=True)
        return await self._services.call(request.match_info["service"], method, params)


def _fault(code: int | str, said: str) -> web.Response:
    fault = xmlrpc.client.Fault(code, said)  # type: ignore[arg-type]
    return _answer(xmlrpc.client.dumps(fault, methodresponse=True))


def _answer(xml: str) -> web.Response:
    return closing(web.Response(text=xml, content_type="text/xml", charset="utf-8"))
