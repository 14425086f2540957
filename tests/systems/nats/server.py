"""A real NATS server with JetStream, on a port of its own."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from shutil import rmtree
from typing import Any, Self

import nats
from nats.js.api import StreamConfig

from careloom.systems.broker import Record
from careloom.systems.trial import Behaviour

_PATIENCE = 60.0
BINARY = Path(sys.prefix) / "bin" / "nats-server"


class RealNats:
    """Started for a test, killed after it. Streams TRIAL (trial.in) and OUT (trial.out)."""

    def __init__(self) -> None:
        self._folder = tempfile.mkdtemp(prefix="careloom-nats-")
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()

    @property
    def address(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        await self.start()
        client = await nats.connect(self.address)
        for name, subject in (("TRIAL", "trial.in"), ("OUT", "trial.out")):
            await client.jetstream().add_stream(StreamConfig(name=name, subjects=[subject]))
        await client.close()
        return self

    async def __aexit__(self, *error: object) -> None:
        self.kill()
        rmtree(self._folder, ignore_errors=True)

    async def start(self) -> None:
        """Start it on the same port and store as before; returns once it answers."""
        arguments = ["-a", "127.0.0.1", "-p", str(self.port), "-js", "-sd", self._folder]
        self._process = subprocess.Popen([BINARY, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        async with asyncio.timeout(_PATIENCE):
            client = await nats.connect(
                self.address, max_reconnect_attempts=-1, reconnect_time_wait=0.05, error_cb=_quiet
            )
        await client.close()

    def kill(self) -> None:
        """As `kill -9` does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    async def behave(self, behaviour: Behaviour) -> None:
        if behaviour is Behaviour.DOWN:
            self.kill()
        elif self._process is None:
            await self.start()

    async def bring(self, record: Record) -> None:
        await self.publish([record.body])

    async def publish(self, bodies: Sequence[bytes], headers: Mapping[str, str] | None = None) -> None:
        """Put records into the stream that the kind reads."""
        client = await nats.connect(self.address)
        for body in bodies:
            await client.jetstream().publish("trial.in", body, timeout=_PATIENCE, headers=dict(headers or {}))
        await client.close()

    async def taken(self) -> Sequence[bytes]:
        return [message.data for message in await self.stored()]

    async def stored(self) -> Sequence[Any]:
        """What the kind has published, as the server keeps it."""
        client = await nats.connect(self.address)
        manager = client.jetstream()
        count = (await manager.stream_info("OUT")).state.messages
        found = [await manager.get_msg("OUT", number + 1) for number in range(count)]
        await client.close()
        return found

    async def until(self, count: int) -> None:
        raise AssertionError("a real server is never mute, so nobody waits for it")


async def _quiet(error: Exception) -> None:
    await asyncio.sleep(0)


def _free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as one:
        return int(one.getsockname()[1])
