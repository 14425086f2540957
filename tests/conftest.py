"""Fixtures of the whole suite: one PostgreSQL per test process, one fresh database per test."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest

from careloom.store.database import Database, connect
from careloom.store.embedded import EmbeddedPostgres
from careloom.store.migrate import migrate

_BATCH = 32
# Not pytest's own base folder: it is closed to the user that PostgreSQL runs as under root.
_FOLDER_PREFIX = "careloom-test-"


class PostgresServer:
    """A server with a migrated template database. `dsn` is an address whose role may create databases.

    A thread makes the next database while a test runs, which takes some 80 ms. Used ones are dropped in batches: each
    DROP DATABASE is a checkpoint, which syncs every file of the others, and the first of a batch does it for all.
    """

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self._template = f"careloom_template_{uuid4().hex}"
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="databases")
        self._spare = self._worker.submit(asyncio.run, self._prepare())
        self._used: list[str] = []
        self._drops: list[Future[None]] = []

    def address(self, database: str) -> str:
        """The address of another database of this server."""
        return urlunsplit(urlsplit(self.dsn)._replace(path=f"/{database}"))

    async def take(self) -> str:
        """The name of a fresh database."""
        taken, self._spare = self._spare, self._worker.submit(lambda: asyncio.run(self._create()))
        return await asyncio.wrap_future(taken)

    def give_back(self, name: str) -> None:
        """Drop a database some time soon."""
        self._used.append(name)
        if len(self._used) >= _BATCH:
            self._drop_used()

    def close(self, *, keep: bool = False) -> None:
        """Drop what is left unless told to `keep` it; raises what went wrong in dropping."""
        if not keep:
            self._used += [self._spare.result(), self._template]
            self._drop_used()
        self._worker.shutdown(cancel_futures=keep)
        for drop in self._drops:
            if not drop.cancelled():
                drop.result()

    def _drop_used(self) -> None:
        names, self._used = self._used, []
        statements = [f"DROP DATABASE {name} WITH (FORCE)" for name in names]
        self._drops.append(self._worker.submit(lambda: asyncio.run(self._execute(*statements))))

    async def _prepare(self) -> str:
        await self._execute(f"CREATE DATABASE {self._template} TEMPLATE template0 ENCODING 'UTF8'")
        connection = await connect(self.address(self._template))
        try:
            await migrate(connection)
        finally:
            await connection.close()
        return await self._create()

    async def _create(self) -> str:
        name = f"careloom_test_{uuid4().hex}"
        await self._execute(f"CREATE DATABASE {name} TEMPLATE {self._template}")
        return name

    async def _execute(self, *statements: str) -> None:
        connection = await asyncpg.connect(self.dsn)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """The server of CARELOOM_DATABASE_URL, or an embedded one that goes with the test process."""
    if address := os.environ.get("CARELOOM_DATABASE_URL"):
        with closing(PostgresServer(address)) as server:
            yield server
        return
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=_FOLDER_PREFIX))
    embedded = EmbeddedPostgres(folder)
    try:
        server = PostgresServer(asyncio.run(embedded.start()))
        yield server
        server.close(keep=True)
    finally:
        asyncio.run(embedded.stop())
        shutil.rmtree(folder)


@pytest.fixture
async def dsn(postgres_server: PostgresServer) -> AsyncIterator[str]:
    """The address of a fresh, migrated database, which is dropped after the test."""
    name = await postgres_server.take()
    yield postgres_server.address(name)
    postgres_server.give_back(name)


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    """A fresh, migrated database, open."""
    opened = await Database.open(dsn)
    yield opened
    await opened.close()


def _sweep() -> None:
    """Remove the folders of test processes that were killed: nobody holds their locks any more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_FOLDER_PREFIX}*"):
        lock = folder / "lock"
        if lock.is_file() and folder.stat().st_uid == os.geteuid():
            with lock.open() as held:
                try:
                    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                shutil.rmtree(folder, ignore_errors=True)
