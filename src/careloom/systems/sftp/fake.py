"""An SFTP server of its own on a real socket, with one account and one folder, that behaves as it is told."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self, cast

import asyncssh

from careloom.core.errors import CareloomError
from careloom.core.outcomes import Outcome
from careloom.systems.folder.fake import DOCUMENTS, order
from careloom.systems.seam import Connection, Polled, Target
from careloom.systems.trial import SURNAME, Answer, Behaviour, Trial, event, number_of

PASSWORD = "trial-password"  # noqa: S105
_KEY = asyncssh.generate_private_key("ssh-ed25519")


class FakeServer:
    """One account, `trial`, with PASSWORD, in a temporary folder. `behaviour` holds for every later request."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="careloom-sftp-"))
        self.behaviour = Behaviour.WILLING
        self.port = 0
        self._server: asyncssh.SSHAcceptor | None = None
        self._lines: set[asyncssh.SSHServerConnection] = set()
        self._changed = asyncio.Event()

    async def __aenter__(self) -> Self:
        await self.open(True)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.open(False)
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def host_key(self) -> str:
        """As the settings want it."""
        return _KEY.export_public_key().decode().strip()

    async def open(self, opened: bool) -> None:
        """Listen, on the same port as before; or not."""
        if opened and self._server is None:
            self._server = await asyncssh.listen(
                "127.0.0.1",
                self.port,
                server_factory=lambda: _Login(self),
                server_host_keys=[_KEY],
                sftp_factory=lambda channel: _Sftp(channel, self),
            )
            self.port = self._server.get_port()
        elif not opened and self._server is not None:
            server, self._server = self._server, None
            server.close()
            for line in tuple(self._lines):
                line.abort()
            await server.wait_closed()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return once it holds; asked again whenever a file was renamed."""
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    def connected(self, line: asyncssh.SSHServerConnection) -> None:
        self._lines.add(line)

    def lost(self, line: asyncssh.SSHServerConnection) -> None:
        self._lines.discard(line)

    def changed(self) -> None:
        self._changed.set()


class _Login(asyncssh.SSHServer):
    def __init__(self, server: FakeServer) -> None:
        self._server = server

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._line = conn
        self._server.connected(conn)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._server.lost(self._line)

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return self._server.behaviour is not Behaviour.CLOSED and (username, password) == ("trial", PASSWORD)


class _Sftp(asyncssh.SFTPServer):
    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], server: FakeServer) -> None:
        super().__init__(channel, chroot=str(server.folder).encode())
        self._server = server

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        await self._misbehave()
        return super().open(path, pflags, attrs)

    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        super().posix_rename(oldpath, newpath)
        self._server.changed()
        if self._server.behaviour is Behaviour.MUTE:
            await asyncio.Event().wait()

    async def _misbehave(self) -> None:
        if self._server.behaviour is Behaviour.DEAF:
            await asyncio.Event().wait()
        if self._server.behaviour is Behaviour.FAILING:
            raise asyncssh.SFTPFailure("told to fail")


class _Side:
    """What both directions share."""

    secrets: ClassVar[Mapping[str, str]] = {"SFTP_PASSWORD": PASSWORD}

    def __init__(self) -> None:
        self._server = FakeServer()

    async def __aenter__(self) -> Self:
        await self._server.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._server.__aexit__()

    def _account(self, **more: object) -> Mapping[str, Any]:
        server = self._server
        account = {"host": "127.0.0.1", "port": server.port, "user": "trial", "host_key": server.host_key}
        return {**account, "password": "env:SFTP_PASSWORD", "path": "/", **more}


class Dropper(_Side):
    """Puts a file under a name of its own, and looks where it went."""

    direction: ClassVar[str] = "in"
    foreign: ClassVar[Mapping[str, str]] = {"stranger": "the server says who may put files; we are its guest"}
    source: ClassVar[Mapping[str, Any]] = DOCUMENTS
    _count = 0

    @property
    def settings(self) -> Mapping[str, Any]:
        return self._account(format="json", stable_seconds=0)

    async def meet(self, connection: Connection) -> None:
        self._connection = cast(Polled, connection)

    async def send(
        self,
        number: int,
        *,
        other: bool = False,
        spoiled: bool = False,
        stranger: bool = False,  # noqa: ARG002
    ) -> Answer:
        self._count += 1
        file = self._server.folder / f"{SURNAME}-{self._count}.json"
        file.write_bytes(b"{spoiled" if spoiled else order(number, other=other))
        try:
            await self._connection.poll()
        except CareloomError:
            file.unlink()
            return Answer.LATER
        if any((self._server.folder / "archive").glob(f"*-{file.name}")):
            return Answer.TAKEN
        return Answer.REFUSED if any((self._server.folder / "rejected").glob(f"*-{file.name}")) else Answer.LATER


class Server(_Side):
    """Keeps what is put."""

    direction: ClassVar[str] = "out"
    foreign: ClassVar[Mapping[str, str]] = {
        Behaviour.BUSY: "SFTP cannot ask for time",
        Behaviour.STRICT: "SFTP does not look into files",
    }
    source: ClassVar[Mapping[str, Any]] = {}

    @property
    def settings(self) -> Mapping[str, Any]:
        return self._account(direction="out", answer_timeout=0.5)

    async def behave(self, behaviour: Behaviour) -> None:
        self._server.behaviour = behaviour
        await self._server.open(behaviour is not Behaviour.DOWN)

    async def deliver(self, connection: Connection, number: int) -> Outcome:
        return await cast(Target, connection).post(event(number))

    async def effects(self) -> Sequence[int]:
        return self._taken()

    async def until(self, count: int) -> None:
        await self._server.until(lambda: len(self._taken()) >= count)

    def _taken(self) -> list[int]:
        files = sorted(self._server.folder.glob("[!.]*.json"), key=lambda file: file.stat().st_mtime_ns)
        return [number_of(json.loads(file.read_bytes())["id"]) for file in files]


def trials() -> Mapping[str, Callable[[], Trial]]:
    """For the conformance suite."""
    return {"in": Dropper, "out": Server}
