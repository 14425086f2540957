"""A small HTTP/1.1 client for one origin: requests on connections that are kept, parsed by httptools (llhttp).

It does what deliveries and small calls need and nothing else: no redirects, cookies, proxies, compression or
pipelining. Why it is ours: docs/decisions/0004-http-client.md. Kinds of systems call through `HttpCaller`.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from asyncio import Future
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, cast

import httptools

from careloom.core.errors import AccessRefused, AmbiguousError, Unavailable
from careloom.core.tracing import outgoing

LARGEST_ANSWER: Final = 1024 * 1024
"""Octets of an answer that are read; of a longer one the status counts, and its connection is closed."""

_BODILESS: Final = frozenset({"GET", "DELETE"})

Cut: TypeAlias = Literal["no", "long", "lost"]
Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host that may be connected to; raises when there is none that may."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Header names are in lower case, a repeated header is one with commas (RFC 9110 section 5.3).

    `body` is kept only where it was asked for. `cut` says what became of its end: it was too `long`, or `lost`.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: Cut = "no"


class _Line(asyncio.Protocol):
    """One connection, with at most one request on it."""

    def __init__(self) -> None:
        self.usable = False
        self.idle_since = 0.0
        self._answer: Future[Answer] | None = None
        self._headers: dict[str, str] = {}
        self._status = 0
        self._read = 0
        self._limit = LARGEST_ANSWER
        self._kept = 0
        self._body: list[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._parser = httptools.HttpResponseParser(self)
        self.usable = True

    def send(self, request: bytes, *, limit: int = LARGEST_ANSWER, keep: bool = False) -> Future[Answer]:
        """Write a whole request; the future is its answer, of at most `limit` octets, with its body if to `keep`."""
        self._status, self._read, self._headers = 0, 0, {}
        self._limit, self._kept, self._body = limit, 0, [] if keep else None
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
        if self._read > self._limit and self._answer is not None:
            self._broken("the answer is too long", "long")

    def eof_received(self) -> None:
        self.usable = False

    def connection_lost(self, exc: Exception | None) -> None:
        # Without a length the end of the connection is the end of the body (RFC 9112 section 6.3).
        sized = "content-length" in self._headers or "transfer-encoding" in self._headers
        cut: Cut = "lost" if exc is not None or sized else "no"
        self._broken("the connection was lost after sending and before the answer", cut)

    # httptools

    def on_message_begin(self) -> None:
        if self._answer is None:
            self.close()  # a second answer to one request: the next one could be taken for another's

    def on_header(self, name: bytes, value: bytes) -> None:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        self._headers[key] = f"{self._headers[key]}, {text}" if key in self._headers else text

    def on_body(self, body: bytes) -> None:
        if self._body is not None:
            self._body.append(body)
            self._kept += len(body)

    def on_headers_complete(self) -> None:
        self._status = self._parser.get_status_code()

    def on_message_complete(self) -> None:
        if self._status < 200:  # an interim answer (RFC 9110 section 15.2); the final one follows
            self._status, self._headers = 0, {}
            return
        if not self._parser.should_keep_alive():
            self.close()
        self._settle("long" if self._kept > self._limit else "no")

    def _settle(self, cut: Cut = "no") -> None:
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_result(Answer(self._status, self._headers, b"".join(self._body or ()), cut))

    def _broken(self, reason: str, cut: Cut = "lost") -> None:
        """End the connection. Once the status is known it stands, whatever became of the rest."""
        self.usable = False
        self._transport.abort()
        if self._status >= 200:
            self._settle(cut)
            return
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_exception(AmbiguousError(reason))


@dataclass(frozen=True, slots=True)
class Origin:
    """Where to connect, and how. Times in seconds; an idle connection older than `keep_alive` is not used again.

    `resolve` says which addresses may be connected to, for each connection anew; without it the machine does.
    """

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    connections: int = 32
    connect_timeout: float = 10.0
    answer_timeout: float = 30.0
    keep_alive: float = 15.0
    resolve: Resolve | None = None

    @property
    def authority(self) -> str:
        """The Host header (RFC 9110 section 7.2)."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == (443 if self.tls else 80) else f"{name}:{self.port}"


class HttpClient:
    """Calls one origin, at most `connections` at a time."""

    def __init__(self, origin: Origin, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._origin = origin
        self._monotonic = monotonic
        self._slots = asyncio.Semaphore(origin.connections)
        self._idle: deque[_Line] = deque()

    async def post(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """The status and headers of the answer to one POST. As `request`."""
        return await self._exchange(_request(path, self._origin.authority, headers, body))

    async def request(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"", *, limit: int = LARGEST_ANSWER
    ) -> Answer:
        """The answer to one request, with its body of at most `limit` octets. `headers` must not name Host or
        Content-Length; HEAD and CONNECT are not spoken.

        Raises Unavailable when nothing was sent, AccessRefused when the certificate is not trusted, AmbiguousError
        when it was sent and no answer came.
        """
        return await self._exchange(_request(path, self._origin.authority, headers, body, method), limit, keep=True)

    async def _exchange(self, request: bytes, limit: int = LARGEST_ANSWER, *, keep: bool = False) -> Answer:
        async with self._slots:
            line = self._kept() or await self._connected()
            try:
                async with asyncio.timeout(self._origin.answer_timeout):
                    answer = await line.send(request, limit=limit, keep=keep)
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
                return await self._opened()
        except ssl.SSLCertVerificationError as error:
            raise AccessRefused(
                f"the certificate of {origin.authority} is not trusted: {error.verify_message}; check the CA file"
            ) from None
        except (OSError, TimeoutError) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise Unavailable(f"cannot connect to {origin.authority}: {reason}") from None

    async def _opened(self) -> _Line:
        """Connected to the first address that answers. An address is given as such, so nothing resolves it again."""
        origin = self._origin
        if origin.resolve is None:
            return await self._at(origin.host)
        addresses = await origin.resolve(origin.host, origin.port)
        for address in addresses[:-1]:
            with suppress(OSError):
                return await self._at(address)
        return await self._at(addresses[-1])

    async def _at(self, address: str) -> _Line:
        origin = self._origin
        _, line = await asyncio.get_running_loop().create_connection(
            _Line, address, origin.port, ssl=origin.tls, server_hostname=origin.host if origin.tls else None
        )
        return line


def _request(path: str, authority: str, headers: Mapping[str, str], body: bytes, method: str = "POST") -> bytes:
    headers = {**outgoing(), **headers}
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    length = f"content-length: {len(body)}\r\n" if body or method not in _BODILESS else ""
    head = f"{method} {path} HTTP/1.1\r\nhost: {authority}\r\n{lines}{length}\r\n"
    breaks = len(headers) + (4 if length else 3)
    blanks = head.count(" ", 0, head.index("\r"))
    if head.count("\n") != breaks or head.count("\r") != breaks or "\0" in head or blanks != 2:
        raise ValueError("a header or the path holds a line break or a blank; take it out")
    return head.encode("latin-1") + body
