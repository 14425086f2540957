"""A small HTTP/1.1 client for one origin: POST on connections that are kept, parsed by httptools (llhttp).

It does what a delivery needs and nothing else: no redirects, cookies, proxies, compression or pipelining. Why it is
ours: docs/decisions/0004-http-client.md.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from asyncio import Future
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, cast

import httptools

from careloom.core.errors import AccessRefused, AmbiguousError, Unavailable

LARGEST_ANSWER: Final = 1024 * 1024
"""Octets of an answer that are read; of a longer one the status counts, and its connection is closed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Header names are in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)


class _Line(asyncio.Protocol):
    """One connection, with at most one request on it."""

    def __init__(self) -> None:
        self.usable = False
        self.idle_since = 0.0
        self._answer: Future[Answer] | None = None
        self._headers: dict[str, str] = {}
        self._status = 0
        self._read = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._parser = httptools.HttpResponseParser(self)
        self.usable = True

    def send(self, request: bytes) -> Future[Answer]:
        """Write a whole request; the future is its answer."""
        self._status, self._read, self._headers = 0, 0, {}
        self._answer = answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return answer

    def close(self) -> None:
        self.usable = False
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._answer is None:
            # Octets that nothing asked for: what is read next could be taken for the answer to another request.
            self.close()
            return
        self._read += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._broken("the answer is no HTTP/1.1")
            return
        if self._read > LARGEST_ANSWER and self._answer is not None:
            self._broken("the answer is too long")

    def eof_received(self) -> None:
        self.usable = False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._broken("the connection was lost after sending and before the answer")

    # httptools

    def on_message_begin(self) -> None:
        if self._answer is None:
            self.close()  # a second answer to one request: the next one could be taken for another's

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._status = self._parser.get_status_code()

    def on_message_complete(self) -> None:
        if self._status < 200:  # an interim answer (RFC 9110 section 15.2); the final one follows
            self._status, self._headers = 0, {}
            return
        if not self._parser.should_keep_alive():
            self.close()
        self._settle()

    def _settle(self) -> None:
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_result(Answer(self._status, self._headers))

    def _broken(self, reason: str) -> None:
        """End the connection. Once the status is known it stands, whatever became of the rest."""
        self.usable = False
        self._transport.abort()
        if self._status >= 200:
            self._settle()
            return
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_exception(AmbiguousError(reason))


@dataclass(frozen=True, slots=True)
class Origin:
    """Where to connect, and how. Times in seconds; an idle connection older than `keep_alive` is not used again."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    connections: int = 32
    connect_timeout: float = 10.0
    answer_timeout: float = 30.0
    keep_alive: float = 15.0

    @property
    def authority(self) -> str:
        """The Host header (RFC 9110 section 7.2)."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == (443 if self.tls else 80) else f"{name}:{self.port}"


class HttpClient:
    """Posts to one origin, at most `connections` at a time."""

    def __init__(self, origin: Origin, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._origin = origin
        self._monotonic = monotonic
        self._slots = asyncio.Semaphore(origin.connections)
        self._idle: deque[_Line] = deque()

    async def post(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """The answer to one POST. `headers` must not name Host or Content-Length.

        Raises Unavailable when nothing was sent, AccessRefused when the certificate is not trusted, AmbiguousError
        when it was sent and no answer came.
        """
        request = _request(path, self._origin.authority, headers, body)
        async with self._slots:
            line = self._kept() or await self._connected()
            try:
                async with asyncio.timeout(self._origin.answer_timeout):
                    answer = await line.send(request)
            except TimeoutError:
                line.close()
                raise AmbiguousError(f"no answer within {self._origin.answer_timeout:g} s after sending") from None
            except asyncio.CancelledError:
                line.close()
                raise
            if line.usable:
                line.idle_since = self._monotonic()
                self._idle.append(line)
            return answer

    async def close(self) -> None:
        """Close the connections that are idle; those in use close after their answer."""
        while self._idle:
            self._idle.pop().close()

    def _kept(self) -> _Line | None:
        oldest = self._monotonic() - self._origin.keep_alive
        while self._idle:
            line = self._idle.pop()
            if line.usable and line.idle_since >= oldest:
                return line
            line.close()
        return None

    async def _connected(self) -> _Line:
        origin = self._origin
        try:
            async with asyncio.timeout(origin.connect_timeout):
                _, line = await asyncio.get_running_loop().create_connection(
                    _Line, origin.host, origin.port, ssl=origin.tls, server_hostname=origin.host if origin.tls else None
                )
        except ssl.SSLCertVerificationError as error:
            raise AccessRefused(
                f"the certificate of {origin.authority} is not trusted: {error.verify_message}; check the CA file"
            ) from None
        except (OSError, TimeoutError) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise Unavailable(f"cannot connect to {origin.authority}: {reason}") from None
        return line


def _request(path: str, authority: str, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    head = f"POST {path} HTTP/1.1\r\nhost: {authority}\r\n{lines}content-length: {len(body)}\r\n\r\n"
    if head.count("\n") != len(headers) + 4 or head.count("\r") != len(headers) + 4 or "\0" in head:
        raise ValueError("a header holds a line break; take it out")
    return head.encode("latin-1") + body
