"""`POST /web/dataset/call_kw/...`: methods as the web client calls them, in a session [a16 to a28].

Here alone are API keys made and removed, after the password was given once more within ten minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from aiohttp import web

from careloom.core.clock import Clock
from careloom.sim.odoo import errors
from careloom.sim.odoo.apikeys import MODEL, ApiKeys
from careloom.sim.odoo.dispatch import Invocation
from careloom.sim.odoo.jsonrpc import failure, success
from careloom.sim.odoo.reception import Reception
from careloom.sim.odoo.services import Services
from careloom.sim.odoo.users import User, Users

_DESCRIPTION = f"{MODEL}.description"
_CHECK = "res.users.identitycheck"
_TRUST_SECONDS = 600.0
_CLOSED = {"type": "ir.actions.act_window_close"}


@dataclass(slots=True)
class _Waiting:
    """What waits until its caller has given the password."""

    sid: str
    model: str
    method: str
    ids: list[int]
    password: str = ""


@dataclass(slots=True)
class _Session:
    checked: float | None = None
    drafts: dict[int, dict[str, Any]] = field(default_factory=dict)


class WebClient:
    """The handler of one server."""

    def __init__(
        self, reception: Reception, services: Services, users: Users, keys: ApiKeys, clock: Clock, major: int
    ) -> None:
        self._reception = reception
        self._services = services
        self._users = users
        self._keys = keys
        self._clock = clock
        self._major = major
        self._sessions: dict[str, _Session] = {}
        self._waiting: dict[int, _Waiting] = {}
        self._number = 0

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/web/dataset/call_kw/{model}/{method}", self._post),
            web.post("/web/session/destroy", self._destroy),
        ]

    async def _destroy(self, request: web.Request) -> web.Response:
        self._services.sessions.pop(request.cookies.get("session_id", ""), None)
        return success(await request.json(), None)

    async def _post(self, request: web.Request) -> web.Response:
        body = await request.json()
        asked = body.get("params", {})
        sid = request.cookies.get("session_id", "")
        try:
            user = self._users.by_uid.get(self._services.sessions.get(sid, 0))
            if user is None:
                raise errors.OdooError("odoo.http.SessionExpiredException", "Session expired")
            result = await self._answer(sid, user, asked)
        except errors.OdooError as problem:
            return failure(body, problem, self._major)
        return success(body, result)

    async def _answer(self, sid: str, user: User, asked: Mapping[str, Any]) -> Any:
        model, method = str(asked["model"]), str(asked["method"])
        arguments, context = list(asked["args"]), dict(asked["kwargs"].get("context") or {})
        fate = self._reception.greet(f"{model}.{method}")
        if fate.struck_by("revoked"):
            raise errors.access_denied()
        special: dict[tuple[str, str], Callable[[], Any]] = {
            (_DESCRIPTION, "create"): lambda: self._describe(sid, user, arguments[0]),
            (_DESCRIPTION, "make_key"): lambda: self._checked(sid, user, model, method, arguments[0]),
            (MODEL, "remove"): lambda: self._checked(sid, user, model, method, arguments[0]),
            (_CHECK, "write"): lambda: self._take_password(arguments[0][0], arguments[1]),
            (_CHECK, "run_check"): lambda: self._run_check(user, arguments[0][0], context),
            ("res.users", "write"): lambda: self._preferences(user, arguments[0]),
        }
        if (model, method) in special:
            return special[model, method]()
        named = {name: value for name, value in asked["kwargs"].items() if name != "context"}
        call = Invocation(model, method, positional=arguments, named=named, context=context, legacy=True)
        return await self._reception.serve(call, lambda _: user)

    def _describe(self, sid: str, user: User, values: list[dict[str, Any]]) -> list[int]:
        self._keys.check_days(user, int(values[0]["duration"]))
        self._number += 1
        self._sessions.setdefault(sid, _Session()).drafts[self._number] = values[0]
        return [self._number]

    def _checked(self, sid: str, user: User, model: str, method: str, ids: list[int]) -> Any:
        session = self._sessions.setdefault(sid, _Session())
        if session.checked is not None and self._clock.monotonic() - session.checked < _TRUST_SECONDS:
            return self._act(sid, user, model, ids)
        self._number += 1
        self._waiting[self._number] = _Waiting(sid, model, method, ids)
        name = "Security Control" if self._major == 18 else "Access Control"
        return {"type": "ir.actions.act_window", "res_model": _CHECK, "res_id": self._number, "name": name}

    def _take_password(self, number: int, values: Mapping[str, Any]) -> bool:
        if self._major == 18:  # 19.0 does not keep what is written here
            self._waiting[number].password = str(values.get("password", ""))
        return True

    def _run_check(self, user: User, number: int, context: Mapping[str, Any]) -> Any:
        waiting = self._waiting.pop(number)
        given = waiting.password if self._major == 18 else context.get("password")
        if given != user.password:
            raise errors.user_error("Incorrect Password, try again or click on Forgot Password to reset your password.")
        self._sessions[waiting.sid].checked = self._clock.monotonic()
        return self._act(waiting.sid, user, waiting.model, waiting.ids)

    def _act(self, sid: str, user: User, model: str, ids: list[int]) -> Any:
        if model == MODEL:
            self._keys.remove(user, ids)
            return _CLOSED
        draft = self._sessions[sid].drafts.pop(ids[0])
        today = self._clock.now().replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
        secret = self._keys.add(user, draft["name"], today + timedelta(days=int(draft["duration"])))
        return {"type": "ir.actions.act_window", "res_model": f"{MODEL}.show", "context": {"default_key": secret}}

    def _preferences(self, user: User, ids: list[int]) -> bool:
        if ids != [user.uid]:
            raise errors.access_error("You are not allowed to modify 'User' (res.users) records.")
        self._users.forget()
        return True
