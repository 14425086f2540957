"""Puts a new API key in place of the old one, so that after every step, and after a failure of any, a key works.

1. A draft beside the key's file: the file can be written, and nobody else rotates. 2. A new key at Odoo's web client.
3. A call with it. 4. The file is replaced as a whole. 5. A call with what the file says now; else the old one is put
back. 6. The old key is removed in Odoo, which also ends what Odoo 18's workers had kept of it.
"""

from __future__ import annotations

import secrets as randomness
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from careloom.core.errors import CareloomError, ConfigurationError, ContractBroken
from careloom.core.secrets import Resolver
from careloom.systems.odoo.connection import Connection
from careloom.systems.odoo.keyfile import KeyFile, key_path
from careloom.systems.odoo.keylife import FIELDS, KeyNotes, OwnKey, Remembered, own_keys
from careloom.systems.odoo.settings import Settings
from careloom.systems.odoo.weblogin import WebSession
from careloom.systems.seam import Surroundings

_KEYS = "res.users.apikeys"
_STAYS = "the old key stays in place"
GRACE_SECONDS = 5.0
_BY_HAND = "remove it in Odoo: the user's preferences, Security, API Keys"


@dataclass(frozen=True, slots=True)
class Rotated:
    """The new key's name and end in Odoo, the keys that were removed, and what is left for a person to do."""

    key: OwnKey
    removed: tuple[str, ...]
    advice: tuple[str, ...]


class _Kept(CareloomError):
    """The new key stays: it could not be taken back, and it is known to work."""


class Rotation:
    """Rotates the key of one system."""

    def __init__(self, settings: Settings, around: Surroundings) -> None:
        self._settings = settings
        self._around = around
        self._notes = KeyNotes(around.memory, around.digest, around.clock)

    async def run(self, *, password: str | None = None, days: int = 90, keep_old: bool = False) -> Rotated:
        """Rotate once. `password` is a reference, in place of the settings' own; `days` are how long Odoo shall take
        the key (1, 7, 30 or 90). With `keep_old` the old key stays good, for a hub with a file per node.

        Raises ConfigurationError before anything was changed, AccessRefused when Odoo does not let the user in, and
        what a call raises; the key that was in the file works then, unless it had ended by itself.
        """
        path = key_path(self._settings.api_key, self._around.base)
        reference = password or self._settings.password
        if reference is None:
            raise ConfigurationError("a new key is made with the user's password: set `password`, or --password-ref")
        with KeyFile(path) as file:
            async with WebSession(self._settings) as web:
                user_id = await web.login(self._around.secrets(reference))
                return await _Renewal(self._settings, self._around, self._notes, web, user_id).run(
                    file, days, keep_old=keep_old
                )


