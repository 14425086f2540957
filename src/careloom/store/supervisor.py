"""The thread that owns the PostgreSQL process: starts it, watches it, starts it again, stops it.

A thread of its own, because Linux ends the child with the *thread* that forked it, and because event loops come and
go while the server stays.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from subprocess import Popen

from careloom.core.errors import CareloomError, Unavailable
from careloom.store.binaries import find_binaries, reachable
from careloom.store.cluster import Cluster
from careloom.store.data_folder import DataFolder
from careloom.store.launch import Address, Launch, Stopping
from careloom.store.postmaster import FAST_SHUTDOWN_SECONDS, IMMEDIATE_SHUTDOWN_SECONDS
from careloom.store.server_log import ServerLog
from careloom.store.service_account import service_account
from careloom.store.socket_folder import SocketFolder

RESTARTS_PER_MINUTE = 5
DEFAULT_PORT = 5432  # without TCP it is no more than a part of the socket's name
_TRIM_SECONDS = 5.0
_POLL_SECONDS = 0.2  # where the system has no pidfd


class Supervisor(threading.Thread):
    """One run of the server, from `start` to `stop`."""

    def __init__(
        self,
        data: Path,
        *,
        service_user: str | None,
        port: int | None,
        tuning: Mapping[str, str],
        restarted: Callable[[], None],
        failed: Callable[[CareloomError], None],
    ) -> None:
        super().__init__(name="careloom-postgres", daemon=True)
        self.ready: Future[Address] = Future()
        self.process: Popen[bytes] | None = None
        self._data = data
        self._service_user = service_user
        self._port = port
        self._tuning = tuning
        self._restarted = restarted
        self._failed = failed
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._woken, self._wake = os.pipe()
        self._ends: deque[float] = deque(maxlen=RESTARTS_PER_MINUTE)

    def stop(self) -> None:
        """End the server and the thread; returns when both are gone. May be called again."""
        with self._lock:
            if self._stopping.is_set():
                return
            self._stopping.set()
            os.write(self._wake, b".")
            self.join()
            os.close(self._wake)
            os.close(self._woken)

    def run(self) -> None:
        folder: DataFolder | None = None
        try:
            account = service_account(self._service_user)
            folder = DataFolder(self._data, passable=account.dropping)
            folder.hold()
            binaries = reachable(find_binaries(), account)
            cluster = Cluster(folder, account, binaries)
            sockets = SocketFolder(folder.path, account)
            log = ServerLog(folder.log)
            address = Address(sockets.path, self._port or DEFAULT_PORT, cluster.prepare())
            sockets.make()
            try:
                self._serve(
                    Launch(
                        command=cluster.command(sockets.path, self._port, self._tuning),
                        cluster=folder.cluster,
                        account=account,
                        address=address,
                        sockets=sockets,
                        log=log,
                        stopping=self._stopping,
                    ),
                    address,
                    log,
                )
            finally:
                self._end()
                sockets.remove()
        except Stopping:
            self._report(Unavailable("PostgreSQL was stopped while it started"))
        except CareloomError as error:
            self._report(error)
        except Exception as error:  # the thread must not die without a word
            self._report(Unavailable(f"the embedded PostgreSQL failed ({type(error).__name__}: {error})"))
        finally:
            if folder is not None:
                folder.release()

    def _serve(self, launch: Launch, address: Address, log: ServerLog) -> None:
        process = launch(self._keep)
        self.ready.set_result(address)
        while not self._stopping.is_set():
            self._watch(process, log)
            if self._stopping.is_set():
                return
            self._count_end()
            process = launch(self._keep)
            self._restarted()

    def _keep(self, process: Popen[bytes]) -> None:
        self.process = process

    def _watch(self, process: Popen[bytes], log: ServerLog) -> None:
        """Return when the process has ended or `stop` was called; keep the log small until then."""
        poll = select.poll()
        poll.register(self._woken, select.POLLIN)
        descriptor = os.pidfd_open(process.pid) if sys.platform == "linux" else None
        if descriptor is not None:
            poll.register(descriptor, select.POLLIN)
        try:
            while process.poll() is None and not self._stopping.is_set():
                poll.poll((_POLL_SECONDS if descriptor is None else _TRIM_SECONDS) * 1000)
                log.trim()
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def _count_end(self) -> None:
        now = time.monotonic()
        if len(self._ends) == RESTARTS_PER_MINUTE and now - self._ends[0] < 60:
            raise Unavailable(
                f"PostgreSQL ended {RESTARTS_PER_MINUTE + 1} times within a minute and is not started again: read "
                f"postgres.log in {self._data}, then restart the hub"
            )
        self._ends.append(now)

    def _end(self) -> None:
        """Fast shutdown, then immediate (the next start recovers), then the kernel's way."""
        process = self.process
        if process is None:
            return
        for how, seconds in (
            (signal.SIGINT, FAST_SHUTDOWN_SECONDS),
            (signal.SIGQUIT, IMMEDIATE_SHUTDOWN_SECONDS),
            (signal.SIGKILL, IMMEDIATE_SHUTDOWN_SECONDS),
        ):
            process.send_signal(how)
            with suppress(TimeoutError):
                _wait(process, seconds)
                return

    def _report(self, error: CareloomError) -> None:
        if self.ready.done():
            if not self._stopping.is_set():
                self._failed(error)
        else:
            self.ready.set_exception(error)


def _wait(process: Popen[bytes], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while process.poll() is None:
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.01)
