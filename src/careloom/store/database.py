"""A pool of connections to PostgreSQL 15 or newer: the embedded one, or any by URL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, TypeAlias

import asyncpg

from careloom.core.errors import ConfigurationError, Unavailable
from careloom.store.translation import BAD_ADDRESS, DRIVER_FAILURES, translate, translated

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
"""A connection of one's own or one borrowed from the pool."""

OLDEST_SUPPORTED = 15
CONNECT_SECONDS = 10.0
ACQUIRE_SECONDS = 30.0

# Sent with the connection's start-up packet, so they also survive a RESET ALL.
SESSION_SETTINGS = {
    "application_name": "careloom",
    "timezone": "UTC",
    "synchronous_commit": "on",
    "jit": "off",
    # A generic plan made on an empty table scans the whole log for ever after.
    "plan_cache_mode": "force_custom_plan",
    # The server notices a node that lost its power within a minute, and frees the node's locks.
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}


class Database:
    """Connections to one database. Make it with `Database.open`; close it with `close`."""

    def __init__(self, dsn: str, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._dsn = dsn
        self._pool = pool

    @classmethod
    async def open(cls, dsn: str, *, size: int = 8, allow_unsafe: bool = False) -> Database:
        """Connect, check the server, and keep up to `size` connections; they are made on demand.

        `allow_unsafe` accepts a server that reports fsync or full_page_writes off, which is right only where its
        storage guarantees durability by other means. Raises `ConfigurationError` for a server that will not do,
        `AccessRefused` for wrong credentials and `Unavailable` when it cannot be reached.
        """
        await _check_server(dsn, allow_unsafe=allow_unsafe)
        with translated(connecting=True):
            pool = await asyncpg.create_pool(
                dsn,
                min_size=0,
                max_size=size,
                timeout=CONNECT_SECONDS,
                server_settings=SESSION_SETTINGS,
                max_inactive_connection_lifetime=0,
                reset=_keep_session,
            )
        return cls(dsn, pool)

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Connection]:
        """A pooled connection for the length of the block; failures leave it as `CareloomError`s.

        Leave no session state behind (SET, LISTEN, session advisory locks): it would meet the next borrower. Use
        `connect` for these. Raises `Unavailable` when no connection became free within 30 s.
        """
        connection = await self._borrow()
        try:
            with translated():
                yield connection
        finally:
            # A connection that broke may have been freed already, which asyncpg takes for a mistake of ours; one that
            # fails here is terminated and replaced. Either way the block's own outcome is what counts.
            with suppress(*DRIVER_FAILURES):
                await self._pool.release(connection)

    async def _borrow(self) -> PoolConnectionProxy[asyncpg.Record]:
        try:
            with translated():
                return await self._pool.acquire(timeout=ACQUIRE_SECONDS)
        except TimeoutError:
            raise Unavailable(
                f"no connection to the database became free within {ACQUIRE_SECONDS:g} s: the pool is too small for "
                "the load, or the database does not answer"
            ) from None
        except OSError as error:
            raise translate(error) from None

    async def connect(self) -> asyncpg.Connection[asyncpg.Record]:
        """A connection of your own, outside the pool, for LISTEN and advisory locks; you close it."""
        return await connect(self._dsn)

    async def close(self) -> None:
        """Wait for borrowed connections to come back, then close all."""
        with translated():
            await self._pool.close()


async def connect(dsn: str) -> asyncpg.Connection[asyncpg.Record]:
    """One connection with our session settings. Raises as `Database.open` does, without checking the server."""
    try:
        with translated(connecting=True):
            return await asyncpg.connect(dsn, timeout=CONNECT_SECONDS, server_settings=SESSION_SETTINGS)
    except ValueError:
        # Its text repeats the address, and with it the password.
        raise ConfigurationError(BAD_ADDRESS) from None


async def _keep_session(_: asyncpg.Connection[asyncpg.Record]) -> None:
    """Spare the round trip of asyncpg's RESET ALL on every release; it rolls an open transaction back all the same."""


async def _check_server(dsn: str, *, allow_unsafe: bool) -> None:
    connection = await connect(dsn)
    try:
        _check_version(connection.get_server_version().major)
        with translated():
            row = await connection.fetchrow(
                "SELECT current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes,"
                " current_setting('server_encoding') AS encoding"
            )
        assert row is not None
        if not allow_unsafe:
            _check_durable({name: row[name] for name in ("fsync", "full_page_writes")})
        _check_encoding(row["encoding"])
    finally:
        await connection.close()


def _check_version(major: int) -> None:
    if major < OLDEST_SUPPORTED:
        raise ConfigurationError(
            f"the database is PostgreSQL {major}, and Careloom needs {OLDEST_SUPPORTED} or newer: upgrade the server, "
            "or leave CARELOOM_DATABASE_URL empty to use the embedded PostgreSQL"
        )


def _check_durable(settings: dict[str, str]) -> None:
    off = [name for name, value in settings.items() if value != "on"]
    if off:
        raise ConfigurationError(
            f"the database runs with {' and '.join(off)} off, so it can lose acknowledged messages: turn it on, "
            "or allow it explicitly if the storage below guarantees durability"
        )


def _check_encoding(encoding: str) -> None:
    if encoding != "UTF8":
        raise ConfigurationError(f"the database is encoded in {encoding}; create it with ENCODING 'UTF8'")