class _Renewal:
    """One rotation, logged in."""

    def __init__(
        self, settings: Settings, around: Surroundings, notes: KeyNotes, web: WebSession, user_id: int
    ) -> None:
        self._settings = settings
        self._around = around
        self._notes = notes
        self._web = web
        self._user_id = user_id

    async def run(self, file: KeyFile, days: int, *, keep_old: bool) -> Rotated:
        old = self._old_key()
        before = await self._listed()
        mine = await self._of_old(old, before)
        secret, made = await self._make(days)
        await self._install(file, secret, made, old)
        remembered = Remembered(
            fingerprint=self._notes.fingerprint(secret),
            first_seen=self._around.clock.now(),
            id=made.id,
            expires=made.expires,
        )
        await self._notes.keep(remembered)
        removed, advice = ((), ()) if keep_old else await self._retire(mine, before)
        return Rotated(made, removed, advice)

    async def _install(self, file: KeyFile, secret: str, made: OwnKey, old: str | None) -> None:
        """Prove the new key, put it into the file, prove that; on a failure nothing is left of it."""
        try:
            await self._prove(lambda _: secret, "the new key")
            file.put(secret)
            await self._prove_file(file, old)
        except _Kept:
            raise
        except OSError as error:
            await self._remove(made)
            raise ConfigurationError(f"{file.path} could not be written ({type(error).__name__}); {_STAYS}") from None
        except CareloomError as error:
            if not await self._remove(made):
                raise _said(error, f"the new key {made.name!r} may be left in Odoo: {_BY_HAND}") from None
            raise

    def _old_key(self) -> str | None:
        try:
            return self._around.secrets(self._settings.api_key)
        except ConfigurationError:
            return None  # the first key of all

    async def _of_old(self, old: str | None, before: Sequence[OwnKey]) -> OwnKey | None:
        """Which of the user's keys is the one in the file, if that can be told."""
        if old is None:
            return None
        known = await self._notes.of(old)
        ours = [one for one in before if one.id == known.id] or before
        return ours[0] if len(ours) == 1 else None

    async def _make(self, days: int) -> tuple[str, OwnKey]:
        name = f"Careloom {self._around.system} {self._around.clock.now():%Y-%m-%d} {randomness.token_hex(3)}"
        values = [{"name": name, "duration": str(days)}]
        try:
            made = await self._web.call(f"{_KEYS}.description", "create", values)
            answer = await self._web.confirmed(f"{_KEYS}.description", "make_key", made if _many(made) else [made])
        except CareloomError as error:
            raise _said(error, f"no key was made, {_STAYS}. A shorter --days may be allowed") from None
        secret = _secret(answer)
        for one in await self._listed():
            if one.name == name:
                return secret, one
        raise ContractBroken(f"Odoo made the key {name!r} and does not list it: {_BY_HAND}; the old one stays")

    async def _listed(self) -> list[OwnKey]:
        domain = [["user_id", "=", self._user_id]]
        return own_keys(await self._web.call(_KEYS, "search_read", domain, list(FIELDS)))

    async def _prove(self, secrets: Resolver, what: str) -> None:
        """Call Odoo as the API does. Hours of maintenance hold nobody back here: a person is doing this."""
        calm = self._settings.model_copy(update={"maintenance": ()})
        connection = Connection(self._around.system, calm, secrets, self._around.clock)
        try:
            found = await connection.user_id()
        except CareloomError as error:
            raise _said(error, f"{what} was not taken; {_STAYS}") from None
        finally:
            await connection.close()
        if found != self._user_id:
            raise ContractBroken(f"{what} belongs to another user; {_STAYS}")

    async def _prove_file(self, file: KeyFile, old: str | None) -> None:
        try:
            await self._prove(self._around.secrets, f"the key in {file.path}")
        except CareloomError as error:
            if not _put_back(file, old):
                raise _Kept(f"{error}. The file holds the new key, which worked before: try again") from None
            raise

    async def _retire(self, mine: OwnKey | None, before: Sequence[OwnKey]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        if mine is None and before:
            names = ", ".join(repr(one.name) for one in before)
            return (), (f"which of the user's keys was the old one is not known ({names}): {_BY_HAND}",)
        if mine is None:
            return (), ()
        # Calls that set out with the old key come to their end first.
        await self._around.clock.sleep(GRACE_SECONDS)
        if not await self._remove(mine):
            return (), (f"the old key {mine.name!r} could not be removed: {_BY_HAND}",)
        return (mine.name,), ()

    async def _remove(self, key: OwnKey) -> bool:
        try:
            await self._web.confirmed(_KEYS, "remove", [key.id])
            await self._end_kept_logins()
        except CareloomError:
            return False
        return True

    async def _end_kept_logins(self) -> None:
        """JSON-RPC goes on taking a removed key until this user is written to [a60]: write what stands there."""
        [user] = await self._web.call("res.users", "read", [self._user_id], ["tz"])
        await self._web.call("res.users", "write", [self._user_id], {"tz": user["tz"]})


def _put_back(file: KeyFile, old: str | None) -> bool:
    if old is None:
        return False
    try:
        file.put(old)
    except OSError:
        return False
    return True


def _said(error: CareloomError, more: str) -> CareloomError:
    """The same error, that says more."""
    error.args = (f"{error}; {more}",)
    return error


def _many(made: Any) -> bool:
    return isinstance(made, list)


def _secret(answer: Any) -> str:
    context = answer.get("context") if isinstance(answer, Mapping) else None
    secret = context.get("default_key") if isinstance(context, Mapping) else None
    if not isinstance(secret, str) or not secret.isascii() or not secret.isalnum():
        raise ContractBroken("Odoo made no key where one was expected; the old one stays. Make it by hand instead")
    return secret
