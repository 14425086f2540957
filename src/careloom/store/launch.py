"""Start PostgreSQL and wait until it really answers, as long as there is hope."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen
from urllib.parse import quote

import asyncpg

from careloom.core.errors import CareloomError, ConfigurationError, Unavailable
from careloom.store.cluster import DATABASE, USER
from careloom.store.postmaster import forget_reused_process, stop_orphan
from careloom.store.server_log import ServerLog
from careloom.store.service_account import ServiceAccount
from careloom.store.socket_folder import SocketFolder

# What PostgreSQL says while the backends of a postmaster that was killed are still leaving (1.4-2.0 s measured).
_PASSES_BY_ITSELF = ("pre-existing shared memory block", 'lock file "')
_POLL_SECONDS = 0.02
_PROBE_SECONDS = 5.0


@dataclass
class Patience:
    """How long to wait: `stall` seconds without progress, `total` at most. Recovery after a crash may take minutes."""

    stall: float = 60.0
    total: float = 600.0
    now: Callable[[], float] = time.monotonic
    _began: float = field(init=False)
    _moved: float = field(init=False)
    _token: object = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._began = self._moved = self.now()

    def progress(self, token: object) -> None:
        """`token` stands for how far the other side is; another one than before is progress."""
        if token != self._token:
            self._token, self._moved = token, self.now()

    def over(self) -> bool:
        """Whether waiting has lost its point."""
        return self.now() - self._moved > self.stall or self.now() - self._began > self.total


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server listens. `host` is the socket's folder."""

    host: Path
    port: int
    password: str = field(repr=False)

    @property
    def dsn(self) -> str:
        """The libpq address, for asyncpg, psycopg and SQLAlchemy alike. It holds the password: never log it."""
        return f"postgresql://{USER}:{self.password}@/{DATABASE}?host={quote(str(self.host))}&port={self.port}"


class Stopping(Exception):
    """The supervisor was told to stop while it was starting the server."""


class Launch:
    """Starts the server of one cluster, again whenever asked."""

    def __init__(
        self,
        *,
        command: list[str],
        cluster: Path,
        account: ServiceAccount,
        address: Address,
        sockets: SocketFolder,
        log: ServerLog,
        stopping: threading.Event,
    ) -> None:
        self._command = command
        self._cluster = cluster
        self._account = account
        self._address = address
        self._sockets = sockets
        self._log = log
        self._stopping = stopping

    def __call__(self, started: Callable[[Popen[bytes]], None]) -> Popen[bytes]:
        """Start it; `started` gets each process at once, the result is the one that answers.

        Raises `ConfigurationError` when PostgreSQL refuses to start, `Unavailable` when patience ends, `Stopping`.
        """
        patience = Patience()
        while True:
            written = self._log.size
            process = self._spawn()
            started(process)
            if asyncio.run(self._answers(process, patience)):
                return process
            self._consider(process, self._log.since(written), patience)
            self._stopping.wait(0.1)

    def _spawn(self) -> Popen[bytes]:
        stop_orphan(self._cluster)
        forget_reused_process(self._cluster)
        self._sockets.clear()
        output = self._log.open()
        try:
            return self._account.spawn(self._command, output=output)
        finally:
            os.close(output)

    async def _answers(self, process: Popen[bytes], patience: Patience) -> bool:
        """True once a client gets in; False when the process has ended."""
        while process.poll() is None:
            if self._stopping.is_set():
                raise Stopping
            if await self._probe(patience):
                return True
            if patience.over():
                raise Unavailable(
                    f"PostgreSQL did not become ready: read postgres.log beside {self._cluster}, then start again"
                )
            await asyncio.sleep(_POLL_SECONDS)
        return False

    async def _probe(self, patience: Patience) -> bool:
        try:
            await self._connect(DATABASE)
        except asyncpg.InvalidCatalogNameError:
            await self._connect("postgres", f"CREATE DATABASE {DATABASE}")
        except asyncpg.CannotConnectNowError:
            # It is recovering, and says in its log every 5 s how far it is.
            patience.progress(self._log.size)
            return False
        except asyncpg.InvalidAuthorizationSpecificationError:
            raise ConfigurationError(
                f"PostgreSQL refuses the password kept beside {self._cluster}: restore the file password that belongs "
                "to this cluster"
            ) from None
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        return True

    async def _connect(self, database: str, statement: str = "SELECT 1") -> None:
        connection = await asyncpg.connect(
            host=str(self._address.host),
            port=self._address.port,
            user=USER,
            password=self._address.password,
            database=database,
            timeout=_PROBE_SECONDS,
        )
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def _consider(self, process: Popen[bytes], written: str, patience: Patience) -> None:
        """Raise unless starting once more may help."""
        if self._stopping.is_set():
            raise Stopping
        if patience.over() or not any(words in written for words in _PASSES_BY_ITSELF):
            raise _refused(process.returncode, written, self._cluster)


def _refused(exit_code: int, written: str, cluster: Path) -> CareloomError:
    told = [line for line in written.splitlines() if "FATAL" in line or "PANIC" in line]
    reason = told[-1].partition("] ")[2] if told else f"exit {exit_code}"
    error = Unavailable if "No space left" in written else ConfigurationError
    return error(f"PostgreSQL does not start on {cluster}: {reason}; postgres.log beside it has more")
