"""API keys as records: what their owner sees of them, how they are made and removed (`odoo/CONTRACT.md` section 1)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from careloom.core.clock import Clock
from careloom.sim.odoo import errors
from careloom.sim.odoo.fields import Field
from careloom.sim.odoo.models import Area, Model, define
from careloom.sim.odoo.store import Store, Transaction
from careloom.sim.odoo.users import Key, User, Users

MODEL = "res.users.apikeys"
_LONGEST_DAYS = 90


def _models(_: int) -> list[Model]:
    fields = [
        Field(name="name", type="char", string="Description", required=True, readonly=True),
        Field(name="user_id", type="many2one", string="User", relation="res.users", required=True, readonly=True),
        Field(name="scope", type="char", string="Scope", readonly=True),
        Field(name="expiration_date", type="datetime", string="Expiration Date", readonly=True),
    ]
    return [define(MODEL, "Users API Keys", fields)]


def _fields(_: int) -> dict[str, list[Field]]:
    return {"res.users": [Field(name="tz", type="char", string="Timezone")]}


API_KEYS = Area(name="api keys", models=_models, fields=_fields, rights={MODEL: frozenset({"read"})})


class ApiKeys:
    """The keys of all users of one database, and their rows."""

    def __init__(self, store: Store, users: Users, clock: Clock) -> None:
        self._store = store
        self._users = users
        self._clock = clock
        for user in users.by_uid.values():
            for key in user.keys:
                self._list(user, key)

    def add(self, user: User, name: str, expires: datetime | None) -> str:
        """One more key of the user; its secret, which is told this once. `expires` is naive UTC."""
        key = Key(secrets.token_hex(20), expires, name)
        user.keys.append(key)
        self._list(user, key)
        return key.secret

    def check_days(self, user: User, days: int) -> None:
        """Raise what Odoo says of a key that would hold for longer than this user may have [a22]."""
        if user.rights is not None and not 0 < days <= _LONGEST_DAYS:
            raise errors.validation_error(f"You cannot exceed {float(_LONGEST_DAYS)} days.")

    def remove(self, user: User, ids: Sequence[int]) -> None:
        """Remove the user's own keys; JSON-RPC's workers go on taking them until `Users.forget` [a60]."""
        for id_ in ids:
            if not any(key.id == id_ for key in user.keys):
                raise errors.access_error("You can not remove API keys unless they're yours or you are a system user")
            self.drop(next(key.secret for key in user.keys if key.id == id_))

    def drop(self, secret: str) -> None:
        """Remove the key with this secret, whoever has it."""
        gone = [key.id for user in self._users.by_uid.values() for key in user.keys if key.secret == secret]
        self._users.revoke(secret)
        tx = Transaction(self._store, self._now())
        for id_ in gone:
            tx.delete(MODEL, id_)
        tx.commit()

    def _list(self, user: User, key: Key) -> None:
        now = self._now()
        tx = Transaction(self._store, now)
        stamp = {"create_date": now, "write_date": now, "create_uid": user.uid, "write_uid": user.uid}
        row = {"name": key.name, "user_id": user.uid, "scope": False, "expiration_date": key.expires or False}
        key.id = tx.insert(MODEL, row | stamp)
        tx.commit()

    def _now(self) -> datetime:
        return self._clock.now().astimezone(UTC).replace(tzinfo=None)
