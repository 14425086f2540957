"""A mail server on a real socket that behaves as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from email import message_from_bytes
from typing import Any, ClassVar, Self, cast

from careloom.core.outcomes import Outcome
from careloom.systems.seam import Connection, Target
from careloom.systems.trial import Behaviour, Trial, event, number_of


class FakeServer:
    """Keeps the mails it took, as bytes. Speaks as much of RFC 5321 as a client needs; AUTH PLAIN takes `trial`."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.behaviour = Behaviour.WILLING
        self.port = 0
        self._server: asyncio.Server | None = None
        self._lines: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()

    async def open(self, opened: bool) -> None:
        """Listen, on the same port as before; or not."""
        if opened and self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]
        elif not opened and self._server is not None:
            self._server.close()
            self._server = None
            for line in tuple(self._lines):
                line.cancel()
            await asyncio.gather(*self._lines, return_exceptions=True)

    async def until(self, count: int) -> None:
        """Return once so many mails were taken."""
        while len(self.mails) < count:
            self._changed.clear()
            await self._changed.wait()

    def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._talk(reader, writer))
        self._lines.add(task)
        task.add_done_callback(self._lines.discard)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(b"220 trial ESMTP\r\n")
            while line := await reader.readline():
                verb = line[:4].upper()
                if verb == b"DATA" and self.behaviour in (Behaviour.WILLING, Behaviour.MUTE, Behaviour.DEAF):
                    writer.write(b"354 go on\r\n")
                    if not await self._take(await reader.readuntil(b"\r\n.\r\n")):
                        await asyncio.Event().wait()
                    writer.write(b"250 taken\r\n")
                else:
                    writer.write(self._answer(verb))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _take(self, mail: bytes) -> bool:
        """Whether the sender is told."""
        if self.behaviour is not Behaviour.DEAF:
            self.mails.append(mail)
            self._changed.set()
        return self.behaviour is Behaviour.WILLING

    def _answer(self, verb: bytes) -> bytes:
        refusals = {
            Behaviour.BUSY: (b"RCPT", b"450 later\r\n"),
            Behaviour.FAILING: (b"MAIL", b"451 broken\r\n"),
            Behaviour.STRICT: (b"RCPT", b"550 no\r\n"),
            Behaviour.CLOSED: (b"AUTH", b"535 no\r\n"),
        }
        when, answer = refusals.get(self.behaviour, (b"", b""))
        if verb == when:
            return answer
        return {b"EHLO": b"250-trial\r\n250 AUTH PLAIN\r\n", b"AUTH": b"235 yes\r\n", b"QUIT": b"221 bye\r\n"}.get(
            verb, b"250 ok\r\n"
        )


class Mailbox:
    """The other side for the conformance suite; a mail with the same Message-ID is the same mail to its reader."""

    direction: ClassVar[str] = "out"
    foreign: ClassVar[Mapping[str, str]] = {}
    source: ClassVar[Mapping[str, Any]] = {}
    secrets: ClassVar[Mapping[str, str]] = {"MAIL_PASSWORD": "trial"}

    def __init__(self) -> None:
        self._server = FakeServer()

    @property
    def settings(self) -> Mapping[str, Any]:
        address = {"host": "127.0.0.1", "port": self._server.port, "security": "none"}
        account = {"user": "trial", "password": "env:MAIL_PASSWORD", "answer_timeout": 0.3}
        return {**address, **account, "sender": "hub@example.org", "recipients": ["desk@example.org"]}

    async def __aenter__(self) -> Self:
        await self._server.open(True)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._server.open(False)

    async def behave(self, behaviour: Behaviour) -> None:
        self._server.behaviour = behaviour
        await self._server.open(behaviour is not Behaviour.DOWN)

    async def deliver(self, connection: Connection, number: int) -> Outcome:
        return await cast(Target, connection).post(event(number))

    async def effects(self) -> Sequence[int]:
        return [number_of(_key(mail)) for mail in self._server.mails]

    async def until(self, count: int) -> None:
        await self._server.until(count)


def _key(mail: bytes) -> str:
    return str(message_from_bytes(mail)["Message-ID"]).strip("<>").partition("@")[0]


def trials() -> Mapping[str, Callable[[], Trial]]:
    """For the conformance suite."""
    return {"out": Mailbox}
