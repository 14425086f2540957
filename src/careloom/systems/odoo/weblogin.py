"""A session at Odoo's web client, as a person would have: the only place where API keys are made and removed.

`odoo/CONTRACT.md` section 1: over RPC the same methods are refused. The password is asked for again before a key is
made, in the form that 18.0 wants (a field) and the one that 19.0 wants (the context); each version passes over the
other's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

import aiohttp

from careloom.core.errors import AccessRefused, ConfigurationError, ContractBroken
from careloom.systems.odoo.faults import OdooAccessRefused, OdooRejected
from careloom.systems.odoo.settings import Settings
from careloom.systems.odoo.transport import rpc_result
from careloom.systems.odoo.wire import Call, exchange

_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
_CHECK: Final = "res.users.identitycheck"


class WebSession:
    """Use it with `async with`: it logs in with `login` and logs out at the end."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._url = settings.url.rstrip("/")
        self._http: aiohttp.ClientSession | None = None
        self._password = ""

    async def __aenter__(self) -> Self:
        parts = urlsplit(self._url)
        if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            raise ConfigurationError(f"a password is sent over https alone: set `url` to https://{parts.netloc}")
        limits = aiohttp.ClientTimeout(
            total=self._settings.timeout_seconds, sock_connect=self._settings.connect_seconds
        )
        # The session's cookie belongs to an address as well as to a name.
        self._http = aiohttp.ClientSession(timeout=limits, cookie_jar=aiohttp.CookieJar(unsafe=True))
        return self

    async def __aexit__(
        self, type_: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._http is not None
        try:
            await self._http.post(f"{self._url}/web/session/destroy", json={"params": {}}, allow_redirects=False)
        except (aiohttp.ClientError, TimeoutError, OSError):
            pass  # it ends by itself
        finally:
            await self._http.close()

    async def login(self, password: str) -> int:
        """Log in; the user's id. Raises AccessRefused when Odoo does not let this user in."""
        settings = self._settings
        asked = {"db": settings.database, "login": settings.login, "password": password}
        try:
            about = await self._post(Call("", "session.authenticate", {}), "/web/session/authenticate", asked)
        except OdooAccessRefused:
            raise AccessRefused(
                f"Odoo does not let {settings.login} in with this password: correct it, or wait a minute if it was "
                "tried wrongly ten times"
            ) from None
        user = about.get("uid") if isinstance(about, Mapping) else None
        if not user:
            raise AccessRefused(
                f"Odoo asks {settings.login} for a second factor: make the key by hand in its preferences, and put it "
                "into the file"
            )
        self._password = password
        return int(user)

    async def call(self, model: str, method: str, *arguments: Any, context: Mapping[str, Any] | None = None) -> Any:
        """Call a method as the web client does. Raises the errors of `careloom.systems.odoo.faults`."""
        asked = {"model": model, "method": method, "args": list(arguments), "kwargs": {"context": dict(context or {})}}
        return await self._post(Call(model, method, {}), f"/web/dataset/call_kw/{model}/{method}", asked)

    async def confirmed(self, model: str, method: str, ids: Sequence[int]) -> Any:
        """Call a method that asks who we are first, and answer that."""
        result = await self.call(model, method, list(ids))
        if not isinstance(result, Mapping) or result.get("res_model") != _CHECK:
            return result
        check = [result.get("res_id")]
        try:
            await self.call(_CHECK, "write", check, {"password": self._password})
            return await self.call(_CHECK, "run_check", check, context={"password": self._password})
        except OdooRejected as error:
            raise AccessRefused(f"Odoo did not accept the password a second time ({error.name}): try again") from None

    async def _post(self, call: Call, path: str, parameters: Mapping[str, Any]) -> Any:
        if self._http is None:
            raise ContractBroken("the session is not open: enter it with `async with` first")
        payload = {"jsonrpc": "2.0", "method": "call", "params": parameters, "id": 1}
        return rpc_result(call, await exchange(self._http, f"{self._url}{path}", payload, {}, call))
