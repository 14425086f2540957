"""A fake sender and a fake receiver on real sockets, for tests of projects that use MLLP."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeAlias, cast

from careloom.core.clock import SystemClock
from careloom.formats import hl7v2
from careloom.systems.mllp.framing import Deframer, frame
from careloom.systems.mllp.sender import Acknowledgement, read_acknowledgement

Reply: TypeAlias = Callable[[bytes], bytes | None]


class FakeSender:
    """Connects to a listener like an EHR; `async with FakeSender(port) as ehr: await ehr.send(message)`."""

    def __init__(
        self, port: int, host: str = "127.0.0.1", *, tls: ssl.SSLContext | None = None, origin: str | None = None
    ) -> None:
        self._host, self._port, self._tls = host, port, tls
        self._origin = (origin, 0) if origin else None
        self._deframer = Deframer(1024 * 1024)

    async def __aenter__(self) -> Self:
        name = "localhost" if self._tls else None
        self._reader, self._writer = await asyncio.open_connection(
            self._host, self._port, ssl=self._tls, server_hostname=name, local_addr=self._origin
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.transport.abort()

    async def write(self, octets: bytes) -> None:
        """Send octets as they are, framed or not."""
        self._writer.write(octets)
        await self._writer.drain()

    async def finish(self) -> None:
        """Send no more, but go on reading."""
        self._writer.write_eof()

    async def read(self) -> Acknowledgement | None:
        """The next acknowledgement; None when the listener has closed the connection."""
        raw = await self.read_raw()
        return None if raw is None else read_acknowledgement(raw)

    async def read_raw(self) -> bytes | None:
        """The next answer as it came; None when the listener has closed the connection."""
        while (block := self._deframer.take()) is None:
            try:
                chunk = await self._reader.read(65_536)
            except ConnectionError:
                return None
            if not chunk:
                return None
            self._deframer.feed(chunk)
        if not isinstance(block, bytes):
            raise AssertionError(f"the listener sent a broken block: {block.reason}")
        return block

    async def send(self, message: bytes) -> Acknowledgement | None:
        """Send one message and return its acknowledgement."""
        await self.write(frame(message))
        return await self.read()


class FakeReceiver:
    """Listens like a receiving system and keeps `messages`. `reply` says what to answer; None answers nothing.

    By default every message is accepted. `answering("AE")` makes replies with another code.
    """

    def __init__(self, reply: Reply | None = None, *, tls: ssl.SSLContext | None = None) -> None:
        self.messages: list[bytes] = []
        self.connections = 0
        self.reply: Reply = reply or answering("AA")
        self._tls = tls
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()
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
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self._tls)
            self.port = self._server.sockets[0].getsockname()[1]
        elif not opened and self._server is not None:
            self._server.close()
            self._server = None
            self.hang_up()
            await asyncio.gather(*self._serving, return_exceptions=True)

    def hang_up(self) -> None:
        """Break every connection."""
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def until(self, count: int) -> None:
        """Return once `count` messages have come."""
        while len(self.messages) < count:
            self._arrived.clear()
            await self._arrived.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = cast(asyncio.Task[None], asyncio.current_task())
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        self._writers.add(writer)
        self.connections += 1
        deframer = Deframer(16 * 1024 * 1024)
        try:
            while chunk := await reader.read(65_536):
                deframer.feed(chunk)
                while isinstance(block := deframer.take(), bytes):
                    self._take(block, writer)
        except ConnectionError:
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    def _take(self, message: bytes, writer: asyncio.StreamWriter) -> None:
        self.messages.append(message)
        answer = self.reply(message)
        if answer is not None:
            writer.write(frame(answer))
        self._arrived.set()


def answering(code: str, fault: hl7v2.Fault | None = None) -> Reply:
    """A reply that acknowledges each message with `code` of HL7 table 0008, and says why if `fault` does."""

    def reply(message: bytes) -> bytes:
        header = hl7v2.peek(message)
        now = SystemClock().now()
        return hl7v2.acknowledge(header, code, time=now, control_id=f"R{header.control_id}", error=fault)

    return reply
