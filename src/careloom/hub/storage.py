"""Opens the store of a deployment: its own PostgreSQL by URL, the one a running hub keeps, or one started for now."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from careloom.core.errors import CareloomError, Unavailable
from careloom.core.secrets import Resolver
from careloom.hub.configuration import Configuration, database_url
from careloom.security.keyfile import load_or_create
from careloom.security.sealing import MasterKey
from careloom.security.secrets import resolver
from careloom.store.attach import running
from careloom.store.data_folder import default_data_folder
from careloom.store.database import Database
from careloom.store.embedded import EmbeddedPostgres
from careloom.store.migrate import migrate
from careloom.store.sql import queries

_SQL = queries("log")
_KEY_FILE = "master.key"


@dataclass(frozen=True, slots=True)
class Storage:
    """An open, migrated database and the key to what is in it.

    `lost` resolves to the reason when an embedded PostgreSQL of our own cannot be kept alive.
    """

    database: Database
    master: MasterKey
    secrets: Resolver
    lost: asyncio.Future[CareloomError]


@asynccontextmanager
async def storage(configuration: Configuration, *, own: bool, start: bool = True) -> AsyncIterator[Storage]:
    """The store, for the length of the block.

    `own`: for a hub, which starts the embedded server and holds its data folder. Otherwise a server that a hub already
    keeps is used, and only when there is none is one started; or, without `start`, Unavailable raised: a process that
    outlives its hub must not take the folder from the next one.
    """
    secrets = resolver(configuration.base)
    lost: asyncio.Future[CareloomError] = asyncio.get_running_loop().create_future()
    async with AsyncExitStack() as stack:
        url = database_url(configuration, secrets)
        if url is None:
            url = await _embedded(configuration, stack, lost, own=own, start=start)
        database = await Database.open(url, size=configuration.settings.store.connections)
        stack.push_async_callback(database.close)
        async with database.acquire() as connection:
            await migrate(connection)
            sealed = await connection.fetchval(_SQL.any_data_key)
        yield Storage(
            database, await asyncio.to_thread(_master, configuration, secrets, may_create=sealed is None), secrets, lost
        )


def data_folder(configuration: Configuration) -> Path:
    """Where the embedded PostgreSQL and the master key live."""
    chosen = configuration.settings.store.data
    return configuration.base / Path(chosen).expanduser() if chosen else default_data_folder()


async def _embedded(
    configuration: Configuration, stack: AsyncExitStack, lost: asyncio.Future[CareloomError], *, own: bool, start: bool
) -> str:
    data = data_folder(configuration)
    if not own and (found := running(data)) is not None:
        return found
    if not start:
        raise Unavailable(f"the hub that keeps the PostgreSQL in {data} is gone")
    server = EmbeddedPostgres(data, on_failure=lost.set_result)
    stack.push_async_callback(server.stop)
    return await server.start()


def _master(configuration: Configuration, secrets: Resolver, *, may_create: bool) -> MasterKey:
    reference = configuration.settings.security.master_key
    if reference:
        return MasterKey.from_text(secrets(reference))
    return load_or_create(data_folder(configuration) / _KEY_FILE, may_create=may_create)
