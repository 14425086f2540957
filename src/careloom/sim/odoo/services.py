"""The legacy services behind JSON-RPC and XML-RPC: `common`, `object`, `db`, and the web login."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from careloom.core.clock import Clock
from careloom.sim.odoo import errors
from careloom.sim.odoo.dispatch import Invocation
from careloom.sim.odoo.reception import Reception
from careloom.sim.odoo.users import Users

_LOGIN_FAILURES = 10
_LOGIN_PAUSE = 60.0


class Services:
    """One database's services. The web login, and it alone, pauses for a minute after ten failures [a28]."""

    def __init__(self, reception: Reception, users: Users, database: str, version: str, clock: Clock) -> None:
        self._reception = reception
        self._users = users
        self._database = database
        self._version = version
        self._clock = clock
        self._failures = 0
        self._failed_at = 0.0
        self.sessions: dict[str, int] = {}

    def version(self) -> dict[str, Any]:
        """What `common.version` and /web/webclient/version_info tell; 18.0 adds the day of its build."""
        major = int(self._version.split(".")[0])
        return {
            "server_version": f"{self._version}-20250702" if major == 18 else self._version,
            "server_version_info": [major, 0, 0, "final", 0, ""],
            "server_serie": self._version,
            "protocol_version": 1,
        }

    async def call(self, service: Any, method: Any, args: Sequence[Any]) -> Any:
        """The answer of one legacy call. Raises `OdooError` and what `Reception.serve` raises."""
        if service == "object":
            return await self._object(str(method), args)
        if service == "common" and method in ("login", "authenticate", "version"):
            revoked = self._reception.greet(method).struck_by("revoked")
            return self.version() if method == "version" else self._login(*args[:3], revoked=revoked)
        if service == "db":
            raise errors.access_denied()
        raise errors.attribute_error(f"The service {service!r} has no method {method!r}")

    def _login(self, database: str, login: str, secret: str, *, revoked: bool) -> int | bool:
        self._require(database)
        user = None if revoked else self._users.login(login, secret, self._now())
        return user.uid if user else False

    async def _object(self, method: str, args: Sequence[Any]) -> Any:
        if method not in ("execute", "execute_kw") or len(args) < 5:
            raise errors.index_error() if len(args) < 5 else errors.attribute_error(f"no method {method!r}")
        database, uid, secret, model, name, *rest = args
        self._require(database)
        positional = rest[0] if method == "execute_kw" and rest else rest
        named = dict(rest[1]) if method == "execute_kw" and len(rest) > 1 else {}
        context = named.pop("context", None) or {}
        call = Invocation(model, name, positional=positional, named=named, context=context, legacy=True)
        return await self._reception.serve(call, lambda now: self._users.legacy(uid, secret, now))

    def _require(self, database: Any) -> None:
        if database != self._database:
            raise errors.unknown_database(str(database))

    def _now(self) -> datetime:
        return self._clock.now().astimezone(UTC).replace(tzinfo=None)

    def open_session(self, database: Any, login: Any, password: Any) -> dict[str, Any]:
        """What a web login answers. Raises AccessDenied, also for a right password during the pause."""
        self._require(database)
        if self._failures >= _LOGIN_FAILURES and self._clock.monotonic() - self._failed_at < _LOGIN_PAUSE:
            raise errors.access_denied("Too many login failures, please wait a bit before trying again.")
        user = self._users.login(str(login), str(password), self._now())
        if user is None:
            self._failures, self._failed_at = self._failures + 1, self._clock.monotonic()
            raise errors.access_denied()
        self._failures = 0
        about = self.version()
        return {
            "uid": user.uid,
            "is_system": user.rights is None,
            "is_admin": user.rights is None,
            "is_internal_user": True,
            "user_context": {"lang": "en_US", "tz": False, "uid": user.uid},
            "db": self._database,
            "server_version": about["server_version"],
            "server_version_info": about["server_version_info"],
            "name": user.login,
            "username": user.login,
            "partner_id": user.partner,
        }

    def session_id(self, uid: int) -> str:
        """The cookie of a new session of this user."""
        made = secrets.token_hex(20)
        self.sessions[made] = uid
        return made
