"""A fake HTTP target on a real socket, for tests of projects that deliver by HTTP."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, TypeAlias, cast

import httptools


@dataclass
class Request:
    """A request as it came. Header names are in lower case."""

    method: str = ""
    path: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


Reply: TypeAlias = Callable[[Request], bytes | None]


def answering(status: int, **headers: str) -> Reply:
    """A reply with a status and headers (`retry_after="3"` is Retry-After) and no body."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    octets = f"HTTP/1.1 {status} Fake\r\n{lines}content-length: 0\r\n\r\n".encode()
    return lambda _: octets


class FakeTarget:
    """Keeps `requests`. `reply` gives the octets to answer with; None answers nothing. By default all is 204."""

    def __init__(self, reply: Reply | None = None, *, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.reply: Reply = reply or answering(204)
        self._tls = tls
        self._lines: set[_Line] = set()
        self._arrived = asyncio.Event()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Line(self), "127.0.0.1", 0, ssl=self._tls)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        self.hang_up()

    def hang_up(self) -> None:
        """Break every connection."""
        for line in tuple(self._lines):
            line.transport.abort()

    async def until(self, count: int) -> None:
        """Return once `count` requests have come."""
        while len(self.requests) < count:
            self._arrived.clear()
            await self._arrived.wait()

    def opened(self, line: _Line) -> None:
        self.connections += 1
        self._lines.add(line)

    def closed(self, line: _Line) -> None:
        self._lines.discard(line)

    def take(self, request: Request) -> bytes | None:
        self.requests.append(request)
        answer = self.reply(request)
        self._arrived.set()
        return answer


class _Line(asyncio.Protocol):
    def __init__(self, target: FakeTarget) -> None:
        self._target = target
        self._parser = httptools.HttpRequestParser(self)
        self._request = Request()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._target.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._target.closed(self)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._request.path += url.decode()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._request.headers[name.decode().lower()] = value.decode()

    def on_body(self, body: bytes) -> None:
        self._request.body += body

    def on_message_complete(self) -> None:
        request, self._request = self._request, Request()
        request.method = self._parser.get_method().decode()
        answer = self._target.take(request)
        if answer is not None:
            self.transport.write(answer)
