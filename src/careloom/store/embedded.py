"""The embedded PostgreSQL: a real server on a data folder, started and stopped with the hub."""

from __future__ import annotations

import asyncio
import atexit
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from careloom.core.errors import CareloomError, Unavailable
from careloom.store.cluster import TUNING
from careloom.store.launch import Address
from careloom.store.supervisor import Supervisor


class EmbeddedPostgres:
    """A PostgreSQL on `data`, listening on a private socket alone, or on 127.0.0.1:`port` too.

    It is started again when it ends unexpectedly: `on_restart` is called then, after it answers again; connections
    made before are lost. When it cannot be kept alive, `failure` says why, and `on_failure` is called with it. Both
    callbacks run on the event loop that called `start`.

    `service_user` matters only for root: see `service_account`. `tuning` overrides `cluster.TUNING`; settings that
    durability or privacy rest on cannot be changed.
    """

    def __init__(
        self,
        data: Path,
        *,
        service_user: str | None = None,
        port: int | None = None,
        tuning: Mapping[str, str] | None = None,
        on_restart: Callable[[], None] | None = None,
        on_failure: Callable[[CareloomError], None] | None = None,
    ) -> None:
        self.data = data
        self.restarts = 0
        self.failure: CareloomError | None = None
        self._service_user = service_user
        self._port = port
        self._tuning = {**TUNING, **(tuning or {})}
        self._on_restart = on_restart
        self._on_failure = on_failure
        self._supervisor: Supervisor | None = None
        self._address: Address | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process = os.getpid()

    async def start(self) -> str:
        """Make the cluster if need be, start the server, and give its `dsn`, once it answers.

        Raises `ConfigurationError` when something must be put right first (another hub on the folder, rights, a
        broken cluster), `Unavailable` when it does not answer within a minute without progress.
        """
        if self._supervisor is not None:
            return self.dsn
        self._loop = asyncio.get_running_loop()
        self.failure = None
        self._supervisor = Supervisor(
            self.data,
            service_user=self._service_user,
            port=self._port,
            tuning=self._tuning,
            restarted=self._count_restart,
            failed=self._fail,
        )
        atexit.register(self._stop_at_exit)
        self._supervisor.start()
        try:
            self._address = await asyncio.wrap_future(self._supervisor.ready)
        except BaseException:
            await self.stop()
            raise
        return self.dsn

    async def stop(self) -> None:
        """Shut the server down, waiting for it. Does nothing if it is not running."""
        if self._supervisor is None:
            return
        await asyncio.to_thread(self._supervisor.stop)
        self._supervisor = self._address = None
        atexit.unregister(self._stop_at_exit)

    @property
    def dsn(self) -> str:
        """The address for asyncpg, psycopg and SQLAlchemy, with the password in it: never log it."""
        if self._address is None:
            raise Unavailable("the embedded PostgreSQL is not running: start it first")
        return self._address.dsn

    @property
    def pid(self) -> int | None:
        """The process id of the postmaster, or None when there is none now."""
        process = self._supervisor.process if self._supervisor is not None else None
        return process.pid if process is not None and process.returncode is None else None

    def _count_restart(self) -> None:
        self.restarts += 1
        if self._on_restart is not None:
            self._call(self._on_restart)

    def _fail(self, error: CareloomError) -> None:
        self.failure = error
        if self._on_failure is not None:
            self._call(self._on_failure, error)

    def _call(self, callback: Callable[..., None], *arguments: object) -> None:
        try:
            assert self._loop is not None
            self._loop.call_soon_threadsafe(callback, *arguments)
        except RuntimeError:
            pass  # the loop that asked is closed, so nobody listens

    def _stop_at_exit(self) -> None:
        # A forked child runs this too, and the server is not its own to stop.
        if self._supervisor is not None and os.getpid() == self._process:
            self._supervisor.stop()
