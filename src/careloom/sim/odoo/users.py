"""Who may call, with which key, and what they may touch (`odoo/CONTRACT.md` section 1)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from careloom.sim.odoo import errors
from careloom.sim.odoo.models import ALL, Model

Rights = frozenset[str]

_VERBS = {"read": "access", "write": "modify", "create": "create", "unlink": "delete"}
_CONNECTOR: dict[str, Rights] = {
    "res.partner": ALL,
    "res.partner.category": ALL,
    "res.partner.title": ALL,
    "res.country": frozenset({"read"}),
    "res.country.state": frozenset({"read"}),
    "res.company": frozenset({"read"}),
    "res.users": frozenset({"read"}),
    "mail.message": ALL,
    "ir.attachment": ALL,
}


@dataclass(slots=True)
class Key:
    """An API key; `expires` is naive UTC, None for never."""

    secret: str
    expires: datetime | None = None
    name: str = "careloom"
    id: int = 0

    def valid(self, now: datetime) -> bool:
        return self.expires is None or now < self.expires


@dataclass(slots=True)
class User:
    """A user. `rights` is None for an administrator, else what is allowed per model."""

    uid: int
    login: str
    password: str
    partner: int
    rights: dict[str, Rights] | None
    companies: tuple[int, ...] = (1,)
    keys: list[Key] = field(default_factory=list)

    def may(self, model: str, operation: str) -> bool:
        return self.rights is None or operation in self.rights.get(model, ())

    def require(self, model: Model, operation: str) -> None:
        """Raise the AccessError that names the model and the group that would be needed."""
        if self.may(model.name, operation):
            return
        what = f"You are not allowed to {_VERBS[operation]} '{model.title}' ({model.name}) records."
        groups = "No group currently allows this operation."
        if model.group:
            groups = f"This operation is allowed for the following groups:\n\t- {model.group}"
        raise errors.access_error(f"{what}\n\n{groups}\n\nContact your administrator to request access if necessary.")

    def holds(self, secret: str, now: datetime) -> bool:
        """Whether `secret` is one of this user's API keys and has not expired."""
        return any(secrets.compare_digest(key.secret, secret) and key.valid(now) for key in self.keys)


def connector_rights(*, writes_external_ids: bool) -> dict[str, Rights]:
    """What the integration user may do; reading or writing ir.model.data is a right an administrator adds."""
    return _CONNECTOR | ({"ir.model.data": ALL} if writes_external_ids else {})


class Users:
    """Everybody who can log in, and the cache that keeps a removed key working for the legacy transports."""

    def __init__(self, users: Iterable[User]) -> None:
        self.by_uid = {user.uid: user for user in users}
        self._cached: set[tuple[int, str]] = set()

    def login(self, login: str, secret: str, now: datetime) -> User | None:
        """The user with this password or key, or None; a wrong login is an answer, not an error."""
        for user in self.by_uid.values():
            if user.login == login and self._known(user, secret, now):
                return user
        return None

    def legacy(self, uid: object, secret: object, now: datetime) -> User:
        """The user of an execute_kw call. A pair that once worked goes on working until `forget` [a60]."""
        user = self.by_uid.get(uid) if isinstance(uid, int) else None
        if user is None or not isinstance(secret, str):
            raise errors.access_denied()
        if (user.uid, secret) in self._cached:
            return user
        if not self._known(user, secret, now):
            raise errors.access_denied()
        self._cached.add((user.uid, secret))
        return user

    def bearer(self, secret: str, now: datetime) -> User:
        """The user of a JSON-2 call: API keys only, checked every time."""
        for user in self.by_uid.values():
            if user.holds(secret, now):
                return user
        raise errors.unauthorized()

    def _known(self, user: User, secret: str, now: datetime) -> bool:
        return secrets.compare_digest(user.password, secret) or user.holds(secret, now)

    def revoke(self, secret: str) -> None:
        """Remove a key, as its owner does in the preferences."""
        for user in self.by_uid.values():
            user.keys = [key for key in user.keys if key.secret != secret]

    def forget(self) -> None:
        """Clear the workers' caches, as a restart does."""
        self._cached.clear()
