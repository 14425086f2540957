"""A fake HTTP target on a real socket, for tests of projects that deliver by HTTP."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, ClassVar, Self, TypeAlias, cast

import httptools

from careloom.core.outcomes import Outcome
from careloom.systems.seam import Connection, Target
from careloom.systems.trial import Behaviour, Trial, event, number_of


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
        self.port = 0
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._lines: set[_Line] = set()
        self._arrived = asyncio.Event()

    async def __aenter__(self) -> Self:
        await self.open(True)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.open(False)

    async def open(self, opened: bool) -> None:
        """Listen, on the same port as before; or not, so that connections are refused."""
        if opened and self._server is None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(lambda: _Line(self), "127.0.0.1", self.port, ssl=self._tls)
            self.port = self._server.sockets[0].getsockname()[1]
        elif not opened and self._server is not None:
            self._server.close()
            self._server = None
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


class Receiver:
    """The other side of the conformance suite: drops repeats by their Idempotency-Key."""

    direction: ClassVar[str] = "out"
    foreign: ClassVar[Mapping[str, str]] = {}
    source: ClassVar[Mapping[str, Any]] = {}
    secrets: ClassVar[Mapping[str, str]] = {"TRIAL_TOKEN": "trial-token"}

    def __init__(self) -> None:
        self.target = FakeTarget(self._answer)
        self._behaviour = Behaviour.WILLING
        self._taken: dict[str, int] = {}
        self._changed = asyncio.Event()

    @property
    def settings(self) -> Mapping[str, Any]:
        url = f"http://127.0.0.1:{self.target.port}/events"
        return {"url": url, "token": "env:TRIAL_TOKEN", "idempotent": True, "answer_timeout": 0.2}

    async def __aenter__(self) -> Self:
        await self.target.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.target.__aexit__(None, None, None)

    async def behave(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        await self.target.open(behaviour is not Behaviour.DOWN)

    async def deliver(self, connection: Connection, number: int) -> Outcome:
        return await cast(Target, connection).post(event(number))

    async def effects(self) -> Sequence[int]:
        return list(self._taken.values())

    async def until(self, count: int) -> None:
        while len(self._taken) < count:
            self._changed.clear()
            await self._changed.wait()

    def _answer(self, request: Request) -> bytes | None:
        refusals: dict[Behaviour, Reply] = {
            Behaviour.BUSY: answering(429, retry_after="1"),
            Behaviour.FAILING: answering(503),
            Behaviour.STRICT: answering(422),
            Behaviour.CLOSED: answering(401),
            Behaviour.DEAF: lambda _: None,
        }
        if (refusal := refusals.get(self._behaviour)) is not None:
            return refusal(request)
        effect = self.effect(request)
        if effect is None:
            return answering(400)(request)
        self._taken.setdefault(*effect)
        self._changed.set()
        return None if self._behaviour is Behaviour.MUTE else answering(204)(request)

    def effect(self, request: Request) -> tuple[str, int] | None:
        """What repeats are known by, and the number of the event; None for a request that is not right."""
        return request.headers["idempotency-key"], number_of(request.headers["ce-id"])


def trials() -> Mapping[str, Callable[[], Trial]]:
    """For the conformance suite."""
    return {"out": Receiver}
