"""A real RabbitMQ server, where Debian's `rabbitmq-server` or another package of it is installed."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import IO, Any, Self

import aio_pika

from careloom.systems.broker import Record
from careloom.systems.trial import Behaviour

# Debian keeps the plain script apart from a wrapper that needs root and a service of its own.
BINARY = shutil.which("rabbitmq-server", path=f"/usr/lib/rabbitmq/bin{os.pathsep}{os.environ.get('PATH', '')}")
EPMD = shutil.which("epmd")
INSTALLED = BINARY is not None and EPMD is not None
ERL_CALL = shutil.which("erl_call")
MISSING = "no rabbitmq-server on this machine: apt-get install rabbitmq-server"
_STARTED = b"completed with"


class Server:
    """One node on loopback, with ports, a name server and a folder of its own; started once, killed in between."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="careloom-rabbitmq-"))
        (self._folder / "plugins").write_text("[].")
        self._cookie = self._folder / ".erlang.cookie"
        self._cookie.write_text("CARELOOMTEST")
        self._cookie.chmod(0o400)
        self.port, distribution, names = (_free_port() for _ in range(3))
        self._node = f"careloom{self.port}@localhost"
        self._environment = self._variables(distribution, names)
        self._process: subprocess.Popen[bytes] | None = None
        assert EPMD is not None, MISSING
        # In front, so that it is ours to end; the node would leave one behind.
        arguments = [EPMD, "-port", str(names), "-address", "127.0.0.1"]
        self._names = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.start()

    @property
    def running(self) -> bool:
        return self._process is not None

    def start(self) -> None:
        """Start it on the same port and store as before; returns once it has said that it is there."""
        assert BINARY is not None, MISSING
        self._process = process = subprocess.Popen(
            [BINARY],
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        started = threading.Event()
        assert process.stdout is not None
        threading.Thread(target=_follow, args=(process.stdout, started), daemon=True).start()
        assert started.wait(60), f"rabbitmq-server has not started; see {self._folder}"

    def kill(self) -> None:
        """As `kill -9` does, with the scripts around the node."""
        process, self._process = self._process, None
        if process is not None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def alarm(self, on: bool) -> None:
        """Have the memory alarm rise, or settle."""
        assert ERL_CALL is not None, "erl_call belongs to Erlang"
        share = "0.000001" if on else "0.4"
        call = f"vm_memory_monitor set_vm_memory_high_watermark [{share}]"
        arguments = [ERL_CALL, "-n", self._node, "-c", "CARELOOMTEST", "-a", call]
        said = subprocess.run(arguments, env=self._environment, check=True, capture_output=True, timeout=20).stdout
        assert said.strip() == b"ok", said

    def close(self) -> None:
        """End everything that was started."""
        self.kill()
        self._names.kill()
        self._names.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _variables(self, distribution: int, names: int) -> dict[str, str]:
        folder = self._folder
        return {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(names),
            "RABBITMQ_NODENAME": self._node,
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(distribution),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(folder / "none"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none.conf"),
        }


class RealRabbit:
    """A trial's side on a server that many share: queue trial.in with dead letters in trial.dead, exchange trial with
    the queue trial.out."""

    def __init__(self, found: Callable[[], Server]) -> None:
        self._found = found

    @property
    def server(self) -> Server:
        return self._found()

    @property
    def address(self) -> str:
        return f"amqp://127.0.0.1:{self.server.port}"

    async def __aenter__(self) -> Self:
        async with await aio_pika.connect(self.address) as connection, connection.channel() as channel:
            for name in ("trial.in", "trial.out", "trial.dead"):
                await channel.queue_delete(name)
            letters = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "trial.dead"}
            await channel.declare_queue("trial.in", durable=True, arguments=letters)
            await channel.declare_queue("trial.dead", durable=True)
            exchange = await channel.declare_exchange("trial", "topic", durable=True)
            out = await channel.declare_queue("trial.out", durable=True)
            await out.bind(exchange, "patient.#")
        return self

    async def __aexit__(self, *error: object) -> None:
        if not self.server.running:
            self.server.start()

    async def behave(self, behaviour: Behaviour) -> None:
        if behaviour is Behaviour.DOWN:
            self.server.kill()
        elif not self.server.running:
            self.server.start()

    async def bring(self, record: Record) -> None:
        await self.publish([record.body])

    async def publish(self, bodies: Sequence[bytes], headers: Mapping[str, str] | None = None, id_: str = "") -> None:
        """Put messages into the queue that the kind reads."""
        async with await aio_pika.connect(self.address) as connection, connection.channel() as channel:
            for body in bodies:
                properties: dict[str, Any] = {"headers": dict(headers or {}), "delivery_mode": 2}
                # The library makes an id up where none is given: a sender's own content is what we want to be known by.
                message = aio_pika.Message(body, message_id=id_ or body.decode("latin-1")[:60], **properties)
                await channel.default_exchange.publish(message, "trial.in")

    async def taken(self) -> Sequence[bytes]:
        """As a reader sees it who drops repeats by the id."""
        return list({message.message_id: message.body for message in await self.stored("trial.out")}.values())

    async def stored(self, queue: str) -> list[Any]:
        """What lies in a queue, and goes on lying there."""
        async with await aio_pika.connect(self.address) as connection, connection.channel() as channel:
            place = await channel.get_queue(queue)
            return [await place.get() for _ in range(place.declaration_result.message_count or 0)]

    async def count(self, queue: str) -> int:
        """How many lie there, ready."""
        async with await aio_pika.connect(self.address) as connection, connection.channel() as channel:
            return int((await channel.get_queue(queue)).declaration_result.message_count or 0)

    async def until(self, count: int) -> None:
        raise AssertionError("a real server is never mute, so nobody waits for it")


def _follow(output: IO[bytes], started: threading.Event) -> None:
    """Read all that it says, or it would wait for a reader."""
    with output:
        for line in output:
            if _STARTED in line:
                started.set()


def _free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as one:
        return int(one.getsockname()[1])
