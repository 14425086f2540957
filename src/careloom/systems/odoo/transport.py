"""Two ways to call the same methods: JSON-2 from Odoo 19 on, JSON-RPC before (which Odoo 20 begins to remove)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

import aiohttp

from careloom.systems.odoo.faults import (
    Fault,
    OdooAccessRefused,
    OdooContractBroken,
    OdooFault,
    make,
    raised,
)
from careloom.systems.odoo.wire import Answer, Call, exchange, not_json

_VERSION_PATH = "/web/webclient/version_info"
_VALUES = {"create": "vals_list", "write": "vals"}
"""What these take goes by position over JSON-RPC: `create` is an IndexError by name, and models of 18.0 call what
`write` takes `vals` or `values`, as they like."""
_NO_LOGIN = "Odoo knows no such login with this key: correct `login`, `database` or the key"


class Version(NamedTuple):
    """Odoo's series; a `saas~18.4` is (18, 4)."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


class Transport(Protocol):
    """Carries calls. Raises the errors of `faults` and nothing else."""

    async def call(self, call: Call) -> Any:
        """The method's result, as JSON gives it."""

    async def user_id(self) -> int:
        """The database id of the API user; proves that the credentials work."""


class Endpoint(NamedTuple):
    """Where and as whom. `key` is read for each call, so that a rotated key works at once."""

    session: aiohttp.ClientSession
    url: str
    database: str
    login: str
    key: Callable[[], str]


async def find_version(session: aiohttp.ClientSession, url: str) -> Version:
    """Ask the server which Odoo it is: the web client's route, and the older common service where that is closed."""
    call = Call("", "version_info", {}, repeatable=True)
    answer = await exchange(session, f"{url}{_VERSION_PATH}", {"jsonrpc": "2.0", "params": {}}, {}, call)
    if not answer.json and answer.status in (403, 404, 405):
        call = Call("", "common.version", {}, repeatable=True)
        payload = _rpc("common", "version", [])
        answer = await exchange(session, f"{url}/jsonrpc", payload, {}, call)
    return _version(rpc_result(call, answer), call)


def _version(result: Any, call: Call) -> Version:
    series = str(result.get("server_serie", "")) if isinstance(result, Mapping) else ""
    numbers = re.search(r"(\d+)\.(\d+)", series)
    if numbers is None:
        fault = call.fault("no version")
        raise make(OdooContractBroken, fault, "this server does not say which Odoo it is: check the url", stops=True)
    return Version(int(numbers[1]), int(numbers[2]))


def transport_for(version: Version, endpoint: Endpoint) -> Transport:
    """JSON-2 where it is (19.0 on), else JSON-RPC."""
    return Json2Transport(endpoint) if version.major >= 19 else JsonRpcTransport(endpoint)


class Json2Transport:
    """`POST /json/2/<model>/<method>` with named arguments and a bearer key."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._user_id: int | None = None

    async def user_id(self) -> int:
        if self._user_id is None:
            context = await self.call(Call("res.users", "context_get", {}, repeatable=True))
            self._user_id = int(context["uid"])
        return self._user_id

    async def call(self, call: Call) -> Any:
        endpoint = self._endpoint
        headers = {"Authorization": f"bearer {endpoint.key()}", "X-Odoo-Database": endpoint.database}
        url = f"{endpoint.url}/json/2/{call.model}/{call.method}"
        answer = await exchange(endpoint.session, url, _json2_body(call), headers, call)
        if not answer.json:
            raise not_json(call, answer)
        if answer.status == 200:
            return answer.body
        raise reported(call, answer.body)


def _json2_body(call: Call) -> dict[str, Any]:
    body = dict(call.arguments)
    if call.ids is not None:
        body["ids"] = call.ids
    if call.context:
        body["context"] = call.context
    return body


class JsonRpcTransport:
    """`POST /jsonrpc`, service object, method execute_kw. HTTP 200 for everything: only `error` tells."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._user_id: int | None = None

    async def user_id(self) -> int:
        if self._user_id is None:
            self._user_id = await self._login()
        return self._user_id

    async def call(self, call: Call) -> Any:
        endpoint = self._endpoint
        user_id = await self.user_id()
        positional: list[Any] = [] if call.ids is None else [call.ids]
        named = dict(call.arguments) | ({"context": call.context} if call.context else {})
        values = _VALUES.get(call.method)
        if values in named:
            positional.append(named.pop(values))
        arguments = [endpoint.database, user_id, endpoint.key(), call.model, call.method, positional, named]
        try:
            return await self._post(call, _rpc("object", "execute_kw", arguments))
        except OdooAccessRefused as error:
            # Another database may have come under the same name, with other user ids.
            self._user_id = None if error.stops else user_id
            raise

    async def _login(self) -> int:
        endpoint = self._endpoint
        call = Call("", "common.login", {}, repeatable=True)
        result = await self._post(call, _rpc("common", "login", [endpoint.database, endpoint.login, endpoint.key()]))
        if not isinstance(result, int) or isinstance(result, bool):
            raise make(OdooAccessRefused, call.fault("login refused"), _NO_LOGIN, stops=True)
        return result

    async def _post(self, call: Call, payload: dict[str, Any]) -> Any:
        answer = await exchange(self._endpoint.session, f"{self._endpoint.url}/jsonrpc", payload, {}, call)
        return rpc_result(call, answer)


def _rpc(service: str, method: str, arguments: list[Any]) -> dict[str, Any]:
    parameters = {"service": service, "method": method, "args": arguments}
    return {"jsonrpc": "2.0", "method": "call", "params": parameters, "id": 1}


def rpc_result(call: Call, answer: Answer) -> Any:
    """What a JSON-RPC call gave. Raises the errors of `faults`."""
    # The presence of `error` decides, never its code: that is 200 on Odoo 18 and 0 on 19.
    if not answer.json or not isinstance(answer.body, Mapping):
        raise not_json(call, answer)
    error = answer.body.get("error")
    if error is not None:
        raise reported(call, error.get("data") if isinstance(error, Mapping) else None)
    return answer.body.get("result")


def reported(call: Call, body: object) -> OdooFault:
    """The error for an exception in Odoo's own JSON form; its traceback is dropped here."""
    body = body if isinstance(body, Mapping) else {}
    name = body.get("name")
    known = name if isinstance(name, str) and re.fullmatch(r"[\w.]{1,120}", name) else "unnamed error"
    return raised(Fault(known, call.model, call.method, private_detail=str(body.get("message", ""))))
