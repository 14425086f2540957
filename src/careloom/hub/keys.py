"""API keys in the database, and the copy in memory that each call is checked against."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from careloom.core.clock import Clock
from careloom.core.errors import CareloomError, ConfigurationError
from careloom.core.ids import IdFactory
from careloom.gateway.classes import Scope
from careloom.gateway.services import USUAL_SCOPES
from careloom.security.apikeys import Principal, digest, new_key
from careloom.store.database import Database
from careloom.store.sql import queries

_SQL = queries("keys")
REFRESH_SECONDS = 2.0


class ApiKeys:
    """The gateway's `KeyRing`: looked up by digest, so a near miss takes as long as any other."""

    def __init__(self, database: Database, clock: Clock, new_id: IdFactory) -> None:
        self._database = database
        self._clock = clock
        self._new_id = new_id
        self._by_digest: Mapping[bytes, Principal] = {}
        self._scopes: Mapping[UUID, frozenset[Scope]] = {}

    def check(self, key: str) -> Principal | None:
        """See `KeyRing.check`."""
        return self._by_digest.get(digest(key))

    async def refresh(self) -> None:
        """Read the keys again."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(_SQL.active)
        self._by_digest = {row["digest"]: _principal(row) for row in rows}
        self._scopes = {row["id"]: frozenset(Scope(scope) for scope in row["scopes"]) for row in rows}

    def scopes(self, principal: Principal) -> frozenset[Scope]:
        """What this key may do."""
        return self._scopes.get(principal.id, frozenset())

    async def keep_fresh(self) -> None:
        """Refresh for ever; a withdrawn key stops working within `REFRESH_SECONDS` on every node."""
        while True:
            with suppress(CareloomError):  # the store is away: what is known stays good until it is back
                await self.refresh()
            await self._clock.sleep(REFRESH_SECONDS)

    async def create(
        self, name: str, scopes: Collection[Scope] = USUAL_SCOPES, roles: Collection[str] | None = None
    ) -> str:
        """A new key, shown this once; `roles` None: nobody says which. Raises ConfigurationError when the name is
        taken."""
        key = new_key()
        async with self._database.acquire() as connection:
            made: UUID | None = await connection.fetchval(
                _SQL.create, self._new_id(), name, digest(key), self._clock.now(), sorted(scopes), _sorted(roles)
            )
        if made is None:
            raise ConfigurationError(f"there is an API key named {name!r} already; revoke it or take another name")
        await self.refresh()
        return key

    async def revoke(self, name: str) -> None:
        """Withdraw a key. Raises ConfigurationError when there is none of that name."""
        async with self._database.acquire() as connection:
            if await connection.fetchval(_SQL.revoke, name, self._clock.now()) is None:
                raise ConfigurationError(f"there is no working API key named {name!r}; see `careloom key list`")
        await self.refresh()

    async def assign(self, name: str, roles: Collection[str]) -> None:
        """Say which roles the person or program behind a key stands in, in place of those before. Raises
        ConfigurationError when there is no key of that name."""
        async with self._database.acquire() as connection:
            if await connection.fetchval(_SQL.assign, name, _sorted(roles)) is None:
                raise ConfigurationError(f"there is no working API key named {name!r}; see `careloom key list`")
        await self.refresh()

    async def list(self) -> Sequence[Any]:
        """Rows of id, name, scopes, roles, created, revoked."""
        async with self._database.acquire() as connection:
            return await connection.fetch(_SQL.all_keys)


def _principal(row: Any) -> Principal:
    roles = row["roles"]
    return Principal(row["id"], row["name"], None if roles is None else frozenset(roles))


def _sorted(roles: Collection[str] | None) -> Sequence[str] | None:
    return None if roles is None else sorted(set(roles))


async def cancel(task: asyncio.Task[None]) -> None:
    """Cancel a background task and wait for its end."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
