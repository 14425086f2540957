"""uvicorn inside a loop that already runs: no signal handlers, no access log, no banner."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from careloom.core.errors import ConfigurationError


class _Protocol(HttpToolsProtocol):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Paths may carry ids, and `access_log=False` holds only until some logging setup adds a handler.
        self.access_log = False


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listens.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # Whoever owns the loop owns the signals.
        yield


class Serving:
    """A server that runs until `close`."""

    def __init__(self, server: uvicorn.Server, listening: socket.socket, task: asyncio.Task[None]) -> None:
        self._server = server
        self._task = task
        self.port: int = listening.getsockname()[1]

    async def close(self) -> None:
        """Accept no more, finish the requests that are under way, close."""
        self._server.should_exit = True
        await self._task

    async def wait(self) -> None:
        """Return when it has stopped; raise what stopped it."""
        await asyncio.shield(self._task)


async def serve(
    app: ASGIApp,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    tls: ssl.SSLContext | None = None,
    shutdown_timeout: int = 10,
    max_connections: int = 1024,
) -> Serving:
    """Serve `app` in the running loop and return once it listens; port 0 takes a free one.

    Requests under way at `close` have `shutdown_timeout` seconds. Raises ConfigurationError when the address cannot be
    had.
    """
    listening = _listen(host, port)
    config = uvicorn.Config(
        app,
        http=_Protocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        limit_concurrency=max_connections,
        timeout_graceful_shutdown=shutdown_timeout,
    )
    config.load()
    config.ssl = tls
    server = _Server(config)
    task = asyncio.get_running_loop().create_task(server.serve(sockets=[listening]), name="gateway")
    await _started(server, task)
    return Serving(server, listening, task)


async def _started(server: _Server, task: asyncio.Task[None]) -> None:
    listens = asyncio.ensure_future(server.listens.wait())
    await asyncio.wait({listens, task}, return_when=asyncio.FIRST_COMPLETED)
    listens.cancel()
    if task.done():
        task.result()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sets TCP_NODELAY only where the protocol is named; without it each answer waits 40 ms for an ACK.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.setblocking(False)
    except OSError as error:
        listening.close()
        reason = error.strerror or type(error).__name__
        raise ConfigurationError(
            f"cannot listen for HTTP on {host}:{port}: {reason}; choose another host or port"
        ) from None
    return listening
