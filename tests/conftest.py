"""Fixtures of the whole suite: one PostgreSQL per test process, one fresh database per test."""

from __future__ import annotations

import asyncio
import fcntl
import gc
import os
import shutil
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest
from fastapi._compat.v2 import ModelField, asdict
from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

from careloom.store.database import Database, connect
from careloom.store.embedded import EmbeddedPostgres
from careloom.store.migrate import migrate

# Not pytest's own base folder: it is closed to the user that PostgreSQL runs as under root.
_FOLDER_PREFIX = "careloom-test-"
_DROPPED_AT_ONCE = 32
_FIRST_OWN_OID = 16384
_introspect = asyncpg.Connection._introspect_types
_built_in: dict[frozenset[int], object] = {}
_MEMORY = Path("/dev/shm")
_ROOM = 4 * 1024**3


async def _introspect_once(self: Any, types: Collection[int], seconds: float) -> Any:
    """What PostgreSQL's own types are made of is the same in every database; a driver asks on each new connection, in
    a query that takes longer than most tests' others, and tests open thousands of connections."""
    asked = frozenset(types)
    if max(asked) >= _FIRST_OWN_OID:
        return await _introspect(self, types, seconds)
    if asked not in _built_in:
        _built_in[asked] = await _introspect(self, types, seconds)
    return _built_in[asked]


asyncpg.Connection._introspect_types = _introspect_once

_compiled = ModelField.__post_init__
_validators: dict[tuple[object, str], tuple[FieldInfo, TypeAdapter[Any]]] = {}


def _compiled_once(self: ModelField) -> None:
    """What validates a parameter or an answer of a route is the same in every app, and takes most of the time in which
    one is made; nearly each test of the API makes one. What is described by words that name addresses is kept too, so
    that no address comes to mean something else."""
    field = asdict(self.field_info)
    key = (field["annotation"], repr((field["metadata"], field["attributes"], self.config)))
    if key not in _validators:
        _compiled(self)
        _validators[key] = self.field_info, self._type_adapter
    self._type_adapter = _validators[key][1]


ModelField.__post_init__ = _compiled_once  # type: ignore[method-assign]


def pytest_collection() -> None:
    """Fifteen thousand tests and all of the product come to stay: looking for garbage among them finds none."""
    gc.disable()


def pytest_collection_finish() -> None:
    """From here on garbage is looked for again, and not among what was collected."""
    gc.collect()
    gc.freeze()
    gc.enable()


class PostgresServer:
    """A server with a migrated template database. `dsn` is an address whose role may create databases.

    A thread makes the next database while a test runs. Used ones are dropped many at a time: DROP DATABASE is a
    checkpoint, which syncs some 300 files of each database made since the last one, so only the first costs.
    """

    def __init__(self, dsn: str, strategy: str = "WAL_LOG") -> None:
        self.dsn = dsn
        self._strategy = strategy
        self._template = f"careloom_template_{uuid4().hex}"
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="databases")
        self._spare = deque([self._submit(self._prepare)])
        self._used: list[str] = []

    def address(self, database: str) -> str:
        """The address of another database of this server."""
        return urlunsplit(urlsplit(self.dsn)._replace(path=f"/{database}"))

    async def take(self) -> str:
        """The name of a fresh database."""
        taken = self._spare.popleft() if self._spare else self._submit(self._create)
        return await asyncio.wrap_future(taken)

    def give_back(self, name: str) -> None:
        """Have a database dropped some time, and another made for the next test."""
        self._used.append(name)
        drops: list[str] = []
        if len(self._used) >= _DROPPED_AT_ONCE:
            drops = [f"DROP DATABASE {used} WITH (FORCE)" for used in self._used]
            self._used.clear()
        self._spare.append(self._submit(lambda: self._create(*drops)))

    def close(self, *, keep: bool = False) -> None:
        """Drop what is left unless told to `keep` it; raises what went wrong in dropping."""
        left = [*(spare.result() for spare in self._spare), *self._used, self._template]
        self._worker.shutdown()
        if not keep:
            asyncio.run(self._execute(*(f"DROP DATABASE {name} WITH (FORCE)" for name in left)))

    def _submit(self, work: Callable[[], Coroutine[None, None, str]]) -> Future[str]:
        return self._worker.submit(lambda: asyncio.run(work()))

    async def _prepare(self) -> str:
        await self._execute(f"CREATE DATABASE {self._template} TEMPLATE template0 ENCODING 'UTF8'")
        connection = await connect(self.address(self._template))
        try:
            await migrate(connection)
        finally:
            await connection.close()
        return await self._create()

    async def _create(self, *before: str) -> str:
        name = f"careloom_test_{uuid4().hex}"
        copied = f"CREATE DATABASE {name} TEMPLATE {self._template} STRATEGY {self._strategy}"
        await self._execute(*before, copied)
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
    fast = _fast_folder()
    folder = Path(tempfile.mkdtemp(prefix=_FOLDER_PREFIX, dir=fast))
    embedded = EmbeddedPostgres(folder)
    try:
        # Files are copied twice as fast as they are logged, where syncing 300 of them costs nothing.
        server = PostgresServer(asyncio.run(embedded.start()), "WAL_LOG" if fast is None else "FILE_COPY")
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


def _fast_folder() -> Path | None:
    """A folder in memory, where it has room: PostgreSQL syncs as it does in a hospital, and no disk is waited for."""
    return _MEMORY if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM else None


def _sweep() -> None:
    """Remove the folders of test processes that were killed: nobody holds their locks any more."""
    everywhere = (Path(tempfile.gettempdir()), _MEMORY)
    for folder in (found for place in everywhere for found in place.glob(f"{_FOLDER_PREFIX}*")):
        lock = folder / "lock"
        if lock.is_file() and folder.stat().st_uid == os.geteuid():
            with lock.open() as held:
                try:
                    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                shutil.rmtree(folder, ignore_errors=True)
